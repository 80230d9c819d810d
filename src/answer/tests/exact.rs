//! Sessions whose name a rule gives, and what they meet.

use std::time::Duration;

use super::*;
use crate::{platform::Clock, testing::azure::Session};

fn named(on_conflict: &str) -> Sim {
    let sim = Sim::new();
    let rule = format!("[[rules]]\nname = \"n\"\nexact_name = \"nightly\"\non_conflict = \"{on_conflict}\"");
    sim.set("rules", &rule);
    sim
}

/// Somebody's session of that name, on that machine, which ends so many seconds from now.
fn session(sim: &Sim, machine: &str, ends_in: i64) {
    let target = format!(
        "{}/resourcegroups/rg-shop/providers/microsoft.compute/virtualmachines/{machine}",
        crate::testing::SUBSCRIPTION
    );
    let (ready_at, ends_at) = (sim.now().after(-60), sim.now().after(ends_in));
    let session = Session {
        target,
        ready_at,
        ends_at,
        stop_reason: None,
        errors: Vec::new(),
        is_known_over: false,
        gone_at: None,
    };
    sim.0.azure.borrow_mut().sessions.insert("nightly".to_owned(), session);
}

fn error_code(answer: &Value) -> Option<&str> {
    answer["captures"][0]["error"]["code"].as_str()
}

#[test]
fn the_session_has_the_name_that_the_rule_gives_and_the_record_one_of_its_own() {
    let sim = named("keep");
    let (status, answer) = send_all(&sim, alert(METRIC));
    let capture = &answer["captures"][0];
    assert_eq!(status, 202);
    assert!(capture["id"].as_str().unwrap().ends_with("/packetCaptures/nightly"), "{capture}");
    assert!(capture["name"].as_str().unwrap().starts_with("nightly-web-01-"), "{capture}");
    assert_eq!(sim.0.azure.borrow().sessions.keys().collect::<Vec<_>>(), ["nightly"]);
    assert_eq!(
        (record(&sim)["outcome"].as_str(), record(&sim)["stopReason"].as_str()),
        (Some("captured"), Some("TimeExceeded"))
    );
}

#[test]
fn a_session_that_has_the_name_is_kept_running_or_ended_whosever_it_is() {
    for (machine, ends_in) in [("web-01", -1), ("web-01", 600), ("db-01", -1)] {
        let sim = named("keep");
        session(&sim, machine, ends_in);
        let (_, answer) = send_all(&sim, alert(METRIC));
        assert_eq!(error_code(&answer), Some("nameTaken"));
        assert_eq!((sim.count("put"), sim.count("delete"), sim.count("queryStatus")), (0, 0, 0));
    }
}

#[test]
fn a_capture_of_the_night_before_is_kept_too() {
    let sim = named("keep");
    send_all(&sim, alert(METRIC));
    let (_, answer) = send_all(&sim, alert(&metric("web-01", 30)));
    assert_eq!((error_code(&answer), sim.count("put")), (Some("nameTaken"), 1));
}

#[test]
fn an_ended_session_is_replaced_once_its_deletion_has_ended() {
    let sim = named("replace");
    session(&sim, "db-01", -1);
    sim.0.azure.borrow_mut().deletion_seconds = 12;
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(
        (status.as_u16(), answer["captures"][0]["state"].as_str()),
        (202, Some("accepted")),
        "{answer}"
    );
    let sent = sim.0.sent.borrow();
    let at =
        |operation: &str| sent.iter().filter(|s| s.operation == operation).map(|s| s.at).collect::<Vec<_>>();
    let (deleted, put) = (at("delete"), at("put"));
    assert_eq!((deleted.len(), put.len()), (1, 1));
    assert!(put[0].since(deleted[0]) >= Duration::from_secs(12), "{:?}", sim.operations());
    // The status that comes at once is stale: it said "Running".
    assert_eq!((at("queryStatus").len(), at("status")[0] < deleted[0]), (2, true));
    drop(sent);
    assert_eq!(record(&sim)["outcome"], "captured");
}

