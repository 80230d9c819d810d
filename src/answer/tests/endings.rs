//! How captures end, what is said of it, and what it costs.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::platform::Clock;

/// Starts the capture, lets `happen` befall it so many seconds later, and follows it to its end in one instance.
fn befalls(sim: &Sim, seconds: u64, happen: impl FnOnce(&mut crate::testing::azure::FakeAzure) + 'static) {
    let app = sim.app();
    let world = sim.clone();
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        world.sleep(Duration::from_secs(seconds)).await;
        happen(&mut world.0.azure.borrow_mut());
    });
}

fn session(azure: &mut crate::testing::azure::FakeAzure) -> &mut crate::testing::azure::Session {
    azure.sessions.values_mut().next().unwrap()
}

/// Requests to ARM from the PUT on.
fn calls(sim: &Sim) -> usize {
    let others = ["token", "notify", "vm", "watchers"];
    sim.operations().iter().filter(|operation| !others.contains(&operation.as_str())).count()
}

fn long(sim: Sim, seconds: &str) -> Sim {
    sim.set("time_limit_seconds", seconds);
    sim
}

#[test]
fn a_capture_of_five_hours_costs_at_most_eight_requests() {
    for seconds in ["60", "300", "3600", "18000"] {
        let sim = long(Sim::new(), seconds);
        send_all(&sim, alert(METRIC));
        let record = record(&sim);
        assert_eq!((&record["stopReason"], &record["outcome"]), (&json!("TimeExceeded"), &json!("captured")));
        assert!(calls(&sim) <= 8, "{seconds}: {:?}", sim.operations());
        assert_eq!(record["calls"], calls(&sim), "{:?}", sim.operations());
    }
}

#[test]
fn an_end_by_size_is_seen_long_before_the_time_limit_and_says_so() {
    let sim = long(Sim::new(), "18000");
    befalls(&sim, 40, |azure| session(azure).stop_reason = Some(""));
    let record = record(&sim);
    assert_eq!((&record["stopReason"], &record["error"]), (&json!("SizeReached"), &Value::Null));
    assert!(record["advice"].as_str().unwrap().contains("bytes_per_session"));
    let (begin, end) = (record["startedAt"].as_str().unwrap(), record["endedAt"].as_str().unwrap());
    let lasted = end.parse::<crate::time::Timestamp>().unwrap().since(begin.parse().unwrap());
    assert!(lasted < Duration::from_secs(90), "{lasted:?}");
    assert!(calls(&sim) <= 8, "{:?}", sim.operations());
}

#[test]
fn a_machine_whose_agent_fails_is_reported_within_minutes() {
    let sim = long(Sim::new(), "18000");
    befalls(&sim, 40, |azure| session(azure).errors.push("AgentStopped"));
    let record = record(&sim);
    assert_eq!((&record["error"]["code"], &record["stopReason"]), (&json!("AgentStopped"), &json!("Error")));
    assert!(record["error"]["advice"].as_str().unwrap().contains("extension"));
    let told = sim.0.azure.borrow().told.last().unwrap()["time"].as_str().unwrap().to_owned();
    assert!(told.as_str() < "2026-11-22T02:03", "{told}");
}

#[test]
fn someone_elses_stop_is_seen_at_the_next_look() {
    let sim = long(Sim::new(), "18000");
    befalls(&sim, 600, |azure| session(azure).stop_reason = Some("Manual"));
    let record = record(&sim);
    assert_eq!(record["stopReason"], "Manual");
    assert!(record["history"].to_string().contains("someone stopped it"), "{record}");
}

#[test]
fn what_is_gone_is_told_apart() {
    type Happen = fn(&mut crate::testing::azure::FakeAzure);
    let cases: [(&str, Happen); 3] = [
        ("Deleted", |azure| azure.sessions.clear()),
        ("MachineDeleted", |azure| {
            azure.sessions.clear();
            azure.fault(
                "vm",
                Fault::Answer(404, json!({"error": {"code": "ResourceNotFound", "message": "x"}}), None),
            );
        }),
        ("WatcherDeleted", |azure| {
            azure.sessions.clear();
            azure.watcher_region = "japaneast".to_owned();
            azure.watcher_name = "another";
        }),
    ];
    for (reason, happen) in cases {
        let sim = long(Sim::new(), "600");
        befalls(&sim, 40, happen);
        let record = record(&sim);
        assert_eq!(
            (&record["stopReason"], &record["state"]),
            (&json!(reason), &json!("reported")),
            "{record}"
        );
        assert_eq!(record["error"]["code"], "ResourceNotFound");
        assert!(record["error"]["advice"].is_string());
        assert_eq!(sim.0.azure.borrow().told.last().unwrap()["type"], "alertcap.capture.failed.v1");
    }
}

