//! What is kept of one capture: a versioned JSON value in the store, and the same without its private part for people.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::state::State;
use crate::{
    alert::{Alert, Schema},
    azure::{resource_id::ResourceId, sealed::Sealed},
    failure::Failure,
    plan::{CaptureSpec, Limits, Machine},
    report::Report,
    time::Timestamp,
};

/// More steps than an ordinary life has; the oldest after the first go first.
const MAX_HISTORY: usize = 40;

/// One capture.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The version of this shape: 1.
    pub v: u32,
    /// The capture's name, at Azure and in the store.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// The alert that led to it.
    pub alert: AlertNote,
    /// What it is taken on.
    #[serde(flatten)]
    pub machine: Machine,
    /// How much is captured.
    #[serde(flatten)]
    pub limits: Limits,
    /// When the alert was written down.
    pub accepted_at: Timestamp,
    /// When Azure took the PUT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// The machine's region, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The region's Network Watcher, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watcher: Option<ResourceId>,
    /// When it began to capture, as Azure says (or as seen, until Azure says).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its time limit ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_end: Option<Timestamp>,
    /// When it was seen to have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended, in Azure's word (`TimeExceeded`, `Manual`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// The file's URL, once Azure says it; not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_path: Option<String>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What the reader should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Step by step.
    pub history: Vec<Step>,
    /// Who was told what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
    /// When its next step is due.
    pub due: Timestamp,
    /// How often the present step has failed.
    #[serde(default)]
    pub attempts: u32,
    /// Whether it was started beyond the session limit and has to be taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdraw: bool,
    /// The long-running operation under way; its URL is signed, so it rests sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Sealed>,
    /// Fields of a later version of this shape, kept.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is kept of the alert.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertNote {
    /// The shape it came in.
    pub schema: Schema,
    /// Azure's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The alert rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// `Sev0` to `Sev4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What the rule says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired_at: Option<Timestamp>,
}

/// One step of a capture's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state it led to, or stayed in.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub note: String,
}

impl Record {
    /// A record of a capture that is to be taken: state `accepted`, its first step due after `lease_seconds`, for the
    /// accepting request takes that step itself.
    #[must_use]
    pub fn accepted(alert: &Alert, spec: CaptureSpec, now: Timestamp, lease_seconds: i64) -> Self {
        let mut record = Self {
            v: 1,
            name: spec.name,
            state: State::Accepted,
            alert: AlertNote {
                schema: alert.schema,
                id: alert.id.clone(),
                rule: alert.rule.clone(),
                severity: alert.severity.clone(),
                description: alert.description.clone(),
                fired_at: alert.fired_at,
            },
            machine: spec.machine,
            limits: spec.limits,
            accepted_at: now,
            sent_at: None,
            location: None,
            watcher: None,
            started_at: None,
            expected_end: None,
            ended_at: None,
            stop_reason: None,
            storage_path: None,
            error: None,
            notes: spec.notes,
            history: Vec::new(),
            reports: Vec::new(),
            due: now.after(lease_seconds),
            attempts: 0,
            withdraw: false,
            operation: None,
            more: Map::new(),
        };
        record.note(now, "alert accepted");
        record
    }

    /// Adds a line to the history, under the present state.
    pub fn note(&mut self, now: Timestamp, note: impl AsRef<str>) {
        if self.history.len() >= MAX_HISTORY {
            self.history.remove(1);
        }
        self.history.push(Step { state: self.state, at: now, note: crate::text::clean(note.as_ref()) });
    }

    /// Takes over from what is kept what must not be undone: reports that are settled.
    pub fn learn(&mut self, kept: &Self) {
        for report in self.reports.iter_mut().filter(|report| !report.is_settled()) {
            if let Some(settled) = kept.reports.iter().find(|kept| kept.id == report.id && kept.is_settled())
            {
                *report = settled.clone();
            }
        }
    }

    /// The capture's id at ARM, once the watcher is known.
    #[must_use]
    pub fn capture_id(&self) -> Option<ResourceId> {
        self.watcher.as_ref().and_then(|watcher| watcher.child("packetCaptures", &self.name).ok())
    }

    /// The record as people see it: without what only drivers need, with the capture's id at ARM and the outcome.
    #[must_use]
    pub fn public(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            for private in ["v", "operation", "due", "attempts", "withdraw"] {
                object.remove(private);
            }
            if self.state >= State::Ended {
                let outcome = if self.error.is_some() { "failed" } else { "captured" };
                object.insert("outcome".to_owned(), outcome.into());
            } else if let Some(at) = self.next_step_at() {
                object.insert("nextStepAt".to_owned(), at.to_string().into());
            }
            if let Some(id) = self.capture_id() {
                object.insert("id".to_owned(), Value::String(id.to_string()));
            }
        }
        value
    }
}
