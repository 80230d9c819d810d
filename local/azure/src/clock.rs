//! The stand-in's clock, which can be moved ahead, the formats in which Azure's services write times, and fresh ids.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// What is settled within this after the clock was moved is settled as the answer says so.
const SETTLING: Duration = Duration::from_millis(5);
/// A busy machine is not waited for longer.
const SETTLED_AT_LAST: u32 = 400;

/// The time that everything here goes by: the machine's, and as far ahead as it was moved.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    ahead: Arc<watch::Sender<SignedDuration>>,
    /// Until when everyone who sleeps does.
    sleeping: Arc<Mutex<Sleeping>>,
}

#[derive(Debug, Default)]
struct Sleeping {
    last: u64,
    until: HashMap<u64, Timestamp>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { ahead: Arc::new(watch::Sender::new(SignedDuration::ZERO)), sleeping: Arc::default() }
    }
}

impl Clock {
    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        after(Timestamp::now(), self.ahead())
    }

    /// How far it is ahead of the machine's.
    pub(crate) fn ahead(&self) -> SignedDuration {
        *self.ahead.borrow()
    }

    /// Moves it, and waits until everyone whose time has come is awake.
    pub(crate) async fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.ahead.send_modify(|ahead| *ahead = ahead.saturating_add(by));
        let mut quiet = 0;
        for _ in 0..SETTLED_AT_LAST {
            let now = self.now();
            // Once more after the last has gone: who is awake may have lain down again to a time that has come too.
            quiet = if self.sleeping().until.values().any(|until| *until <= now) { 0 } else { quiet + 1 };
            if quiet > 1 {
                return;
            }
            tokio::time::sleep(SETTLING).await;
        }
    }

    /// Sleeps for so long.
    pub(crate) async fn sleep(&self, time: Duration) {
        self.sleep_until(later(self.now(), time)).await;
    }

    /// Sleeps until then; wakes when the clock is moved past it.
    pub(crate) async fn sleep_until(&self, until: Timestamp) {
        let mut moved = self.ahead.subscribe();
        let _sleeper = self.lie_down(until);
        loop {
            let left = until.duration_since(self.now());
            if left <= SignedDuration::ZERO {
                return;
            }
            let left = Duration::try_from(left).unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The clock itself holds the sender.
                _ = moved.changed() => {}
            }
        }
    }

    fn lie_down(&self, until: Timestamp) -> Sleeper<'_> {
        let mut sleeping = self.sleeping();
        sleeping.last += 1;
        let id = sleeping.last;
        sleeping.until.insert(id, until);
        Sleeper { clock: self, id }
    }

    fn sleeping(&self) -> std::sync::MutexGuard<'_, Sleeping> {
        self.sleeping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who sleeps, until dropped.
struct Sleeper<'a> {
    clock: &'a Clock,
    id: u64,
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clock.sleeping().until.remove(&self.id);
    }
}

/// So long after `time`; the last there is, if there is none.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    after(time, SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX))
}

fn after(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `2026-07-07T09:06:14.6541886Z`: .NET's seven digits.
pub(crate) fn ticks(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
}

/// `2026-07-07T09:06:14.654188Z`, for the record.
pub(crate) fn micros(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// `2026-07-07 09:06:14Z`, as Entra writes it.
pub(crate) fn entra(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `Tue, 07 Jul 2026 09:06:14 GMT`, as HTTP writes it.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A fresh GUID.
pub(crate) fn guid() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_sleeps_wakes_when_the_clock_is_moved_past_their_time_and_nobody_else_does() {
        let clock = Clock::default();
        let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(86_400));
        let sleepers = [hour, day].map(|time| {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep(time).await })
        });
        while clock.sleeping().until.len() < 2 {
            tokio::task::yield_now().await;
        }
        let before = clock.now();
        clock.advance(hour).await;
        assert!(clock.now() >= later(before, hour));
        assert!(sleepers[0].is_finished() && !sleepers[1].is_finished());
        sleepers[1].abort();
    }

    #[test]
    fn times_have_the_digits_azure_writes() {
        let time: Timestamp = "2026-07-07T09:06:04.0541886Z".parse().expect("a time");
        assert_eq!(ticks(time), "2026-07-07T09:06:04.0541886Z");
        assert_eq!(micros(time), "2026-07-07T09:06:04.054188Z");
        assert_eq!(entra(time), "2026-07-07 09:06:04Z");
        assert_eq!(http_date(time), "Tue, 07 Jul 2026 09:06:04 GMT");
    }
}
