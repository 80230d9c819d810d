//! Deaths, lost answers, slow stores, and other nights.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::platform::Clock;

#[test]
fn an_instance_that_dies_after_the_answer_loses_nothing_to_a_sweep() {
    let sim = Sim::new();
    let (status, _) = send(&sim, alert(METRIC));
    assert_eq!(status, 202);
    assert_eq!(record(&sim)["state"], "starting");
    // One sweep, and the background work it leaves behind.
    let (status, _) = send_all(&sim, sweep());
    assert_eq!(status, 200);
    assert_eq!(states(&record(&sim)), ["accepted", "starting", "running", "ended", "reported"]);
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn sweeps_alone_lead_to_the_end_where_the_host_drops_background_work() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    for _ in 0..30 {
        send(&sim, sweep());
        sim.pass(5);
    }
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn an_instance_that_dies_before_the_answer_has_promised_nothing_but_the_alert_is_kept() {
    let sim = Sim::new();
    let app = sim.app();
    // Azure never answers the PUT; the answer comes in time all the same.
    fault(&sim, "put", Fault::Error(SendError::TimedOut));
    let begin = crate::platform::Clock::now(&sim);
    let response = sim.run(async move { answer(&app, alert(METRIC)).await });
    assert_eq!(response.status(), 202);
    let took = crate::platform::Clock::now(&sim).since(begin);
    assert!(took < std::time::Duration::from_secs(8), "{took:?}");
    assert_eq!(record(&sim)["state"], "accepted");
    sim.pass(60);
    send_all(&sim, sweep());
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(record(&sim)["error"], Value::Null);
}

#[test]
fn a_lost_answer_to_the_put_is_settled_by_a_look() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!((record["state"].as_str(), &record["error"]), (Some("reported"), &Value::Null));
    assert_eq!(record["stopReason"], "TimeExceeded");
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
}

#[test]
fn a_session_of_the_same_name_on_another_machine_is_not_taken_for_ours() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    let app = sim.app();
    sim.run(async move { answer(&app, alert(METRIC)).await });
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.target = "/another".to_owned());
    sim.0.store.borrow_mut().clear();
    let (_, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(answer["captures"][0]["error"]["code"], "InventedConflict");
}

#[test]
fn throttling_is_obeyed_and_the_capture_still_starts() {
    let sim = Sim::new();
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    fault(&sim, "put", Fault::Answer(429, busy, Some("4")));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), answer["captures"][0]["state"].as_str()), (202, Some("accepted")));
    let sent = sim.0.sent.borrow();
    let puts: Vec<_> = sent.iter().filter(|s| s.operation == "put").collect();
    assert!(puts[1].at.since(puts[0].answered_at).as_secs() >= 4);
    drop(sent);
    assert_eq!(record(&sim)["state"], "reported");
}

#[test]
fn a_refused_token_fails_the_capture_in_entras_words_and_people_are_told() {
    let sim = Sim::new();
    let refusal = json!({"error": "invalid_client", "error_codes": [7_000_215], "trace_id": "trace-1",
        "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: trace-1"});
    fault(&sim, "token", Fault::Answer(401, refusal, None));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(status, 202);
    let error = &answer["captures"][0]["error"];
    assert_eq!(error["code"], "AADSTS7000215");
    assert_eq!(error["message"], "AADSTS7000215: Invalid client secret provided.");
    assert_eq!(error["requestId"], "trace-1");
    assert!(error["advice"].as_str().unwrap().contains("not its id"));
    assert_eq!(sim.0.azure.borrow().told[0]["type"], "alertcap.capture.failed.v1");
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(sim.count("token"), 1, "a wrong secret is not tried again");
}

#[test]
fn a_token_that_arm_refuses_is_replaced_once_and_the_alert_is_not_lost() {
    let sim = Sim::new();
    send_all(&sim, alert(METRIC));
    sim.forget_requests();
    sim.0.azure.borrow_mut().valid_token = 99;
    let again = String::from_utf8_lossy(METRIC).replace("02:00:13", "02:10:00").into_bytes();
    let (_, answer) = send(&sim, alert(&again));
    assert_eq!(answer["captures"][0]["state"], "starting", "{answer}");
    assert_eq!(sim.operations()[..3], ["put", "token", "put"].map(str::to_owned));
}