#[test]
fn a_running_session_is_never_deleted() {
    let sim = named("replace");
    session(&sim, "web-01", 600);
    let (_, answer) = send_all(&sim, alert(METRIC));
    assert_eq!((error_code(&answer), sim.count("delete"), sim.count("put")), (Some("nameInUse"), 0, 0));
    // One that is being provisioned, neither.
    session(&sim, "web-01", 600);
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.ready_at = sim.now().after(600));
    let (_, answer) = send_all(&sim, alert(&metric("web-01", 1)));
    assert_eq!((error_code(&answer), sim.count("delete")), (Some("nameInUse"), 0));
}

#[test]
fn a_status_that_is_not_known_deletes_nothing() {
    let sim = named("replace");
    session(&sim, "web-01", 90);
    for _ in 0..8 {
        fault(&sim, "status", Fault::Answer(202, json!({"packetCaptureStatus": "Stopped"}), None));
    }
    let app = sim.app();
    sim.run(async move { answer(&app, alert(METRIC)).await });
    assert_eq!(sim.count("delete"), 0);
    assert_eq!(record(&sim)["state"], "accepted", "asked again later");
}

#[test]
fn a_capture_of_ours_whose_answer_was_lost_is_known_for_ours() {
    for on_conflict in ["keep", "replace"] {
        let sim = named(on_conflict);
        fault(&sim, "put", Fault::Lost);
        send_all(&sim, alert(METRIC));
        assert_eq!(
            (record(&sim)["outcome"].as_str(), sim.count("put"), sim.count("delete")),
            (Some("captured"), 1, 0)
        );
    }
}

#[test]
fn of_two_alerts_at_once_one_has_the_name() {
    for (on_conflict, takes) in [("keep", 0), ("replace", 0), ("keep", 60), ("replace", 130), ("keep", 250)] {
        let sim = named(on_conflict);
        sim.0.store_takes.set(Duration::from_millis(takes));
        sim.0.store_varies.set(Duration::from_millis(takes));
        let (one, two) = (sim.app(), sim.app());
        sim.run_all(async move {
            let (first, second) = (metric("web-01", 0), metric("web-01", 1));
            futures_util::future::join(answer(&one, alert(&first)), answer(&two, alert(&second))).await
        });
        sim.0.store_takes.set(Duration::ZERO);
        sim.0.store_varies.set(Duration::ZERO);
        let records = records(&sim);
        let mut outcomes = outcomes(&records);
        outcomes.sort_unstable();
        assert_eq!((outcomes, sim.count("delete")), (vec!["captured", "failed"], 0), "{takes} ms");
    }
}

#[test]
fn a_capture_of_the_last_night_is_replaced_by_this_nights() {
    let sim = named("replace");
    send_all(&sim, alert(METRIC));
    send_all(&sim, alert(&metric("web-01", 30)));
    assert_eq!(outcomes(&records(&sim)), ["captured", "captured"]);
    assert_eq!((sim.count("put"), sim.count("delete")), (2, 1));
}

#[test]
fn what_azure_says_of_a_name_that_another_capture_has_taken_is_not_taken_for_ones_own_end() {
    let sim = named("replace");
    // The instance dies, and the session ends before its time, which no sweep sees.
    send(&sim, alert(METRIC));
    sim.pass(30);
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|session| session.stop_reason = Some("Manual"));
    send_all(&sim, alert(&metric("web-01", 1)));
    sim.pass(60);
    send_all(&sim, sweep());
    let records = records(&sim);
    assert_eq!(outcomes(&records), ["captured", "failed"]);
    assert_eq!(
        (&records[1]["error"]["code"], &records[1]["stopReason"]),
        (&json!("replaced"), &json!("Replaced"))
    );
}
