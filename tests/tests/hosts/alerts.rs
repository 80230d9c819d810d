//! From alert to report.

use std::{collections::HashSet, thread, time::Duration};

use alertcap_tests::{Options, Stack, states};

use crate::site::{ONE_AT_A_TIME, Site, name, reported, taken, told};

pub(crate) fn followed(site: &Site) -> String {
    let _one = ONE_AT_A_TIME.lock();
    // Of its own: another alert would sweep in passing.
    let stack = &site.own(Options::default());
    let name = name(&stack.alert(&site.fresh_alert()));
    let goes_on = stack.kind().goes_on_after_the_answer();
    if !goes_on {
        // The capture lasts a second: were it followed, it would be over.
        thread::sleep(Duration::from_secs(4));
        let state = stack.record(&name)["state"].clone();
        assert_eq!(state, "starting", "this host goes on after the answer: say so");
    }
    let record = reported(stack, &name);
    if stack.kind().is_durable() {
        assert_eq!(states(&record), ["accepted", "starting", "running", "ended", "reported"]);
        assert_eq!(record["stopReason"], "TimeExceeded");
    }
    assert_eq!(taken(stack, &name), 1);
    people_were_told(stack, &name);
    if goes_on { "in the background" } else { "by the sweep" }.to_owned()
}

pub(crate) fn once(site: &Site) -> String {
    let stack = site.shared();
    let alert = site.fresh_alert();
    let names: HashSet<_> = thread::scope(|scope| {
        let senders: Vec<_> = (0..10).map(|_| scope.spawn(|| name(&stack.alert(&alert)))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(names.len(), 1);
    if stack.kind().is_durable() {
        assert_eq!(stack.alert(&alert).json["captures"][0]["duplicate"], true);
    }
    let name = names.into_iter().next().unwrap();
    let record = reported(stack, &name);
    assert!(record["error"].is_null(), "{record}");
    assert_eq!(taken(stack, &name), 1);
    people_were_told(stack, &name);
    if stack.kind().is_durable() { "yes" } else { "yes, by its name at Azure" }.to_owned()
}

pub(crate) fn many_at_once(site: &Site) -> String {
    let stack = site.shared();
    let alerts: Vec<_> = (0..20).map(|_| site.fresh_alert()).collect();
    let names: HashSet<_> = thread::scope(|scope| {
        let senders: Vec<_> = alerts.iter().map(|alert| scope.spawn(|| name(&stack.alert(alert)))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(names.len(), 20);
    for name in &names {
        let record = reported(stack, name);
        assert_eq!((&record["error"], taken(stack, name)), (&serde_json::Value::Null, 1));
    }
    "yes".to_owned()
}

/// Of its start and its end; a sweep that finds it ended tells of that only.
fn people_were_told(stack: &Stack, name: &str) {
    let (told, both) = (told(stack, name), [format!("{name}.started"), format!("{name}.ended")]);
    if stack.kind().goes_on_after_the_answer() {
        assert_eq!(told, both);
    } else {
        assert!(told == both || told == both[1..], "{told:?}");
    }
}