#[test]
fn the_machine_and_the_watcher_have_to_exist() {
    for (operation, code) in [("vm", "ResourceNotFound"), ("watchers", "noNetworkWatcher")] {
        let sim = Sim::new();
        if operation == "vm" {
            let gone =
                json!({"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}});
            fault(&sim, "vm", Fault::Answer(404, gone, None));
        } else {
            sim.0.azure.borrow_mut().watcher_region = "japaneast".to_owned();
        }
        let (status, answer) = send_all(&sim, alert(METRIC));
        assert_eq!(status, 202);
        assert_eq!(answer["captures"][0]["error"]["code"], code);
        assert!(answer["captures"][0]["error"]["advice"].is_string());
        assert_eq!((record(&sim)["state"].as_str(), sim.count("put")), (Some("reported"), 0));
    }
}

#[test]
fn failed_operations_and_agents_end_in_a_truthful_record() {
    let sim = Sim::new();
    sim.0.azure.borrow_mut().operation_error = Some(json!({"code": "AgentMissing", "message": "no agent"}));
    send_all(&sim, alert(METRIC));
    assert_eq!(record(&sim)["error"]["code"], "AgentMissing");

    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.errors.push("StorageFailed"));
    send_all(&sim, sweep());
    let record = record(&sim);
    assert_eq!(record["error"]["code"], "StorageFailed");
    assert!(record["error"]["advice"].as_str().unwrap().contains("account-key access"));
    assert_eq!(sim.0.azure.borrow().told.last().unwrap()["type"], "alertcap.capture.failed.v1");
}

#[test]
fn a_session_deleted_behind_our_back_is_reported_as_such() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.0.azure.borrow_mut().sessions.clear();
    send_all(&sim, sweep());
    let record = record(&sim);
    assert_eq!(
        (record["stopReason"].as_str(), record["state"].as_str()),
        (Some("Deleted"), Some("reported"))
    );
}

#[test]
fn a_manual_stop_is_seen_and_named() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.stop_reason = Some("Manual"));
    send_all(&sim, sweep());
    assert_eq!(record(&sim)["stopReason"], "Manual");
}

#[test]
fn a_receiver_that_fails_is_told_again_under_the_same_id() {
    let sim = Sim::new();
    for _ in 0..3 {
        fault(&sim, "notify", Fault::Answer(500, Value::Null, None));
    }
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!(record["state"], "reported");
    assert_eq!(record["reports"][0]["attempts"], 3);
    assert!(record["reports"].as_array().unwrap().iter().all(|r| r["deliveredAt"].is_string()));
    assert_eq!(sim.0.azure.borrow().told.len(), 2);
}

#[test]
fn with_nobody_to_tell_a_capture_is_reported_all_the_same() {
    let sim = Sim::new();
    sim.set("notify_url", "");
    send_all(&sim, alert(METRIC));
    assert_eq!((record(&sim)["state"].as_str(), sim.count("notify")), (Some("reported"), 0));
}

#[test]
fn the_answer_comes_in_time_however_slow_the_store_is() {
    for seconds in [1, 3, 30] {
        let sim = Sim::new();
        sim.0.store_takes.set(Duration::from_secs(seconds));
        let begin = sim.now();
        let app = sim.app();
        let response = sim.run(async move { answer(&app, alert(METRIC)).await });
        assert!(sim.now().since(begin) < Duration::from_secs(8), "{:?}", sim.now().since(begin));
        assert_eq!(response.status().as_u16(), if seconds == 1 { 202 } else { 503 });
        sim.0.store_takes.set(Duration::ZERO);
        sim.pass(60);
        assert_eq!(send_all(&sim, alert(METRIC)).0, 202);
        assert_eq!(record(&sim)["state"], "reported");
    }
}

#[test]
fn variables_that_cannot_be_read_are_not_taken_for_unset() {
    let sim = Sim::new();
    sim.0.variables_fail.set(true);
    let (status, problem) = send(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), problem["detail"].as_str().unwrap().contains("variables")), (503, true));
    assert_eq!(send(&sim, request(Method::GET, "/readyz", b"")).0, 503);
    sim.0.variables_fail.set(false);
    // In an instance that has read them they may fail later on.
    let app = sim.app();
    let world = sim.clone();
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        world.0.variables_fail.set(true);
    });
    sim.0.variables_fail.set(false);
    assert_eq!((record(&sim)["state"].as_str(), &record(&sim)["error"]), (Some("reported"), &Value::Null));
    assert_eq!(sim.0.azure.borrow().told.len(), 2);
}

#[test]
fn an_operation_that_azure_has_forgotten_does_not_make_the_session_lost() {
    for refusal in [404, 403] {
        let sim = Sim::new();
        send(&sim, alert(METRIC));
        let gone = json!({"error": {"code": "OperationNotFound", "message": "expired"}});
        fault(&sim, "operation", Fault::Answer(refusal, gone, None));
        send_all(&sim, sweep());
        assert_eq!(
            (record(&sim)["stopReason"].as_str(), &record(&sim)["error"]),
            (Some("TimeExceeded"), &Value::Null)
        );
    }
}

