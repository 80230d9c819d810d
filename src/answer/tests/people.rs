//! People told: by whom they are heard, in what order of trouble, and what is written down of it.

use std::time::Duration;

use super::*;
use crate::{
    capture::{Record, State, note::HeldBack},
    platform::Clock,
    report::Event,
    store,
    testing::SIGNING_SECRET,
};

/// How often each receiver was told: the webhook, Teams, Slack.
fn told(sim: &Sim) -> [usize; 3] {
    let azure = sim.0.azure.borrow();
    [azure.told.len(), azure.told_in_teams.len(), azure.told_in_slack.len()]
}

fn ruled(rules: &str) -> Sim {
    let sim = Sim::with_chats();
    sim.set("rules", rules);
    sim
}

/// The record's reports of one receiver.
fn reports<'a>(record: &'a Value, to: &str) -> Vec<&'a Value> {
    record["reports"].as_array().unwrap().iter().filter(|report| report["to"] == to).collect()
}

/// A cool-down of ten minutes, of which people are told.
const COOL_DOWN: &str =
    "[[rules]]\nname = \"x\"\ncool_down = \"10m\"\ntell = [\"slack\"]\ntell_events = [\"heldBack\"]";

#[test]
fn in_an_ordinary_life_each_receiver_is_told_of_each_event_once() {
    let sim = Sim::with_chats();
    send_all(&sim, alert(METRIC));
    assert_eq!(told(&sim), [2, 2, 2]);
    let record = record(&sim);
    let name = record["name"].as_str().unwrap();
    for to in ["webhook", "teams", "slack"] {
        let reports = reports(&record, to);
        assert_eq!(reports.len(), 2);
        for (report, word) in reports.into_iter().zip(["started", "ended"]) {
            assert_eq!(report["id"], format!("{name}.{word}"));
            assert!(report["deliveredAt"].is_string(), "{report}");
        }
    }
    assert!(record["history"].to_string().contains("people notified"));
    let azure = sim.0.azure.borrow();
    assert!(azure.told_in_slack[0]["text"].as_str().unwrap().contains("runs on web-01"));
    assert!(azure.told_in_teams[1].to_string().contains("Packet capture ended on web-01"));
}

#[test]
fn what_the_webhook_is_sent_is_signed_under_the_same_id_each_time_and_what_chats_are_sent_is_not() {
    let sim = Sim::with_chats();
    fault(&sim, "notify", Fault::Answer(503, Value::Null, None));
    send_all(&sim, alert(METRIC));
    let theirs = standardwebhooks::Webhook::new(SIGNING_SECRET).unwrap();
    let sent = sim.0.sent.borrow();
    let mut ids = Vec::new();
    for sent in sent.iter().filter(|sent| sent.operation == "notify") {
        let header = |name: &str| sent.headers[name].to_str().unwrap().to_owned();
        let (id, time) = (header("webhook-id"), header("webhook-timestamp").parse().unwrap());
        assert_eq!(time, sent.at.unix(), "of this try");
        assert_eq!(
            header("webhook-signature"),
            theirs.sign(&id, time, sent.body.to_string().as_bytes()).unwrap()
        );
        assert_eq!(sent.body["id"].as_str().unwrap().replace('.', "_"), id);
        ids.push(id);
    }
    assert_eq!((ids.len(), ids[0] == ids[1], ids[1] == ids[2]), (3, true, false));
    let mut chats = sent.iter().filter(|sent| ["teams", "slack"].contains(&sent.operation.as_str()));
    assert!(chats.all(|sent| !sent.headers.contains_key("webhook-signature")));
}

