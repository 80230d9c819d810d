//! People told: what happened to a capture goes to the configured receivers, at least once, under a stable id.

pub mod cloudevents;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The longest pause between two tries, in seconds.
const LONGEST_PAUSE: i64 = 300;
/// A receiver that failed so often is given up: 8 tries within 9 minutes, and then one every 5 minutes for a day.
const MAX_ATTEMPTS: u32 = 295;

/// Who can be told, by the names that rules use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receiver {
    /// A `CloudEvents` webhook.
    Webhook,
}

impl Receiver {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Webhook];

    /// As it stands in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
        }
    }
}

/// Who is told what of a capture: settled when its alert is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Who.
    pub receivers: Vec<Receiver>,
    /// Of what.
    pub events: Vec<Event>,
}

impl Default for Audience {
    fn default() -> Self {
        Self { receivers: vec![Receiver::Webhook], events: vec![Event::Started, Event::Ended, Event::Failed] }
    }
}

impl Audience {
    /// Those of `set_up` whom a rule names; all of them if it names none.
    #[must_use]
    pub fn of(named: Option<&[String]>, set_up: &[Receiver]) -> Self {
        let is_told = |to: &Receiver| named.is_none_or(|names| names.iter().any(|name| name == to.name()));
        Self { receivers: set_up.iter().copied().filter(is_told).collect(), ..Self::default() }
    }
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A capture runs.
    Started,
    /// It is over, as it should be.
    Ended,
    /// It could not be started or did not end well.
    Failed,
}

impl Event {
    /// As it stands in ids and types.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}

/// One thing to tell, and how far that has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The same each time it is sent: receivers drop repeats by it.
    pub id: String,
    /// What is told.
    pub event: Event,
    /// To whom.
    pub to: Receiver,
    /// When it is to be sent (again).
    pub due: Timestamp,
    /// How often it was sent in vain.
    #[serde(default)]
    pub attempts: u32,
    /// When a receiver took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Never delivered, because something later happened meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Report {
    /// A report on the capture called `name`, to be sent at once.
    #[must_use]
    pub fn new(name: &str, event: Event, to: Receiver, now: Timestamp) -> Self {
        let id = format!("{name}.{}", event.word());
        Self { id, event, to, due: now, attempts: 0, delivered_at: None, superseded: false, error: None }
    }

    /// Delivered, superseded or given up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.delivered_at.is_some() || self.superseded || self.attempts >= MAX_ATTEMPTS
    }

    /// Something later has happened: not sent any more, unless it was.
    pub fn supersede(&mut self) {
        self.superseded = self.delivered_at.is_none();
    }

    /// A try's outcome.
    pub fn tried(&mut self, now: Timestamp, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                self.delivered_at = Some(now);
                self.error = None;
            }
            Err(why) => {
                self.attempts = self.attempts.saturating_add(1);
                let pause = 1_i64.checked_shl(self.attempts.min(16)).unwrap_or(LONGEST_PAUSE);
                self.due = now.after(pause.min(LONGEST_PAUSE));
                self.error = Some(crate::text::clean(&why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_tried_for_a_day_with_growing_pauses_and_then_given_up() {
        let mut now: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        let mut report = Report::new("c", Event::Ended, Receiver::Webhook, now);
        let mut pauses = Vec::new();
        while !report.is_settled() {
            report.tried(now, Err("HTTP 500".into()));
            pauses.push(report.due.since(now).as_secs());
            now = report.due;
        }
        assert_eq!(pauses[..10], [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        let waited: u64 = pauses.iter().sum();
        assert!((86_000..90_000).contains(&waited), "{waited}");
        assert_eq!((report.id.as_str(), report.delivered_at), ("c.ended", None));
    }

    #[test]
    fn a_delivered_report_is_settled_and_its_error_forgotten() {
        let now: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        let mut report = Report::new("c", Event::Started, Receiver::Webhook, now);
        report.tried(now, Err("refused".into()));
        report.tried(now, Ok(()));
        assert!(report.is_settled() && report.error.is_none());
    }
}
