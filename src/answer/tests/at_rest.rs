//! Hosts that drop what goes on after the answer: the instance dies with it, and no step of its may be half done.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::platform::Clock;

#[test]
fn a_stop_is_at_azure_before_its_answer_is_given() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    let name = name(&send(&sim, alert(METRIC)).1);
    sim.pass(30);
    send(&sim, sweep());
    assert_eq!(send(&sim, stop(&name)).0, 202);
    // A step that is broken off stays claimed for a minute.
    sim.pass(20);
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["moved"], &swept["reported"]), (&json!(1), &json!(1)), "{swept}");
    assert_eq!(record(&sim)["stopReason"], "Manual");
}

#[test]
fn a_delivery_that_finds_its_capture_not_begun_begins_it_before_it_answers() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Error(SendError::NotConnected("for a test")));
    assert_eq!(send(&sim, alert(METRIC)).0, 202);
    assert_eq!(sim.0.azure.borrow().sessions.len(), 0);
    sim.pass(30);
    let app = sim.app();
    let again = sim.run(async move {
        // An instance does not sweep in passing with each alert.
        _ = app.memory.may_sweep_in_passing(app.platform.now());
        answer(&app, alert(METRIC)).await
    });
    let again: Value = serde_json::from_slice(again.body()).unwrap();
    assert_eq!(again["captures"][0]["duplicate"], true);
    assert_eq!((sim.0.azure.borrow().sessions.len(), &record(&sim)["state"]), (1, &json!("starting")));
}

#[test]
fn what_an_alert_sweeps_in_passing_is_done_before_it_answers() {
    let sim = Sim::new();
    let first = name(&send(&sim, alert(METRIC)).1);
    sim.pass(300);
    // Warm, its own PUT is one request; the other's way to its end is several.
    send(&sim, alert(&metric("web-02", 5)));
    let (_, record) = send(&sim, get(&format!("/api/captures/{first}")));
    assert_eq!(record["state"], "running", "{record:#}");
    let next: crate::time::Timestamp = record["nextStepAt"].as_str().unwrap().parse().unwrap();
    assert!(next.since(sim.now()) < Duration::from_secs(10), "no step is claimed: {record:#}");
}

#[test]
fn a_silent_receiver_delays_an_answer_by_no_more_than_two_seconds() {
    let sim = Sim::new();
    let refused = json!({"error": {"code": "AuthorizationFailed", "message": "no"}});
    fault(&sim, "put", Fault::Answer(403, refused, None));
    fault(&sim, "notify", Fault::Error(SendError::TimedOut));
    let before = sim.now();
    let (status, answer) = send(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), answer["captures"][0]["state"].as_str()), (202, Some("ended")));
    let took = sim.now().since(before);
    assert!(took < Duration::from_millis(2_200), "{took:?}");

    // Nor does one whose message is sent again by the sweep in passing of another alert.
    sim.pass(120);
    fault(&sim, "notify", Fault::Error(SendError::TimedOut));
    let before = sim.now();
    assert_eq!(send(&sim, alert(&metric("web-02", 5))).0, 202);
    let took = sim.now().since(before);
    assert!(took < Duration::from_millis(2_200), "{took:?}");
}

#[test]
fn people_who_are_told_in_passing_are_told_before_the_answer_is_given() {
    let sim = Sim::with_chats();
    let refused = json!({"error": {"code": "AuthorizationFailed", "message": "no"}});
    fault(&sim, "put", Fault::Answer(403, refused, None));
    for receiver in ["notify", "teams", "slack"] {
        fault(&sim, receiver, Fault::Answer(500, json!(null), None));
    }
    let first = name(&send_to_one_that_lives(&sim, Duration::from_secs(1)).1);
    sim.pass(600);
    // Its own PUT is one request; three receivers are told one after the other.
    send(&sim, alert(&metric("web-02", 5)));
    let (_, record) = send(&sim, get(&format!("/api/captures/{first}")));
    let reports = record["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| report["deliveredAt"].is_string()), "{reports:#?}");
}

/// The usual alert, to an instance that lives for so long after its answer.
fn send_to_one_that_lives(sim: &Sim, after: Duration) -> (StatusCode, Value) {
    let (app, world) = (sim.app(), sim.clone());
    let response = sim.run(async move {
        let response = answer(&app, alert(METRIC)).await;
        world.sleep(after).await;
        response
    });
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

#[test]
fn what_one_request_does_delays_no_other() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    let capture = name(&send(&sim, alert(METRIC)).1);
    sim.pass(30);
    send(&sim, sweep());
    fault(&sim, "stop", Fault::Error(SendError::TimedOut));
    let (app, world) = (sim.app(), sim.clone());
    let (stopped, read) = sim.run(async move {
        let begin = world.now();
        let timed = async |request| {
            answer(&app, request).await;
            world.now().since(begin)
        };
        let later = async {
            world.sleep(Duration::from_secs(2)).await;
            timed(get("/api/captures")).await
        };
        futures_util::future::join(timed(stop(&capture)), later).await
    });
    assert!(stopped > Duration::from_secs(6), "it waits for Azure: {stopped:?}");
    assert!(read < Duration::from_secs(3), "{read:?}");
}
