//! When to try again: at the time the other side names, or after a pause that doubles. Pure.
//!
//! There is one level of retries: a step that failed is written down as due again ([`crate::capture::state`]). Nothing
//! below it tries a second time, so that no retry stands inside another, and each outlives request, instance and machine.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use http::{HeaderMap, header};

use crate::time::Timestamp;

/// Nothing is put off for longer, whatever the other side says: a mistaken header must not end a capture's follow-up.
pub const LONGEST: Duration = Duration::from_mins(5);

/// `Retry-After` as seconds or as a date, or Azure's `retry-after-ms`, in whole seconds rounded up; 1 to 300.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let millis = ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|name| text(name)?.parse().ok());
    let wait = match millis {
        Some(millis) => Duration::from_millis(millis),
        None => seconds(text(header::RETRY_AFTER.as_str())?, now)?,
    };
    Some(whole_seconds(wait.min(LONGEST)).max(1))
}

/// In seconds, rounded up: nobody comes too early.
#[must_use]
pub fn whole_seconds(wait: Duration) -> i64 {
    let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    i64::try_from(whole).unwrap_or(i64::MAX)
}

fn seconds(text: &str, now: Timestamp) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(Timestamp::from(httpdate::parse_http_date(text).ok()?).since(now)),
    }
}

/// The pause after so many failures in a row: `first`, doubled each time up to [`LONGEST`].
///
/// Of it, half to the whole is waited. What `whose` says decides how much of it, so that many that failed together do not
/// come again together.
#[must_use]
pub fn pause(whose: &str, failures: u32, first: Duration) -> Duration {
    let doubled = 1_u32.checked_shl(failures).map_or(LONGEST, |times| first.saturating_mul(times));
    let half = doubled.min(LONGEST).checked_div(2).unwrap_or_default();
    half.saturating_add(half.saturating_mul(chance(whose, failures)).checked_div(256).unwrap_or_default())
}

/// The pause that the other side asks for, in seconds, though never longer than [`LONGEST`]; without one, [`pause`].
#[must_use]
pub fn asked_or_pause(asked: Option<i64>, whose: &str, failures: u32, first: Duration) -> Duration {
    match asked.and_then(|seconds| u64::try_from(seconds).ok()) {
        Some(seconds) => Duration::from_secs(seconds.max(1)).min(LONGEST),
        None => pause(whose, failures, first),
    }
}

/// From 0 to 255, the same for the same words.
fn chance(whose: &str, failures: u32) -> u32 {
    let mut hasher = DefaultHasher::new();
    (whose, failures).hash(&mut hasher);
    let [first, ..] = hasher.finish().to_be_bytes();
    u32::from(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pairs: &[(&'static str, &str)], now: i64) -> Option<i64> {
        let headers = pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        retry_after(&headers, Timestamp::from_unix(now))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let seconds = |text: &str, now| after(&[("retry-after", text)], now);
        assert_eq!(seconds("10", 0), Some(10));
        assert_eq!(seconds(" 10 ", 0), Some(10));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:01:00 GMT", 15), Some(45));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:01:00 GMT", 99), Some(1), "at once would be in a circle");
        assert_eq!((seconds("0", 0), seconds("4000000000", 0)), (Some(1), Some(300)));
        assert_eq!((seconds("soon", 0), seconds("-1", 0), after(&[], 0)), (None, None, None));
    }

    #[test]
    fn azures_milliseconds_go_before_it_and_are_never_cut_short() {
        assert_eq!(after(&[("retry-after-ms", "2001")], 0), Some(3));
        assert_eq!(after(&[("x-ms-retry-after-ms", "250")], 0), Some(1));
        assert_eq!(after(&[("retry-after-ms", "5000"), ("retry-after", "60")], 0), Some(5));
        assert_eq!(after(&[("retry-after-ms", "x"), ("retry-after", "60")], 0), Some(60));
    }

    #[test]
    fn pauses_double_to_five_minutes_and_half_of_each_is_chance() {
        let first = Duration::from_secs(1);
        for (failures, whole) in [(0, 1_000), (1, 2_000), (4, 16_000), (9, 300_000), (40, 300_000)] {
            let waited = pause("a", failures, first).as_millis();
            assert!((whole / 2..=whole).contains(&waited), "{failures}: {waited}");
        }
    }

    #[test]
    fn those_that_failed_together_come_again_one_by_one() {
        let mut pauses: Vec<_> =
            (0..50).map(|n| pause(&format!("c{n}"), 5, Duration::from_secs(1))).collect();
        pauses.sort();
        pauses.dedup();
        assert!(pauses.len() > 35, "{}", pauses.len());
        assert!(pauses[pauses.len() - 1] - pauses[0] > Duration::from_secs(12), "{pauses:?}");
    }
}
