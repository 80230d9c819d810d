//! `?dry_run=true` explains and touches nothing; `?dry_run=probe` reads Azure besides.

use std::time::Duration;

use super::*;
use crate::{platform::Clock, testing::SUBSCRIPTION};

fn dry(mode: &str, body: &[u8]) -> Request<Whole> {
    request(Method::POST, &format!("/api/alerts?dry_run={mode}&code={OPERATOR_KEY}"), body)
}

/// The explanation of an alert, for which nothing is written and nobody asked.
fn explained(sim: &Sim, body: &[u8]) -> Value {
    let before = sim.0.store.borrow().clone();
    sim.forget_requests();
    let (status, answer) = send_all(sim, dry("true", body));
    assert_eq!((status.as_u16(), answer["dryRun"].as_str()), (200, Some("explain")), "{answer}");
    assert!(sim.0.writes.borrow().is_empty() && *sim.0.store.borrow() == before, "something was written");
    assert_eq!(sim.operations(), Vec::<String>::new());
    answer
}

fn machine(answer: &Value) -> &Value {
    &answer["machines"][0]
}

#[test]
fn a_dry_run_shows_the_whole_way_to_the_request_and_touches_nothing() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"db\"\nmatch.alert_rule = \"db-*\"\n\n[[rules]]\nname = \"tcp\"\nmatch.severity = \"Sev2\"\ntime_limit_seconds = 120\nstop_on_resolve = true\ntell = []");
    let answer = explained(&sim, METRIC);
    let machine = machine(&answer);
    assert_eq!((answer["schema"].as_str(), answer["condition"].as_str()), (Some("common"), Some("fired")));
    assert!(answer["identity"]["by"].to_string().contains("fired at"), "{answer}");
    assert_eq!((&machine["rules"], machine["outcome"].as_str()), (&json!(["tcp"]), Some("capture")));
    assert_eq!(machine["notMatched"][0]["rule"], "db");
    assert!(
        machine["notMatched"][0]["because"]
            .as_str()
            .unwrap()
            .contains("alert_rule is tcp-segments-sent-high")
    );
    assert_eq!((&machine["stopOnResolve"], &machine["tell"]["receivers"]), (&true.into(), &json!([])));
    assert_eq!(machine["tell"]["events"], json!(["started", "ended", "failed"]));
    let request = &machine["request"];
    assert_eq!(
        (request["method"].as_str(), request["headers"]["authorization"].as_str()),
        (Some("PUT"), Some("Bearer [redacted]"))
    );
    assert!(request["url"].as_str().unwrap().contains("{the watcher of the machine's region}"), "{request}");
    // What is shown is what is sent.
    send_all(&sim, alert(METRIC));
    let sent = sim.0.sent.borrow();
    let put = sent.iter().find(|s| s.operation == "put").unwrap().clone();
    drop(sent);
    assert_eq!(request["body"], put.body);
    assert_eq!(
        explained(&sim, METRIC)["machines"][0]["request"]["url"],
        put.url,
        "once the watcher is known"
    );
    assert_eq!(sim.0.azure.borrow().told.len(), 0);
}

#[test]
fn a_dry_run_says_what_is_a_duplicate_and_what_is_held_back_until_when() {
    let sim = Sim::new();
    sim.set("rules", "[limits]\ncool_down = \"10m\"");
    let (_, taken) = send_all(&sim, alert(METRIC));
    let duplicate = explained(&sim, METRIC);
    assert_eq!(
        (machine(&duplicate)["outcome"].as_str(), &machine(&duplicate)["duplicateOf"]["name"]),
        (Some("duplicate"), &taken["captures"][0]["name"])
    );
    let later = metric("web-01", 1);
    let held = explained(&sim, &later);
    let (_, answer) = send_all(&sim, alert(&later));
    assert_eq!(machine(&held)["outcome"], "heldBack");
    assert_eq!(machine(&held)["heldBack"], answer["captures"][0]["heldBack"], "as the alert itself says");
    sim.pass(600);
    assert_eq!(machine(&explained(&sim, &later))["outcome"], "capture", "judged anew by then");
}

