//! What Azure said of how much more it takes, remembered by the instance and obeyed: per subscription, and apart for
//! reads, writes and deletes, as Azure counts them. Pure.
//!
//! Source: Azure Resource Manager, "Understand how requests are throttled": buckets of 250 reads (25 more each second),
//! 200 writes and 200 deletes (10 more each second), told by `x-ms-ratelimit-remaining-subscription-…`.

use std::collections::HashMap;

use http::{HeaderMap, Method, StatusCode};

use crate::{retry::retry_after, time::Timestamp};

/// Polls leave so many requests of a bucket to alerts.
const KEPT_FOR_ALERTS: u32 = 25;
/// A bucket that is nearly empty has more again after so many seconds.
const REFILLED: i64 = 2;
/// Azure's pause where it throttles and names none.
const UNNAMED: i64 = 5;

/// How Azure counts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Reads,
    Writes,
    Deletes,
}

impl Kind {
    fn of(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD => Self::Reads,
            Method::DELETE => Self::Deletes,
            _ => Self::Writes,
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Reads => "x-ms-ratelimit-remaining-subscription-reads",
            Self::Writes => "x-ms-ratelimit-remaining-subscription-writes",
            Self::Deletes => "x-ms-ratelimit-remaining-subscription-deletes",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// An alert waits for its capture.
    Alert,
    /// A capture is followed: that can wait.
    Poll,
}

/// Until when which requests are held off.
#[derive(Debug, Default)]
pub struct Throttle {
    /// Nothing is sent.
    closed: HashMap<(String, Kind), Timestamp>,
    /// Polls are not.
    scarce: HashMap<(String, Kind), Timestamp>,
}

impl Throttle {
    /// For how many more seconds a request is not to be sent; none if it may be.
    #[must_use]
    pub fn holds(&self, path: &str, method: &Method, urgency: Urgency, now: Timestamp) -> Option<i64> {
        let key = (subscription(path), Kind::of(method));
        let scarce = self.scarce.get(&key).filter(|_| urgency == Urgency::Poll);
        let until = self.closed.get(&key).max(scarce).copied()?;
        let left = until.since(now);
        let seconds = left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0));
        i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }

    /// Takes note of an answer.
    pub fn learn(
        &mut self,
        path: &str,
        method: &Method,
        status: StatusCode,
        headers: &HeaderMap,
        now: Timestamp,
    ) {
        let kind = Kind::of(method);
        let key = (subscription(path), kind);
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.closed.insert(key, now.after(retry_after(headers, now).unwrap_or(UNNAMED)));
            return;
        }
        let remaining = headers.get(kind.header()).and_then(|v| v.to_str().ok()?.trim().parse::<u32>().ok());
        if remaining.is_some_and(|remaining| remaining < KEPT_FOR_ALERTS) {
            self.scarce.insert(key, now.after(REFILLED));
        }
    }
}

/// The subscription in a path of ARM's, in lower case; nothing for what belongs to none.
fn subscription(path: &str) -> String {
    let mut segments = path.split('/').skip_while(|segment| !segment.eq_ignore_ascii_case("subscriptions"));
    segments.nth(1).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
