//! The state machine: which step a record is due for, and what each outcome makes of it. Pure; every transition is here.
//!
//! `accepted` → `starting` → `running` → `ended` → `reported`, never backwards. A failure goes to `ended` with an error.

use serde::{Deserialize, Serialize};

use super::{
    Record,
    note::{Stop, StopCause},
};
use crate::{
    azure::{network_watcher::CaptureStatus, resource_id::ResourceId, sealed::Sealed},
    failure::Failure,
    plan::LeftOut,
    report::{Event, Report},
    time::Timestamp,
};

/// The service learns of a capture's end a little after it.
const END_MARGIN: i64 = 2;
/// A capture that could not be started so long after its alert would show something else.
const START_PATIENCE: i64 = 15 * 60;
/// A session that Azure took is expected to capture so long after at the latest.
const LONGEST_PROVISIONING: i64 = 30;
/// Giving up takes more than lateness: a host that was down for long gets its tries.
const LEAST_TRIES: u32 = 5;
/// Longer than this after its expected end nobody waits for a capture's status, nor for its provisioning's.
const END_PATIENCE: i64 = 60 * 60;
/// The longest pause between two tries.
const LONGEST_PAUSE: i64 = 300;

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

/// The next report and the record's own next step, each with the time it is due.
fn upcoming(record: &Record) -> [Option<(Timestamp, Action)>; 2] {
    let reports = record.reports.iter().enumerate().filter(|(_, report)| !report.is_settled());
    let report = reports.min_by_key(|(_, r)| r.due).map(|(index, r)| (r.due, Action::Report(index)));
    let stop = record.stop.is_some_and(|stop| !stop.is_sent);
    let step = match (record.state, &record.operation) {
        (State::Running, _) if stop => Some((record.due, Action::Stop)),
        (State::Accepted, _) => Some((record.due, Action::Start)),
        (State::Starting, Some(_)) => Some((record.due, Action::PollOperation)),
        (State::Starting, None) => Some((record.due, Action::ReadCapture)),
        (State::Running, Some(_)) => Some((record.due, Action::PollStatus)),
        (State::Running, None) => Some((record.due, Action::QueryStatus)),
        (State::Ended, _) if record.withdraw => Some((record.due, Action::Withdraw)),
        // Nothing to wait for.
        (State::Ended, _) if report.is_none() => Some((record.accepted_at, Action::Close)),
        (State::Ended | State::Reported, _) => None,
    };
    [report.filter(|_| record.state != State::Reported), step]
}

impl Record {
    /// When the next step is due, a report's or the capture's own; never, if all is done.
    #[must_use]
    pub fn next_step_at(&self) -> Option<Timestamp> {
        upcoming(self).into_iter().flatten().map(|(due, _)| due).min()
    }

    /// Azure took the PUT. `operation` is where its outcome will stand; `pause` is Azure's `Retry-After`.
    pub fn sent(
        &mut self,
        now: Timestamp,
        watcher: ResourceId,
        location: &str,
        operation: Option<Sealed>,
        pause: i64,
    ) {
        self.sent_at = Some(now);
        self.watcher = Some(watcher);
        self.location = Some(location.to_owned());
        self.operation = operation;
        self.enter(State::Starting, now, pause, "Azure took the capture and provisions it");
    }

    /// The session is provisioned, so packets are captured from now on.
    pub fn provisioned(&mut self, now: Timestamp) {
        self.operation = None;
        // Seen late, it has been capturing for a while, or is over already.
        let begin = self.sent_at.map_or(now, |sent| now.min(sent.after(LONGEST_PROVISIONING)));
        let end = begin.after(i64::from(self.parameters.longest()));
        self.started_at = Some(begin);
        self.expected_end = Some(end);
        self.enter(State::Running, now, 0, "capturing");
        let stop = self.stop.is_some_and(|stop| !stop.is_sent);
        self.due = if stop { now } else { end.after(END_MARGIN).max(now) };
        if now < end {
            self.tell(Event::Started, now);
        }
    }