#[test]
fn a_receiver_that_is_down_keeps_nobody_else_from_being_told() {
    let sim = Sim::with_chats();
    for _ in 0..400 {
        fault(&sim, "teams", Fault::Error(SendError::TimedOut));
    }
    let app = sim.app();
    let world = sim.clone();
    sim.run(async move {
        answer(&app, alert(METRIC)).await;
        world.sleep(Duration::from_secs(180)).await;
    });
    assert_eq!(told(&sim), [2, 0, 2]);
    let record = record(&sim);
    assert_eq!(record["state"], "ended", "not all are told");
    assert_eq!(reports(&record, "teams")[1]["error"], "no answer in time");
    assert!(record["history"].as_array().unwrap().len() < 16, "{}", record["history"]);
}

#[test]
fn a_receiver_that_is_down_for_a_day_leaves_a_dead_letter_that_shows() {
    let sim = Sim::with_chats();
    for _ in 0..900 {
        fault(&sim, "slack", Fault::Answer(404, json!("no_service"), None));
    }
    let begin = sim.now();
    send_all(&sim, alert(METRIC));
    let hours = sim.now().since(begin).as_secs() / 3_600;
    assert!((24..26).contains(&hours), "{hours} h");
    let record = record(&sim);
    assert_eq!(record["state"], "reported");
    let dead = reports(&record, "slack")[1].clone();
    assert!(dead["deadLetteredAt"].is_string() && dead.get("deliveredAt").is_none(), "{dead}");
    let history = record["history"].to_string();
    assert!(history.contains("1 of 6 reports could not be delivered: slack (ended)"), "{history}");
    assert!(history.contains("alert accepted") && history.contains("capturing"), "{history}");
    let log = sim.0.log.borrow();
    let line = log.iter().find(|line| line.contains("a report is a dead letter")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["level"], &line["receiver"], &line["event"]),
        (&json!("error"), &json!("slack"), &json!("ended"))
    );
    assert_eq!(told(&sim), [2, 2, 0]);
}

#[test]
fn a_receiver_that_is_gone_is_not_asked_again() {
    let sim = Sim::with_chats();
    fault(&sim, "slack", Fault::Answer(410, Value::Null, None));
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    let [started, ended] = reports(&record, "slack")[..] else { panic!("{record}") };
    assert_eq!((&started["attempts"], started["deadLetteredAt"].is_string()), (&json!(1), true), "{started}");
    assert!(ended["deliveredAt"].is_string(), "each report is tried on its own");
    assert_eq!(told(&sim), [2, 2, 1]);
}

#[test]
fn a_receiver_that_asks_for_a_rest_is_left_alone_for_so_long() {
    let sim = Sim::new();
    for rest in ["120", "Sun, 22 Nov 2026 02:06:00 GMT"] {
        fault(&sim, "notify", Fault::Answer(429, Value::Null, Some(rest)));
    }
    sim.set("time_limit_seconds", "18000");
    send_all(&sim, alert(METRIC));
    let sent = sim.0.sent.borrow();
    let tries: Vec<_> = sent.iter().filter(|sent| sent.operation == "notify").map(|sent| sent.at).collect();
    let pause = tries[1].since(tries[0]).as_secs();
    assert!((120..=122).contains(&pause), "{pause}");
    assert!(tries[2] >= "2026-11-22T02:06:00Z".parse().unwrap(), "{}", tries[2]);
}

#[test]
fn whom_and_what_a_rule_tells_is_its_own_matter() {
    for (lines, expected) in [
        ("tell = [\"slack\", \"webhook\"]", [2, 0, 2]),
        ("tell_events = [\"ended\"]", [1, 1, 1]),
        ("tell = [\"teams\"]\ntell_events = \"started\"", [0, 1, 0]),
        ("tell_events = [\"failed\", \"heldBack\"]", [0, 0, 0]),
        ("tell = []", [0, 0, 0]),
    ] {
        let sim = ruled(&format!("[[rules]]\nname = \"x\"\n{lines}"));
        send_all(&sim, alert(METRIC));
        assert_eq!(told(&sim), expected, "{lines}");
        assert_eq!(record(&sim)["state"], "reported", "{lines}");
    }
}

