//! People told: what happened to a capture goes to the configured receivers, at least once, under a stable id.

pub mod cloudevents;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A receiver that failed so often is given up.
const MAX_ATTEMPTS: u32 = 8;

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
    /// When it is to be sent (again).
    pub due: Timestamp,
    /// How often it was sent in vain.
    #[serde(default)]
    pub attempts: u32,
    /// When a receiver took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Report {
    /// A report on the capture called `name`, to be sent at once.
    #[must_use]
    pub fn new(name: &str, event: Event, now: Timestamp) -> Self {
        let id = format!("{name}.{}", event.word());
        Self { id, event, due: now, attempts: 0, delivered_at: None, error: None }
    }

    /// Delivered or given up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.delivered_at.is_some() || self.attempts >= MAX_ATTEMPTS
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
                // 2, 4, 8 … 256 seconds: about ten minutes in all.
                self.due = now.after(1_i64.checked_shl(self.attempts).unwrap_or(300));
                self.error = Some(crate::text::clean(&why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_tried_eight_times_with_growing_pauses_and_then_given_up() {
        let mut now: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        let mut report = Report::new("c", Event::Ended, now);
        let mut pauses = Vec::new();
        while !report.is_settled() {
            report.tried(now, Err("HTTP 500".into()));
            pauses.push(report.due.since(now).as_secs());
            now = report.due;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256]);
        assert_eq!((report.id.as_str(), report.delivered_at), ("c.ended", None));
    }

    #[test]
    fn a_delivered_report_is_settled_and_its_error_forgotten() {
        let now: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        let mut report = Report::new("c", Event::Started, now);
        report.tried(now, Err("refused".into()));
        report.tried(now, Ok(()));
        assert!(report.is_settled() && report.error.is_none());
    }
}
