//! What a run is like, drawn from its seed: how hostile the world is and in what way, and how alertcap is set up.

mod ways;

use crate::{chance::Chance, rules::Rules};
pub(crate) use ways::{AzureWays, Backend, Faults, StoreWays};

/// Seconds in microseconds.
pub(crate) const SECOND: u64 = 1_000_000;
/// Thousandths of them.
pub(crate) const MILLI: u64 = 1_000;

/// What happens to the world by the hands of others, in 1,000 moments of a few seconds each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Accidents {
    pub(crate) session_deleted: u32,
    pub(crate) session_stopped: u32,
    pub(crate) machine_gone: u32,
    pub(crate) watcher_gone: u32,
    pub(crate) tokens_revoked: u32,
    pub(crate) secret_wrong: u32,
    pub(crate) secret_changed: u32,
    pub(crate) others_start: u32,
    pub(crate) people_down: u32,
    pub(crate) variables_down: u32,
    pub(crate) instance_down: u32,
    /// An operator asks for a capture to be stopped; for the session of one that is over to be deleted.
    pub(crate) operator_stops: u32,
    pub(crate) operator_deletes: u32,
}

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// Nothing goes wrong at all.
    pub(crate) is_calm: bool,
    /// Instances that requests are spread over.
    pub(crate) instances: usize,
    /// Work left behind by an answer is dropped, as wasmCloud does.
    pub(crate) drops_background: bool,
    /// In 1,000 requests: a fresh instance takes it, and the old one only ends what it has begun.
    pub(crate) recycled: u32,
    /// In 100,000 turns of an instance's tasks: it dies.
    pub(crate) crashes: u32,
    pub(crate) store: StoreWays,
    pub(crate) arm: Faults,
    pub(crate) login: Faults,
    pub(crate) people: Faults,
    pub(crate) azure: AzureWays,
    pub(crate) accidents: Accidents,
    /// A receiver that never recovers.
    pub(crate) dead_receiver: bool,
    /// So long the world is hostile, in seconds.
    pub(crate) hostile: u64,
    /// Whether anybody sweeps meanwhile, and the longest pause between two sweeps.
    pub(crate) sweeps_while_hostile: bool,
    pub(crate) sweep_pause: u64,
    /// Alerts that fire.
    pub(crate) alerts: u64,
    /// Half of them fire on the next day, on which the records of the first are removed.
    pub(crate) next_day: bool,
    /// They fire within so many microseconds: all at once, or one after the other.
    pub(crate) spread: u64,
    /// Machines there are.
    pub(crate) machines: u64,
    /// In 1,000 deliveries: delivered twice.
    pub(crate) duplicates: u32,
    /// In 1,000 answers to a delivery: lost on their way.
    pub(crate) answers_lost: u32,
    pub(crate) time_limit: u64,
    pub(crate) session_limit: u64,
    /// Whether ended sessions make room at that limit.
    pub(crate) evicts: bool,
    pub(crate) rules: Rules,
    /// Names of the receivers that are set up.
    pub(crate) receivers: Vec<&'static str>,
}

/// Receivers there can be; each has its own host.
pub(crate) const RECEIVERS: [(&str, &str); 3] = [
    ("webhook", "https://people.example"),
    ("teams", "https://teams.example"),
    ("slack", "https://slack.example"),
];

impl Scenario {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let is_calm = chance.happens(150);
        let worst = if is_calm { 0 } else { chance.pick(&[20, 60, 150, 400]) };
        let some = |worst: u64| if chance.happens(500) { chance.below(worst) as u32 } else { 0 };
        let accident = || if is_calm || chance.happens(700) { 0 } else { chance.below(150) as u32 };
        let rules = Rules::draw(chance);
        let time_limit = match chance.below(100) {
            0..=2 => 18_000,
            // What may be stopped is worth a long limit.
            3..=17 if rules.stops => 18_000,
            3..=17 => 600,
            18..=60 => 60,
            _ => 10,
        };
        let receivers = match chance.below(10) {
            0 => Vec::new(),
            1..=6 => vec!["webhook"],
            7 => vec!["teams"],
            _ => vec!["webhook", "teams", "slack"],
        };
        let hostile = if is_calm { 60 } else { chance.pick(&[60, 60, 200, 200, 600, 1_200]) };
        Self {
            is_calm,
            instances: chance.pick(&[1, 1, 2, 3]),
            drops_background: chance.happens(200),
            recycled: if chance.happens(300) { chance.pick(&[50, 300, 1_000]) } else { 0 },
            crashes: if is_calm { 0 } else { chance.pick(&[0, 0, 30, 150, 600, 2_000]) },
            store: StoreWays::draw(chance, is_calm, worst),
            arm: Faults::draw(chance, worst),
            login: Faults::draw(chance, worst),
            people: Faults::draw(chance, worst * 2),
            azure: AzureWays::draw(chance, is_calm, some),
            accidents: Accidents {
                session_deleted: accident(),
                session_stopped: accident(),
                machine_gone: accident() / 3,
                watcher_gone: accident() / 5,
                tokens_revoked: accident(),
                secret_wrong: accident() / 3,
                secret_changed: accident() / 3,
                others_start: accident(),
                people_down: accident(),
                variables_down: accident(),
                instance_down: accident(),
                operator_stops: accident() / 2,
                operator_deletes: accident(),
            },
            dead_receiver: !is_calm && chance.happens(4),
            hostile,
            sweeps_while_hostile: chance.happens(750),
            sweep_pause: chance.pick(&[10, 30, 60, 60]),
            alerts: chance.between(1, 6),
            next_day: chance.happens(150),
            spread: chance.pick(&[20 * MILLI, SECOND, 20 * SECOND, hostile * SECOND]),
            machines: chance.between(1, 4),
            duplicates: chance.pick(&[0, 100, 500]),
            answers_lost: if is_calm { 0 } else { chance.pick(&[0, 50, 300]) },
            time_limit,
            session_limit: if chance.happens(200) { chance.between(1, 5) } else { 10_000 },
            evicts: chance.happens(500),
            rules,
            receivers,
        }
    }

    /// Of a session whose name a rule gives, Azure says nothing of who asked for it: that is known from the store alone,
    /// which is certain only as long as it shows what was written, answers come, and nobody dies before he notes them.
    pub(crate) fn knows_whose_a_given_name_is(&self) -> bool {
        let answers_come = self.arm.slow + self.arm.timed_out + self.arm.lost == 0;
        self.rules.exact.is_none() || self.is_one_undisturbed_instance() && answers_come
    }

    /// Whether limits hold exactly, however many instances: no write to the ledger takes longer than the moment after
    /// which it is read again, all see the same, and none dies between its entry and its record.
    pub(crate) fn keeps_limits(&self) -> bool {
        let store = &self.store;
        let is_quick = store.latency <= 5 * MILLI && store.slow == 0;
        let is_alive = self.crashes == 0 && self.accidents.instance_down == 0;
        is_quick && is_alive && store.backend == Backend::Sqlite && store.fails + store.fails_after == 0
    }

    /// Nothing comes between a look into the store and a write to it.
    pub(crate) fn is_one_undisturbed_instance(&self) -> bool {
        self.instances == 1
            && self.recycled == 0
            && self.crashes == 0
            && self.accidents.instance_down == 0
            && self.store.backend == Backend::Sqlite
            && self.store.slow + self.store.fails + self.store.fails_after == 0
    }
}
