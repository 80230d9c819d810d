//! When a capture that runs is looked at before its end is due. Pure.
//!
//! Azure tells nobody that a capture has ended, and each question costs a request. So an ordinary capture is asked about
//! when its end is due, and before that only as often as its requests allow: soon after its start, when a machine
//! without agent or storage is found out, and then each time a third of what is left has passed. While the service thinks
//! that a capture runs it answers 202, perhaps with old news; the fresh status is followed to its place if a request is
//! left for that.

use std::time::Duration;

use crate::{capture::Record, time::Timestamp};

/// The service learns of a capture's end a little after it.
const END_MARGIN: i64 = 2;
/// The first look.
const SOON: Duration = Duration::from_mins(1);
/// This close to the end it is waited for.
const CLOSE: Duration = Duration::from_mins(1);
/// A ring buffer of a week is looked at as often as this.
const RAREST: Duration = Duration::from_hours(12);
/// Requests from the PUT to the end, in an ordinary life of five hours.
const REQUESTS: u32 = 8;
/// Requests that the end itself takes: the question, and the place of its answer.
const AT_THE_END: u32 = 2;

impl Record {
    /// When its status is asked next, as it has just begun or been looked at; now, if its end is not known.
    pub(super) fn next_look(&self, now: Timestamp, is_first: bool) -> Timestamp {
        let Some(end) = self.expected_end else { return now };
        let left = end.since(now);
        let pause = if is_first { SOON } else { left.checked_div(3).unwrap_or(left).clamp(SOON, RAREST) };
        if self.can_spare(2) && pause.saturating_add(CLOSE) < left {
            now.plus(pause)
        } else {
            end.after(END_MARGIN).max(now)
        }
    }

    /// Whether a look can be followed to the place of its answer.
    #[must_use]
    pub fn can_follow_a_look(&self) -> bool {
        self.can_spare(1)
    }

    /// Whether so many requests are left before the end.
    fn can_spare(&self, requests: u32) -> bool {
        // A ring has two more for each further 12 hours.
        let more = self.parameters.longest().checked_div(6 * 60 * 60).unwrap_or_default();
        self.calls.saturating_add(AT_THE_END).saturating_add(requests) <= REQUESTS.saturating_add(more)
    }

    /// Whether its end is not due yet, and nobody has told Azure to stop it: then an answer that it runs is enough.
    #[must_use]
    pub fn is_only_looked_at(&self, now: Timestamp) -> bool {
        // One that was found at Azure is believed to run only once Azure has said so.
        !self.adopted
            && self.expected_end.is_some_and(|end| now < end)
            && self.stop.is_none_or(|stop| !stop.is_sent())
    }
}

#[cfg(test)]
#[path = "looks_tests.rs"]
mod tests;
