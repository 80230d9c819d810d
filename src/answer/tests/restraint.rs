//! Cool-downs, budgets and bounds: what they hold back, and what is spent.

use std::time::Duration;

use super::*;
use crate::{app::App, platform::Clock};

fn limited(rules: &str) -> Sim {
    let sim = Sim::new();
    sim.set("rules", rules);
    sim
}

/// Answers all of these at once, the instances in turn, and lets them live until all is done.
fn send_at_once(sim: &Sim, instances: usize, bodies: Vec<Vec<u8>>) -> Vec<(StatusCode, Value)> {
    let apps: Vec<App<Sim>> = (0..instances).map(|_| sim.app()).collect();
    let answers = sim.run_all(async move {
        let requests = bodies.iter().zip(apps.iter().cycle()).map(|(body, app)| answer(app, alert(body)));
        futures_util::future::join_all(requests).await
    });
    answers.into_iter().map(|a| (a.status(), serde_json::from_slice(a.body()).unwrap())).collect()
}

fn storm(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|n| metric(&format!("web-{n:02}"), 0)).collect()
}

fn assert_exactly(sim: &Sim, answers: &[(StatusCode, Value)], captured: usize) {
    assert_eq!(sim.count("put"), captured);
    assert_eq!(answers.iter().filter(|(status, _)| *status == 202).count(), captured);
    for (_, answer) in answers.iter().filter(|(status, _)| *status == 200) {
        assert_eq!(answer["reason"], "heldBack", "{answer}");
        let held_back = &answer["captures"][0]["heldBack"];
        assert_eq!(held_back["reason"], "budget", "{answer}");
        assert!(held_back["until"].is_string());
    }
    let records = records(sim);
    assert_eq!(records.len(), answers.len(), "each is written down");
    let held_back = records.iter().filter(|record| record["outcome"] == "heldBack").count();
    assert_eq!(held_back, answers.len() - captured);
}

#[test]
fn thirty_alerts_at_once_with_a_budget_of_five_are_five_captures() {
    for takes in [0, 3, 20] {
        let sim = limited("[limits]\ncaptures_per_hour = 5");
        sim.0.store_takes.set(Duration::from_millis(takes));
        let answers = send_at_once(&sim, 1, storm(30));
        sim.0.store_takes.set(Duration::ZERO);
        assert_exactly(&sim, &answers, 5);
    }
}

#[test]
fn thirty_alerts_at_once_on_four_instances_with_a_budget_of_five_are_five_captures() {
    for takes in [1, 7, 20, 45] {
        let sim = limited("[limits]\ncaptures_per_hour = 5\ncaptures_at_once = 100");
        sim.0.store_takes.set(Duration::from_millis(takes));
        let answers = send_at_once(&sim, 4, storm(30));
        sim.0.store_takes.set(Duration::ZERO);
        assert_exactly(&sim, &answers, 5);
    }
}

#[test]
fn a_budget_holds_while_a_store_is_now_quick_and_now_slow() {
    for seed in 0..6 {
        let sim = limited("[limits]\ncaptures_per_hour = 5");
        sim.0.store_takes.set(Duration::from_millis(seed));
        sim.0.store_varies.set(Duration::from_millis(18));
        let answers = send_at_once(&sim, 4, storm(20));
        sim.0.store_takes.set(Duration::ZERO);
        sim.0.store_varies.set(Duration::ZERO);
        assert_exactly(&sim, &answers, 5);
    }
}

#[test]
fn so_many_at_once_on_four_instances_even_while_others_end() {
    for seed in 0..6 {
        let sim = limited("[limits]\ncaptures_at_once = 12");
        let first: Vec<Vec<u8>> = (0..12).map(|n| metric(&format!("db-{n}"), 0)).collect();
        send_at_once(&sim, 1, first);
        sim.forget_requests();
        // Those have ended, and the ledger does not know it yet: each instance looks, and writes what it saw.
        sim.0.store_takes.set(Duration::from_millis(seed));
        sim.0.store_varies.set(Duration::from_millis(18));
        let answers = send_at_once(&sim, 4, storm(30));
        sim.0.store_takes.set(Duration::ZERO);
        sim.0.store_varies.set(Duration::ZERO);
        assert_eq!(sim.count("put"), 12);
        assert_eq!(answers.iter().filter(|(status, _)| *status == 202).count(), 12);
    }
}

#[test]
fn who_looks_for_long_what_has_ended_forgets_nothing_that_was_admitted_meanwhile() {
    for millis in (80..240).step_by(40) {
        let sim = limited(
            "[[rules]]\nname = \"db\"\nmatch.target = \"*db-*\"\ncaptures_at_once = 40\n[[rules]]\nname = \"web\"\ncool_down = \"1h\"",
        );
        send_at_once(&sim, 1, (0..40).map(|n| metric(&format!("db-{n:02}"), 0)).collect());
        sim.0.store_takes.set(Duration::from_millis(20));
        let (one, two, world) = (sim.app(), sim.app(), sim.clone());
        sim.run_all(async move {
            let (db, web) = (metric("db-50", 1), metric("web-01", 1));
            let later = async {
                world.sleep(Duration::from_millis(millis)).await;
                answer(&two, alert(&web)).await
            };
            futures_util::future::join(answer(&one, alert(&db)), later).await
        });
        sim.0.store_takes.set(Duration::ZERO);
        let (_, answer) = send_all(&sim, alert(&metric("web-01", 5)));
        assert_eq!(answer["reason"], "heldBack", "{millis} ms: {answer}");
    }
}