    /// Something asks that it stops: at once if it runs, and not at all started if it was not.
    pub fn ask_to_stop(&mut self, now: Timestamp, because: StopCause) {
        if self.stop.is_none() && self.state < State::Ended {
            self.stop = Some(Stop { at: now, because, is_sent: false });
            self.attempts = 0;
            self.due = self.due.min(now);
            self.note(now, format!("shall stop: {}", because.words()));
        }
    }

    /// Azure was told to stop it; how that ended is asked after `pause` seconds.
    pub fn stopping(&mut self, now: Timestamp, pause: i64) {
        let because = self.stop.map_or("", |stop| stop.because.words());
        self.stop = self.stop.map(|stop| Stop { is_sent: true, ..stop });
        self.operation = None;
        self.enter(State::Running, now, pause, format!("Azure was asked to stop it: {because}"));
    }

    /// Azure does not stop it: it is followed to the end that its limits give it, or looked at now.
    pub fn not_stopped(&mut self, now: Timestamp, failure: &Failure, look_now: bool) {
        self.stop = self.stop.map(|stop| Stop { is_sent: true, ..stop });
        self.attempts = 0;
        let end = self.expected_end.filter(|_| !look_now).map(|end| end.after(END_MARGIN));
        self.due = end.unwrap_or(now).max(now);
        self.note(now, format!("could not be stopped before its time: {failure}"));
    }

    /// It was to stop before it had begun.
    pub fn called_off(&mut self, now: Timestamp) {
        self.ended_at = Some(now);
        let because = self.stop.map_or("nobody needs it any more", |stop| stop.because.words());
        self.enter(State::Ended, now, 0, format!("not started: {because}"));
    }

    /// An alert's machines are known: it led to these captures, some of them held back until these times.
    pub fn looked_up(
        &mut self,
        now: Timestamp,
        led_to: Vec<String>,
        held_back: &[Timestamp],
        left_out: Vec<LeftOut>,
    ) {
        let mut note = match (led_to.len(), left_out.first()) {
            (0, Some(first)) => format!("led to no capture: {} ({})", first.detail, first.target),
            (0, None) => "led to no capture".to_owned(),
            (1, _) => "led to 1 capture".to_owned(),
            (count, _) => format!("led to {count} captures"),
        };
        if !held_back.is_empty() {
            note.push_str(&format!(", {} held back", held_back.len()));
        }
        self.ask_again_at = held_back.iter().min().copied();
        self.led_to = led_to;
        self.left_out = left_out;
        self.ended_at = Some(now);
        self.enter(State::Ended, now, 0, note);
    }

    /// Whether Azure has not taken the PUT and the start is no longer worth having: it would show something else.
    #[must_use]
    pub fn is_too_late_to_start(&self, now: Timestamp) -> bool {
        self.state == State::Accepted && now > self.accepted_at.after(START_PATIENCE)
    }

    /// Azure is not done yet: looked at again after `pause` seconds, though not for ever.
    pub fn still_under_way(&mut self, now: Timestamp, pause: i64) {
        self.due = now.after(pause);
        self.attempts = self.attempts.saturating_add(1);
        let is_over = self.is_over(now);
        if is_over && self.state == State::Ended {
            self.withdraw = false;
            self.note(now, "the session beyond the limit was deleted, but is still there");
        } else if is_over {
            let failure =
                Failure::new("neverEnded", "Azure's operation did not end; nobody waits for it any more");
            self.fail(now, failure);
        }
    }

    /// Late, and not for want of tries.
    fn is_over(&self, now: Timestamp) -> bool {
        let deadline = match (self.state, self.expected_end) {
            (State::Accepted, _) => self.accepted_at.after(START_PATIENCE),
            (_, Some(end)) => end.after(END_PATIENCE),
            _ => self.sent_at.unwrap_or(self.accepted_at).after(END_PATIENCE),
        };
        now > deadline && self.attempts >= LEAST_TRIES
    }

