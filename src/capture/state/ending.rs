//! Why a capture ended, in Azure's word where it has one, and what that means for who reads it. Pure.

use crate::{
    azure::network_watcher::CaptureStatus,
    capture::{Record, note::Stop},
    failure::Failure,
};

/// Azure's default for `totalBytesPerSession`.
const DEFAULT_BYTES: u32 = 1_073_741_824;

/// An end that is none of a failure's.
#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    /// `stopReason`: Azure's word (`TimeExceeded`, `Manual`, …), or ours where it has none.
    pub reason: String,
    /// The same for people.
    pub words: String,
    /// What they may do about it.
    pub advice: Option<String>,
}

/// What `status` says of the end of `record`'s capture.
#[must_use]
pub fn ending(record: &Record, status: &CaptureStatus) -> Ending {
    let asked = record.stop.filter(Stop::is_sent).map(|stop| stop.because.words());
    let bytes = record.parameters.total_bytes_per_session.unwrap_or(DEFAULT_BYTES);
    let may_be_full = bytes > 0 && !record.parameters.is_ring();
    let (reason, words, advice) = match (status.stop_reason.as_deref(), asked) {
        (Some(reason), _) if reason.eq_ignore_ascii_case("TimeExceeded") => {
            (reason, "its time limit was reached".to_owned(), None)
        }
        (Some(reason), Some(asked)) => (reason, format!("it was stopped: {asked}"), None),
        (Some(reason), None) if reason.eq_ignore_ascii_case("Manual") => (
            reason,
            "someone stopped it before its time".to_owned(),
            Some("The file holds what was captured until then.".to_owned()),
        ),
        (Some(reason), None) => (reason, format!("Azure says {reason}"), None),
        (None, Some(asked)) => ("Manual", format!("it was stopped: {asked}"), None),
        (None, None) if !may_be_full => ("Unknown", "Azure gives no reason".to_owned(), None),
        // Azure shows "-" for this end and for no other that is known.
        (None, None) => {
            let words = format!(
                "Azure gives no reason, which is what it does when a capture has reached its {bytes} bytes"
            );
            let advice = "Raise bytes_per_session (up to 4294967295), or keep less: bytes_per_packet = 96 keeps the \
                          headers, filters keep the packets that matter.";
            ("SizeReached", words, Some(advice.to_owned()))
        }
    };
    Ending { reason: reason.to_owned(), words, advice }
}

/// What is no longer at Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The session alone: somebody deleted it.
    Session,
    /// The machine that it captured on.
    Machine,
    /// The region's Network Watcher, and with it all of its sessions.
    Watcher,
}

impl Gone {
    /// Ours: Azure has no word for a session that is not there.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Session => "Deleted",
            Self::Machine => "MachineDeleted",
            Self::Watcher => "WatcherDeleted",
        }
    }

    /// The failure, in Azure's words and with what they mean.
    #[must_use]
    pub fn failure(self, azure: Failure) -> Failure {
        let (what, advice) = match self {
            Self::Session => (
                "the session is no longer at Azure",
                "Someone deleted it. What was captured until then may be in the storage account all the same.",
            ),
            Self::Machine => (
                "the machine no longer exists",
                "It was deleted while it was captured. A file is there only if the agent could still upload it.",
            ),
            Self::Watcher => (
                "the region's Network Watcher no longer exists, and its sessions went with it",
                "Enable it again: az network watcher configure --locations <region> --enabled true --resource-group \
                 NetworkWatcherRG",
            ),
        };
        let message = format!("{what}: {}", azure.message);
        Failure { message, ..azure }.advise(advice)
    }
}

#[cfg(test)]
#[path = "ending_tests.rs"]
mod tests;
