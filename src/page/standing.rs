//! Where a capture stands: a word, a shape and a class for its colour. The shapes differ, so that nobody needs the colour.

use maud::{Markup, html};

use crate::capture::{Record, State, record::Outcome};

/// Where a capture stands, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Written down.
    Accepted,
    /// Azure starts it.
    Starting,
    /// Packets are captured.
    Running,
    /// It shall stop, and has not yet.
    Stopping,
    /// Over, as it should be.
    Ended,
    /// Over, with an error.
    Failed,
    /// A cool-down or a budget kept it from being taken.
    HeldBack,
    /// The machines behind an alert were asked for.
    LookedUp,
    /// Nothing was captured, and that is no failure.
    NotTaken,
}

impl Standing {
    /// Where `record` stands.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        match (record.state, record.outcome()) {
            (State::Ended | State::Reported, Outcome::Failed) => Self::Failed,
            (State::Ended | State::Reported, Outcome::HeldBack) => Self::HeldBack,
            (State::Ended | State::Reported, Outcome::LookedUp) => Self::LookedUp,
            (State::Ended | State::Reported, Outcome::NotTaken) => Self::NotTaken,
            (State::Ended | State::Reported, Outcome::Captured) => Self::Ended,
            _ if can_only_end(record) => Self::Stopping,
            (State::Accepted, _) => Self::Accepted,
            (State::Starting, _) => Self::Starting,
            (State::Running, _) => Self::Running,
        }
    }

    /// For people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Ended => "Ended",
            Self::Failed => "Failed",
            Self::HeldBack => "Held back",
            Self::LookedUp => "Looked up",
            Self::NotTaken => "Not taken",
        }
    }

    /// The class of its colour, and its shape on a field of 16 by 16.
    fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Accepted => ("wait", "M8 2a6 6 0 1 0 .01 0zm0 2a4 4 0 1 1-.01 0z"),
            Self::Starting => ("wait", "M8 2a6 6 0 1 0 .01 0zm0 2a4 4 0 0 1 0 8z"),
            Self::Running => ("live", "M4 2.5v11l9.5-5.5z"),
            Self::Stopping => ("live", "M3 3h10v10h-10z"),
            Self::Ended => ("good", "M6.4 13.2 1.8 8.6l1.7-1.7 2.9 2.9 6.1-6.4 1.8 1.7z"),
            Self::Failed => {
                ("bad", "m3.6 2 4.4 4.4L12.4 2 14 3.6 9.6 8l4.4 4.4-1.6 1.6L8 9.6 3.6 14 2 12.4 6.4 8 2 3.6z")
            }
            Self::HeldBack => ("held", "M3.5 2.5h3.2v11h-3.2zm5.8 0h3.2v11h-3.2z"),
            Self::LookedUp => (
                "calm",
                "M7 1.5a5 5 0 1 0 2.6 9.3l3.4 3.4 1.4-1.4-3.4-3.4a5 5 0 0 0-4-7.9zm0 2a3 3 0 1 1-.01 0z",
            ),
            Self::NotTaken => ("calm", "M2 6.8h12v2.4h-12z"),
        }
    }

    /// Word and shape.
    #[must_use]
    pub fn badge(self) -> Markup {
        let (class, shape) = self.look();
        html! { span class={ "badge " (class) } { svg viewBox="0 0 16 16" aria-hidden="true" { path d=(shape) {} } (self.word()) } }
    }
}

/// Whether it was asked to stop, and Azure has not refused.
fn can_only_end(record: &Record) -> bool {
    record.stop.is_some_and(|stop| stop.is_to_be_sent() || stop.is_sent())
}

/// Whether an operator can stop it.
#[must_use]
pub fn can_be_stopped(record: &Record) -> bool {
    record.state < State::Ended && !can_only_end(record)
}

/// Whether its session may stand at Azure still, so that an operator can have it deleted.
#[must_use]
pub fn can_be_deleted(record: &Record) -> bool {
    record.state >= State::Ended && record.sent_at.is_some() && record.capture_id().is_some()
}

/// Why it ended, or what keeps it from beginning, in a sentence.
#[must_use]
pub fn why(record: &Record) -> Option<String> {
    if let Some(error) = &record.error {
        return Some(error.to_string());
    }
    if let Some(held_back) = &record.held_back {
        return Some(held_back.detail.clone());
    }
    if record.inquiry.is_some() && record.state >= State::Ended {
        return Some(match record.led_to.len() {
            0 => "no machine was found that is to be captured".to_owned(),
            1 => "it led to one capture".to_owned(),
            found => ["it led to ", &found.to_string(), " captures"].concat(),
        });
    }
    record.ended_because.clone().or_else(|| record.stop_reason.clone())
}
