//! What is kept of one capture: a versioned JSON value in the store, and the same without its private part for people.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    note::{AlertNote, HeldBack, Stop},
    state::State,
};
use crate::{
    alert::Alert,
    azure::{resource_id::ResourceId, sealed::Sealed},
    failure::Failure,
    json::{self, Object},
    plan::{CaptureSpec, ExactName, Inquiry, LeftOut, Machine, Parameters, session_name},
    report::{Audience, Event, Report},
    time::Timestamp,
    view::files::{CaptureFile, ToRead},
};

/// More steps than an ordinary life has; the oldest after the first go first.
const MAX_HISTORY: usize = 40;

/// One capture.
#[derive(Debug, Clone, Serialize)]
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
    /// What is captured, how much of it, and where it goes.
    #[serde(flatten)]
    pub parameters: Parameters,
    /// The rules that apply, the deciding one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The session's name at Azure, where a rule gives it; otherwise it is the record's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ExactName>,
    /// Who is told what of it. (`tell` was a list of names in an earlier version.)
    #[serde(rename = "audience")]
    pub tell: Audience,
    /// Whether the alert's end stops the capture.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stop_on_resolve: bool,
    /// That it shall stop, once something asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Why there is no capture although a rule matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
    /// The alert whose machines are still to be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<Box<Inquiry>>,
    /// From then on they are asked for again if such an alert comes: a capture that it led to was held back until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_again_at: Option<Timestamp>,
    /// The captures that such an alert led to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub led_to: Vec<String>,
    /// What of its targets gets none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The command that installs the Network Watcher agent, where the machine was seen to have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_missing: Option<String>,
    /// When the alert was written down.
    pub accepted_at: Timestamp,
    /// When Azure took the PUT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// The machine's region, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The region's Network Watcher, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watcher: Option<ResourceId>,
    /// When it began to capture, as Azure says (or as seen, until Azure says).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its time limit ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_end: Option<Timestamp>,
    /// When it was seen to have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended, in Azure's word (`TimeExceeded`, `Manual`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// What to do about an end that is no failure, where something can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The file's URL, once Azure says it; not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_path: Option<String>,
    /// Its files, once they are looked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<CaptureFile>,
    /// That they are still to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_read: Option<ToRead>,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What the reader should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Step by step.
    pub history: Vec<Step>,
    /// Who was told what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
    /// Requests to ARM that it has cost, from the PUT on.
    pub calls: u32,
    /// When its next step is due.
    pub due: Timestamp,
    /// How often the present step has failed.
    pub attempts: u32,
    /// Why the present step failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// Whether its session was found at Azure, started by an earlier request, and not yet known to run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Whether a PUT's answer was lost, so that a session may run of which nothing is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsettled: bool,
    /// Whether it was started beyond the session limit and has to be taken back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withdraw: bool,
    /// The long-running operation under way; its URL is signed, so it rests sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Sealed>,
    /// Fields of a later version of this shape, kept.
    #[serde(flatten)]
    pub more: Map<String, Value>,
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

/// What came of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Packets were captured.
    Captured,
    /// It could not be started, or did not end well.
    Failed,
    /// A cool-down or a budget kept it from being taken.
    HeldBack,
    /// It was no capture: the machines behind an alert were asked for.
    LookedUp,
    /// It was stopped before Azure took it.
    NotTaken,
}

impl Outcome {
    /// As it stands in public records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::HeldBack => "heldBack",
            Self::LookedUp => "lookedUp",
            Self::NotTaken => "notTaken",
        }
    }
}

