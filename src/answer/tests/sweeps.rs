//! The sweep: what it does, what it says, what it leaves; and what is said where nobody calls it.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::platform::Clock;

/// Alerts of so many machines whose instances die right after the answer.
fn open(sim: &Sim, count: usize) {
    for n in 0..count {
        assert_eq!(send(sim, alert(&metric(&format!("web-{n:03}"), 5))).0, 202);
    }
}

/// Alerts of that day, of so many machines, whose instances die right after the answer.
fn open_at(sim: &Sim, count: usize, day: &str) {
    for n in 0..count {
        let body = String::from_utf8_lossy(&metric(&format!("web-{n:03}"), 5)).replace("2026-11-22", day);
        assert_eq!(send(sim, alert(body.as_bytes())).0, 202);
    }
}

/// So many captures that have been over for longer than records are kept, and whose sessions go with them.
fn old_with_sessions(sim: &Sim, count: u32) {
    sim.set("history_days", "1");
    sim.set("on_limit", "evict");
    for minute in 0..count {
        send_all(sim, alert(&metric("web-01", minute)));
    }
    sim.pass(3 * 86_400);
}

fn refuse_deletions(sim: &Sim, status: u16, count: usize) {
    sim.0.azure.borrow_mut().faults.clear();
    for _ in 0..count {
        let refusal = json!({"error": {"code": "No", "message": "no"}});
        fault(sim, "delete", Fault::Answer(status, refusal, None));
    }
}

fn ready(sim: &Sim) -> Value {
    let (status, ready) = send(sim, request(Method::GET, "/readyz", b""));
    assert_eq!(status, 200, "{ready}");
    ready
}

#[test]
fn a_sweep_says_what_it_did_and_what_remains() {
    let sim = Sim::new();
    open(&sim, 3);
    sim.pass(30);
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["open"], &swept["moved"], &swept["reported"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(swept["stillOpen"], 3);
    let first = &swept["remaining"][0];
    assert_eq!(first["state"], "running");
    assert!(first["nextStepAt"].as_str().unwrap() > "2026-11-22T02:01", "{first}");
    let (_, again) = send(&sim, sweep());
    assert_eq!((&again["moved"], &again["stillOpen"]), (&json!(0), &json!(3)), "nothing is due");
    sim.pass(120);
    let mut reported = 0;
    for _ in 0..3 {
        let (_, swept) = send(&sim, sweep());
        reported += swept["reported"].as_u64().unwrap();
        sim.pass(5);
    }
    assert_eq!(reported, 3);
}

#[test]
fn a_sweep_moves_fifty_and_the_next_one_the_others() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "600");
    open(&sim, 70);
    // What a sweep in passing has claimed and not done is free again by then.
    sim.pass(90);
    let running = |sim: &Sim| records(sim).iter().filter(|record| record["state"] == "running").count();
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["open"], &swept["moved"], running(&sim)), (&json!(70), &json!(50), 50));
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["moved"], running(&sim)), (&json!(20), 70));
}

#[test]
fn of_more_captures_than_a_sweep_can_read_each_has_its_turn() {
    let sim = Sim::new();
    sim.set("notify_url", "");
    let (_, taken) = send(&sim, alert(METRIC));
    let name = taken["captures"][0]["name"].as_str().unwrap().to_owned();
    let value = sim.0.store.borrow()[&format!("open.{name}")].clone();
    let stopped = String::from_utf8(value).unwrap().replace("\"starting\"", "\"ended\"");
    for n in 0..600 {
        let other = name.replace("web-01", &format!("web-{n:03}"));
        let copy = stopped.replace(&name, &other);
        sim.0.store.borrow_mut().insert(format!("open.{other}"), copy.into_bytes());
    }
    let mut reported = 0;
    for _ in 0..60 {
        let (_, swept) = send(&sim, sweep());
        assert!(
            swept["moved"].as_u64().unwrap() <= 50 && swept["remaining"].as_array().unwrap().len() <= 100
        );
        reported += swept["reported"].as_u64().unwrap();
    }
    assert!(reported >= 600, "{reported}");
}