#[test]
fn a_dry_run_says_why_there_would_be_none() {
    for (rules, outcome, reason) in [
        ("[[rules]]\nname = \"a\"\nignore = true", "leftOut", Some("ignored")),
        ("[[rules]]\nname = \"a\"\nmatch.severity = \"Sev0\"", "leftOut", Some("noRule")),
        ("[[rules]]\nname = \"a\"\ndry_run = true", "dryRun", None),
        ("[[rules]]\nname = \"a\"\nmatch.tags.tier = \"web\"", "needsTags", None),
    ] {
        let sim = Sim::new();
        sim.set("rules", rules);
        let answer = explained(&sim, METRIC);
        let machine = machine(&answer);
        assert_eq!(
            (machine["outcome"].as_str(), machine["reason"].as_str()),
            (Some(outcome), reason),
            "{machine}"
        );
    }
    let sim = Sim::new();
    sim.set("client_id", "");
    assert!(explained(&sim, METRIC)["obstacle"].as_str().unwrap().contains("client_id"));
    let budget = include_bytes!("../../../tests/fixtures/budget.json");
    let (status, answer) = send(&sim, dry("true", budget));
    assert_eq!(
        (status.as_u16(), answer["reason"].as_str(), answer["dryRun"].as_bool()),
        (200, Some("budget"), Some(true))
    );
}

#[test]
fn a_dry_run_names_what_would_be_asked_and_what_an_end_would_stop() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"a\"\nstop_on_resolve = true");
    let nic = format!("{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n");
    let elsewhere = nic.replace("0a1e47ca", "ffffffff");
    let mut body: Value = serde_json::from_slice(METRIC).unwrap();
    body["data"]["essentials"]["alertTargetIDs"] = json!([nic, elsewhere]);
    let answer = explained(&sim, body.to_string().as_bytes());
    assert!(
        answer["toAsk"][0]["request"].as_str().unwrap().starts_with("GET https://arm.example/"),
        "{answer}"
    );
    assert!(answer["toAsk"][1]["request"].is_null() && answer["toAsk"][1]["leftOut"].is_string(), "{answer}");
    let (_, taken) = send(&sim, alert(METRIC));
    let resolved = include_bytes!("../../../tests/fixtures/metric-resolved.json");
    assert_eq!(explained(&sim, resolved)["wouldStop"], json!([taken["captures"][0]["name"]]));
    send_all(&sim, sweep());
    assert_eq!(explained(&sim, resolved)["wouldStop"], json!([]), "it has ended");
}

#[test]
fn a_dry_run_needs_one_of_the_two_keys() {
    let sim = Sim::new();
    for (key, status) in [(WEBHOOK_KEY, 200), (OPERATOR_KEY, 200), (SWEEP_KEY, 401), ("", 401)] {
        let uri = format!("/api/alerts?dry_run=true&code={key}");
        assert_eq!(send(&sim, request(Method::POST, &uri, METRIC)).0, status, "{key}");
    }
}

/// What a probe finds of the thing called `check`.
fn found(sim: &Sim, check: &str) -> (String, String) {
    let (status, answer) = send_all(sim, dry("probe", METRIC));
    assert_eq!((status.as_u16(), answer["dryRun"].as_str()), (200, Some("probe")), "{answer}");
    let checks = [&answer["checks"], &machine(&answer)["checks"]];
    let all = checks.into_iter().filter_map(Value::as_array).flatten();
    let found = all.into_iter().find(|found| found["check"] == check).unwrap_or_else(|| panic!("{answer}"));
    (found["outcome"].as_str().unwrap().to_owned(), found["detail"].as_str().unwrap().to_owned())
}

