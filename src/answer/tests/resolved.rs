//! An alert's end: captures that it stops, and what fires after it.

use std::time::Duration;

use super::*;
use crate::{app::App, platform::Clock};

const RESOLVED: &[u8] = include_bytes!("../../../tests/fixtures/metric-resolved.json");
const STOPS: &str = "[[rules]]\nname = \"while it lasts\"\nstop_on_resolve = true\ntime_limit_seconds = 3600";

fn stopping() -> Sim {
    let sim = Sim::new();
    sim.set("rules", STOPS);
    sim
}

/// The alert, its end after so many seconds in the same instance, and all that follows. The answer to its end.
fn fired_and_resolved_after(sim: &Sim, seconds: u64) -> Value {
    let (app, world) = (sim.app(), sim.clone());
    let response = sim.run_all(async move {
        let app: &App<Sim> = &app;
        let fired = answer(app, alert(METRIC));
        let resolved = async {
            world.sleep(Duration::from_secs(seconds)).await;
            answer(app, alert(RESOLVED)).await
        };
        futures_util::future::join(fired, resolved).await.1
    });
    assert_eq!(response.status(), 200);
    serde_json::from_slice(response.body()).unwrap()
}

/// How long it captured.
fn took(record: &Value) -> Duration {
    let at = |field: &str| record[field].as_str().unwrap().parse::<crate::time::Timestamp>().unwrap();
    at("endedAt").since(at("startedAt"))
}

fn prometheus(condition: &str, minute: u32) -> Vec<u8> {
    let fixture = include_str!("../../../tests/fixtures/prometheus-fired.json");
    let body = fixture.replace("02:10:02", &format!("02:{minute:02}:02"));
    let body = body.replace("\"nodename\": \"web-01\"", &format!("\"_ResourceId\": \"{}/resourceGroups/rg-shop/providers/Microsoft.Compute/virtualMachines/web-01\"", crate::testing::SUBSCRIPTION));
    body.replace("Fired", condition).into_bytes()
}

#[test]
fn a_running_capture_is_stopped_when_its_alert_resolves() {
    for (same_instance, seconds) in [(true, 300), (false, 20)] {
        let sim = stopping();
        let answer = if same_instance {
            fired_and_resolved_after(&sim, seconds)
        } else {
            let (app, world) = (sim.app(), sim.clone());
            sim.run(async move {
                answer(&app, alert(METRIC)).await;
                world.sleep(Duration::from_secs(seconds)).await;
            });
            send_all(&sim, alert(RESOLVED)).1
        };
        let record = record(&sim);
        assert_eq!(answer["stopping"], json!([record["name"]]));
        assert_eq!(
            (record["outcome"].as_str(), record["stopReason"].as_str()),
            (Some("captured"), Some("Manual"))
        );
        assert_eq!((sim.count("stop"), record["stop"]["because"].as_str()), (1, Some("alertResolved")));
        assert!(took(&record) < Duration::from_secs(seconds + 60), "{record}");
        assert_eq!(sim.0.azure.borrow().told.len(), 2);
    }
}

#[test]
fn a_rule_that_does_not_say_so_lets_its_captures_run() {
    let sim = Sim::new();
    sim.set("rules", "[limits]\ncool_down = \"until resolved\"");
    let answer = fired_and_resolved_after(&sim, 30);
    assert_eq!((answer["stopping"].clone(), sim.count("stop")), (json!([]), 0));
    assert_eq!(record(&sim)["stopReason"], "TimeExceeded");
}

#[test]
fn an_alert_that_resolves_before_its_capture_has_started_leads_to_none() {
    let sim = stopping();
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    fault(&sim, "put", Fault::Answer(429, busy, Some("60")));
    fired_and_resolved_after(&sim, 20);
    let record = record(&sim);
    assert_eq!((record["outcome"].as_str(), sim.0.azure.borrow().sessions.len()), (Some("notTaken"), 0));
    assert!(record["history"].to_string().contains("not started: the alert has resolved"), "{record}");
    assert_eq!(sim.0.azure.borrow().told.len(), 0, "nothing happened that people would have to know");
}