#[test]
fn an_answer_does_not_wait_for_a_step_that_hangs() {
    let sim = Sim::new();
    old_with_sessions(&sim, 2);
    open_at(&sim, 2, "2026-11-25");
    sim.pass(30);
    for _ in 0..9 {
        fault(&sim, "operation", Fault::Error(SendError::TimedOut));
        fault(&sim, "get", Fault::Error(SendError::TimedOut));
        fault(&sim, "delete", Fault::Error(SendError::TimedOut));
    }
    let begin = sim.now();
    let (status, swept) = send(&sim, sweep());
    let took = sim.now().since(begin);
    assert_eq!((status.as_u16(), &swept["stillOpen"]), (200, &json!(2)));
    assert!(took <= Duration::from_secs(22), "{took:?}");
}

#[test]
fn an_answer_does_not_wait_for_a_slow_store_or_for_deletions_that_hang() {
    for millis in [300, 1_500, 5_000, 30_000] {
        let sim = Sim::new();
        old_with_sessions(&sim, 8);
        open_at(&sim, 30, "2026-11-25");
        sim.pass(90);
        for _ in 0..90 {
            fault(&sim, "delete", Fault::Error(SendError::TimedOut));
        }
        sim.0.store_takes.set(Duration::from_millis(millis));
        let begin = sim.now();
        let (status, swept) = send(&sim, sweep());
        let took = sim.now().since(begin);
        assert!(took <= Duration::from_secs(22), "{took:?} {swept}");
        assert_eq!(status.as_u16(), if millis < 10_000 { 200 } else { 503 }, "{swept}");
        assert!(millis > 300 || swept["moved"].as_u64() > Some(8), "{swept}");
        let is_read = swept["remaining"].as_array().is_some_and(|remaining| !remaining.is_empty());
        assert!(is_read || millis > 1_500, "{swept}");
        assert!(millis > 5_000 || swept["stillOpen"] == 30, "{swept}");
    }
}

#[test]
fn a_sweep_whose_deletions_hang_says_in_time_what_it_did_before() {
    let sim = Sim::new();
    old_with_sessions(&sim, 8);
    sim.0.store_takes.set(Duration::from_millis(1_500));
    for _ in 0..90 {
        fault(&sim, "delete", Fault::Error(SendError::TimedOut));
    }
    let begin = sim.now();
    let (status, swept) = send(&sim, sweep());
    let took = sim.now().since(begin);
    assert_eq!((status.as_u16(), &swept["removed"]), (200, &json!(0)));
    assert!((20..=22).contains(&took.as_secs()) && sim.count("delete") > 0, "{took:?}");
}

#[test]
fn a_record_is_moved_where_a_step_was_taken_and_not_where_one_was_only_due() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "600");
    open(&sim, 3);
    sim.pass(90);
    let name = |n: usize| records(&sim)[n]["name"].as_str().unwrap().to_owned();
    let held = [name(0), name(1)];
    let app = sim.app();
    // Two of them are in this instance's hand already.
    let swept = sim.run(async move {
        let _hands = held.map(|name| app.memory.take_in_hand(&name).unwrap());
        answer(&app, sweep()).await
    });
    let swept: Value = serde_json::from_slice(swept.body()).unwrap();
    assert_eq!((&swept["open"], &swept["moved"]), (&json!(3), &json!(1)), "{swept}");
}

#[test]
fn records_are_removed_after_history_days_and_not_before() {
    let sim = Sim::new();
    sim.set("history_days", "7");
    send_all(&sim, alert(&metric("web-01", 1)));
    sim.pass(4 * 86_400);
    send_all(&sim, alert(&metric("web-02", 2)));
    let (_, swept) = send(&sim, sweep());
    assert_eq!(
        (&swept["removed"], records(&sim).len()),
        (&json!(0), 2),
        "one is young, though its alert is old"
    );
    sim.pass(4 * 86_400);
    let (_, swept) = send(&sim, sweep());
    assert_eq!(swept["removed"], 1);
    assert_eq!(record(&sim)["target"].as_str().unwrap().rsplit('/').next(), Some("web-02"));
    assert_eq!((sim.0.azure.borrow().sessions.len(), sim.count("delete")), (2, 0), "sessions are left alone");
}

