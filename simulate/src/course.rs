//! The course of a run: alerts fire and are delivered as Azure delivers them, sweeps are called, others meddle; then the
//! world heals, and what is open is followed to its end.

use std::{future::Future, pin::pin, rc::Rc, task::Poll};

use serde_json::Value;

use crate::{
    alerts::{Alert, machine_name},
    check,
    inbound::{call, post},
    scenario::{MILLI, RECEIVERS, SECOND},
    world::{OPERATOR_KEY, SWEEP_KEY, WEBHOOK_KEY, World},
};

/// Azure's pauses before it delivers again.
const RETRIES: [u64; 5] = [5, 20, 5, 40, 5];
/// Azure waits so long for an answer.
const AZURE_WAITS: u64 = 10;
/// What is promised.
const ANSWER_WITHIN: u64 = 8;
/// A sweep is a handler too: hosts end them at 30 s; the one step it is in may take as long as its requests.
const SWEEP_WITHIN: u64 = 120;
/// So long after the world has healed all must be reported, beside the captures' own time: 15 minutes for a start, an
/// hour for an end, and the pauses between.
const PATIENCE: u64 = 3 * 3_600;
/// The same where a receiver never recovers: a report is given up after a day.
const LONG_PATIENCE: u64 = 30 * 3_600;

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
    world.spawn(async move { sweeps(&mine).await });
    if !scenario.is_calm {
        let mine = world.clone();
        world.spawn(async move { others(&mine).await });
    }
    let mine = world.clone();
    world.spawn(async move {
        mine.sleep(mine.scenario.hostile * SECOND).await;
        heal(&mine);
    });
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
    world.sleep(chance.below(world.scenario.spread)).await;
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

/// Starts a delivery, and perhaps another one beside it or a little later.
fn deliver(world: &Rc<World>, alert: &Alert, evaluation: u64, is_end: bool) {
    let twice = world.chance.happens(world.scenario.duplicates);
    for _ in 0..=u32::from(twice) {
        world.delivering.set(world.delivering.get() + 1);
        let (mine, alert) = (world.clone(), alert.clone());
        let late = if twice { mine.chance.pick(&[0, 0, 30 * MILLI, SECOND, 20 * SECOND]) } else { 0 };
        world.spawn(async move {
            mine.sleep(late).await;
            delivery(&mine, &alert, evaluation, is_end).await;
            mine.delivering.set(mine.delivering.get() - 1);
        });
    }
}

/// One delivery, tried again as Azure does.
async fn delivery(world: &Rc<World>, alert: &Alert, evaluation: u64, is_end: bool) {
    let body = alert.body(evaluation, is_end);
    for attempt in 0..=RETRIES.len() {
        let slot = world.chance.index(world.scenario.instances);
        let request = post(&format!("/api/alerts?code={WEBHOOK_KEY}"), body.clone());
        let begun = world.now();
        let answer = within(world, AZURE_WAITS * SECOND, call(world, slot, request)).await;
        let took = world.now() - begun;
        world.trace(|| {
            let shown = answer.as_ref().map(|a| {
                a.as_ref().map(|a| (a.status().as_u16(), String::from_utf8_lossy(a.body()).into_owned()))
            });
            format!(
                "alert {} evaluation {evaluation} end {is_end} attempt {attempt} → {shown:?}",
                alert.number
            )
        });
        let Some(answer) = answer else {
            world.violate("answers come in time", || {
                format!("alert {}: no answer within {AZURE_WAITS} s", alert.number)
            });
            return;
        };
        if let Some(answer) = answer {
            let mut numbers = world.numbers.borrow_mut();
            numbers.answers += 1;
            numbers.slowest_answer = numbers.slowest_answer.max(took / MILLI);
            drop(numbers);
            if took > ANSWER_WITHIN * SECOND {
                world.violate("answers come in time", || {
                    format!("alert {}: after {} ms", alert.number, took / MILLI)
                });
            }
            let status = answer.status().as_u16();
            if ![200, 202, 503].contains(&status) {
                world.violate("answers are those of the design", || {
                    format!("alert {}: {status}", alert.number)
                });
            }
            if status != 503 {
                promised(world, alert, answer.body());
            }
            let is_lost = world.is_hostile.get() && world.chance.happens(world.scenario.answers_lost);
            if status != 503 && !is_lost {
                return;
            }
        }
        let Some(pause) = RETRIES.get(attempt) else { return };
        world.sleep(pause * SECOND).await;
    }
}

/// Remembers the captures that an answer names.
fn promised(world: &World, alert: &Alert, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let names = body["captures"].as_array().into_iter().flatten();
    for name in names.filter_map(|capture| capture["name"].as_str()) {
        let promise = (alert.number, name.to_owned());
        if !world.promised.borrow().contains(&promise) {
            world.promised.borrow_mut().push(promise);
        }
    }
}

/// What `work` comes to, if it does so in time.
async fn within<T>(world: &World, micros: u64, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut time) = (pin!(work), pin!(world.executor.sleep(micros)));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => time.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A schedule from outside. Ends when nothing is open any more, or when that takes too long.
async fn sweeps(world: &Rc<World>) {
    let scenario = &world.scenario;
    let patience = if scenario.dead_receiver { LONG_PATIENCE } else { PATIENCE };
    let longest = scenario.hostile + scenario.time_limit + patience;
    let mut quiet = 0;
    loop {
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

/// What others do to the world.
async fn others(world: &Rc<World>) {
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
        let names: Vec<String> = world.captures.borrow().open().map(str::to_owned).collect();
        if !names.is_empty() && chance.happens(accidents.operator_stops) {
            let name = &names[chance.index(names.len())];
            let request = post(&format!("/api/captures/{name}/stop?code={OPERATOR_KEY}"), String::new());
            let (mine, slot) = (world.clone(), chance.index(world.scenario.instances));
            world.spawn(async move { _ = call(&mine, slot, request).await });
        }
        if chance.happens(accidents.instance_down) {
            let instance = world.slots.borrow()[chance.index(world.scenario.instances)].instance;
            world.dies(instance, chance.below(60 * SECOND));
        }
    }
}
