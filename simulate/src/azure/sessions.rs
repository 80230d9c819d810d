//! Capture sessions as they really are, whatever Azure's control plane says of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{chance::Chance, scenario::AzureWays, scenario::SECOND};

/// Who did something to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The component.
    Us,
    /// Anybody else.
    Somebody,
}

/// One session, from its beginning on; it stays here when it is gone.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The path of its id, in lower case.
    pub(crate) path: String,
    pub(crate) name: String,
    /// The name of its machine.
    pub(crate) machine: String,
    pub(crate) target: String,
    pub(crate) by: Who,
    /// The alert it was asked for on behalf of, if the request said so.
    pub(crate) alert: Option<u64>,
    pub(crate) created: u64,
    pub(crate) ready: u64,
    pub(crate) never_ready: bool,
    pub(crate) end: u64,
    pub(crate) reason: &'static str,
    pub(crate) error: Option<&'static str>,
    /// The control plane learns of the end so much later.
    learns_after: u64,
    /// What each stop is answered with while it runs, where that is a refusal.
    pub(crate) refuses_stop: Option<u16>,
    pub(crate) deleting: Option<u64>,
    pub(crate) gone: Option<(u64, Who)>,
    /// Calls to ARM about it.
    pub(crate) calls: u32,
}

impl Session {
    /// Whether it captures, or is about to.
    pub(crate) fn is_alive(&self, now: u64) -> bool {
        !self.never_ready && now < self.end && self.gone.is_none_or(|(gone, _)| now < gone)
    }

    /// Whether it has come to its end by itself, or was stopped.
    pub(crate) fn has_ended(&self, now: u64) -> bool {
        self.never_ready || self.end <= now
    }

    fn is_known_to_have_ended(&self, now: u64) -> bool {
        self.end + self.learns_after <= now
    }

    /// As GET and the list show it.
    pub(crate) fn shown(&self, now: u64) -> Value {
        let state = match () {
            () if self.deleting.is_some() => "Deleting",
            () if now < self.ready => "Updating",
            () if self.never_ready => "Failed",
            () => "Succeeded",
        };
        let path = format!("https://st.example/network-watcher-logs/{}.cap?sig=canary", self.name);
        let path = if now < self.ready { "" } else { &path };
        json!({"name": self.name, "id": self.path, "properties": {
            "provisioningState": state, "target": self.target, "storageLocation": {"storagePath": path},
        }})
    }

    /// The truth about it, as `queryStatus` comes to say it; what is stale is that of before its end.
    pub(crate) fn status(&self, now: u64, is_stale: bool, started: &str) -> Value {
        let is_over = self.end <= now && !is_stale;
        let word = match (is_over, self.error) {
            _ if now < self.ready => "NotStarted",
            (true, Some(_)) => "Error",
            (true, None) => "Stopped",
            (false, _) => "Running",
        };
        let errors: Vec<&str> = self.error.into_iter().filter(|_| is_over).collect();
        json!({
            "name": self.name, "captureStartTime": started, "packetCaptureStatus": word,
            "stopReason": if is_over { self.reason } else { "" }, "packetCaptureError": errors,
        })
    }

    /// Whether a plain `queryStatus` is answered at once.
    pub(crate) fn status_is_known(&self, now: u64) -> bool {
        self.is_known_to_have_ended(now)
    }
}

/// All sessions there ever were, and which of them exist.
#[derive(Default)]
pub(crate) struct Sessions {
    pub(crate) all: Vec<Session>,
    existing: BTreeMap<String, usize>,
}

impl Sessions {
    /// The session at `path`, if it exists.
    pub(crate) fn at(&self, path: &str) -> Option<usize> {
        self.existing.get(path).copied()
    }

    /// Those that exist on a watcher.
    pub(crate) fn on(&self, watcher: &str) -> Vec<usize> {
        let begin = format!("{watcher}/packetcaptures/");
        self.existing
            .range(begin.clone()..)
            .take_while(|(path, _)| path.starts_with(&begin))
            .map(|(_, i)| *i)
            .collect()
    }

    /// All that exist.
    pub(crate) fn existing(&self) -> Vec<usize> {
        self.existing.values().copied().collect()
    }

    /// Lets deletions come to their end.
    pub(crate) fn tidy(&mut self, now: u64) {
        let all = &self.all;
        self.existing.retain(|_, index| all[*index].deleting.is_none_or(|gone| now < gone));
    }

    /// Begins one whose PUT came in at `now`.
    #[allow(clippy::too_many_arguments, reason = "what a PUT says, and who sends it")]
    pub(crate) fn begin(
        &mut self,
        chance: &Chance,
        ways: &AzureWays,
        now: u64,
        path: &str,
        target: &str,
        limit: u64,
        by: Who,
        alert: Option<u64>,
    ) -> usize {
        let (low, high) = ways.provisioning;
        let ready = now + chance.between(low * SECOND, high * SECOND);
        let never_ready = by == Who::Us && chance.happens(ways.provisioning_fails);
        let (mut end, mut reason, mut error) = (ready + limit * SECOND, "TimeExceeded", None);
        if chance.happens(ways.capture_fails) {
            end = ready + chance.below(limit * SECOND);
            error = Some(chance.pick(&["AgentStopped", "StorageFailed", "CaptureFailed", "InternalError"]));
            reason = "";
        } else if chance.happens(ways.size_ends) {
            end = ready + chance.below(limit * SECOND);
            reason = "";
        }
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        self.all.push(Session {
            path: path.to_ascii_lowercase(),
            name,
            machine: target.rsplit('/').next().unwrap_or_default().to_ascii_lowercase(),
            target: target.to_owned(),
            by,
            alert,
            created: now,
            ready,
            never_ready,
            end,
            reason,
            error,
            learns_after: chance.below(ways.learns_late * SECOND),
            refuses_stop: chance.happens(ways.stop_refused).then(|| chance.pick(&[400, 403, 404, 409, 409])),
            deleting: None,
            gone: None,
            calls: 0,
        });
        self.existing.insert(path.to_ascii_lowercase(), self.all.len() - 1);
        self.all.len() - 1
    }

    /// Stops one, which takes a moment.
    pub(crate) fn stop(&mut self, index: usize, at: u64) {
        let session = &mut self.all[index];
        if at < session.end {
            (session.end, session.reason, session.error) = (at, "Manual", None);
        }
    }

    /// Deletes one: it captures no more at once, and its name is free at `gone_at`.
    pub(crate) fn delete(&mut self, index: usize, who: Who, now: u64, gone_at: u64) {
        let session = &mut self.all[index];
        session.gone = session.gone.or(Some((now, who)));
        session.deleting = session.deleting.or(Some(gone_at));
        self.tidy(now);
    }
}
