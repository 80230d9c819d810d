//! The ways of those that the component deals with, and how often they fail it.

use super::{MILLI, SECOND};
use crate::chance::Chance;

/// How often requests to somebody go wrong, in 1,000 requests each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// No connection: no effect.
    pub(crate) refused: u32,
    /// No answer in time, with or without the effect.
    pub(crate) timed_out: u32,
    /// The effect, and then no answer.
    pub(crate) lost: u32,
    /// 429, with `Retry-After` in one of its forms or without.
    pub(crate) throttled: u32,
    /// 408 and 5xx, with or without the effect.
    pub(crate) failing: u32,
    /// 403, 401 and the like, without a reason.
    pub(crate) denied: u32,
    /// Takes seconds.
    pub(crate) slow: u32,
}

impl Faults {
    /// Whether requests never go wrong.
    pub(crate) fn is_none(&self) -> bool {
        self.refused + self.timed_out + self.lost + self.throttled + self.failing + self.denied + self.slow
            == 0
    }

    pub(super) fn draw(chance: &Chance, worst: u64) -> Self {
        let rate = || if chance.happens(500) { chance.below(worst) as u32 } else { 0 };
        Self {
            refused: rate(),
            timed_out: rate() / 3,
            lost: rate(),
            throttled: rate(),
            failing: rate(),
            denied: rate() / 10,
            slow: rate(),
        }
    }
}

/// How the store behaves, after what is known of hosts' backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// One file: what was written is read.
    Sqlite,
    /// What an instance writes the others see a while later.
    Redis,
    /// The same, and each read may be answered by another replica.
    Cosmos,
}

/// The store's ways.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreWays {
    pub(crate) backend: Backend,
    /// The longest that a write takes to be seen elsewhere, in microseconds.
    pub(crate) lag: u64,
    /// The longest that an ordinary operation takes.
    pub(crate) latency: u64,
    /// Listing takes so much per key.
    pub(crate) list_per_key: u64,
    /// In 1,000 operations: takes seconds; fails without the effect; fails with it.
    pub(crate) slow: u32,
    pub(crate) fails: u32,
    pub(crate) fails_after: u32,
}

impl StoreWays {
    pub(super) fn draw(chance: &Chance, is_calm: bool, worst: u64) -> Self {
        let backend = chance.pick(&[Backend::Sqlite, Backend::Sqlite, Backend::Redis, Backend::Cosmos]);
        let rate = || if chance.happens(400) { chance.below(worst / 2) as u32 } else { 0 };
        Self {
            backend,
            lag: match backend {
                Backend::Sqlite => 0,
                _ if is_calm => 10 * MILLI,
                _ => chance.pick(&[5 * MILLI, 100 * MILLI, SECOND, 5 * SECOND]),
            },
            latency: chance.pick(&[0, MILLI, 5 * MILLI, if is_calm { 5 * MILLI } else { 80 * MILLI }]),
            list_per_key: chance.pick(&[0, MILLI, 20 * MILLI]),
            slow: rate() / 5,
            fails: rate(),
            fails_after: rate(),
        }
    }

    /// So long before a write its writer has looked at what it overwrites, at most: two reads that may be slow and may
    /// be answered by a replica that lags, and the write itself.
    pub(crate) fn window(&self) -> u64 {
        let each = 2 * self.latency + if self.slow > 0 { 6 * SECOND } else { 0 };
        self.lag + 4 * each + MILLI
    }
}

/// Azure's ways, apart from faults of single requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AzureWays {
    /// Provisioning takes so long, in seconds.
    pub(crate) provisioning: (u64, u64),
    /// In 1,000 sessions: provisioning fails; the agent or the storage fails; the size ends it.
    pub(crate) provisioning_fails: u32,
    pub(crate) capture_fails: u32,
    pub(crate) size_ends: u32,
    /// The control plane learns of a capture's end so much later, at most.
    pub(crate) learns_late: u64,
    /// In 1,000 looks at an operation: it is forgotten.
    pub(crate) forgets: u32,
    /// In 1,000 answers: the operation's URL is not ARM's.
    pub(crate) leads_astray: u32,
    /// What a PUT of a name that exists is answered with.
    pub(crate) conflict: u16,
    /// What the stop of a capture that has ended is answered with.
    pub(crate) late_stop: u16,
    /// In 1,000 sessions: a stop is refused although they run, for as long as they do.
    pub(crate) stop_refused: u32,
    /// Deleting takes so long, at most.
    pub(crate) deletion: u64,
    /// Tokens are good for so long, in seconds.
    pub(crate) token_lasts: u64,
    /// Sessions that a watcher takes.
    pub(crate) most_sessions: usize,
    /// Sessions of others that are there from the beginning.
    pub(crate) others: u64,
    /// Operation URLs are 4 KB long.
    pub(crate) long_urls: bool,
    /// Lists come in pages of two.
    pub(crate) pages: bool,
    /// In 1,000 machines: without the agent.
    pub(crate) no_agent: u32,
}

impl AzureWays {
    pub(super) fn draw(chance: &Chance, is_calm: bool, some: impl Fn(u64) -> u32) -> Self {
        Self {
            provisioning: if is_calm {
                (5, 20)
            } else {
                chance.pick(&[(0, 2), (5, 20), (10, 60), (20, 400)])
            },
            provisioning_fails: some(200),
            capture_fails: some(300),
            size_ends: some(400),
            learns_late: if is_calm { 5 } else { chance.pick(&[0, 5, 60, 600]) },
            forgets: if is_calm { 0 } else { some(200) },
            leads_astray: if is_calm { 0 } else { some(60) },
            conflict: chance.pick(&[409, 409, 409, 400, 412]),
            late_stop: chance.pick(&[202, 202, 409, 400]),
            stop_refused: some(300),
            deletion: chance.pick(&[0, 3, 30]),
            token_lasts: chance.pick(&[3_599, 3_599, 400, 330]),
            most_sessions: if is_calm { 10_000 } else { chance.pick(&[10_000, 10_000, 4]) },
            others: chance.pick(&[0, 0, 1, 4]),
            long_urls: chance.happens(50),
            pages: chance.happens(200),
            no_agent: some(200),
        }
    }
}
