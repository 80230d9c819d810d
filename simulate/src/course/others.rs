//! What others do to the world meanwhile, and what an operator asks for.

use std::rc::Rc;

use bytes::Bytes;
use http::Request;

use crate::{
    alerts::machine_name,
    inbound::{call, delete, post},
    scenario::{RECEIVERS, SECOND},
    world::{OPERATOR_KEY, World},
};

/// What others do to the world.
pub(super) async fn others(world: &Rc<World>) {
    let (chance, accidents) = (&world.chance, world.scenario.accidents);
    if world.scenario.dead_receiver {
        world.people.borrow_mut().down.insert(RECEIVERS[0].1.to_owned());
    }
    loop {
        world.sleep(chance.between(1, 10) * SECOND).await;
        if !world.is_hostile.get() {
            return;
        }
        let now = world.now();
        let mut azure = world.azure.borrow_mut();
        let existing = azure.sessions.existing();
        if !existing.is_empty() && chance.happens(accidents.session_deleted) {
            let index = existing[chance.index(existing.len())];
            let gone = now + chance.below(10 * SECOND);
            azure.sessions.delete(index, crate::azure::sessions::Who::Somebody, now, gone);
            world.trace(|| format!("somebody deletes session {index}"));
        }
        if !existing.is_empty() && chance.happens(accidents.session_stopped) {
            let index = existing[chance.index(existing.len())];
            azure.sessions.stop(index, now);
            world.trace(|| format!("somebody stops session {index}"));
        }
        if chance.happens(accidents.machine_gone) {
            let name = machine_name(chance.below(world.scenario.machines));
            world.trace(|| format!("{name} is deleted"));
            azure.machine_goes(&name, now);
        }
        if chance.happens(accidents.watcher_gone) {
            let index = chance.index(2);
            world.trace(|| format!("watcher {index} goes, or comes back"));
            if !azure.gone_watchers.remove(&index) {
                azure.watcher_goes(index, now);
            }
        }
        if chance.happens(accidents.tokens_revoked) {
            world.trace(|| "tokens are revoked".to_owned());
            azure.revoke_tokens();
        }
        if chance.happens(accidents.secret_wrong) {
            azure.secret_is_wrong = !azure.secret_is_wrong;
            world.trace(|| format!("the secret is wrong: {}", azure.secret_is_wrong));
        }
        if chance.happens(accidents.secret_changed) {
            azure.secret = format!("canary-secret-{}", chance.below(1_000));
            world.trace(|| "the secret is changed".to_owned());
        }
        if chance.happens(accidents.others_start) {
            azure.others_start(chance, now);
        }
        drop(azure);
        if chance.happens(accidents.people_down) && !world.scenario.dead_receiver {
            let (_, host) = chance.pick(&RECEIVERS);
            let mut people = world.people.borrow_mut();
            if !people.down.remove(host) {
                people.down.insert(host.to_owned());
            }
        }
        if chance.happens(accidents.variables_down) {
            world.variables_down.set(!world.variables_down.get());
        }
        operates(world);
        if chance.happens(accidents.instance_down) {
            let instance = world.slots.borrow()[chance.index(world.scenario.instances)].instance;
            world.dies(instance, chance.below(60 * SECOND));
        }
    }
}

/// An operator asks for something.
fn operates(world: &Rc<World>) {
    let (chance, accidents) = (&world.chance, world.scenario.accidents);
    let open: Vec<String> = world.captures.borrow().open().map(str::to_owned).collect();
    if !open.is_empty() && chance.happens(accidents.operator_stops) {
        let name = &open[chance.index(open.len())];
        asks(world, post(&format!("/api/captures/{name}/stop?code={OPERATOR_KEY}"), String::new()));
    }
    let over: Vec<String> = world.captures.borrow().over().map(str::to_owned).collect();
    if !over.is_empty() && chance.happens(accidents.operator_deletes) {
        let name = &over[chance.index(over.len())];
        if let Some(known) = world.captures.borrow_mut().0.get_mut(name) {
            known.is_to_be_deleted = true;
        }
        asks(world, delete(&format!("/api/captures/{name}?code={OPERATOR_KEY}")));
    }
}

fn asks(world: &Rc<World>, request: Request<Bytes>) {
    let (mine, slot) = (world.clone(), world.chance.index(world.scenario.instances));
    world.trace(|| format!("an operator asks: {} {}", request.method(), request.uri().path()));
    world.spawn(async move {
        let answer = call(&mine, slot, request).await;
        mine.trace(|| format!("the operator is told {:?}", answer.map(|answer| answer.status().as_u16())));
    });
}