#[test]
fn a_record_is_not_removed_while_a_late_driver_s_copy_would_be_taken_for_an_open_capture() {
    let sim = Sim::new();
    sim.set("history_days", "1");
    send(&sim, alert(METRIC));
    let name = record(&sim)["name"].as_str().unwrap().to_owned();
    let late = sim.0.store.borrow()[&format!("open.{name}")].clone();
    send_all(&sim, sweep());
    let done = sim.0.store.borrow()[&format!("done.{name}")].clone();
    // More than one sweep tidies.
    for n in 0..80 {
        let other = name.replace("web-01", &format!("web-{n:03}"));
        for (kind, value) in [("open", &late), ("done", &done)] {
            let value = String::from_utf8_lossy(value).replace(&name, &other);
            sim.0.store.borrow_mut().insert(format!("{kind}.{other}"), value.into_bytes());
        }
    }
    sim.pass(5 * 86_400);
    for _ in 0..9 {
        send(&sim, sweep());
        let store = sim.0.store.borrow();
        let alone = store.keys().filter(|key| {
            key.strip_prefix("open.").is_some_and(|name| !store.contains_key(&format!("done.{name}")))
        });
        assert_eq!(alone.count(), 0);
    }
    assert_eq!(records(&sim).len(), 0);
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn with_evict_a_session_goes_with_its_record_or_the_record_stays() {
    let sim = Sim::new();
    sim.set("history_days", "1");
    sim.set("on_limit", "evict");
    send_all(&sim, alert(METRIC));
    sim.pass(3 * 86_400);
    fault(&sim, "delete", Fault::Answer(503, Value::Null, None));
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["removed"], records(&sim).len()), (&json!(0), 1));
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["removed"], records(&sim).len()), (&json!(1), 0));
    send(&sim, get("/api/captures"));
    let now = sim.now();
    assert!(
        sim.0.azure.borrow().sessions.values().all(|session| session.gone_at.is_some_and(|at| at <= now))
    );
}

#[test]
fn a_record_whose_session_azure_will_never_delete_is_removed_all_the_same() {
    let sim = Sim::new();
    old_with_sessions(&sim, 52);
    refuse_deletions(&sim, 403, 52);
    let removed = [(); 3].map(|()| send(&sim, sweep()).1["removed"].clone());
    assert_eq!((removed, sim.count("delete")), ([json!(50), json!(2), json!(0)], 52));
    let log = sim.0.log.borrow();
    assert_eq!(log.iter().filter(|line| line.contains("could not be deleted and stays")).count(), 52);
}

#[test]
fn a_session_in_use_keeps_its_record_for_a_week_and_not_for_ever() {
    for status in [409, 503] {
        let sim = Sim::new();
        old_with_sessions(&sim, 1);
        let may_pass_for_ever = status == 503;
        for (days, left) in [(0, 1), (4, 1), (3, usize::from(may_pass_for_ever))] {
            sim.pass(days * 86_400);
            refuse_deletions(&sim, status, 1);
            send(&sim, sweep());
            assert_eq!(records(&sim).len(), left, "{status}, {days} days later");
        }
    }
}

#[test]
fn a_sweep_gives_up_deleting_after_a_few_failures_and_begins_elsewhere_next_time() {
    let sim = Sim::new();
    old_with_sessions(&sim, 40);
    sim.forget_requests();
    for _ in 0..40 {
        refuse_deletions(&sim, 503, 40);
        let before = sim.count("delete");
        send(&sim, sweep());
        assert!(sim.count("delete") - before <= 6, "{}", sim.count("delete") - before);
    }
    let sent = sim.0.sent.borrow();
    let tried: std::collections::HashSet<_> =
        sent.iter().filter(|sent| sent.operation == "delete").map(|sent| &sent.url).collect();
    assert_eq!(tried.len(), 40);
}

#[test]
fn an_old_record_goes_without_the_session_whose_name_is_another_captures_by_now() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"n\"\nexact_name = \"nightly\"\non_conflict = \"replace\"");
    sim.set("on_limit", "evict");
    sim.set("history_days", "7");
    send_all(&sim, alert(METRIC));
    sim.pass(8 * 86_400);
    sim.set("time_limit_seconds", "18000");
    let body = String::from_utf8_lossy(METRIC).replace("2026-11-22", "2026-11-30").into_bytes();
    let (app, world) = (sim.app(), sim.clone());
    sim.run(async move {
        answer(&app, alert(&body)).await;
        world.sleep(Duration::from_secs(60)).await;
    });
    assert_eq!((sim.count("put"), records(&sim).len()), (2, 2));
    sim.forget_requests();
    let (_, swept) = send(&sim, sweep());
    assert_eq!((&swept["removed"], sim.count("delete")), (&json!(1), 0));
    assert_eq!(record(&sim)["state"], "running");
}

