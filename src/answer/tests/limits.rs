//! As many sessions as are allowed, and more.

use serde_json::{Value, json};

use super::*;

#[test]
fn beyond_the_session_limit_nothing_stays_started() {
    // Unknown count: read beside the PUT, and the session taken back.
    let sim = Sim::new();
    sim.set("session_limit", "1");
    let first = String::from_utf8_lossy(METRIC).replace("web-01", "web-02").into_bytes();
    send_all(&sim, alert(&first));
    sim.0.azure.borrow_mut().told.clear();
    sim.0.store.borrow_mut().retain(|key, _| !key.starts_with("sessions."));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(status, 202);
    assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit", "{answer}");
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
    assert!(sim.0.azure.borrow().sessions.keys().all(|name| name.contains("web-02")));
    assert_eq!(sim.0.azure.borrow().told[0]["type"], "alertcap.capture.failed.v1");

    // Known count: nothing is started at all.
    sim.forget_requests();
    let third = String::from_utf8_lossy(METRIC).replace("02:00:13", "02:30:00").into_bytes();
    let (_, answer) = send_all(&sim, alert(&third));
    assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit");
    assert_eq!((sim.count("put"), sim.count("list")), (0, 1));
}

#[test]
fn of_captures_started_at_once_beyond_the_limit_the_first_few_stay() {
    let sim = Sim::new();
    sim.set("session_limit", "3");
    let app = sim.app();
    sim.run_all(async move {
        let bodies = (0..8).map(|n| String::from_utf8_lossy(METRIC).replace("web-01", &format!("web-{n}")));
        let requests = bodies.map(|body| answer(&app, alert(body.as_bytes())));
        futures_util::future::join_all(requests).await
    });
    assert_eq!(sim.0.azure.borrow().sessions.len(), 3);
}