impl Record {
    /// Reads what is kept. By hand, since a record's parts stand beside one another: `serde` would read such a shape in
    /// two ways, 30 KB more.
    ///
    /// # Errors
    /// What is not as it is written.
    pub fn read(value: &Value) -> Result<Self, json::Error> {
        let mut object = Object::of(value)?;
        Ok(Self {
            v: object.required("v")?,
            name: object.required("name")?,
            state: object.required("state")?,
            alert: object.required("alert")?,
            machine: object.part()?,
            parameters: object.part()?,
            rules: object.or_default("rules")?,
            session: object.or_default("session")?,
            tell: object.or_default("audience")?,
            stop_on_resolve: object.or_default("stopOnResolve")?,
            stop: object.or_default("stop")?,
            held_back: object.or_default("heldBack")?,
            inquiry: object.or_default("inquiry")?,
            ask_again_at: object.or_default("askAgainAt")?,
            led_to: object.or_default("ledTo")?,
            left_out: object.or_default("leftOut")?,
            agent_missing: object.or_default("agentMissing")?,
            accepted_at: object.required("acceptedAt")?,
            sent_at: object.or_default("sentAt")?,
            location: object.or_default("location")?,
            watcher: object.or_default("watcher")?,
            started_at: object.or_default("startedAt")?,
            expected_end: object.or_default("expectedEnd")?,
            ended_at: object.or_default("endedAt")?,
            stop_reason: object.or_default("stopReason")?,
            ended_because: object.or_default("endedBecause")?,
            advice: object.or_default("advice")?,
            storage_path: object.or_default("storagePath")?,
            files: object.or_default("files")?,
            to_read: object.or_default("toRead")?,
            error: object.or_default("error")?,
            notes: object.or_default("notes")?,
            history: object.required("history")?,
            reports: object.or_default("reports")?,
            calls: object.or_default("calls")?,
            due: object.required("due")?,
            attempts: object.or_default("attempts")?,
            last_failure: object.or_default("lastFailure")?,
            adopted: object.or_default("adopted")?,
            unsettled: object.or_default("unsettled")?,
            withdraw: object.or_default("withdraw")?,
            operation: object.or_default("operation")?,
            more: object.rest(),
        })
    }

    /// A record of a capture that is to be taken: state `accepted`, its first step due after `lease_seconds`, for the
    /// accepting request takes that step itself.
    #[must_use]
    pub fn accepted(alert: &Alert, spec: CaptureSpec, now: Timestamp, lease_seconds: i64) -> Self {
        let mut record = Self {
            v: 1,
            name: spec.name,
            state: State::Accepted,
            alert: AlertNote::of(alert),
            machine: spec.machine,
            parameters: spec.parameters,
            rules: spec.policy.rules,
            session: spec.policy.exact,
            tell: spec.policy.tell,
            stop_on_resolve: spec.policy.stop_on_resolve,
            stop: None,
            held_back: None,
            inquiry: spec.inquiry,
            ask_again_at: None,
            led_to: Vec::new(),
            left_out: Vec::new(),
            agent_missing: None,
            accepted_at: now,
            sent_at: None,
            location: None,
            watcher: None,
            started_at: None,
            expected_end: None,
            ended_at: None,
            stop_reason: None,
            ended_because: None,
            advice: None,
            storage_path: None,
            files: Vec::new(),
            to_read: None,
            error: None,
            notes: spec.notes,
            history: Vec::new(),
            reports: Vec::new(),
            calls: 0,
            due: now.after(lease_seconds),
            attempts: 0,
            last_failure: None,
            adopted: false,
            unsettled: false,
            withdraw: false,
            operation: None,
            more: Map::new(),
        };
        record.note(now, "alert accepted");
        record
    }

    /// A record of a capture that is not taken: state `reported`, or `ended` until people are told of it.
    #[must_use]
    pub fn held_back(alert: &Alert, spec: CaptureSpec, now: Timestamp, held_back: HeldBack) -> Self {
        let mut record = Self::accepted(alert, spec, now, 0);
        record.tell(Event::HeldBack, now);
        record.state = if record.reports.is_empty() { State::Reported } else { State::Ended };
        record.note(now, format!("held back until {}: {}", held_back.until, held_back.detail));
        record.held_back = Some(held_back);
        record
    }

    /// Whether the alert's machines were asked for and none is to be captured.
    #[must_use]
    pub fn has_led_to_nothing(&self) -> bool {
        self.inquiry.is_some() && self.state >= State::Ended && self.error.is_none() && self.led_to.is_empty()
    }

