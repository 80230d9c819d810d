//! What an operator does to a capture.

use serde_json::{Value, json};

use super::*;

fn delete(name: &str) -> Request<Whole> {
    request(Method::DELETE, &format!("/api/captures/{name}?code={OPERATOR_KEY}"), b"")
}

#[test]
fn an_operator_stops_a_running_capture_and_its_end_says_so() {
    for same_instance in [true, false] {
        let sim = Sim::new();
        sim.set("time_limit_seconds", "18000");
        let (app, world) = (sim.app(), sim.clone());
        let stopped = sim.run_all(async move {
            let taken = answer(&app, alert(METRIC)).await;
            let name = name(&serde_json::from_slice(taken.body()).unwrap());
            crate::platform::Clock::sleep(&world, std::time::Duration::from_secs(300)).await;
            let other = world.app();
            answer(if same_instance { &app } else { &other }, stop(&name)).await
        });
        assert_eq!(stopped.status(), 202);
        let record = record(&sim);
        assert_eq!((&record["stopReason"], &record["outcome"]), (&json!("Manual"), &json!("captured")));
        assert!(
            record["history"].to_string().contains("it was stopped: an operator asked for it"),
            "{record}"
        );
        let ended = record["endedAt"].as_str().unwrap();
        assert!(ended < "2026-11-22T02:07", "{ended}");
        assert_eq!(sim.count("stop"), 1);
    }
}

#[test]
fn one_that_has_ended_is_not_stopped_again_and_an_unknown_one_is_404() {
    let sim = Sim::new();
    let (_, taken) = send_all(&sim, alert(METRIC));
    let (status, record) = send_all(&sim, stop(&name(&taken)));
    assert_eq!((status.as_u16(), &record["state"], sim.count("stop")), (200, &json!("reported"), 0));
    assert_eq!(send(&sim, stop("nothing")).0, 404);
    assert_eq!(send(&sim, delete("nothing")).0, 404);
    for key in [WEBHOOK_KEY, SWEEP_KEY, "x"] {
        for (method, path) in [(Method::POST, "/api/captures/a/stop"), (Method::DELETE, "/api/captures/a")] {
            assert_eq!(send(&sim, request(method, &format!("{path}?code={key}"), b"")).0, 401);
        }
    }
}

#[test]
fn a_session_is_deleted_only_once_it_has_ended_and_the_record_stays() {
    let sim = Sim::new();
    let (_, taken) = send(&sim, alert(METRIC));
    let name = name(&taken);
    let (status, problem) = send(&sim, delete(&name));
    assert_eq!((status.as_u16(), sim.count("delete")), (409, 0));
    assert!(problem["detail"].as_str().unwrap().contains("/stop"), "{problem}");
    send_all(&sim, sweep());
    let (status, shown) = send(&sim, delete(&name));
    assert_eq!((status.as_u16(), sim.count("delete")), (202, 1));
    assert!(shown["history"].to_string().contains("an operator asked for it; its file stays"));
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(send(&sim, delete(&name)).0, 202, "again is no error");
}

#[test]
fn azures_reason_is_told_where_it_does_not_delete() {
    let sim = Sim::new();
    let (_, taken) = send_all(&sim, alert(METRIC));
    let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "no delete for you"}});
    fault(&sim, "delete", Fault::Answer(403, refusal, None));
    let (status, problem) = send(&sim, delete(&name(&taken)));
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("no delete for you"), "{problem}");
    assert!(!record(&sim)["history"].to_string().contains("was deleted"));
}

#[test]
fn a_capture_that_has_not_begun_is_called_off() {
    let sim = Sim::new();
    for _ in 0..3 {
        fault(&sim, "put", Fault::Answer(429, Value::Null, Some("60")));
    }
    let (_, taken) = send(&sim, alert(METRIC));
    let (status, _) = send_all(&sim, stop(&name(&taken)));
    assert_eq!(status, 202);
    assert_eq!((&record(&sim)["outcome"], sim.count("put")), (&json!("notTaken"), 1));
}

#[test]
fn a_stop_that_azure_is_too_busy_for_is_tried_again() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    let busy = json!({"error": {"code": "AnotherOperationInProgress", "message": "locked"}});
    for _ in 0..2 {
        fault(&sim, "stop", Fault::Answer(409, busy.clone(), None));
    }
    let (_, taken) = send(&sim, alert(METRIC));
    sim.pass(60);
    let name = name(&taken);
    let (app, world) = (sim.app(), sim.clone());
    sim.run_all(async move {
        answer(&app, sweep()).await;
        crate::platform::Clock::sleep(&world, std::time::Duration::from_secs(60)).await;
        answer(&app, stop(&name)).await
    });
    let record = record(&sim);
    assert_eq!((&record["stopReason"], sim.count("stop")), (&json!("Manual"), 3), "{record}");
    assert!(record["endedAt"].as_str().unwrap() < "2026-11-22T02:05", "{record}");
}

#[test]
fn a_stop_that_is_forbidden_leaves_the_capture_to_its_own_end() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "600");
    let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "no stop for you"}});
    for _ in 0..9 {
        fault(&sim, "stop", Fault::Answer(403, refusal.clone(), None));
    }
    let (_, taken) = send(&sim, alert(METRIC));
    sim.pass(60);
    send_all(&sim, stop(&name(&taken)));
    let record = record(&sim);
    assert_eq!(
        (&record["stopReason"], &record["error"], sim.count("stop")),
        (&json!("TimeExceeded"), &Value::Null, 1)
    );
    assert!(record["history"].to_string().contains("no stop for you"), "{record}");
}

/// Two captures of one name: the older is over, the newer runs.
fn replaced() -> (Sim, String) {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"n\"\nexact_name = \"nightly\"\non_conflict = \"replace\"");
    let (_, first) = send_all(&sim, alert(METRIC));
    sim.set("time_limit_seconds", "18000");
    let (app, world) = (sim.app(), sim.clone());
    sim.run(async move {
        answer(&app, alert(&metric("web-01", 30))).await;
        crate::platform::Clock::sleep(&world, std::time::Duration::from_secs(60)).await;
    });
    assert_eq!(records(&sim)[0]["state"], "running");
    sim.forget_requests();
    (sim, name(&first))
}

#[test]
fn a_session_whose_name_is_another_captures_by_now_is_not_deleted() {
    let (sim, older) = replaced();
    let newer = records(&sim)[0]["name"].as_str().unwrap().to_owned();
    let (status, problem) = send(&sim, delete(&older));
    assert_eq!((status.as_u16(), sim.count("delete")), (409, 0));
    assert!(problem["detail"].as_str().unwrap().contains(&format!("{newer}'s by now")), "{problem}");
}

#[test]
fn the_last_capture_of_a_name_can_have_its_session_deleted() {
    let (sim, _) = replaced();
    sim.pass(20_000);
    let newer = records(&sim)[0]["name"].as_str().unwrap().to_owned();
    send_all(&sim, sweep());
    assert_eq!((send(&sim, delete(&newer)).0.as_u16(), sim.count("delete")), (202, 1));
}
