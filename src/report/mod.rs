//! People told: what happened to a capture goes to the configured receivers, at least once, under a stable id.
//!
//! [`audience`] says who is told what; a [`message`] says it, and [`cloudevents`], [`teams`] and [`slack`] write it down
//! for their receivers; [`send`] has it delivered. Each event is a [`Report`] to each receiver, tried on its own: one
//! that is down keeps nobody else from being told.

pub mod audience;
pub mod cloudevents;
pub mod message;
pub mod send;
pub mod share;
pub mod slack;
pub mod teams;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{retry, time::Timestamp};

pub use audience::{Audience, Event, Receiver};

/// The pause after the first try is up to twice this, and doubles up to five minutes.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// After so long, in seconds, a report is given up…
const PATIENCE: i64 = 24 * 3_600;
/// … if it was sent so often: a host that was down for long gets its tries.
const LEAST_TRIES: u32 = 8;

/// One thing to tell, and how far that has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The same each time it is sent: receivers drop repeats by it.
    pub id: String,
    /// What is told.
    pub event: Event,
    /// To whom; in records of a version before the others, a webhook.
    #[serde(default = "webhook")]
    pub to: Receiver,
    /// When there was something to tell; long ago in such records.
    #[serde(default = "long_ago")]
    pub at: Timestamp,
    /// When it is to be sent (again).
    pub due: Timestamp,
    /// How often it was sent in vain.
    #[serde(default)]
    pub attempts: u32,
    /// When a receiver took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it was given up: nobody sends it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_lettered_at: Option<Timestamp>,
    /// Never delivered, because something later happened meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Taken,
    /// It did not, for now.
    NotTaken {
        /// Why: nothing that is secret.
        why: String,
        /// So many seconds it wants to be left alone.
        rest: Option<i64>,
    },
    /// It wants to be told nothing any more.
    Gone {
        /// Why: nothing that is secret.
        why: String,
    },
}

fn webhook() -> Receiver {
    Receiver::Webhook
}

fn long_ago() -> Timestamp {
    Timestamp::from_unix(0)
}

impl Report {
    /// A report on the capture called `name`, to be sent at once.
    #[must_use]
    pub fn new(name: &str, event: Event, to: Receiver, now: Timestamp) -> Self {
        Self {
            id: format!("{name}.{}", event.word()),
            event,
            to,
            at: now,
            due: now,
            attempts: 0,
            delivered_at: None,
            dead_lettered_at: None,
            superseded: false,
            error: None,
        }
    }

    /// Delivered, superseded or given up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.delivered_at.is_some() || self.superseded || self.dead_lettered_at.is_some()
    }

    /// Something later has happened: not sent any more, unless it was.
    pub fn supersede(&mut self) {
        self.superseded = !self.is_settled() || self.superseded;
    }

    /// A try's outcome.
    pub fn tried(&mut self, now: Timestamp, outcome: Outcome) {
        let (why, rest, is_gone) = match outcome {
            Outcome::Taken => {
                self.delivered_at = Some(now);
                self.error = None;
                return;
            }
            Outcome::NotTaken { why, rest } => (why, rest, false),
            Outcome::Gone { why } => (why, None, true),
        };
        self.attempts = self.attempts.saturating_add(1);
        self.error = Some(crate::text::clean(&why));
        let is_over = now >= self.at.after(PATIENCE) && self.attempts >= LEAST_TRIES;
        if is_gone || is_over {
            self.dead_lettered_at = Some(now);
            return;
        }
        let whose = format!("{} {}", self.id, self.to.name());
        let pause = retry::pause(&whose, self.attempts, FIRST_PAUSE);
        let rest = rest.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        self.due = now.plus(rest.unwrap_or(pause));
    }
}

/// A JSON object with its `type` first, as cards and blocks are made of. A function and no macro: the component is small.
fn object(kind: &str, fields: Vec<(&'static str, Value)>) -> Value {
    let mut object = Map::new();
    object.insert("type".to_owned(), kind.into());
    for (name, value) in fields {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let now: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        Report::new("c", Event::Ended, Receiver::Slack, now)
    }

    fn not_taken(rest: Option<i64>) -> Outcome {
        Outcome::NotTaken { why: "the receiver answered 500".to_owned(), rest }
    }

    #[test]
    fn a_report_is_tried_for_a_day_with_growing_pauses_and_then_a_dead_letter() {
        let mut report = report();
        let mut now = report.at;
        let mut pauses = Vec::new();
        while !report.is_settled() {
            report.tried(now, not_taken(None));
            pauses.push(report.due.since(now).as_millis());
            now = report.due;
        }
        for (pause, longest) in pauses.iter().zip([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
            assert!((longest * 500..=longest * 1_000).contains(pause), "{pause} of {longest} s");
        }
        assert_eq!(report.id, "c.ended");
        assert_eq!((report.delivered_at, report.dead_lettered_at.is_some()), (None, true));
        let waited = report.dead_lettered_at.unwrap().since(report.at).as_secs();
        assert!((86_400..86_400 + 301).contains(&waited), "{waited}");
    }

    #[test]
    fn a_host_that_was_down_for_a_day_tries_a_few_times_before_it_gives_up() {
        let mut report = report();
        let mut now = report.at.after(2 * PATIENCE);
        for tries in 1..LEAST_TRIES {
            report.tried(now, not_taken(None));
            assert!(!report.is_settled(), "after {tries}");
            now = report.due;
        }
        report.tried(now, not_taken(None));
        assert_eq!(report.dead_lettered_at, Some(now));
    }

    #[test]
    fn a_receiver_that_asks_for_a_rest_gets_it() {
        let mut report = report();
        report.tried(report.at, not_taken(Some(240)));
        assert_eq!(report.due.since(report.at).as_secs(), 240);
    }

    #[test]
    fn who_is_gone_is_not_told_again() {
        let mut report = report();
        report.tried(report.at, Outcome::Gone { why: "the receiver answered 410".to_owned() });
        assert_eq!((report.dead_lettered_at, report.attempts), (Some(report.at), 1));
        report.supersede();
        assert!(!report.superseded, "settled is settled");
    }

    #[test]
    fn a_delivered_report_is_settled_and_its_error_forgotten() {
        let mut report = report();
        report.tried(report.at, not_taken(None));
        report.tried(report.at, Outcome::Taken);
        assert!(report.is_settled() && report.error.is_none());
    }
}
