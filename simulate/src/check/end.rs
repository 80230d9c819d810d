//! When all is over: whether every promise was kept.

use serde_json::Value;

use super::{restraint, told};
use crate::{
    inbound,
    scenario::RECEIVERS,
    world::{OPERATOR_KEY, World},
};
use std::rc::Rc;

/// Looks at everything, through an instance that knows nothing.
pub(crate) async fn all(world: Rc<World>) {
    let slot = world.fresh();
    let instance = slot.instance;
    let index = world.slots.borrow().len();
    world.slots.borrow_mut().push(slot);
    // A replica that is far behind catches up.
    world.sleep(world.scenario.store.lag * 2).await;
    let promised = world.promised.borrow().clone();
    for (alert, name) in promised {
        // Old enough to be removed.
        if world.captures.borrow().0.get(&name).is_some_and(|known| known.is_history) {
            continue;
        }
        let answer =
            inbound::call(&world, index, inbound::get(&format!("/api/captures/{name}?code={OPERATOR_KEY}")))
                .await;
        let Some(answer) = answer.filter(|answer| answer.status() == 200) else {
            world.violate("no accepted alert is lost", || format!("{name} of alert {alert} cannot be read"));
            continue;
        };
        let record: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if record["state"] != "reported" {
            world.violate("no accepted alert is lost", || {
                format!("{name} of alert {alert} is {}", record["state"])
            });
        }
    }
    world.executor.kill(|_, owner| owner.instance == Some(instance));
    let names: Vec<String> = world.captures.borrow().0.keys().cloned().collect();
    for name in names {
        let record = world.captures.borrow().0.get(&name).and_then(|known| known.record().cloned());
        let Some(record) = record else { continue };
        one(&world, &name, &record);
    }
    restraint::holds(&world);
    world.is_over.set(true);
}

/// One record: it is truthful, and all it was to tell was told.
fn one(world: &World, name: &str, record: &Value) {
    let has = |field: &str| record.get(field).is_some();
    if record["state"] != "reported" {
        world.violate("no accepted alert is lost", || format!("{name} is {}", record["state"]));
    }
    let event = match (has("error"), has("sentAt"), has("heldBack")) {
        (true, ..) => "failed",
        (false, true, false) => "ended",
        _ => "",
    };
    let reason = record["stopReason"].as_str().unwrap_or_default();
    if ["Deleted", "MachineDeleted", "WatcherDeleted"].contains(&reason) {
        let azure = world.azure.borrow();
        let session_name = record.pointer("/session/name").and_then(Value::as_str).unwrap_or(name);
        let is_gone = match reason {
            "MachineDeleted" => !azure.gone_machines.is_empty(),
            "WatcherDeleted" => azure.a_watcher_went,
            _ => azure
                .sessions
                .all
                .iter()
                .any(|session| session.name == session_name && session.gone.is_some()),
        };
        if !is_gone {
            world.violate("records are truthful", || format!("{name} says {reason}, and that is not so"));
        }
    } else if event == "ended" {
        told::is_so(world, name, event, record);
    }
    let reports: Vec<&Value> = record["reports"].as_array().into_iter().flatten().collect();
    let to_tell = record.pointer("/tell/receivers").and_then(Value::as_array).cloned().unwrap_or_default();
    for to in &to_tell {
        let is_among = reports.iter().any(|report| report["to"] == *to && report["event"] == event);
        if (event == "failed" || event == "ended") && !is_among {
            world.violate("people are told", || format!("{name}: nobody told {to} that it {event}"));
        }
    }
    for report in reports {
        let (id, to) = (report["id"].as_str().unwrap_or_default(), report["to"].as_str().unwrap_or_default());
        let host = RECEIVERS.iter().find(|(known, _)| *known == to).map_or("", |(_, host)| host);
        let is_delivered = report.get("deliveredAt").is_some();
        if is_delivered && !world.people.borrow().took(host, id, name) {
            world.violate("people are told", || format!("{id} is delivered, and {to} never took it"));
        }
        let is_given_up = report["attempts"].as_u64().is_some_and(|attempts| attempts >= 10);
        if !is_delivered && report.get("superseded").is_none() && !is_given_up {
            world.violate("people are told", || format!("{id} to {to} is neither delivered nor given up"));
        }
    }
}