#[test]
fn a_host_that_was_down_for_long_gets_its_tries() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.pass(3 * 3_600);
    fault(&sim, "operation", Fault::Answer(503, Value::Null, None));
    send_all(&sim, sweep());
    let record = record(&sim);
    assert_eq!(
        (record["outcome"].as_str(), record["stopReason"].as_str()),
        (Some("captured"), Some("TimeExceeded"))
    );
    let told: Vec<_> = sim.0.azure.borrow().told.iter().map(|e| e["type"].clone()).collect();
    assert_eq!(told, ["alertcap.capture.ended.v1"], "that it runs is not told when it no longer does");
}

#[test]
fn an_alert_that_waited_for_hours_starts_no_capture_but_follows_the_one_it_has() {
    for put_was_taken in [false, true] {
        let sim = Sim::new();
        let what = if put_was_taken { Fault::Lost } else { Fault::Error(SendError::TimedOut) };
        fault(&sim, "put", what);
        fault(&sim, "get", Fault::Error(SendError::TimedOut));
        let app = sim.app();
        sim.run(async move { answer(&app, alert(METRIC)).await });
        sim.0.azure.borrow_mut().faults.clear();
        sim.forget_requests();
        sim.pass(3_600);
        send_all(&sim, sweep());
        let record = record(&sim);
        assert_eq!(sim.count("put"), 0);
        if put_was_taken {
            assert_eq!(record["stopReason"], "TimeExceeded", "{record}");
        } else {
            assert_eq!(record["error"]["code"], "tooLate", "{record}");
        }
    }
}

#[test]
fn a_sweep_takes_the_most_urgent_first_however_many_wait() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    let at = |minute: usize| {
        String::from_utf8_lossy(METRIC).replace("02:00:13", &format!("01:{minute:02}:13")).into_bytes()
    };
    for minute in 0..55 {
        let app = sim.app();
        let body = at(minute);
        // Until it runs; then the instance is gone.
        let world = sim.clone();
        sim.run(async move {
            answer(&app, alert(&body)).await;
            world.sleep(Duration::from_secs(20)).await;
        });
    }
    let (_, answer) = send(&sim, alert(&at(56)));
    let name = answer["captures"][0]["name"].as_str().unwrap().to_owned();
    sim.pass(25);
    send(&sim, sweep());
    let (_, record) = send(&sim, get(&format!("/api/captures/{name}")));
    assert_eq!(record["state"], "running", "{record}");
}

#[test]
fn a_conflict_whose_look_fails_is_looked_at_again() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    fault(&sim, "get", Fault::Answer(503, Value::Null, None));
    send_all(&sim, alert(METRIC));
    assert_eq!(
        (record(&sim)["outcome"].as_str(), sim.0.azure.borrow().sessions.len()),
        (Some("captured"), 1)
    );
}

#[test]
fn a_conflict_whose_look_is_refused_fails_in_the_words_of_that_refusal() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "may not read"}});
    fault(&sim, "get", Fault::Answer(403, refusal, None));
    let (_, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(answer["captures"][0]["state"], "accepted", "the answer was lost: {answer}");
    assert_eq!(record(&sim)["error"]["code"], "AuthorizationFailed");
}

#[test]
fn a_conflict_with_nothing_of_that_name_passes() {
    let sim = Sim::new();
    let busy = json!({"error": {"code": "AnotherOperationInProgress", "message": "locked"}});
    fault(&sim, "put", Fault::Answer(409, busy, Some("5")));
    send_all(&sim, alert(METRIC));
    assert_eq!(record(&sim)["outcome"], "captured");
}

#[test]
fn odd_retry_afters_neither_spin_nor_sleep_for_ever() {
    for odd in ["0", "4000000000"] {
        let sim = Sim::new();
        send(&sim, alert(METRIC));
        for _ in 0..3 {
            fault(&sim, "operation", Fault::Answer(200, json!({"status": "InProgress"}), Some(odd)));
        }
        send_all(&sim, sweep());
        assert!(sim.count("operation") <= 4);
        assert_eq!(record(&sim)["state"], "reported");
    }
}

#[test]
fn alerts_alone_move_captures_on_where_nothing_else_does() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    for minute in 1..12 {
        sim.pass(60);
        let next =
            String::from_utf8_lossy(METRIC).replace("02:00:13", &format!("02:{minute:02}:13")).into_bytes();
        send(&sim, alert(&next));
    }
    let (_, list) = send(&sim, get("/api/captures?limit=100"));
    let first = list["captures"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (first["state"].as_str(), first["outcome"].as_str()),
        (Some("reported"), Some("captured")),
        "{first}"
    );
}