#[test]
fn hints_that_are_too_old_to_be_used_are_removed() {
    let sim = Sim::new();
    send_all(&sim, alert(METRIC));
    let hints = |sim: &Sim| {
        let store = sim.0.store.borrow();
        store.keys().filter(|key| key.starts_with("place.") || key.starts_with("sessions.")).count()
    };
    send(&sim, sweep());
    assert_eq!(hints(&sim), 2);
    sim.pass(3 * 86_400);
    send(&sim, sweep());
    assert_eq!(hints(&sim), 0);
}

#[test]
fn a_sweep_that_nobody_calls_is_missed_at_readyz_in_the_log_and_in_the_next_report() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "1800");
    send_all(&sim, alert(METRIC));
    let words = "Nobody has ever called the sweep";
    assert!(ready(&sim)["warnings"][0].as_str().unwrap().starts_with(words));
    assert!(sim.0.log.borrow().iter().any(|line| line.contains(words)));
    let told = sim.0.azure.borrow().told.clone();
    assert!(!told[0].to_string().contains(words), "it had only just begun");
    assert!(told[1].to_string().contains(words), "{}", told[1]);
    send(&sim, sweep());
    assert_eq!(ready(&sim), all_is_well());
}

#[test]
fn a_sweep_that_is_called_is_not_missed() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "3600");
    let (app, world) = (sim.app(), sim.clone());
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        for _ in 0..70 {
            world.sleep(Duration::from_mins(1)).await;
            answer(&app, sweep()).await;
        }
    });
    assert_eq!(record(&sim)["outcome"], "captured");
    assert_eq!(ready(&sim), all_is_well());
    assert!(!sim.0.log.borrow().iter().any(|line| line.contains("Nobody")));
    assert!(record(&sim)["notes"].is_null());
    let writes = sim.0.writes.borrow().iter().filter(|key| *key == "attendance").count();
    assert!(writes <= 70, "{writes}");
}

#[test]
fn captures_that_wait_for_nobody_are_missed_by_the_sweep_in_passing() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    send(&sim, alert(METRIC));
    sim.pass(3_600);
    let (app, world) = (sim.app(), sim.clone());
    sim.run(async move {
        answer(&app, alert(&metric("web-02", 61))).await;
        world.sleep(Duration::from_secs(5)).await;
    });
    assert!(ready(&sim)["warnings"][0].as_str().unwrap().contains("README"));
}

#[test]
fn a_capture_that_nobody_follows_is_missed_at_readyz_without_any_request_about_it() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    // Its instance dies.
    send(&sim, alert(METRIC));
    sim.pass(600);
    assert_eq!(ready(&sim), all_is_well(), "it is young");
    sim.pass(3_000);
    for _ in 0..2 {
        let warnings = ready(&sim)["warnings"].clone();
        assert!(warnings[0].as_str().unwrap().starts_with("Nobody has ever called the sweep"), "{warnings}");
    }
    send(&sim, sweep());
    assert_eq!(ready(&sim), all_is_well());
    // The schedule breaks off.
    sim.pass(1_200);
    let warnings = ready(&sim)["warnings"].clone();
    assert!(warnings[0].as_str().unwrap().starts_with("Nobody has called the sweep since"), "{warnings}");
}

#[test]
fn an_alert_that_came_late_is_no_reason_to_miss_the_sweep() {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    sim.pass(3_600);
    send(&sim, alert(METRIC));
    assert_eq!(ready(&sim), all_is_well());
}

#[test]
fn readyz_lists_the_keys_at_most_every_thirty_seconds_and_not_at_all_where_the_sweep_is_called() {
    let lists = |calls_sweep: bool| {
        let sim = Sim::new();
        sim.set("time_limit_seconds", "18000");
        send(&sim, alert(METRIC));
        sim.pass(3_600);
        if calls_sweep {
            send(&sim, sweep());
        }
        sim.0.lists.set(0);
        // What is open by then is not to be warned of: a warning is kept, and nothing is looked for again.
        sim.0.store.borrow_mut().retain(|key, _| !key.starts_with("open."));
        let (app, world) = (sim.app(), sim.clone());
        sim.run(async move {
            for _ in 0..60 {
                answer(&app, request(Method::GET, "/readyz", b"")).await;
                world.sleep(Duration::from_secs(2)).await;
            }
        });
        sim.0.lists.get()
    };
    assert_eq!((lists(false), lists(true)), (4, 0));
}

/// `/readyz`, when there is nothing to warn of.
fn all_is_well() -> Value {
    json!({"status": "ready", "credential": "client secret", "cloud": "custom"})
}