#[test]
fn duplicates_and_refused_alerts_spend_nothing() {
    let sim = limited("[limits]\ncaptures_per_hour = 2");
    for _ in 0..5 {
        assert_eq!(send_all(&sim, alert(METRIC)).0, 202);
    }
    send(&sim, request(Method::POST, "/api/alerts?code=wrong", &metric("web-05", 1)));
    send(&sim, alert(b"{}"));
    send_all(&sim, alert(&metric("web-02", 1)));
    let (status, answer) = send_all(&sim, alert(&metric("web-03", 2)));
    assert_eq!((status.as_u16(), answer["reason"].as_str()), (200, Some("heldBack")), "{answer}");
    assert_eq!(sim.count("put"), 2);
}

#[test]
fn alerts_that_are_too_old_spend_nothing_and_are_told_so() {
    let sim = limited("[limits]\ncaptures_per_hour = 1\nmax_alert_age = \"5m\"");
    sim.pass(600);
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), answer["reason"].as_str()), (200, Some("tooOld")));
    assert!(!sim.0.store.borrow().contains_key("ledger"));
    assert_eq!(send_all(&sim, alert(&metric("web-01", 10))).0, 202);
}

#[test]
fn a_store_that_fails_spends_nothing() {
    let sim = limited("[limits]\ncaptures_per_hour = 1");
    sim.0.store_fails.set(true);
    assert_eq!(send(&sim, alert(METRIC)).0, 503);
    sim.0.store_fails.set(false);
    // The ledger is written, and then the record is not.
    sim.0.store_refuses.set(Some("open."));
    assert_eq!(send_all(&sim, alert(METRIC)).0, 503);
    sim.0.store_refuses.set(None);
    assert_eq!(send_all(&sim, alert(&metric("web-02", 1))).0, 202, "another one may be taken");
    let (status, _) = send_all(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), sim.count("put")), (200, 1), "and then its place is gone");
}

#[test]
fn an_alert_held_back_is_judged_anew_when_its_time_has_come_and_keeps_its_name() {
    let sim = limited("[limits]\ncool_down = \"10m\"");
    send_all(&sim, alert(METRIC));
    let (status, held) = send_all(&sim, alert(&metric("web-01", 1)));
    let held = &held["captures"][0];
    assert_eq!((status.as_u16(), held["heldBack"]["reason"].as_str()), (200, Some("coolDown")));
    let (status, again) = send_all(&sim, alert(&metric("web-01", 1)));
    assert_eq!((status.as_u16(), again["captures"][0]["duplicate"].as_bool()), (200, Some(true)));
    assert_eq!(again["captures"][0]["heldBack"], held["heldBack"], "until the same time");
    assert_eq!(sim.count("put"), 1);
    sim.pass(600);
    let (status, taken) = send_all(&sim, alert(&metric("web-01", 1)));
    assert_eq!((status.as_u16(), &taken["captures"][0]["name"]), (202, &held["name"]));
    assert_eq!(outcomes(&records(&sim)), ["captured", "captured"]);
}

#[test]
fn a_cool_down_survives_the_instance_and_is_in_the_answer_the_log_and_the_record() {
    let sim = limited("[[rules]]\nname = \"Web\"\ncool_down = \"30m\"");
    send_all(&sim, alert(METRIC));
    sim.0.log.borrow_mut().clear();
    let (_, answer) = send_all(&sim, alert(&metric("web-01", 1)));
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains("the rule \"web\"") && detail.contains("1800 s"), "{detail}");
    let log = sim.0.log.borrow().join("\n");
    assert!(
        log.contains("a capture is held back") && log.contains("\"until\":\"2026-11-22T02:30:20"),
        "{log}"
    );
    let record = &records(&sim)[0];
    assert_eq!(
        (record["outcome"].as_str(), &record["heldBack"]["until"]),
        (Some("heldBack"), &answer["captures"][0]["heldBack"]["until"])
    );
    assert!(record["history"].to_string().contains("held back until 2026-11-22T02:30:20"), "{record}");
    assert_eq!(sim.0.azure.borrow().told.len(), 2, "nobody is woken for it");
    assert_eq!(send_all(&sim, alert(&metric("web-02", 1))).0, 202, "another machine is free");
}

#[test]
fn without_limits_there_is_no_ledger() {
    let sim = limited("[[rules]]\nname = \"all\"\ntime_limit_seconds = 30");
    send_all(&sim, alert(METRIC));
    assert!(!sim.0.writes.borrow().contains(&"ledger".to_owned()));
}

