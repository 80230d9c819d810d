//! What each outcome makes of a record: every transition is here. Pure.

use std::time::Duration;

use super::{
    State,
    ending::{Gone, ending},
};
use crate::{
    azure::{network_watcher::CaptureStatus, resource_id::ResourceId, sealed::Sealed},
    capture::{
        Record,
        note::{Stop, StopCause, StopProgress},
    },
    failure::Failure,
    plan::LeftOut,
    report::{Event, Report},
    retry,
    time::Timestamp,
};

/// A capture that could not be started so long after its alert would show something else.
const START_PATIENCE: i64 = 15 * 60;
/// A session that Azure took is expected to capture so long after at the latest.
const LONGEST_PROVISIONING: i64 = 30;
/// Azure's clocks and ours differ by no more.
const CLOCKS_DIFFER: i64 = 10 * 60;
/// Giving up takes more than lateness: a host that was down for long gets its tries.
const LEAST_TRIES: u32 = 5;
/// Longer than this after its expected end nobody waits for a capture's status, nor for its provisioning's.
const END_PATIENCE: i64 = 60 * 60;
/// The pause after a start's first failure: an alert waits for it.
const START_AGAIN: Duration = Duration::from_secs(1);
/// The same for every other step.
const STEP_AGAIN: Duration = Duration::from_secs(5);

