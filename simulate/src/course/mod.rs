//! The course of a run: alerts fire and are delivered as Azure delivers them, sweeps are called, others meddle; then the
//! world heals, and what is open is followed to its end.

mod deliveries;
mod others;
mod sweeps;

use std::rc::Rc;

use crate::{alerts::Alert, scenario::SECOND, truth::HISTORY_DAYS, world::World};
use deliveries::deliver;

/// When the next day begins: what was over early on the first is about to be as old as a record gets.
const NEXT_DAY: u64 = HISTORY_DAYS * 86_400 * SECOND;

/// Sets a run going.
pub(crate) fn begin(world: &Rc<World>) {
    let scenario = &world.scenario;
    for index in 0..scenario.alerts {
        let world = world.clone();
        world.delivering.set(world.delivering.get() + 1);
        let mine = world.clone();
        world.spawn(async move { fires(&mine, index).await });
    }
    let mine = world.clone();
    world.spawn(async move { sweeps::sweeps(&mine).await });
    for begins_at in [0, NEXT_DAY].into_iter().take(1 + usize::from(scenario.next_day)) {
        let mine = world.clone();
        world.spawn(async move { day(&mine, begins_at).await });
    }
}

/// A day's hostile part.
async fn day(world: &Rc<World>, begins_at: u64) {
    world.sleep(begins_at).await;
    if !world.scenario.is_calm {
        world.is_hostile.set(true);
        let mine = world.clone();
        world.spawn(async move { others::others(&mine).await });
    }
    world.sleep(world.scenario.hostile * SECOND).await;
    heal(world);
}

fn heal(world: &World) {
    world.trace(|| "the world heals".to_owned());
    world.is_hostile.set(false);
    world.variables_down.set(false);
    world.azure.borrow_mut().secret_is_wrong = false;
    if !world.scenario.dead_receiver {
        world.people.borrow_mut().down.clear();
    }
}

/// An alert's life: it fires, perhaps again and again, and may resolve.
async fn fires(world: &Rc<World>, index: u64) {
    let chance = &world.chance;
    let day = if world.scenario.next_day && chance.happens(500) { NEXT_DAY } else { 0 };
    world.sleep(day + chance.below(world.scenario.spread)).await;
    let is_exact = world.scenario.rules.exact.is_some();
    let alert = Alert::draw(chance, index, world.scenario.machines, world.time(), is_exact);
    world.trace(|| format!("{alert:?} fires"));
    world.numbers.borrow_mut().alerts += 1;
    world.alerts.borrow_mut().push(alert.clone());
    for evaluation in 0..=alert.evaluations {
        if evaluation > 0 {
            world.sleep(60 * SECOND).await;
        }
        deliver(world, &alert, evaluation, false);
    }
    if alert.resolves {
        world.sleep(chance.below(120 * SECOND)).await;
        deliver(world, &alert, alert.evaluations, true);
    }
    world.delivering.set(world.delivering.get() - 1);
}