#[test]
fn an_alert_that_resolves_before_a_lost_start_is_known_stops_what_was_started() {
    let sim = stopping();
    fault(&sim, "put", Fault::Lost);
    fault(&sim, "get", Fault::Answer(503, Value::Null, Some("60")));
    fired_and_resolved_after(&sim, 20);
    let record = record(&sim);
    assert_eq!((record["stopReason"].as_str(), sim.0.azure.borrow().sessions.len()), (Some("Manual"), 1));
    assert_eq!(sim.count("put"), 2, "none after the end");
}

#[test]
fn an_alert_that_resolves_during_provisioning_stops_the_capture_at_once() {
    for millis in [0, 100, 350, 500, 5_000, 9_000] {
        let sim = stopping();
        sim.0.store_takes.set(Duration::from_millis(10));
        let (app, world) = (sim.app(), sim.clone());
        sim.run_all(async move {
            let resolved = async {
                world.sleep(Duration::from_millis(millis)).await;
                answer(&app, alert(RESOLVED)).await
            };
            futures_util::future::join(answer(&app, alert(METRIC)), resolved).await;
        });
        sim.0.store_takes.set(Duration::ZERO);
        let record = record(&sim);
        if millis == 0 {
            assert_eq!(record["stopReason"], "TimeExceeded", "it came before there was anything to stop");
        } else if record["outcome"] != "notTaken" {
            assert_eq!(record["stopReason"], "Manual", "after {millis} ms: {record}");
            assert!(took(&record) < Duration::from_secs(60), "after {millis} ms: {record}");
        }
    }
}

#[test]
fn a_repeated_end_stops_nothing_twice() {
    let sim = stopping();
    let (app, world) = (sim.app(), sim.clone());
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        world.sleep(Duration::from_secs(60)).await;
        let ends = (0..4).map(|_| answer(&app, alert(RESOLVED)));
        assert!(futures_util::future::join_all(ends).await.iter().all(|answer| answer.status() == 200));
    });
    assert_eq!((sim.count("stop"), record(&sim)["stopReason"].as_str()), (1, Some("Manual")));
    let (_, answer) = send_all(&sim, alert(RESOLVED));
    assert_eq!((answer["stopping"].clone(), sim.count("stop")), (json!([]), 1));
}

#[test]
fn an_end_that_could_not_be_written_down_whole_is_taken_up_when_it_comes_again() {
    let sim = stopping();
    send(&sim, alert(METRIC));
    // The ledger takes note of it, the record does not.
    sim.0.store_refuses.set(Some("open."));
    assert_eq!(send(&sim, alert(RESOLVED)).0, 503);
    sim.0.store_refuses.set(None);
    let (status, answer) = send_all(&sim, alert(RESOLVED));
    assert_eq!((status.as_u16(), answer["stopping"].as_array().unwrap().len()), (200, 1));
    assert_eq!(record(&sim)["stopReason"], "Manual");
}

#[test]
fn the_wish_to_stop_survives_what_other_drivers_write_at_the_same_moment() {
    // Two drivers move it on while its end comes in at any moment of their steps.
    for millis in (10_000..12_000).step_by(45) {
        let sim = stopping();
        sim.0.store_takes.set(Duration::from_millis(20));
        let (one, two, three, world) = (sim.app(), sim.app(), sim.app(), sim.clone());
        sim.run_all(async move {
            let resolved = async {
                world.sleep(Duration::from_millis(millis)).await;
                answer(&three, alert(RESOLVED)).await
            };
            let driven = futures_util::future::join(answer(&one, alert(METRIC)), answer(&two, alert(METRIC)));
            assert_eq!(futures_util::future::join(driven, resolved).await.1.status(), 200);
        });
        sim.0.store_takes.set(Duration::ZERO);
        assert_eq!(record(&sim)["stopReason"], "Manual", "after {millis} ms: {}", record(&sim));
    }
}

#[test]
fn a_capture_that_may_not_be_stopped_ends_by_itself_and_is_no_failure() {
    let no = json!({"error": {"code": "AuthorizationFailed", "message": "no packetCaptures/stop/action"}});
    let sim = stopping();
    fault(&sim, "stop", Fault::Answer(403, no, None));
    fired_and_resolved_after(&sim, 60);
    let record = record(&sim);
    assert_eq!(
        (record["outcome"].as_str(), record["stopReason"].as_str()),
        (Some("captured"), Some("TimeExceeded"))
    );
    assert!(
        record["history"].to_string().contains("could not be stopped before its time: AuthorizationFailed")
    );
    assert_eq!(sim.count("stop"), 1);
    let sim = stopping();
    for _ in 0..3 {
        fault(&sim, "stop", Fault::Answer(503, Value::Null, None));
    }
    fired_and_resolved_after(&sim, 60);
    assert_eq!(super::record(&sim)["stopReason"], "Manual", "what passes is tried again");
}