impl Record {
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
        let at_once = self.adopted || self.stop.is_some_and(|stop| stop.is_to_be_sent());
        self.due = if at_once { now } else { self.next_look(now, true) };
        if now < end && !self.adopted {
            self.tell(Event::Started, now);
        }
    }

    /// Something asks that it stops: at once if it runs, and not at all started if it was not.
    pub fn ask_to_stop(&mut self, now: Timestamp, because: StopCause) {
        let may_be_asked = self.stop.is_none_or(|stop| stop.progress == StopProgress::Refused);
        if may_be_asked && self.state < State::Ended {
            self.stop = Some(Stop::asked(now, because));
            self.attempts = 0;
            // A start may be under way, and what it comes to has to be known first.
            if self.state > State::Accepted {
                self.due = self.due.min(now);
            }
            self.note(now, format!("shall stop: {}", because.words()));
        }
    }

    /// Azure was told to stop it; how that ended is asked after `pause` seconds.
    pub fn stopping(&mut self, now: Timestamp, pause: i64) {
        let because = self.stop.map_or("", |stop| stop.because.words());
        self.stop = self.stop.map(|stop| Stop { progress: StopProgress::Sent, ..stop });
        self.operation = None;
        self.enter(State::Running, now, pause, format!("Azure was asked to stop it: {because}"));
    }

    /// Azure does not stop it: it is followed to the end that its limits give it, or looked at now.
    pub fn not_stopped(&mut self, now: Timestamp, failure: &Failure, look_now: bool) {
        self.stop = self.stop.map(|stop| Stop { progress: StopProgress::Refused, ..stop });
        self.attempts = 0;
        self.due = if look_now { now } else { self.next_look(now, false) };
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
            // A session that may run has to be found.
            (State::Accepted, _) if self.unsettled => {
                self.accepted_at.after(START_PATIENCE).after(END_PATIENCE)
            }
            (State::Accepted, _) => self.accepted_at.after(START_PATIENCE),
            (_, Some(end)) => end.after(END_PATIENCE),
            _ => self.sent_at.unwrap_or(self.accepted_at).after(END_PATIENCE),
        };
        now > deadline && self.attempts >= LEAST_TRIES
    }

    /// It was looked at before its end is due, and runs, or could not be looked at: there is a next time.
    pub fn looked_at(&mut self, now: Timestamp) {
        self.operation = None;
        self.attempts = 0;
        self.due = self.next_look(now, false);
    }

    /// What Azure says of a capture that was running when last seen.
    pub fn status(&mut self, now: Timestamp, status: &CaptureStatus) {
        self.operation = None;
        let was_adopted = std::mem::take(&mut self.adopted);
        if let Some(start) = status.started_at.filter(|start| *start <= now.after(CLOCKS_DIFFER)) {
            self.started_at = Some(start);
            self.expected_end = Some(start.after(i64::from(self.parameters.longest())));
        }
        if let Some(failure) = &status.failure {
            self.stop_reason = Some(status.stop_reason.clone().unwrap_or_else(|| status.word.clone()));
            self.fail(now, failure.clone());
        } else if status.is_over {
            let ending = ending(self, status);
            self.ended_at = Some(now);
            self.enter(State::Ended, now, 0, format!("capture ended: {} ({})", ending.reason, ending.words));
            self.stop_reason = Some(ending.reason);
            self.ended_because = Some(ending.words);
            self.advice = ending.advice;
            self.tell(Event::Ended, now);
        } else if self.is_only_looked_at(now) {
            if was_adopted {
                self.tell(Event::Started, now);
            }
            self.looked_at(now);
        } else {
            let still = Failure::new("stillRunning", format!("Azure says {}", status.word));
            self.try_again(now, None, still);
            // Where a stop did not help, its own end does.
            let end = self.expected_end.filter(|end| *end > now);
            self.due = end.map_or(self.due, |end| self.due.min(end));
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
        let first = if self.state == State::Accepted { START_AGAIN } else { STEP_AGAIN };
        let pause = retry::asked_or_pause(retry_after, &self.name, self.attempts, first);
        self.attempts = self.attempts.saturating_add(1);
        self.last_failure = Some(failure.clone());
        self.note(now, format!("{failure}; next try in {} s", pause.as_secs().max(1)));
        self.due = now.plus(pause);
    }

    /// Its session's name is another capture's by now, so nobody can say any more how it ended.
    pub fn replaced(&mut self, now: Timestamp, other: &str) {
        if self.state == State::Ended {
            self.withdraw = false;
            return self.note(now, format!("the session's name is {other}'s by now"));
        }
        let message = format!("its session's name was taken by {other} before its end was seen");
        let advice =
            "It had ended by then, or someone had deleted it; what it captured is in the storage account.";
        self.stop_reason = Some("Replaced".to_owned());
        self.fail(now, Failure::new("replaced", message).advise(advice));
    }

    /// It, its machine or its watcher is no longer at Azure.
    pub fn is_gone(&mut self, now: Timestamp, gone: Gone, azure: Failure) {
        self.stop_reason = Some(gone.reason().to_owned());
        self.fail(now, gone.failure(azure));
    }

    /// The alert is so old that a capture would show something else; what kept it from being started is told.
    pub fn is_too_late(&mut self, now: Timestamp) {
        let late = "the alert is so old by now that a capture would show something else";
        let failure = match self.last_failure.take() {
            Some(last) => Failure { message: format!("{} ({late})", last.message), ..last },
            None => Failure::new("tooLate", late),
        };
        self.fail(now, failure);
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
        let untold = self.reports.iter().filter(|report| report.dead_lettered_at.is_some());
        let untold: Vec<String> =
            untold.map(|report| format!("{} ({})", report.to.name(), report.event.word())).collect();
        let note = match (self.reports.is_empty(), untold.len()) {
            (true, _) if self.error.is_none() && self.sent_at.is_none() => "nothing to tell".to_owned(),
            (true, _) => "nobody to tell (no receiver is set, or the rule tells none)".to_owned(),
            (false, 0) => "people notified".to_owned(),
            (false, n) => {
                let (all, untold) = (self.reports.len(), untold.join(", "));
                format!("{n} of {all} reports could not be delivered: {untold}")
            }
        };
        self.enter(State::Reported, now, 0, note);
    }

    fn enter(&mut self, state: State, now: Timestamp, pause: i64, note: impl AsRef<str>) {
        // A slower driver's outcome must not undo what a faster one has done.
        self.state = self.state.max(state);
        self.attempts = 0;
        self.last_failure = None;
        self.due = now.after(pause);
        self.note(now, note);
    }

    /// There is something to tell.
    pub(in crate::capture) fn tell(&mut self, event: Event, now: Timestamp) {
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
