//! One session: what was asked, how far it is, and what the service knows of that.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::arm::error::ArmError;
use crate::clock;
use crate::traffic::filter::Filter;

/// What was asked, checked and completed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    /// The resource's `properties` as they are read back, but for `provisioningState`.
    pub(crate) properties: Value,
    pub(crate) time_limit: Duration,
    pub(crate) bytes_per_packet: u64,
    pub(crate) total_bytes: u64,
    pub(crate) filters: Vec<Filter>,
    /// What each wire carries.
    pub(crate) bytes_per_second: u64,
    /// A file to leave instead of one of simulated traffic.
    pub(crate) recording: Option<PathBuf>,
    /// The machines that are captured.
    pub(crate) wires: Vec<Wire>,
    /// Why the agent cannot take the capture, if it cannot.
    pub(crate) unreachable: Option<(String, String)>,
    /// Whether the storage account refuses the agent's upload.
    pub(crate) upload_refused: bool,
}

/// One machine's wire and where its file goes.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) ip: Ipv4Addr,
    /// Account, container, blob; `None` if the file stays on the machine.
    pub(crate) file: Option<(String, String, String)>,
}

/// How far a session is.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    NotStarted,
    Running { since: Timestamp },
    Ended { since: Timestamp, until: Timestamp, reason: &'static str, errors: Vec<String> },
}

struct State {
    etag: String,
    provisioning: &'static str,
    phase: Phase,
    /// From when on the service knows that the session ended.
    known_at: Option<Timestamp>,
    cancelled: bool,
}

/// One session.
pub(crate) struct Session {
    /// Its place among all, in order of creation.
    pub(crate) order: u64,
    /// Its ARM id.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) spec: Spec,
    /// Wakes [`super::life`] when something else ended the session.
    pub(crate) ended: Notify,
    state: Mutex<State>,
}

impl Session {
    /// A session that has just been asked for.
    pub(crate) fn new(id: String, name: &str, subscription: &str, location: &str, spec: Spec) -> Self {
        Self {
            order: 0,
            id,
            name: name.to_owned(),
            subscription: subscription.to_owned(),
            location: location.to_owned(),
            spec,
            ended: Notify::new(),
            state: Mutex::new(State {
                etag: clock::guid(),
                provisioning: "Updating",
                phase: Phase::NotStarted,
                known_at: None,
                cancelled: false,
            }),
        }
    }

    /// Whether both count towards the same limit.
    pub(crate) fn counts_with(&self, other: &Self) -> bool {
        self.subscription.eq_ignore_ascii_case(&other.subscription)
            && self.location.eq_ignore_ascii_case(&other.location)
    }

    /// Sets `provisioningState`.
    pub(crate) fn provision(&self, provisioning: &'static str) {
        let mut state = self.lock();
        state.provisioning = provisioning;
        state.etag = clock::guid();
    }

    /// Whether it is being deleted.
    pub(crate) fn is_deleting(&self) -> bool {
        self.lock().provisioning == "Deleting"
    }

    /// Starts to run, unless it was ended before.
    pub(crate) fn start(&self, since: Timestamp) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::NotStarted) {
            state.phase = Phase::Running { since };
        }
    }

    /// Ends it, unless it has ended; the service knows of it `later`, or not before it is asked.
    pub(crate) fn end(
        &self,
        reason: &'static str,
        errors: Vec<String>,
        until: Timestamp,
        later: Option<Duration>,
    ) {
        let mut state = self.lock();
        let since = match &state.phase {
            Phase::NotStarted => until,
            Phase::Running { since } => *since,
            Phase::Ended { .. } => return,
        };
        state.phase = Phase::Ended { since, until, reason, errors };
        state.known_at = later.map(|later| clock::later(until, later));
        drop(state);
        self.ended.notify_one();
    }

    /// The service learns of an upload that failed.
    pub(crate) fn add_error(&self, error: &str) {
        if let Phase::Ended { errors, .. } = &mut self.lock().phase {
            errors.push(error.to_owned());
        }
    }

    /// The service knows from now on what is true now.
    pub(crate) fn learn(&self, now: Timestamp) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Ended { .. }) {
            state.known_at = Some(now);
        }
    }

    /// What it captures: an ARM id, as it was sent.
    pub(crate) fn target(&self) -> &str {
        self.spec.properties["target"].as_str().unwrap_or_default()
    }

    /// The words for a session that is no longer there: ARM's own, for which the service has is not known.
    pub(crate) fn not_found(&self) -> ArmError {
        let mut segments = self.id.split('/');
        let (group, watcher) = (segments.nth(4).unwrap_or_default(), segments.nth(3).unwrap_or_default());
        let kind = "Microsoft.Network/networkWatchers/packetCaptures";
        ArmError::resource_not_found(kind, &format!("{watcher}/{}", self.name), group)
    }

    /// How far it is.
    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase.clone()
    }

    /// Forgotten: no file shall come of it.
    pub(crate) fn cancel(&self) {
        self.lock().cancelled = true;
        self.ended.notify_one();
    }

    /// Whether it was forgotten.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// The resource as PUT, GET and list give it.
    pub(crate) fn resource(&self) -> Value {
        let state = self.lock();
        let mut properties = serde_json::Map::new();
        properties.insert("provisioningState".into(), json!(state.provisioning));
        if let Value::Object(asked) = &self.spec.properties {
            properties.extend(asked.clone());
        }
        json!({
            "name": self.name,
            "id": self.id,
            "etag": format!("W/\"{}\"", state.etag),
            "properties": properties,
            "type": "Microsoft.Network/networkWatchers/packetCaptures",
        })
    }

    /// The resource's etag.
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.lock().etag)
    }

    /// Whether the service knows that it ended.
    pub(crate) fn is_known_to_have_ended(&self, now: Timestamp) -> bool {
        self.lock().known_at.is_some_and(|known_at| known_at <= now)
    }

    /// What is true, told by the agent: from here on the service knows it too.
    pub(crate) fn tell_status(&self, now: Timestamp) -> Value {
        self.learn(now);
        self.status(&self.phase())
    }

    /// What the service believes without asking the agent: as long as it does not know of the end, the session runs.
    pub(crate) fn believed_status(&self, now: Timestamp) -> Value {
        let believed = match self.phase() {
            Phase::Ended { since, .. } if !self.is_known_to_have_ended(now) => Phase::Running { since },
            phase => phase,
        };
        self.status(&believed)
    }

    fn status(&self, phase: &Phase) -> Value {
        let mut body = json!({ "name": self.name, "id": self.id });
        let (word, since, reason, errors) = match phase {
            Phase::NotStarted => ("NotStarted", None, None, &[][..]),
            Phase::Running { since } => ("Running", Some(since), None, &[][..]),
            Phase::Ended { since, reason, errors, .. } => {
                let word = if errors.is_empty() { "Stopped" } else { "Error" };
                (word, Some(since), Some(*reason), errors.as_slice())
            }
        };
        // That a session which has not begun has no captureStartTime, and one that runs no stopReason, is invented.
        if let Some(since) = since {
            body["captureStartTime"] = json!(clock::ticks(*since));
        }
        body["packetCaptureStatus"] = json!(word);
        if let Some(reason) = reason {
            body["stopReason"] = json!(reason);
        }
        body["packetCaptureError"] = json!(errors);
        body
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
