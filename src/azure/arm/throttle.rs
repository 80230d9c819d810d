//! What Azure said of how much more it takes, remembered by the instance and obeyed: per subscription, and apart for
//! reads, writes and deletes, as Azure counts them. Pure.
//!
//! Source: Azure Resource Manager, "Understand how requests are throttled": buckets of 250 reads (25 more each second),
//! 200 writes and 200 deletes (10 more each second), told by `x-ms-ratelimit-remaining-subscription-…`.

use http::{HeaderMap, Method, StatusCode};

use crate::{
    retry::{retry_after, whole_seconds},
    time::Timestamp,
};

/// Polls leave so many requests of a bucket to alerts.
const KEPT_FOR_ALERTS: u32 = 25;
/// A bucket that is nearly empty has more again after so many seconds.
const REFILLED: i64 = 2;
/// Azure's pause where it throttles and names none.
const UNNAMED: i64 = 5;

/// How Azure counts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// What is left for the application in this subscription, and for all applications together.
    fn headers(self) -> [&'static str; 2] {
        match self {
            Self::Reads => [
                "x-ms-ratelimit-remaining-subscription-reads",
                "x-ms-ratelimit-remaining-subscription-global-reads",
            ],
            Self::Writes => [
                "x-ms-ratelimit-remaining-subscription-writes",
                "x-ms-ratelimit-remaining-subscription-global-writes",
            ],
            Self::Deletes => [
                "x-ms-ratelimit-remaining-subscription-deletes",
                "x-ms-ratelimit-remaining-subscription-global-deletes",
            ],
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
pub struct Throttle(Vec<Bucket>);

/// A subscription's requests of one kind.
#[derive(Debug)]
struct Bucket {
    subscription: String,
    kind: Kind,
    /// Until then nothing is sent.
    closed: Timestamp,
    /// Until then polls are not.
    scarce: Timestamp,
}

impl Throttle {
    /// For how many more seconds a request is not to be sent; none if it may be.
    #[must_use]
    pub fn holds(&self, path: &str, method: &Method, urgency: Urgency, now: Timestamp) -> Option<i64> {
        let (subscription, kind) = (subscription(path), Kind::of(method));
        let bucket = self.0.iter().find(|b| b.kind == kind && b.subscription == subscription)?;
        let until = match urgency {
            Urgency::Alert => bucket.closed,
            Urgency::Poll => bucket.closed.max(bucket.scarce),
        };
        Some(whole_seconds(until.since(now))).filter(|seconds| *seconds > 0)
    }

    /// Takes note of an answer; `code` is ARM's, of a refusal.
    pub fn learn(
        &mut self,
        path: &str,
        method: &Method,
        status: StatusCode,
        headers: &HeaderMap,
        code: &str,
        now: Timestamp,
    ) {
        let kind = Kind::of(method);
        let number = |name: &&str| headers.get(*name)?.to_str().ok()?.trim().parse::<u32>().ok();
        let remaining = kind.headers().iter().filter_map(number).min();
        let (closed, scarce) = if status == StatusCode::TOO_MANY_REQUESTS {
            let until = now.after(retry_after(headers, now).unwrap_or(UNNAMED));
            // A resource that is busy, or one provider, says nothing of the subscription: then polls wait, and alerts try.
            let is_all = remaining == Some(0) || code.ends_with("RequestsThrottled");
            (if is_all { until } else { now }, until)
        } else if remaining.is_some_and(|remaining| remaining < KEPT_FOR_ALERTS) {
            (now, now.after(REFILLED))
        } else {
            return;
        };
        // What has passed is forgotten.
        self.0.retain(|bucket| bucket.closed > now || bucket.scarce > now);
        let subscription = subscription(path);
        match self.0.iter_mut().find(|b| b.kind == kind && b.subscription == subscription) {
            Some(bucket) => {
                bucket.closed = bucket.closed.max(closed);
                bucket.scarce = bucket.scarce.max(scarce);
            }
            None => self.0.push(Bucket { subscription, kind, closed, scarce }),
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