    /// What Azure says of a capture that was running when last seen.
    pub fn status(&mut self, now: Timestamp, status: &CaptureStatus) {
        self.operation = None;
        if let Some(start) = status.started_at {
            self.started_at = Some(start);
        }
        if let Some(failure) = &status.failure {
            self.fail(now, failure.clone());
        } else if status.is_over {
            let reason = status.stop_reason.clone().unwrap_or_else(|| "Unknown".to_owned());
            self.ended_at = Some(now);
            self.stop_reason = Some(reason.clone());
            self.enter(State::Ended, now, 0, format!("capture ended: {reason}"));
            self.tell(Event::Ended, now);
        } else {
            let still = Failure::new("stillRunning", format!("Azure says {}", status.word));
            self.try_again(now, None, still);
        }
    }

    /// A step did not lead on. It is tried again after Azure's `retry_after` or a pause that doubles, until it is
    /// too late for the capture to be of use.
    pub fn try_again(&mut self, now: Timestamp, retry_after: Option<i64>, failure: Failure) {
        let is_over = self.is_over(now);
        if is_over && self.state == State::Ended {
            self.withdraw = false;
            return self.note(now, format!("the session could not be taken back: {failure}"));
        }
        if is_over {
            let message = format!("given up after {} tries: {}", self.attempts, failure.message);
            return self.fail(now, Failure { message, ..failure });
        }
        let first = if self.state == State::Accepted { 1_i64 } else { 5 };
        let pause = first.checked_shl(self.attempts.min(16)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        self.attempts = self.attempts.saturating_add(1);
        let pause = retry_after.unwrap_or(pause).clamp(1, LONGEST_PAUSE);
        self.note(now, format!("{failure}; next try in {pause} s"));
        self.due = now.after(pause);
    }

    /// It failed for good.
    pub fn fail(&mut self, now: Timestamp, mut failure: Failure) {
        if let (None, Some(command)) = (&failure.advice, &self.agent_missing) {
            failure.advice = Some(format!("The machine has no Network Watcher agent. Install it: {command}"));
        }
        self.operation = None;
        self.ended_at = Some(now);
        let note = format!("failed: {failure}");
        self.error = Some(failure);
        self.enter(State::Ended, now, 0, note);
        self.tell(Event::Failed, now);
    }

    /// All who are to be told have been, or could not be.
    pub fn close(&mut self, now: Timestamp) {
        let untold = self.reports.iter().filter(|r| r.delivered_at.is_none() && !r.superseded).count();
        let note = match (self.reports.is_empty(), untold) {
            (true, _) if self.error.is_none() && self.sent_at.is_none() => "nothing to tell".to_owned(),
            (true, _) => "nobody to tell (no receiver is set, or the rule tells none)".to_owned(),
            (false, 0) => "people notified".to_owned(),
            (false, n) => format!("{n} of {} reports could not be delivered", self.reports.len()),
        };
        self.enter(State::Reported, now, 0, note);
    }

    fn enter(&mut self, state: State, now: Timestamp, pause: i64, note: impl AsRef<str>) {
        // A slower driver's outcome must not undo what a faster one has done.
        self.state = self.state.max(state);
        self.attempts = 0;
        self.due = now.after(pause);
        self.note(now, note);
    }

    fn tell(&mut self, event: Event, now: Timestamp) {
        if event != Event::Started {
            // News that is no longer true is not told late.
            self.reports.iter_mut().filter(|r| r.event == Event::Started).for_each(Report::supersede);
        }
        let is_new = !self.reports.iter().any(|report| report.event == event);
        if is_new && self.tell.events.contains(&event) {
            let reports = self.tell.receivers.iter().map(|to| Report::new(&self.name, event, *to, now));
            self.reports.extend(reports);
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
