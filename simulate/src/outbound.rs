//! Requests of the component's on their way out and their answers on the way back, with all that can happen to both.

use std::{collections::VecDeque, rc::Rc, time::Duration};

use alertcap::platform::SendError;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use crate::{
    azure::{ARM, Asked, Effect, LOGIN, refusal, reply},
    check,
    host::Pieces,
    people::Message,
    scenario::{Faults, MILLI, SECOND},
    world::World,
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ordinary,
    Refused,
    TimedOut { is_done: bool },
    Lost,
    Status { status: u16, is_done: bool },
}

fn fate(world: &World, faults: &Faults) -> Fate {
    let chance = &world.chance;
    if !world.is_hostile.get() {
        Fate::Ordinary
    } else if chance.happens(faults.refused) {
        Fate::Refused
    } else if chance.happens(faults.timed_out) {
        Fate::TimedOut { is_done: chance.happens(500) }
    } else if chance.happens(faults.lost) {
        Fate::Lost
    } else if chance.happens(faults.throttled) {
        Fate::Status { status: 429, is_done: false }
    } else if chance.happens(faults.failing) {
        let status = chance.pick(&[408, 500, 502, 503, 504]);
        Fate::Status { status, is_done: chance.happens(300) }
    } else if chance.happens(faults.denied) {
        Fate::Status { status: chance.pick(&[401, 403]), is_done: false }
    } else {
        Fate::Ordinary
    }
}

/// Sends one request of an instance.
pub(crate) async fn send(
    world: &Rc<World>,
    instance: u32,
    request: &Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, SendError> {
    let uri = request.uri();
    let host =
        format!("{}://{}", uri.scheme_str().unwrap_or("?"), uri.authority().map_or("?", |a| a.as_str()));
    let timeout = u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX);
    let faults = match &*host {
        ARM => world.scenario.arm,
        LOGIN => world.scenario.login,
        _ => world.scenario.people,
    };
    if host != ARM && request.headers().contains_key("authorization") {
        world.violate("tokens go to ARM only", || format!("a request to {host} carries one"));
    }
    if host == ARM {
        check::calls::counts(world, request);
    }
    let fate = fate(world, &faults);
    let slow = world.is_hostile.get() && world.chance.happens(faults.slow);
    let takes =
        if slow { world.chance.below(25 * SECOND) } else { world.chance.between(20 * MILLI, 300 * MILLI) };
    let sent = world.now();
    world.sleep(takes.min(timeout) / 2).await;
    let outcome = match fate {
        Fate::Refused => Err(SendError::NotConnected("connection refused")),
        Fate::TimedOut { is_done } => {
            if is_done {
                answer(world, instance, &host, request, sent);
            }
            world.sleep(timeout).await;
            Err(SendError::TimedOut)
        }
        Fate::Lost => {
            answer(world, instance, &host, request, sent);
            Err(SendError::Lost("connection reset"))
        }
        Fate::Status { status, is_done } => {
            if is_done {
                answer(world, instance, &host, request, sent);
            } else if host != ARM && host != LOGIN {
                refused(world, &host, request);
            }
            Ok(fault(world, status))
        }
        Fate::Ordinary => {
            let answer = answer(world, instance, &host, request, sent);
            if takes > timeout { Err(SendError::TimedOut) } else { Ok(answer) }
        }
    };
    world.sleep(takes.min(timeout) / 2).await;
    world.trace(|| {
        let (path, outcome) = (uri.path(), outcome.as_ref().map(|answer| answer.status().as_u16()));
        format!("i{instance} {} {host}{path} → {outcome:?} ({fate:?})", request.method())
    });
    outcome
}

/// Sends one whose answer comes in pieces; it may break off between any two.
pub(crate) async fn open(
    world: &Rc<World>,
    instance: u32,
    request: &Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Pieces>, SendError> {
    let (head, body) = send(world, instance, request, timeout).await?.into_parts();
    let longest = world.chance.between(1, 20_000);
    let pieces = body.chunks(usize::try_from(longest).unwrap_or(1));
    let mut left: VecDeque<_> = pieces.map(|piece| Ok(body.slice_ref(piece))).collect();
    if world.is_hostile.get() && world.chance.happens(world.scenario.arm.lost) {
        let whole = world.chance.below(left.len() as u64 + 1);
        left.truncate(usize::try_from(whole).unwrap_or(0));
        left.push_back(Err(SendError::Lost("it broke off")));
    }
    Ok(Response::from_parts(head, Pieces { world: world.clone(), left }))
}

/// An answer that is not the thing's own.
fn fault(world: &World, status: u16) -> Response<Bytes> {
    let mut answer = refusal(status, "InventedFault", "An error occurred.");
    if status == 429 || status == 503 {
        let seconds = world.chance.below(40);
        let (name, value) = match world.chance.below(4) {
            0 => ("retry-after", seconds.to_string()),
            1 => ("retry-after-ms", (seconds * 100).to_string()),
            2 => ("retry-after", "Wed, 21 Oct 2099 07:28:00 GMT".to_owned()),
            _ => ("x-ms-request-id", "request-1".to_owned()),
        };
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// The other side's answer, with its effect; the request was sent at this moment.
fn answer(
    world: &Rc<World>,
    instance: u32,
    host: &str,
    request: &Request<Bytes>,
    sent: u64,
) -> Response<Bytes> {
    let asked = Asked { chance: &world.chance, now: world.now(), time: world.time(), request };
    match host {
        LOGIN => world.azure.borrow_mut().login(&asked),
        ARM => {
            let (answer, effects, broken) = {
                let mut azure = world.azure.borrow_mut();
                let answer = azure.arm(&asked);
                (answer, std::mem::take(&mut azure.effects), azure.broken_url.take())
            };
            if let Some(url) = broken {
                world.violate("operation URLs come back as they were", || url);
            }
            for effect in effects {
                world.trace(|| format!("i{instance} effect {effect:?}"));
                match effect {
                    Effect::Begun(index) => check::effects::begun(world, index),
                    Effect::Stopped(index) => check::effects::stopped(world, index),
                    Effect::Deleted(index) => check::effects::deleted(world, index, sent),
                }
            }
            answer
        }
        _ => told(world, host, request),
    }
}

fn told(world: &Rc<World>, host: &str, request: &Request<Bytes>) -> Response<Bytes> {
    if world.people.borrow().down.contains(host) {
        refused(world, host, request);
        return reply(503, &json!({}));
    }
    comes(world, host, request, true);
    reply(200, &json!({}))
}

fn refused(world: &Rc<World>, host: &str, request: &Request<Bytes>) {
    comes(world, host, request, false);
}

fn comes(world: &Rc<World>, host: &str, request: &Request<Bytes>, is_taken: bool) {
    let message = Message::read(request);
    world.look_for_secrets(host, request.body());
    let came = world.people.borrow_mut().comes(host, &message, is_taken);
    if let Err(what) = came {
        world.violate("each event has one id", || what);
    }
    check::told::is_true(world, &message);
}
