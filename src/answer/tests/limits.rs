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

fn refuse(sim: &Sim, operation: &str, status: u16) {
    fault(sim, operation, Fault::Answer(status, json!({"error": {"code": "Locked", "message": "no"}}), None));
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
    for _ in 0..2 {
        refuse(&sim, "delete", 403);
    }
    send_all(&sim, alert(&metric("web-01", 50)));
    let newest = records(&sim).remove(0);
    assert_eq!((&newest["outcome"], &newest["error"]["code"]), (&json!("failed"), &json!("sessionLimit")));
    assert!(newest["history"].to_string().contains("could not be deleted to make room"), "{newest}");
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
fn the_put_waits_for_a_deletion_whatever_the_names() {
    let sim = Sim::new();
    sim.set("session_limit", "2");
    sim.set("on_limit", "evict");
    for minute in [10, 20] {
        // Of a greater name than the new one.
        send_all(&sim, alert(&metric("web-77", minute)));
    }
    sim.0.azure.borrow_mut().deletion_seconds = 17;
    sim.forget_requests();
    send_all(&sim, alert(&metric("web-01", 50)));
    assert_eq!(records(&sim)[0]["outcome"], "captured");
    let sent = sim.0.sent.borrow();
    let at = |operation: &str| sent.iter().find(|sent| sent.operation == operation).unwrap().at;
    let waited = at("put").since(at("delete")).as_secs();
    assert!(waited >= 17, "{waited}");
}

#[test]
fn sessions_of_which_the_store_knows_nothing_do_not_keep_ours_from_being_evicted() {
    let sim = full(60);
    {
        let mut azure = sim.0.azure.borrow_mut();
        // Some that look as if they were ours, older than all that are.
        for n in 0..60 {
            let name = format!("alertcap-web-01-20260101T0000{n:02}Z-0123456789abcd");
            azure.put_by_others(&name, crate::platform::Clock::now(&sim));
        }
    }
    sim.set("session_limit", "122");
    send_all(&sim, alert(&metric("web-01", 50)));
    assert_eq!(records(&sim)[0]["outcome"], "captured", "{}", records(&sim)[0]);
    assert_eq!(sessions(&sim).iter().filter(|name| name.contains("20260101")).count(), 60);
}

#[test]
fn a_session_that_cannot_be_deleted_leaves_the_eviction_to_the_next() {
    for status in [403, 409] {
        let sim = full(0);
        refuse(&sim, "delete", status);
        send_all(&sim, alert(&metric("web-01", 50)));
        let newest = records(&sim).remove(0);
        assert_eq!((&newest["outcome"], sim.count("delete")), (&json!("captured"), 2), "{newest}");
        assert!(sessions(&sim).iter().any(|name| name.contains("T021013Z")), "the oldest stays");
    }
}

#[test]
fn of_more_sessions_than_can_be_tried_at_once_each_has_its_turn_where_they_cannot_be_deleted() {
    let sim = Sim::new();
    sim.set("session_limit", "70");
    sim.set("on_limit", "evict");
    for minute in 0..70 {
        send_all(&sim, alert(&metric("web-01", minute)));
    }
    sim.forget_requests();
    for minute in 90..100 {
        for _ in 0..50 {
            refuse(&sim, "delete", 409);
        }
        let (_, answer) = send_all(&sim, alert(&metric("web-01", minute)));
        assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit", "{answer}");
        assert!(sim.0.azure.borrow().faults["delete"].is_empty(), "fifty are tried");
    }
    let sent = sim.0.sent.borrow();
    let tried: std::collections::HashSet<_> =
        sent.iter().filter(|sent| sent.operation == "delete").map(|sent| &sent.url).collect();
    assert_eq!(tried.len(), 70);
}

#[test]
fn a_deletion_that_azure_is_too_busy_for_is_tried_again() {
    let sim = full(0);
    fault(&sim, "delete", Fault::Answer(503, Value::Null, None));
    send_all(&sim, alert(&metric("web-01", 50)));
    assert_eq!(records(&sim)[0]["outcome"], "captured", "{}", records(&sim)[0]);
    assert!(sessions(&sim).iter().all(|name| !name.contains("T021013Z")), "the oldest goes");
}

#[test]
fn a_session_whose_name_a_rule_gives_is_evicted_for_its_last_capture_only() {
    for machine in ["web-01", "db-01"] {
        let sim = Sim::new();
        sim.set("session_limit", "1");
        sim.set("on_limit", "evict");
        sim.set("rules", "[[rules]]\nname = \"n\"\nexact_name = \"nightly\"\non_conflict = \"replace\"");
        send_all(&sim, alert(METRIC));
        sim.set("rules", "");
        // Somebody may have made a session of the same name since, on another machine.
        for session in sim.0.azure.borrow_mut().sessions.values_mut() {
            session.target = session.target.replace("web-01", machine);
        }
        send_all(&sim, alert(&metric("web-02", 50)));
        let is_ours = machine == "web-01";
        let outcome = if is_ours { "captured" } else { "failed" };
        assert_eq!(records(&sim)[0]["outcome"], outcome, "{machine}");
        assert_eq!(sessions(&sim).contains(&"nightly".to_owned()), !is_ours, "{machine}");
    }
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