#[test]
fn an_alert_that_fires_anew_until_it_resolves_is_one_capture_and_then_another() {
    let sim = Sim::new();
    for minute in 10..14 {
        let (status, answer) = send_all(&sim, alert(&prometheus("Fired", minute)));
        assert_eq!(
            (status.as_u16(), answer["captures"][0]["duplicate"] == true),
            (202, minute > 10),
            "{answer}"
        );
        sim.pass(60);
    }
    send_all(&sim, alert(&prometheus("Resolved", 13)));
    let (_, late) = send_all(&sim, alert(&prometheus("Fired", 12)));
    assert_eq!(
        late["captures"][0]["duplicate"], true,
        "a delivery that comes late, or again, is no new alert"
    );
    assert_eq!(sim.count("put"), 1);
    send_all(&sim, alert(&prometheus("Fired", 20)));
    let (_, again) = send_all(&sim, alert(&prometheus("Fired", 21)));
    assert_eq!((sim.count("put"), again["captures"][0]["duplicate"].as_bool()), (2, Some(true)));
    assert_eq!(records(&sim).len(), 2);
}

#[test]
fn an_end_that_never_came_does_not_silence_an_alert_for_ever() {
    let sim = Sim::new();
    send_all(&sim, alert(&prometheus("Fired", 10)));
    sim.pass(3_700);
    send_all(&sim, alert(&prometheus("Fired", 59)));
    assert_eq!(sim.count("put"), 2);
}

#[test]
fn a_cool_down_until_the_alert_resolves_ends_with_it() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"once\"\ncool_down = \"until resolved\"");
    send_all(&sim, alert(METRIC));
    let (_, held) = send_all(&sim, alert(&metric("web-01", 5)));
    assert_eq!(held["captures"][0]["heldBack"]["reason"], "coolDown");
    send_all(&sim, alert(RESOLVED));
    assert_eq!(send_all(&sim, alert(&metric("web-01", 15))).0, 202);
}

#[test]
fn a_capture_of_five_hours_that_may_be_stopped_is_followed_to_its_end() {
    let sim = Sim::new();
    sim.set("rules", &STOPS.replace("3600", "18000"));
    send_all(&sim, alert(METRIC));
    assert_eq!(record(&sim)["state"], "reported", "without any sweep");
}

#[test]
fn an_alert_that_resolves_while_its_machines_are_asked_for_starts_nothing() {
    let sim = stopping();
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    fault(&sim, "network", Fault::Answer(429, busy, Some("60")));
    let nic = format!(
        "{}/resourceGroups/rg-net/providers/Microsoft.Network/networkInterfaces/nic",
        crate::testing::SUBSCRIPTION
    );
    let vm = format!(
        "{}/resourceGroups/rg-shop/providers/Microsoft.Compute/virtualMachines/web-01",
        crate::testing::SUBSCRIPTION
    );
    sim.0
        .azure
        .borrow_mut()
        .network
        .insert("nic".to_owned(), json!({"properties": {"virtualMachine": {"id": vm}}}));
    let on_nic = |body: &[u8]| {
        let mut body: Value = serde_json::from_slice(body).unwrap();
        body["data"]["essentials"]["alertTargetIDs"] = json!([nic]);
        body.to_string().into_bytes()
    };
    let (fired, resolved) = (
        on_nic(METRIC),
        on_nic(&String::from_utf8_lossy(METRIC).replace("\"Fired\"", "\"Resolved\"").into_bytes()),
    );
    let (app, world) = (sim.app(), sim.clone());
    sim.run_all(async move {
        let resolves = async {
            world.sleep(Duration::from_secs(20)).await;
            answer(&app, alert(&resolved)).await
        };
        futures_util::future::join(answer(&app, alert(&fired)), resolves).await
    });
    assert_eq!(
        (record(&sim)["outcome"].as_str(), sim.count("put")),
        (Some("notTaken"), 0),
        "{}",
        record(&sim)
    );
}
