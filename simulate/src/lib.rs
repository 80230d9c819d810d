//! The component's own functions in a simulated, hostile world: see `README.md`.
//!
//! [`run`] makes one run out of a seed. All that happens in it follows from that number: which task goes on, what fails,
//! when an instance dies. What is run is `alertcap` as it is shipped, from the request to the answer and the work behind
//! it; only its platform's traits are simulated.

mod alerts;
mod azure;
mod chance;
mod check;
mod course;
mod executor;
mod host;
mod inbound;
mod numbers;
mod outbound;
mod people;
mod rules;
mod scenario;
mod store;
mod truth;
mod variables;
mod world;

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
};

pub use check::calls::Kind;
pub use numbers::{Numbers, Violation};
use world::World;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The first thing that must not happen; none if nothing did.
    pub violation: Option<Violation>,
    /// What happened, in numbers.
    pub numbers: Numbers,
    /// What happened, line by line, if that was asked for.
    pub trace: Vec<String>,
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps a panic's words and its place, instead of printing them: the run's outcome says them.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IN_A_RUN.with(|in_a_run| *in_a_run.borrow()) {
                PANIC.with(|kept| *kept.borrow_mut() = info.to_string());
            } else {
                usual(info);
            }
        }));
    });
}

thread_local! {
    static IN_A_RUN: RefCell<bool> = const { RefCell::new(false) };
}

/// Makes the run `seed`.
#[must_use]
pub fn run(seed: u64, is_traced: bool) -> Outcome {
    keep_panics();
    IN_A_RUN.with(|in_a_run| *in_a_run.borrow_mut() = true);
    let world = World::new(seed, is_traced);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        course::begin(&world);
        while !world.is_over.get() && world.violation().is_none() && world.turn() {}
    }));
    if ended.is_err() {
        let words = PANIC.with(|kept| kept.take());
        world.violate("no panic", || words);
    } else if !world.is_over.get() {
        world.violate("the run comes to its end", || "nothing is left to do, and not all is done".to_owned());
    }
    let mut numbers = *world.numbers.borrow();
    numbers.seconds = world.now() / scenario::SECOND;
    numbers.sessions =
        world.azure.borrow().sessions.all.iter().filter(|s| s.by == azure::sessions::Who::Us).count() as u64;
    let (came, different) = world.people.borrow().count();
    (numbers.messages, numbers.repeats) = (u64::from(came), u64::from(came) - different as u64);
    let outcome = Outcome { violation: world.violation(), numbers, trace: world.take_trace() };
    // Tasks and instances hold the world, and the world holds them.
    if ended.is_ok() {
        world.executor.kill(|_, _| true);
        world.slots.borrow_mut().clear();
    }
    IN_A_RUN.with(|in_a_run| *in_a_run.borrow_mut() = false);
    outcome
}