#[test]
fn a_receiver_that_is_set_wrongly_can_be_mended_within_the_day() {
    let sim = Sim::with_chats();
    sim.set("slack_host", "https://elsewhere.example");
    let app = sim.app();
    let world = sim.clone();
    sim.run_all(async move {
        assert_eq!(answer(&app, alert(METRIC)).await.status(), 202, "it keeps nothing from being captured");
        world.sleep(Duration::from_secs(3_600)).await;
        world.set("slack_host", "https://slack.example");
    });
    assert_eq!(told(&sim), [2, 2, 1], "what is no longer true is not told late");
    let record = record(&sim);
    assert_eq!(reports(&record, "slack")[0]["superseded"], true);
    assert!(record["history"].to_string().contains("slack_url is not set, or wrong"), "{record}");
}

#[test]
fn that_a_machine_was_not_found_is_told_to_whomever_a_rule_might_tell() {
    let body: Value = serde_json::from_slice(METRIC).unwrap();
    let nic = "Microsoft.Network/networkInterfaces/nic-1";
    let target = format!("{}/resourceGroups/rg-shop/providers/{nic}", crate::testing::SUBSCRIPTION);
    let mut body = body;
    body["data"]["essentials"]["alertTargetIDs"] = json!([target]);
    let body = body.to_string().into_bytes();
    for (rules, expected) in [
        ("", [1, 1, 1]),
        ("[[rules]]\nname = \"x\"\ntell = [\"teams\"]", [0, 1, 0]),
        ("[[rules]]\nname = \"x\"\nmatch.severity = \"Sev0\"\ntell = []\n[[rules]]\nname = \"y\"", [1, 1, 1]),
        ("[[rules]]\nname = \"x\"\ntell = []", [0, 0, 0]),
    ] {
        let sim = ruled(rules);
        send_all(&sim, alert(&body));
        assert_eq!(told(&sim), expected, "{rules}");
    }
    let sim = ruled("");
    sim.set("notify_url", "");
    send_all(&sim, alert(&body));
    assert_eq!(told(&sim), [0, 1, 1], "nobody else");
}

#[test]
fn what_is_held_back_is_told_where_a_rule_asks_for_it_and_answered_as_ever() {
    let sim = ruled(COOL_DOWN);
    send_all(&sim, alert(METRIC));
    assert_eq!(told(&sim), [0, 0, 0]);
    let (status, answer) = send_all(&sim, alert(&metric("web-01", 1)));
    assert_eq!((status.as_u16(), &answer["reason"]), (200, &json!("heldBack")), "{answer}");
    assert_eq!(told(&sim), [0, 0, 1]);
    let record = &records(&sim)[0];
    assert_eq!((&record["state"], &record["outcome"]), (&json!("reported"), &json!("heldBack")), "{record}");
    assert_eq!(states(record), ["accepted", "ended", "reported"]);
    let azure = sim.0.azure.borrow();
    assert!(azure.told_in_slack[0]["text"].as_str().unwrap().contains("leads to no packet capture for now"));
}

#[test]
fn what_is_held_back_is_told_by_a_sweep_if_the_instance_dies() {
    let sim = ruled(COOL_DOWN);
    send_all(&sim, alert(METRIC));
    fault(&sim, "slack", Fault::Lost);
    send(&sim, alert(&metric("web-01", 1)));
    assert_eq!(records(&sim)[0]["state"], "ended");
    sim.pass(60);
    send_all(&sim, sweep());
    assert_eq!(records(&sim)[0]["state"], "reported");
    assert!(!sim.0.store.borrow().keys().any(|key| key.starts_with("open.")), "nothing is left behind");
}