    /// Whether it, or a capture that it led to, was held back until a time that has come.
    #[must_use]
    pub fn may_be_taken_now(&self, now: Timestamp) -> bool {
        match &self.held_back {
            // Whether or not people have been told of it.
            Some(held_back) => now >= held_back.until,
            None => self.state == State::Reported && self.ask_again_at.is_some_and(|at| now >= at),
        }
    }

    /// Whether it takes the place of `other` under the same name: an alert that was held back came again.
    #[must_use]
    pub fn replaces(&self, other: &Self) -> bool {
        match (&self.held_back, &other.held_back) {
            (None, Some(_)) => true,
            (Some(_), Some(_)) => self.accepted_at > other.accepted_at,
            (_, None) => false,
        }
    }

    /// Adds a line to the history, under the present state.
    pub fn note(&mut self, now: Timestamp, note: impl AsRef<str>) {
        if self.history.len() >= MAX_HISTORY {
            self.history.remove(1);
        }
        self.history.push(Step { state: self.state, at: now, note: crate::text::clean(note.as_ref()) });
    }

    /// Adds something that the reader should know, once.
    pub fn warn(&mut self, words: String) {
        if !self.notes.contains(&words) {
            self.notes.push(words);
        }
    }

    /// Takes over from what is kept what must not be undone: reports that are settled, and that it shall stop.
    pub fn learn(&mut self, kept: &Self) {
        match (self.stop, kept.stop) {
            (None, Some(_)) => {
                self.stop = kept.stop;
                self.due = self.due.min(kept.due);
            }
            // The later wish counts, and of one the later word.
            (Some(own), Some(other)) if (other.at, other.progress) > (own.at, own.progress) => {
                self.stop = kept.stop;
            }
            _ => {}
        }
        self.learn_of_files(kept);
        for report in self.reports.iter_mut().filter(|report| !report.is_settled()) {
            if let Some(settled) = kept
                .reports
                .iter()
                .find(|kept| kept.id == report.id && kept.to == report.to && kept.is_settled())
            {
                *report = settled.clone();
            }
        }
        // What another driver told of a state that this one never saw was told all the same.
        for told in kept.reports.iter().filter(|report| report.is_settled()) {
            if !self.reports.iter().any(|own| own.id == told.id && own.to == told.to) {
                // At the end: a report is known by its place.
                self.reports.push(told.clone());
            }
        }
    }

    /// The session's name at Azure.
    #[must_use]
    pub fn session_name(&self) -> &str {
        session_name(&self.name, self.session.as_ref())
    }

    /// The capture's id at ARM, once the watcher is known.
    #[must_use]
    pub fn capture_id(&self) -> Option<ResourceId> {
        self.watcher.as_ref().and_then(|watcher| watcher.child("packetCaptures", self.session_name()).ok())
    }

    /// What has come of it; of one that is not over, what would have if it were over now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match (&self.error, &self.held_back, &self.inquiry) {
            (Some(_), ..) => Outcome::Failed,
            (None, Some(_), _) => Outcome::HeldBack,
            (None, None, Some(_)) if self.stop.is_none() => Outcome::LookedUp,
            (None, None, _) if self.sent_at.is_none() => Outcome::NotTaken,
            (None, None, _) => Outcome::Captured,
        }
    }

    /// The record as people see it: without what only drivers need, with the capture's id at ARM and the outcome.
    #[must_use]
    pub fn public(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            for private in [
                "v",
                "operation",
                "toRead",
                "due",
                "attempts",
                "lastFailure",
                "adopted",
                "unsettled",
                "withdraw",
                "inquiry",
                "askAgainAt",
            ] {
                object.remove(private);
            }
            if self.state >= State::Ended {
                object.insert("outcome".to_owned(), self.outcome().word().into());
            }
            if let Some(at) = self.next_step_at().filter(|_| self.state < State::Reported) {
                object.insert("nextStepAt".to_owned(), at.to_string().into());
            }
            if let Some(id) = self.capture_id() {
                object.insert("id".to_owned(), Value::String(id.to_string()));
            }
        }
        value
    }
}
