//! The state machine: which step a record is due for ([`next`]), and what each outcome makes of it ([`transitions`]).
//! Pure.
//!
//! `accepted` → `starting` → `running` → `ended` → `reported`, never backwards. A failure goes to `ended` with an error.
//! [`looks`] says when a running capture is looked at, [`ending`] what its end means, [`files`] what comes of its files.

pub mod ending;
mod files;
pub mod looks;
mod transitions;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::time::Timestamp;

/// Where a capture stands. The order is the order of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Written down; Azure has not yet taken the PUT.
    Accepted,
    /// Azure took the PUT and provisions the session.
    Starting,
    /// The session is provisioned; packets are captured.
    Running,
    /// Over, for a reason or with an error.
    Ended,
    /// Over, and all who are to be told have been, or could not be.
    Reported,
}

impl State {
    /// As it stands in records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Reported => "reported",
        }
    }
}

/// What to do with a record now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing before this time.
    Wait(Timestamp),
    /// Take this step.
    Do(Action),
    /// Nothing ever.
    Nothing,
}

/// A step with an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Token, machine, watcher, limit, PUT.
    Start,
    /// Ask for the outcome of the PUT's operation.
    PollOperation,
    /// Read the session itself: provisioned? where does its file go?
    ReadCapture,
    /// Ask for the capture's status.
    QueryStatus,
    /// Take the answer to that question from its operation.
    PollStatus,
    /// Stop it before its time.
    Stop,
    /// Take back a session that was started beyond the limit.
    Withdraw,
    /// Read the files it left, for their summaries.
    ReadFiles,
    /// Tell people: the report with this place in the record.
    Report(usize),
    /// All is told: put the record away.
    Close,
}

/// Which step `record` is due for at `now`. A report that is due goes first: people wait for it.
#[must_use]
pub fn next(record: &Record, now: Timestamp) -> Next {
    let upcoming = upcoming(record);
    match upcoming.into_iter().flatten().find(|(due, _)| *due <= now) {
        Some((_, action)) => Next::Do(action),
        None => record.next_step_at().map_or(Next::Nothing, Next::Wait),
    }
}

/// The next report, the record's own next step and its files', each with the time it is due.
fn upcoming(record: &Record) -> [Option<(Timestamp, Action)>; 3] {
    let reports = record.reports.iter().enumerate().filter(|(_, report)| !report.is_settled());
    let report = reports.min_by_key(|(_, r)| r.due).map(|(index, r)| (r.due, Action::Report(index)));
    let stop = record.stop.is_some_and(|stop| stop.is_to_be_sent());
    let step = match (record.state, &record.operation) {
        (State::Running, _) if stop => Some((record.due, Action::Stop)),
        (State::Accepted, _) => Some((record.due, Action::Start)),
        (State::Starting, Some(_)) => Some((record.due, Action::PollOperation)),
        (State::Starting, None) => Some((record.due, Action::ReadCapture)),
        (State::Running, Some(_)) => Some((record.due, Action::PollStatus)),
        (State::Running, None) => Some((record.due, Action::QueryStatus)),
        (State::Ended, _) if record.withdraw => Some((record.due, Action::Withdraw)),
        // Nothing to wait for.
        (State::Ended, _) if report.is_none() && record.to_read.is_none() => {
            Some((record.accepted_at, Action::Close))
        }
        (State::Ended | State::Reported, _) => None,
    };
    let files = record.to_read.map(|to_read| (to_read.due, Action::ReadFiles));
    let is_open = record.state != State::Reported;
    [report.filter(|_| is_open), step, files.filter(|_| is_open)]
}

impl Record {
    /// When the next step is due, a report's or the capture's own; never, if all is done.
    #[must_use]
    pub fn next_step_at(&self) -> Option<Timestamp> {
        upcoming(self).into_iter().flatten().map(|(due, _)| due).min()
    }
}

#[cfg(test)]
pub(crate) mod tests;
