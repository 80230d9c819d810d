//! Deliveries of an alert, as Azure makes them.

use std::{future::Future, pin::pin, rc::Rc, task::Poll};

use serde_json::Value;

use crate::{
    alerts::Alert,
    inbound::{call, post},
    scenario::{MILLI, SECOND},
    world::{WEBHOOK_KEY, World},
};

/// Azure's pauses before it delivers again.
const RETRIES: [u64; 5] = [5, 20, 5, 40, 5];
/// Azure waits so long for an answer.
const AZURE_WAITS: u64 = 10;
/// What is promised.
const ANSWER_WITHIN: u64 = 8;

/// Starts a delivery, and perhaps another one beside it or a little later.
pub(super) fn deliver(world: &Rc<World>, alert: &Alert, evaluation: u64, is_end: bool) {
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