#[test]
fn a_session_that_outlives_its_machine_is_not_asked_for_ever() {
    let sim = long(Sim::new(), "600");
    befalls(&sim, 40, |azure| {
        for _ in 0..9 {
            azure.fault(
                "queryStatus",
                Fault::Answer(409, json!({"error": {"code": "Odd", "message": "no VM"}}), None),
            );
            azure.fault(
                "vm",
                Fault::Answer(404, json!({"error": {"code": "ResourceNotFound", "message": "x"}}), None),
            );
        }
    });
    let record = record(&sim);
    assert_eq!((&record["stopReason"], &record["error"]["code"]), (&json!("MachineDeleted"), &json!("Odd")));
}

#[test]
fn a_look_that_fails_does_not_end_what_runs() {
    for refusal in [503, 429, 403, 409] {
        let sim = long(Sim::new(), "600");
        befalls(&sim, 40, move |azure| {
            let busy = json!({"error": {"code": "Busy", "message": "later"}});
            azure.fault("queryStatus", Fault::Answer(refusal, busy, None));
        });
        let record = record(&sim);
        assert_eq!(
            (&record["stopReason"], &record["error"]),
            (&json!("TimeExceeded"), &Value::Null),
            "{refusal}"
        );
    }
}

#[test]
fn a_step_that_hangs_is_broken_off_before_another_driver_takes_it() {
    let sim = Sim::new();
    // The token and the machine take their whole time, and then the PUT does.
    fault(&sim, "vm", Fault::Error(SendError::TimedOut));
    fault(&sim, "put", Fault::Error(SendError::TimedOut));
    fault(&sim, "get", Fault::Error(SendError::TimedOut));
    let app = sim.app();
    sim.run_all(async move { answer(&app, alert(METRIC)).await });
    let record = record(&sim);
    assert_eq!((&record["outcome"], &record["error"]), (&json!("captured"), &Value::Null));
}

#[test]
fn an_operation_that_comes_as_a_location_is_followed_too() {
    for body in ["null", "{\"properties\":{\"provisioningState\":\"Succeeded\"}}"] {
        let sim = Sim::new();
        sim.0.azure.borrow_mut().location_body = Some(serde_json::from_str(body).unwrap());
        send_all(&sim, alert(METRIC));
        let record = record(&sim);
        assert_eq!(record["outcome"], "captured", "{record}");
        assert!(sim.count("operation") >= 1);
        assert!(calls(&sim) <= 8, "{:?}", sim.operations());
    }
}

#[test]
fn one_answer_that_a_session_is_not_found_is_not_believed() {
    let nothing = || Fault::Answer(404, json!({"error": {"code": "ResourceNotFound", "message": "x"}}), None);
    for operation in ["queryStatus", "status"] {
        let sim = long(Sim::new(), "600");
        befalls(&sim, 40, move |azure| azure.fault(operation, nothing()));
        let record = record(&sim);
        assert_eq!(
            (&record["stopReason"], &record["error"]),
            (&json!("TimeExceeded"), &Value::Null),
            "{operation}"
        );
    }
}

#[test]
fn an_agent_that_stopped_with_its_machine_is_told_as_that() {
    let sim = long(Sim::new(), "600");
    befalls(&sim, 40, |azure| {
        session(azure).errors.push("AgentStopped");
        azure.fault(
            "vm",
            Fault::Answer(404, json!({"error": {"code": "ResourceNotFound", "message": "x"}}), None),
        );
    });
    let record = record(&sim);
    assert_eq!(
        (&record["stopReason"], &record["error"]["code"]),
        (&json!("MachineDeleted"), &json!("AgentStopped"))
    );
}

#[test]
fn what_kept_an_alert_from_being_captured_in_time_is_told() {
    let sim = Sim::new();
    for _ in 0..40 {
        let broken = json!({"error": {"code": "InternalServerError", "message": "An error occurred."}});
        fault(&sim, "put", Fault::Answer(500, broken, None));
    }
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!(record["error"]["code"], "InternalServerError", "{record}");
    assert!(record["error"]["message"].as_str().unwrap().starts_with("An error occurred."));
    assert!(record["lastFailure"].is_null(), "for drivers only");
}

#[test]
fn an_ended_capture_says_when_its_report_is_tried_next() {
    let sim = Sim::new();
    for _ in 0..40 {
        fault(&sim, "notify", Fault::Answer(500, Value::Null, None));
    }
    let (app, world) = (sim.app(), sim.clone());
    sim.run(async move {
        answer(&app, alert(METRIC)).await;
        world.sleep(Duration::from_secs(90)).await;
    });
    let record = record(&sim);
    assert_eq!(record["state"], "ended");
    assert!(record["nextStepAt"].is_string(), "{record}");
}