#[test]
fn a_session_that_was_there_before_is_not_taken_back_at_the_limit() {
    let sim = Sim::new();
    sim.set("session_limit", "1");
    fault(&sim, "put", Fault::Lost);
    let app = sim.app();
    sim.run(async move { answer(&app, alert(METRIC)).await });
    // Meanwhile another one's session has been started too, and the count is known.
    let other = String::from_utf8_lossy(METRIC).replace("web-01", "web-00").into_bytes();
    send_all(&sim, alert(&other));
    sim.pass(30);
    send_all(&sim, sweep());
    let (_, list) = send(&sim, get("/api/captures"));
    let ours = list["captures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["name"].as_str().unwrap().contains("web-01"))
        .unwrap();
    assert_eq!(ours["outcome"], "captured", "{ours}");
}

/// A world with a limit of two sessions, evicting, in which two captures have ended; `n` more sessions are others'.
fn full(others: usize) -> Sim {
    let sim = Sim::new();
    sim.set("session_limit", &(2 + others).to_string());
    sim.set("on_limit", "evict");
    for minute in [10, 20] {
        send_all(&sim, alert(&metric("web-01", minute)));
    }
    let now = crate::platform::Clock::now(&sim);
    for n in 0..others {
        sim.0.azure.borrow_mut().put_by_others(&format!("a-{n}-20200101T000000Z-x"), now);
    }
    sim.0.azure.borrow_mut().deletion_seconds = 7;
    sim.forget_requests();
    sim
}

fn sessions(sim: &Sim) -> Vec<String> {
    sim.0.azure.borrow().sessions.keys().cloned().collect()
}

#[test]
fn at_the_limit_our_oldest_ended_session_makes_room_and_its_file_stays() {
    let sim = full(1);
    let before = sessions(&sim);
    let oldest = before.iter().find(|name| name.contains("T021013Z")).unwrap().clone();
    send_all(&sim, alert(&metric("web-01", 50)));
    let newest = records(&sim).remove(0);
    assert_eq!((&newest["outcome"], &newest["error"]), (&json!("captured"), &Value::Null), "{newest}");
    assert!(
        newest["history"].to_string().contains(&format!("ended sessions are deleted: {oldest}")),
        "{newest}"
    );
    assert!(!sessions(&sim).contains(&oldest));
    assert!(sessions(&sim).iter().any(|name| name.starts_with("a-0-")), "somebody else's stays");
    let (_, evicted) = send(&sim, get(&format!("/api/captures/{oldest}")));
    assert!(evicted["history"].to_string().contains("to make room"), "{evicted}");
    assert_eq!(evicted["state"], "reported");
}

#[test]
fn the_put_waits_until_the_deletion_has_ended() {
    let sim = full(0);
    send_all(&sim, alert(&metric("web-01", 50)));
    let sent = sim.0.sent.borrow();
    let deleted = sent.iter().find(|sent| sent.operation == "delete").unwrap().at;
    let put = sent.iter().find(|sent| sent.operation == "put").unwrap().at;
    assert!(put.since(deleted).as_secs() >= 7, "{:?}", put.since(deleted));
}

#[test]
fn a_running_capture_and_somebody_elses_session_are_never_evicted() {
    for running in [false, true] {
        let sim = Sim::new();
        sim.set("session_limit", "1");
        sim.set("on_limit", "evict");
        if running {
            sim.set("time_limit_seconds", "18000");
            // The first instance dies; its capture goes on at Azure.
            send(&sim, alert(&metric("web-02", 1)));
            sim.pass(60);
        } else {
            let now = crate::platform::Clock::now(&sim);
            sim.0.azure.borrow_mut().put_by_others("alertcap-web-09-20200101T000000Z-x", now);
        }
        let before = sessions(&sim);
        // The count is known: nothing is started.
        sim.0.store.borrow_mut().retain(|key, _| !key.starts_with("sessions."));
        let (_, answer) = send(&sim, alert(&metric("web-01", 50)));
        send_all(&sim, sweep());
        assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit", "{answer}");
        assert!(before.iter().all(|name| sessions(&sim).contains(name)), "{before:?}");
    }
}

#[test]
fn where_the_count_was_not_known_the_new_session_stays_if_ended_ones_make_room() {
    let sim = full(0);
    sim.0.store.borrow_mut().retain(|key, _| !key.starts_with("sessions."));
    send_all(&sim, alert(&metric("web-01", 50)));
    let newest = records(&sim).remove(0);
    assert_eq!((&newest["outcome"], sim.count("put")), (&json!("captured"), 1), "{newest}");
    assert!(sim.count("delete") >= 1);
}

#[test]
fn a_session_beyond_the_limit_is_taken_back_where_no_other_can_be_deleted() {
    let sim = full(0);
    let before = sessions(&sim);
    sim.0.store.borrow_mut().retain(|key, _| !key.starts_with("sessions."));
    fault(&sim, "delete", Fault::Answer(403, json!({"error": {"code": "Locked", "message": "no"}}), None));
    send_all(&sim, alert(&metric("web-01", 50)));
    let newest = records(&sim).remove(0);
    assert_eq!((&newest["outcome"], &newest["error"]["code"]), (&json!("failed"), &json!("sessionLimit")));
    send(&sim, get("/api/captures"));
    sim.pass(10);
    send(&sim, sweep());
    let azure = sim.0.azure.borrow();
    let now = crate::platform::Clock::now(&sim);
    let left = azure
        .sessions
        .iter()
        .filter(|(_, s)| s.gone_at.is_none_or(|at| at > now))
        .map(|(name, _)| name.clone());
    assert_eq!(left.collect::<Vec<_>>(), before);
}

#[test]
fn without_evict_nothing_is_deleted_for_another() {
    let sim = full(0);
    sim.set("on_limit", "fail");
    let (_, answer) = send_all(&sim, alert(&metric("web-01", 50)));
    assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit", "{answer}");
    assert_eq!(sim.count("delete"), 0);
    sim.set("on_limit", "perhaps");
    let (_, ready) = send(&sim, request(Method::GET, "/readyz", b""));
    assert_eq!(ready["problems"][0]["variable"], "on_limit");
}
