//! At each call to ARM: whether a capture costs too many of them.

use bytes::Bytes;
use http::Request;

use crate::{
    scenario::{Backend, SECOND, Scenario},
    world::World,
};

/// Kinds of runs, by what can make captures cost more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is asked for but captures, and nothing goes wrong.
    Ordinary,
    /// Nothing goes wrong, but a stop may be refused, and provisioning may take its time.
    Calm,
    /// ARM answers every request as it should; others meddle.
    Faultless,
    /// A rule gives the name: those that want it look at the session that has it, too.
    Given,
    /// Anything goes wrong.
    Hostile,
    /// The same, and the store shows claims so late that each of many instances takes each step.
    Unseen,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ordinary, Self::Calm, Self::Faultless, Self::Given, Self::Hostile, Self::Unseen];

    /// More calls about one session than this are waste.
    fn most(self) -> u32 {
        match self {
            Self::Ordinary => 8,
            Self::Calm => 20,
            Self::Faultless => 20,
            Self::Given => 250,
            Self::Hostile => 250,
            Self::Unseen => 500,
        }
    }

    fn of(scenario: &Scenario) -> Self {
        let is_quick = scenario.azure.provisioning.1 <= 20;
        // Two instances that do not see each other's claims at once take a step twice now and then.
        let sees_claims = scenario.instances == 1 || scenario.store.backend == Backend::Sqlite;
        match () {
            () if scenario.store.lag > SECOND => Self::Unseen,
            () if scenario.rules.exact.is_some() => Self::Given,
            () if scenario.is_calm && is_quick && !scenario.rules.stops && sees_claims => Self::Ordinary,
            () if scenario.is_calm => Self::Calm,
            () if scenario.arm.is_none() && scenario.login.is_none() => Self::Faultless,
            () => Self::Hostile,
        }
    }
}

/// Counts a request.
pub(crate) fn counts(world: &World, request: &Request<Bytes>) {
    let mut azure = world.azure.borrow_mut();
    let mut numbers = world.numbers.borrow_mut();
    numbers.arm_calls += 1;
    let Some(session) = azure.about(request).map(|index| &mut azure.sessions.all[index]) else { return };
    session.calls += 1;
    let kind = Kind::of(&world.scenario);
    // The end of provisioning is looked for every 10 s, for as long as it takes.
    let is_slow = kind != Kind::Ordinary;
    let beside = if is_slow { world.scenario.azure.provisioning.1 / 10 } else { 0 };
    let beside = u32::try_from(beside).unwrap_or(u32::MAX);
    let calls = session.calls.saturating_sub(beside);
    let most = &mut numbers.most_calls[kind as usize];
    *most = calls.max(*most);
    // One that is taken back, or deleted by others, is no ordinary capture.
    let is_ordinary = kind != Kind::Ordinary || session.gone.is_none();
    // Two instances can take a step in the same moment, before either sees the other's claim.
    let rivals = u32::try_from(world.scenario.instances.saturating_sub(1)).unwrap_or(u32::MAX);
    let doubled = if kind == Kind::Ordinary { rivals.saturating_mul(2) } else { 0 };
    if is_ordinary && calls > kind.most().saturating_add(doubled) {
        world.violate("a capture costs little", || {
            format!("{} calls about {} in a run of the kind {kind:?}", session.calls, session.name)
        });
    }
}