#[test]
fn the_ends_place_that_is_asked_twice_costs_no_ninth_request() {
    for provisioning in [5, 10, 11, 15, 20, 25, 35] {
        for late in [false, true] {
            let sim = long(Sim::new(), "18000");
            sim.0.azure.borrow_mut().provisioning_seconds = provisioning;
            if late && provisioning <= 20 {
                fault(&sim, "status", Fault::Answer(202, Value::Null, Some("3")));
            }
            send_all(&sim, alert(METRIC));
            assert!(calls(&sim) <= 8, "{provisioning} s, {late}: {:?}", sim.operations());
            assert_eq!(record(&sim)["calls"], calls(&sim));
        }
    }
}

#[test]
fn a_capture_that_is_found_at_azure_is_told_to_run_only_if_it_does() {
    for is_over in [true, false] {
        let sim = long(Sim::new(), "3600");
        send(&sim, alert(METRIC));
        // Its record is gone, as after history_days.
        sim.0.store.borrow_mut().clear();
        sim.pass(if is_over { 4_000 } else { 1_800 });
        send_all(&sim, alert(METRIC));
        let told: Vec<Value> = sim.0.azure.borrow().told.iter().map(|event| event["type"].clone()).collect();
        let mut expected = vec!["alertcap.capture.started.v1", "alertcap.capture.ended.v1"];
        if is_over {
            expected.remove(0);
        }
        assert_eq!(told, expected);
        let record = record(&sim);
        assert_eq!(record["startedAt"], "2026-11-22T02:00:30.2Z", "by Azure's clock: {record}");
        let ended = record["endedAt"].as_str().unwrap();
        assert!(
            is_over || ended < "2026-11-22T03:01",
            "an hour after it began, not after it was found: {ended}"
        );
    }
}

#[test]
fn an_end_by_size_is_told_as_that_although_a_stop_was_refused_before() {
    let sim = long(Sim::new(), "18000");
    let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "no stop"}});
    fault(&sim, "stop", Fault::Answer(403, refusal, None));
    let (app, world) = (sim.app(), sim.clone());
    sim.run_all(async move {
        let taken = answer(&app, alert(METRIC)).await;
        let taken: Value = serde_json::from_slice(taken.body()).unwrap();
        let name = taken["captures"][0]["name"].as_str().unwrap().to_owned();
        world.sleep(Duration::from_secs(300)).await;
        answer(&app, request(Method::POST, &format!("/api/captures/{name}/stop?code={OPERATOR_KEY}"), b""))
            .await;
        world.sleep(Duration::from_secs(15_000)).await;
        session(&mut world.0.azure.borrow_mut()).stop_reason = Some("");
    });
    let record = record(&sim);
    assert_eq!(record["stopReason"], "SizeReached", "{record}");
    assert!(calls(&sim) <= 12, "{:?}", sim.operations());
}

#[test]
fn a_busy_session_does_not_keep_the_next_alert_waiting() {
    let sim = long(Sim::new(), "600");
    let (app, world) = (sim.app(), sim.clone());
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        let code = "RetryableErrorDueToAnotherOperation";
        let busy = json!({"error": {"code": code, "message": "busy"}});
        fault(&world, "queryStatus", Fault::Answer(429, busy, Some("300")));
        world.sleep(Duration::from_secs(100)).await;
        assert_eq!(world.count("queryStatus"), 1);
        answer(&app, alert(&metric("web-02", 1))).await;
        assert_eq!(world.count("put"), 2, "{:?}", world.operations());
    });
}

const ELSEWHERE: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-other";

#[test]
fn what_is_no_longer_allowed_when_its_turn_comes_is_not_started() {
    for (variable, value) in [
        ("allowed_scopes", ELSEWHERE.to_owned()),
        ("storage_account_id", format!("{ELSEWHERE}/providers/Microsoft.Storage/storageAccounts/stother")),
    ] {
        let sim = Sim::new();
        fault(&sim, "token", Fault::Answer(503, json!(null), None));
        send(&sim, alert(METRIC));
        sim.set(variable, &value);
        sim.pass(120);
        send_all(&sim, sweep());
        let record = record(&sim);
        assert_eq!(record["error"]["code"], "notAllowed", "{record}");
        assert_eq!(sim.count("put"), 0);
    }
}

#[test]
fn what_may_run_already_is_followed_although_it_is_no_longer_allowed() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    send(&sim, alert(METRIC));
    sim.set("allowed_scopes", ELSEWHERE);
    sim.pass(120);
    send_all(&sim, sweep());
    sim.pass(600);
    send_all(&sim, sweep());
    let record = record(&sim);
    assert_eq!((record["stopReason"].as_str(), sim.count("put")), (Some("TimeExceeded"), 1), "{record}");
}