#[test]
fn a_capture_whose_start_is_put_off_for_long_still_counts_as_one_at_once() {
    let sim = limited("[limits]\ncaptures_at_once = 1");
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    for _ in 0..3 {
        fault(&sim, "put", Fault::Answer(429, busy.clone(), Some("120")));
    }
    let app = sim.app();
    let world = sim.clone();
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        // 60 s and provisioning are over, and it has only just been started.
        world.sleep(Duration::from_secs(365)).await;
        let late = answer(&app, alert(&metric("web-02", 1))).await;
        assert_eq!(late.status(), 200, "{:?}", late.body());
    });
    assert_eq!(sim.count("put"), 4);
}

#[test]
fn machines_behind_something_are_held_back_one_by_one_and_asked_for_again_when_their_time_has_come() {
    let sim = limited("[limits]\ncaptures_per_hour = 1");
    let group = format!("{}/resourceGroups/rg-shop/providers", crate::testing::SUBSCRIPTION);
    let machine = |name: &str| json!({"id": format!("{group}/Microsoft.Compute/virtualMachines/{name}")});
    for name in ["web-01", "web-02"] {
        let nic = json!({"properties": {"virtualMachine": machine(name)}});
        sim.0.azure.borrow_mut().network.insert(name.to_owned(), nic);
    }
    let nics = ["web-01", "web-02"].map(|n| format!("{group}/Microsoft.Network/networkInterfaces/{n}"));
    let mut body: Value = serde_json::from_slice(METRIC).unwrap();
    body["data"]["essentials"]["alertTargetIDs"] = json!(nics);
    let body = body.to_string().into_bytes();
    let (status, answer) = send_all(&sim, alert(&body));
    assert_eq!((status.as_u16(), sim.count("put")), (202, 1));
    assert_eq!(answer["captures"][1]["heldBack"]["reason"], "budget", "{answer}");
    let looked = records(&sim).into_iter().find(|r| r["outcome"] == "lookedUp").unwrap();
    assert!(looked["history"].to_string().contains("led to 2 captures, 1 held back"), "{looked}");
    assert!(looked.get("askAgainAt").is_none(), "that is for drivers");
    sim.pass(3_600);
    let (status, answer) = send_all(&sim, alert(&body));
    assert_eq!((status.as_u16(), sim.count("put")), (202, 2), "{answer}");
}

#[test]
fn a_capture_that_azure_never_took_spends_nothing_and_cools_nothing_down() {
    let sim = Sim::new();
    sim.set("rules", "[limits]\ncaptures_per_hour = 1\n[[rules]]\nname = \"x\"\ncool_down = \"1h\"\n");
    let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "may not"}});
    fault(&sim, "put", Fault::Answer(403, refusal, None));
    let (_, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(answer["captures"][0]["error"]["code"], "AuthorizationFailed", "{answer}");
    let next = String::from_utf8_lossy(METRIC).replace("02:00:13", "02:03:00").into_bytes();
    assert_eq!(send_all(&sim, alert(&next)).0, 202);
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
}

#[test]
fn a_record_of_what_was_held_back_stands_until_the_capture_is_written_down() {
    let sim = limited("[limits]\ncool_down = \"10m\"");
    send_all(&sim, alert(METRIC));
    let (_, held) = send_all(&sim, alert(&metric("web-01", 1)));
    let name = held["captures"][0]["name"].as_str().unwrap();
    sim.pass(600);
    sim.0.store_refuses.set(Some("open."));
    assert_eq!(send_all(&sim, alert(&metric("web-01", 1))).0, 503);
    let (status, record) = send(&sim, get(&format!("/api/captures/{name}")));
    assert_eq!((status.as_u16(), record["outcome"].as_str()), (200, Some("heldBack")));
    // Nothing was promised, so nothing is spent.
    sim.0.store_refuses.set(None);
    assert_eq!(send_all(&sim, alert(&metric("web-01", 2))).0, 202);
}

#[test]
fn a_sweep_that_still_sees_what_was_held_back_does_not_remove_the_capture_that_is_taken_now() {
    let sim = limited("[limits]\ncool_down = \"10m\"");
    send_all(&sim, alert(METRIC));
    let (_, held) = send_all(&sim, alert(&metric("web-01", 1)));
    let name = held["captures"][0]["name"].as_str().unwrap();
    let (open, done) = (format!("open.{name}"), format!("done.{name}"));
    let before = sim.0.store.borrow()[&done].clone();
    sim.pass(600);
    send(&sim, alert(&metric("web-01", 1)));
    assert!(sim.0.store.borrow().contains_key(&open) && !sim.0.store.borrow().contains_key(&done));
    // A replica that lags shows the one beside the other.
    sim.0.store.borrow_mut().insert(done.clone(), before);
    send(&sim, sweep());
    assert!(sim.0.store.borrow().contains_key(&open));
}
