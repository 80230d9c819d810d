//! Cool-downs and budgets, by the sessions that there were.

use alertcap::time::Timestamp;
use serde_json::Value;

use crate::{azure::sessions::Who, scenario::SECOND, world::World};

/// A capture that was taken.
struct Taken {
    alert: Option<u64>,
    at: Timestamp,
    machine: String,
}

/// Counts what is beyond the limits; where limits hold exactly that is a violation.
pub(crate) fn holds(world: &World) {
    let rules = &world.scenario.rules;
    let mut taken = Vec::new();
    for known in world.captures.borrow().0.values() {
        let Some(record) = known.record() else { continue };
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        let (Some(_), Some(at)) = (text("/sentAt"), text("/acceptedAt").and_then(|at| at.parse().ok()))
        else {
            continue;
        };
        let machine = text("/target").unwrap_or_default().to_ascii_lowercase();
        taken.push(Taken { alert: known.alert, at, machine });
    }
    taken.sort_by_key(|one| one.at);
    let mut beyond = Vec::new();
    for (index, one) in taken.iter().enumerate() {
        let earlier = || taken[..index].iter().map(move |other| (other, one.at.since(other.at).as_secs()));
        if let Some(seconds) = rules.cool_down
            && earlier().any(|(other, ago)| other.machine == one.machine && ago < seconds)
        {
            beyond.push(format!("{} again at {} within {seconds} s", one.machine, one.at));
        }
        if let Some(seconds) = rules.cool_down_rule
            && earlier().any(|(other, ago)| other.alert != one.alert && ago < seconds)
        {
            beyond.push(format!("the rule again at {} within {seconds} s", one.at));
        }
        if let Some(most) = rules.per_hour
            && earlier().filter(|(_, ago)| *ago < 3_600).count() as u64 >= most
        {
            beyond.push(format!("one more than {most} within the hour at {}", one.at));
        }
    }
    if let Some(most) = rules.at_once {
        let azure = world.azure.borrow();
        let ours: Vec<_> = azure
            .sessions
            .all
            .iter()
            .filter(|session| session.by == Who::Us && !session.never_ready)
            .collect();
        let end = |session: &crate::azure::sessions::Session| {
            session.gone.map_or(session.end, |(gone, _)| gone.min(session.end))
        };
        for one in &ours {
            let at_once =
                ours.iter().filter(|other| other.created <= one.created && end(other) > one.created).count();
            if at_once as u64 > most {
                beyond.push(format!("{at_once} at once at {} s", one.created / SECOND));
            }
        }
    }
    world.numbers.borrow_mut().beyond = beyond.len() as u64;
    if let (true, Some(first)) = (world.scenario.keeps_limits(), beyond.first()) {
        world.violate("cool-downs and budgets hold", || first.clone());
    }
}
