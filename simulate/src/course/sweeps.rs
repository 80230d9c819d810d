//! The schedule that sweeps, until nothing is left to follow.

use std::rc::Rc;

use super::{NEXT_DAY, heal};
use crate::{
    check,
    inbound::{call, post},
    scenario::{MILLI, SECOND},
    world::{SWEEP_KEY, World},
};

/// A sweep is a handler too: hosts end them at 30 s; the one step it is in may take as long as its requests.
const SWEEP_WITHIN: u64 = 120;
/// So long after the world has healed all must be reported, beside the captures' own time: 15 minutes for a start, an
/// hour for an end, and the pauses between.
const PATIENCE: u64 = 3 * 3_600;
/// The same where a receiver never recovers: a report is given up after a day.
const LONG_PATIENCE: u64 = 30 * 3_600;

/// By then all of a day's alerts have been delivered, and their ends.
const EVENING: u64 = 3_600 * SECOND;

/// A schedule from outside. Ends when nothing is open any more, or when that takes too long.
pub(super) async fn sweeps(world: &Rc<World>) {
    let scenario = &world.scenario;
    let patience = if scenario.dead_receiver { LONG_PATIENCE } else { PATIENCE };
    let last_day = if scenario.next_day { NEXT_DAY / SECOND } else { 0 };
    let longest = last_day + scenario.hostile + scenario.time_limit + patience;
    let mut quiet = 0;
    loop {
        let is_over = world.captures.borrow().open().next().is_none();
        if scenario.next_day && is_over && (EVENING..NEXT_DAY).contains(&world.now()) {
            // A night in which there is nothing to do.
            world.sleep(NEXT_DAY - world.now()).await;
        }
        world.sleep(world.chance.between(10, scenario.sweep_pause) * SECOND).await;
        if world.is_hostile.get() && !scenario.sweeps_while_hostile {
            continue;
        }
        let begun = world.now();
        let request = post(&format!("/api/sweep?code={SWEEP_KEY}"), String::new());
        let answer = call(world, world.chance.index(scenario.instances), request).await;
        let took = (world.now() - begun) / MILLI;
        world.trace(|| {
            format!("sweep → {:?}", answer.map(|a| String::from_utf8_lossy(a.body()).into_owned()))
        });
        {
            let mut numbers = world.numbers.borrow_mut();
            numbers.slowest_sweep = numbers.slowest_sweep.max(took);
        }
        if took > SWEEP_WITHIN * SECOND / MILLI {
            world.violate("sweeps come to an end", || format!("after {took} ms"));
        }
        let is_settled = world.delivering.get() == 0 && world.captures.borrow().open().next().is_none();
        quiet = if is_settled { quiet + 1 } else { 0 };
        // Once more: what comes late must change nothing.
        if quiet > 2 {
            heal(world);
            return check::end::all(world.clone()).await;
        }
        if world.now() > longest * SECOND {
            let open: Vec<String> = world.captures.borrow().open().map(str::to_owned).collect();
            world.violate("all is reported in the end", || format!("still open: {}", open.join(", ")));
            return;
        }
    }
}