#[test]
fn two_deliveries_at_the_edge_of_the_dedupe_window_are_one_alert() {
    let sim = Sim::new();
    let flat = include_bytes!("../../../tests/fixtures/tutorial.json");
    sim.0.store_takes.set(Duration::from_millis(50));
    sim.pass(300 - sim.now().unix() % 300 - 1);
    let app = sim.app();
    let world = sim.clone();
    let answers = sim.run_all(async move {
        let late = async {
            world.sleep(Duration::from_millis(1_010)).await;
            answer(&app, alert(flat)).await
        };
        let early = async {
            world.sleep(Duration::from_millis(980)).await;
            answer(&app, alert(flat)).await
        };
        futures_util::future::join(early, late).await
    });
    assert_eq!((answers.0.status().as_u16(), answers.1.status().as_u16()), (202, 202));
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
}

#[test]
fn a_record_that_cannot_be_read_hides_no_other() {
    let sim = Sim::new();
    send_all(&sim, alert(METRIC));
    sim.0.store.borrow_mut().insert("open.broken-20261122T020013Z-0".to_owned(), b"{".to_vec());
    let (status, list) = send(&sim, get("/api/captures"));
    assert_eq!((status.as_u16(), list["captures"].as_array().unwrap().len()), (200, 2));
    assert!(list["captures"].as_array().unwrap().iter().any(|c| c["unreadable"] == true));
    assert_eq!(send_all(&sim, sweep()).0, 200);
}

/// What may go wrong with one request.
fn any_fault() -> impl proptest::strategy::Strategy<Value = (&'static str, u8)> {
    let operations = [
        "token",
        "vm",
        "watchers",
        "list",
        "put",
        "get",
        "operation",
        "queryStatus",
        "status",
        "notify",
        "delete",
    ];
    (proptest::sample::select(operations.to_vec()), 0..6u8)
}

fn as_fault(operation: &str, kind: u8) -> Fault {
    let error = json!({"error": {"code": "Invented", "message": "as the test wills"}});
    match kind {
        0 => Fault::Lost,
        1 => Fault::Error(SendError::TimedOut),
        2 => Fault::Error(SendError::NotConnected("refused")),
        3 => Fault::Answer(429, error, Some("2")),
        5 if operation == "put" => Fault::Answer(409, error, None),
        _ => Fault::Answer(503, error, None),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(400))]

    /// Whatever fails, and whenever instances die: the alert ends in one capture or one failure, told once or more often.
    #[test]
    fn no_night_loses_an_alert_or_captures_twice(
        faults in proptest::collection::vec(any_fault(), 0..9),
        deaths in proptest::collection::vec(0..90u64, 0..6),
        limit in proptest::sample::select(vec!["1", "2", "10000"]),
    ) {
        let sim = Sim::new();
        sim.set("session_limit", limit);
        for (operation, kind) in &faults {
            fault(&sim, operation, as_fault(operation, *kind));
        }
        let (status, _) = send(&sim, alert(METRIC));
        proptest::prop_assert_eq!(status.as_u16(), 202);
        let mut reached = 0;
        for seconds in deaths {
            // An instance that takes a redelivery and a sweep, and dies after a while.
            let (app, world) = (sim.app(), sim.clone());
            sim.run(async move {
                answer(&app, alert(METRIC)).await;
                answer(&app, sweep()).await;
                world.sleep(Duration::from_secs(seconds)).await;
            });
            let states = ["accepted", "starting", "running", "ended", "reported"];
            let state = record(&sim)["state"].as_str().and_then(|s| states.iter().position(|x| *x == s)).unwrap();
            proptest::prop_assert!(state >= reached, "went back");
            reached = state;
        }
        sim.pass(60);
        send_all(&sim, sweep());
        let record = record(&sim);
        proptest::prop_assert_eq!(&record["state"], "reported", "{}", record);
        let sessions = sim.0.azure.borrow().sessions.len();
        proptest::prop_assert!(sessions <= 1);
        // What is called failed before it ran has left nothing running behind.
        proptest::prop_assert!(record["startedAt"].is_string() || sessions == 0, "{}", record);
        let told = sim.0.azure.borrow().told.clone();
        let last = if record["outcome"] == "captured" { "ended" } else { "failed" };
        proptest::prop_assert!(told.iter().any(|e| e["type"] == format!("alertcap.capture.{last}.v1")), "{}", record);
        proptest::prop_assert!(
            record["outcome"] == "failed" || record["stopReason"] == "TimeExceeded", "{}", record
        );
    }
}