#[test]
fn an_alert_held_back_is_captured_when_its_time_has_come_though_nobody_could_be_told() {
    let sim = ruled(COOL_DOWN);
    send_all(&sim, alert(METRIC));
    for _ in 0..400 {
        fault(&sim, "slack", Fault::Error(SendError::TimedOut));
    }
    // By the instance that is still trying to tell, and by another one beside it, which sweeps.
    for (minute, by_another) in [(1, false), (40, true)] {
        let (app, other, world) = (sim.app(), sim.app(), sim.clone());
        let before = sim.count("put");
        sim.run(async move {
            let held = answer(&app, alert(&metric("web-01", minute))).await;
            assert_eq!(held.status(), 200);
            for second in 0..40 {
                world.sleep(Duration::from_millis(15_000 + second * 137)).await;
                answer(&other, sweep()).await;
            }
            let app = if by_another { &other } else { &app };
            let taken = answer(app, alert(&metric("web-01", minute))).await;
            assert_eq!(taken.status(), 202, "{:?}", taken.body());
            world.sleep(Duration::from_secs(120)).await;
        });
        assert_eq!(sim.count("put"), before + 1);
        let taken = &records(&sim)[0];
        assert_eq!((&taken["outcome"], &taken["state"]), (&json!("captured"), &json!("reported")), "{taken}");
        assert!(!sim.0.store.borrow().keys().any(|key| key.starts_with("open.")), "nothing is left behind");
    }
    assert!(
        sim.count("slack") < 80,
        "two drivers tell, however many sweeps there are: {}",
        sim.count("slack")
    );
}

#[test]
fn who_comes_late_to_tell_of_what_was_held_back_does_not_undo_the_capture_that_came_of_it() {
    let sim = Sim::with_chats();
    let alert = crate::testing::metric_alert();
    let (then, now) = (sim.now(), sim.now().after(600));
    let mut spec = crate::testing::spec(&alert, then);
    spec.policy.tell.events.push(Event::HeldBack);
    let held_back = HeldBack { reason: "coolDown".into(), detail: "x".to_owned(), until: now };
    let held_back = Record::held_back(&alert, spec.clone(), then, held_back);
    assert_eq!((held_back.state, held_back.reports.len()), (State::Ended, 1));
    let taken = Record::accepted(&alert, spec, now, 20);
    let world = sim.clone();
    sim.run(async move {
        let state = async |when: &str| {
            let record = store::load(&world, &taken.name).await.unwrap().unwrap();
            assert!(record.held_back.is_none(), "{when}");
        };
        store::create(&world, &taken).await.unwrap();
        for is_over in [false, true] {
            let mut late = held_back.clone();
            if is_over {
                late.state = State::Reported;
            }
            store::save(&world, &mut late).await.unwrap();
            state("the late one sees that it is late").await;
            // In two instances at once it may not see it.
            store::create(&world, &late).await.unwrap();
            let mut goes_on = taken.clone();
            store::save(&world, &mut goes_on).await.unwrap();
            state("and the capture's next step mends it").await;
        }
    });
}

#[test]
fn telling_that_an_alert_was_held_back_does_not_undo_its_capture() {
    for millis in (0..4_000).step_by(100) {
        let sim = Sim::new();
        sim.set("rules", "[[rules]]\nname = \"n\"\ncool_down = \"1m\"\ntell_events = \"heldBack\"\n");
        let (first, world) = (sim.app(), sim.clone());
        sim.run(async move {
            answer(&first, alert(METRIC)).await;
            world.sleep(Duration::from_secs(1)).await;
        });
        for _ in 0..500 {
            fault(&sim, "notify", Fault::Answer(500, Value::Null, Some("1")));
        }
        sim.0.store_takes.set(Duration::from_millis(200));
        let (app, world) = (sim.app(), sim.clone());
        let last = sim.run(async move {
            answer(&app, alert(&metric("web-01", 1))).await;
            world.sleep(Duration::from_secs(62)).await;
            world.sleep(Duration::from_millis(millis)).await;
            // The PUT hangs, and the instance dies after the answer.
            fault(&world, "put", Fault::Error(SendError::TimedOut));
            answer(&app, alert(&metric("web-01", 1))).await
        });
        assert_eq!(last.status(), 202);
        sim.0.store_takes.set(Duration::ZERO);
        let newest = records(&sim).remove(0);
        assert!(newest["heldBack"].is_null(), "{millis} ms: {newest}");
    }
}