#[test]
fn a_probe_of_a_sound_world_only_reads_and_finds_nothing() {
    let sim = Sim::new();
    let (_, answer) = send_all(&sim, dry("probe", METRIC));
    let checks = machine(&answer)["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["outcome"] == "ok"), "{checks:?}");
    let names: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names, ["machine", "power", "agent", "watcher", "sessions", "storage", "permissions"]);
    for changes in ["put", "delete", "stop", "queryStatus", "notify"] {
        assert_eq!(sim.count(changes), 0, "{changes}");
    }
    assert!(
        sim.0.store.borrow().keys().all(|key| key.starts_with("token.")),
        "{:?}",
        sim.0.store.borrow().keys()
    );
}

#[test]
fn a_probe_finds_each_thing_that_would_fail() {
    type Break = fn(&mut crate::testing::azure::FakeAzure);
    let cases: [(&str, &str, &str, Break); 11] = [
        ("power", "fails", "deallocated", |azure| azure.power_state = "deallocated"),
        ("agent", "fails", "az vm extension set", |azure| azure.has_agent = false),
        ("watcher", "fails", "az network watcher configure", |azure| {
            azure.watcher_region = "japaneast".to_owned()
        }),
        ("permissions", "fails", "packetCaptures/write on nw-hub", |azure| azure.actions = vec!["*/read"]),
        ("permissions", "doubtful", "extensions/write on web-01", |azure| {
            azure.actions = vec!["*/read", "Microsoft.Network/*"]
        }),
        ("storage", "fails", "one region", |azure| azure.storage["location"] = "northeurope".into()),
        ("storage", "fails", "only Standard", |azure| azure.storage["sku"]["name"] = "Premium_LRS".into()),
        ("storage", "fails", "account-key", |azure| {
            azure.storage["properties"] = json!({"allowSharedKeyAccess": false})
        }),
        ("storage", "doubtful", "firewall", |azure| {
            azure.storage["properties"] = json!({"networkAcls": {"defaultAction": "Deny"}})
        }),
        ("storage", "fails", "AuthorizationFailed", |azure| {
            azure.fault(
                "storage",
                Fault::Answer(403, json!({"error": {"code": "AuthorizationFailed", "message": "no"}}), None),
            )
        }),
        ("token", "fails", "AADSTS7000222", |azure| {
            azure.fault(
                "token",
                Fault::Answer(
                    401,
                    json!({"error_codes": [7_000_222], "error_description": "AADSTS7000222: expired"}),
                    None,
                ),
            )
        }),
    ];
    for (check, outcome, words, break_it) in cases {
        let sim = Sim::new();
        break_it(&mut sim.0.azure.borrow_mut());
        let (is, detail) = found(&sim, check);
        assert_eq!(is, outcome, "{check}: {detail}");
        assert!(detail.contains(words), "{check}: {detail}");
    }
    let sim = Sim::new();
    sim.set("session_limit", "1");
    send_all(&sim, alert(METRIC));
    assert_eq!(found(&sim, "sessions").0, "fails");
}

#[test]
fn a_probe_looks_behind_a_load_balancer_and_at_tags() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"web\"\nmatch.tags.tier = \"web\"");
    let (_, answer) = send_all(&sim, dry("probe", METRIC));
    assert_eq!(
        (machine(&answer)["outcome"].as_str(), machine(&answer)["rules"][0].as_str()),
        (Some("capture"), Some("web"))
    );
}

#[test]
fn a_probe_that_azure_keeps_waiting_ends_before_the_host_ends_it() {
    let sim = Sim::new();
    for _ in 0..3 {
        for operation in ["vm", "watchers", "storage", "permissions"] {
            fault(&sim, operation, Fault::Error(SendError::TimedOut));
        }
    }
    let (begin, app) = (sim.now(), sim.app());
    let response = sim.run(async move { answer(&app, dry("probe", METRIC)).await });
    assert!(sim.now().since(begin) < Duration::from_secs(30), "{}", response.status());
}

#[test]
fn a_probe_is_the_operators() {
    let sim = Sim::new();
    let with = |key: &str| {
        send(&sim, request(Method::POST, &format!("/api/alerts?dry_run=probe&code={key}"), METRIC)).0
    };
    assert_eq!((with(OPERATOR_KEY).as_u16(), with(WEBHOOK_KEY).as_u16()), (200, 401));
}
