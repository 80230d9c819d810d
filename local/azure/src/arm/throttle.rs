//! ARM's token buckets: what remains is told on every answer, and refused is only where `[limits] throttled` or a
//! control route says so.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{ArmError, ArmResult};
use crate::answer::{self, Answer};
use crate::app::App;
use crate::request::Req;

/// What a request draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Reads,
    Writes,
    Deletes,
}

impl Kind {
    fn of(method: &Method) -> Self {
        match method.as_str() {
            "GET" | "HEAD" => Self::Reads,
            "DELETE" => Self::Deletes,
            // PUT, and POST too: stop and queryStatus draw on the writes.
            _ => Self::Writes,
        }
    }

    /// What a full bucket holds, and what comes in each second: Azure's own.
    fn size(self) -> (f64, f64) {
        match self {
            Self::Reads => (250.0, 25.0),
            Self::Writes | Self::Deletes => (200.0, 10.0),
        }
    }

    /// The names of its headers: the subscription's, and that of all principals together.
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

/// The buckets of every subscription.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether empty buckets refuse; none is as the inventory has it.
    refuses: Option<bool>,
    buckets: HashMap<(String, Kind), Bucket>,
    /// What all buckets were set to, and when; later ones begin like this too.
    set: HashMap<Kind, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Below zero, it takes a while until there is one again.
    left: f64,
    at: Timestamp,
}

/// `POST /_standin/throttle`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    throttled: Option<bool>,
    reads: Option<i64>,
    writes: Option<i64>,
    deletes: Option<i64>,
}

impl Throttle {
    /// Takes one from the request's bucket; refuses it if there is none and throttling is on.
    pub(crate) fn take(&self, app: &App, req: &Req) -> ArmResult<()> {
        let Some(subscription) = subscription(req) else { return Ok(()) };
        let kind = Kind::of(&req.method);
        let mut state = self.lock();
        let refuses = state.refuses.unwrap_or(app.inventory.limits.throttled);
        let bucket = state.bucket(&subscription, kind, app.clock.now());
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        if !refuses {
            return Ok(());
        }
        // How long Azure asks to wait is not told anywhere: until there is one again, invented.
        let seconds = ((1.0 - bucket.left) / kind.size().1).ceil().max(1.0);
        // The code is as people quote it; the words are invented.
        let message = format!(
            "Number of requests for subscription '{subscription}' exceeded the limit. Please try again after '{seconds}' seconds."
        );
        Err(ArmError::new(StatusCode::TOO_MANY_REQUESTS, "SubscriptionRequestsThrottled", message)
            .retry_after(seconds as u64))
    }

    /// Sets what remains, for every subscription, and whether empty buckets refuse.
    pub(crate) fn set(&self, asked: &Asked, now: Timestamp) {
        let mut state = self.lock();
        state.refuses = asked.throttled.or(state.refuses);
        let each = [(Kind::Reads, asked.reads), (Kind::Writes, asked.writes), (Kind::Deletes, asked.deletes)];
        for (kind, left) in each {
            if let Some(left) = left {
                state.buckets.retain(|(_, other), _| *other != kind);
                state.set.insert(kind, Bucket { left: left as f64, at: now });
            }
        }
    }

    /// Full buckets, and the inventory's word on throttling.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
    }

    fn left(&self, subscription: &str, kind: Kind, now: Timestamp) -> u64 {
        self.lock().bucket(subscription, kind, now).left.max(0.0) as u64
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The bucket with what came in since it was last looked at.
    fn bucket(&mut self, subscription: &str, kind: Kind, now: Timestamp) -> &mut Bucket {
        let (size, each_second) = kind.size();
        let fresh = self.set.get(&kind).copied().unwrap_or(Bucket { left: size, at: now });
        let bucket = self.buckets.entry((subscription.to_owned(), kind)).or_insert(fresh);
        let elapsed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.left = (bucket.left + elapsed * each_second).min(size);
        bucket.at = now;
        bucket
    }
}

/// Tells on an answer what remains.
pub(crate) fn show(app: &App, req: &Req, answer: &mut Answer) {
    let kind = Kind::of(&req.method);
    let left = match subscription(req) {
        Some(subscription) => app.throttle.left(&subscription, kind, app.clock.now()),
        None => kind.size().0 as u64 - 1,
    };
    let [own, global] = kind.headers();
    answer::set(answer, own, left.to_string());
    // All principals together have fifteen times as much; nobody else draws on it here.
    answer::set(answer, global, (kind.size().0 as u64 * 15 - 1).to_string());
}

/// What a control route answers of this.
pub(crate) fn described(app: &App) -> Value {
    let now = app.clock.now();
    let mut all = json!({});
    for subscription in &app.inventory.subscriptions {
        let id = subscription.id.to_ascii_lowercase();
        let left = |kind| app.throttle.left(&id, kind, now);
        all[&subscription.id] = json!({
            "reads": left(Kind::Reads), "writes": left(Kind::Writes), "deletes": left(Kind::Deletes),
        });
    }
    json!({
        "throttled": app.throttle.lock().refuses.unwrap_or(app.inventory.limits.throttled),
        "remaining": all,
    })
}

fn subscription(req: &Req) -> Option<String> {
    let path = req.uri.path().to_ascii_lowercase();
    let id = path.strip_prefix("/subscriptions/")?.split('/').next()?.to_owned();
    (!id.is_empty()).then_some(id)
}
