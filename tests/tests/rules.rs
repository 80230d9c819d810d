//! Rules, targets that have to be asked for, and what holds captures back: on a real host.

use std::thread;

use alertcap_tests::{METRIC, OPERATOR_KEY, Options, Stack, WEBHOOK_KEY, post};
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers";

/// A stack with these rules.
fn stack(rules: &str) -> Stack {
    Stack::start(&Options {
        variables: &[("rules", rules), ("time_limit_seconds", "1")],
        ..Options::default()
    })
}

/// The metric alert on another resource, fired at another time.
fn alert(target: &str, time: &str) -> String {
    let mut alert: Value = serde_json::from_str(METRIC).unwrap();
    alert["data"]["essentials"]["alertTargetIDs"] = json!([target]);
    alert["data"]["essentials"]["firedDateTime"] = format!("2026-11-22T{time}Z").into();
    alert.to_string()
}

fn machine(name: &str) -> String {
    format!("{GROUP}/Microsoft.Compute/virtualMachines/{name}")
}

fn names(answer: &Value) -> Vec<String> {
    answer["captures"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_rule_sets_every_parameter_of_the_put() {
    let stack = stack(
        r#"
[[rules]]
name = "ring"
match.tags.tier = "db"
continuous = true
ring = { file_count = 3, file_size_bytes = 1048576, session_time_limit_seconds = 2 }
local_path = "C:\\captures\\{name}.cap"

[[rules]]
name = "web"
match.alert_rule = "tcp-segments-*"
match.severity = ["Sev0", "Sev2"]
time_limit_seconds = 2
bytes_per_packet = 96
bytes_per_session = 100000
filters = [{ protocol = "TCP", local_ip_address = "10.20.0.4", remote_port = "1-65535" }]
name_prefix = "web"
"#,
    );
    let answer = stack.alert(METRIC);
    assert_eq!(answer.status, 202, "{answer:?}");
    let name = &names(&answer.json)[0];
    assert!(name.starts_with("web-web-01-"), "{name}");
    let put = stack.requests(Some("packetCaptures.put")).remove(0);
    let properties = &put["body"]["properties"];
    assert_eq!(
        *properties,
        json!({
            "target": properties["target"], "targetType": "AzureVM", "timeLimitInSeconds": 2,
            "bytesToCapturePerPacket": 96, "totalBytesPerSession": 100_000,
            "filters": [{"protocol": "TCP", "localIPAddress": "10.20.0.4", "remotePort": "1-65535"}],
            "storageLocation": {"storageId": stack.sample("storage_account_id")},
        })
    );
    assert_eq!(stack.wait_for(name, "reported")["rules"], json!(["web"]));

    // db-01 is known by its tag, which has to be asked for.
    let answer = stack.alert(&alert(&machine("db-01"), "03:00:00"));
    let name = &names(&answer.json)[0];
    let put = stack.requests(Some("packetCaptures.put")).pop().unwrap();
    assert_eq!(
        put["body"]["properties"],
        json!({
            "target": machine("db-01"), "targetType": "AzureVM", "continuousCapture": true,
            "captureSettings": {"fileCount": 3, "fileSizeInBytes": 1_048_576, "sessionTimeLimitInSeconds": 2},
            "storageLocation": {"localPath": format!("C:\\captures\\{name}.cap")},
        })
    );
    assert_eq!(put["status"], 201, "{put}");
    assert_eq!(stack.wait_for(name, "reported")["error"], Value::Null);
}

#[test]
fn what_stands_before_machines_leads_to_a_capture_of_each() {
    let stack = stack("");
    for (resource, machines) in [
        ("Microsoft.Network/loadBalancers/lb-shop", vec!["db-01", "web-01"]),
        ("Microsoft.Network/publicIPAddresses/pip-web-01", vec!["web-01"]),
        ("Microsoft.Network/networkInterfaces/db-01-nic", vec!["db-01"]),
        ("Microsoft.Network/applicationGateways/agw-shop", vec!["web-01"]),
        ("Microsoft.Compute/virtualMachineScaleSets/vmss-api/virtualMachines/3", vec!["vmss-api"]),
        ("Microsoft.Network/loadBalancers/lb-api", vec!["vmss-api"]),
    ] {
        let answer = stack.alert(&alert(&format!("{GROUP}/{resource}"), "02:00:00"));
        assert_eq!(answer.status, 202, "{resource}: {answer:?}");
        let captures = answer.json["captures"].as_array().unwrap();
        let mut found: Vec<&str> =
            captures.iter().map(|c| c["target"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, machines, "{resource}");
    }
    let scopes: Vec<Value> = stack
        .requests(Some("packetCaptures.put"))
        .iter()
        .filter_map(|put| put["body"]["properties"].get("scope").cloned())
        .collect();
    assert_eq!(scopes, [json!({"include": ["3"]}), json!({"include": ["0", "3"]})]);
    let spare =
        stack.alert(&alert(&format!("{GROUP}/Microsoft.Network/publicIPAddresses/pip-spare"), "02:00:00"));
    let record = stack.wait_for(&names(&spare.json)[0], "reported");
    assert_eq!(record["error"]["code"], "notAttached");
}

#[test]
fn a_throttled_look_for_the_machines_loses_no_alert() {
    let stack = stack("");
    let throttled = json!({"kind": "status", "status": 429, "retry_after": "1", "code": "TooManyRequests", "message": "slow down"});
    stack.fault("loadBalancers.get", &throttled, 1);
    let answer = stack.alert(&alert(&format!("{GROUP}/Microsoft.Network/loadBalancers/lb-shop"), "02:00:00"));
    assert_eq!((answer.status, answer.json["captures"][0]["state"].as_str()), (202, Some("accepted")));
    let inquiry = stack.wait_for(&names(&answer.json)[0], "reported");
    assert_eq!(inquiry["outcome"], "lookedUp", "{inquiry}");
    let led_to = inquiry["ledTo"].as_array().unwrap();
    assert_eq!(led_to.len(), 2);
    for name in led_to {
        assert_eq!(stack.wait_for(name.as_str().unwrap(), "reported")["error"], Value::Null);
    }
}

#[test]
fn a_machine_without_the_agent_is_tried_and_everyone_is_told_how_to_install_it() {
    let stack = stack("");
    let answer = stack.alert(&alert(&machine("bare-01"), "02:00:00"));
    let command = answer.json["captures"][0]["agentMissing"].as_str().unwrap();
    assert!(
        command.starts_with("az vm extension set --publisher Microsoft.Azure.NetworkWatcher"),
        "{command}"
    );
    let record = stack.wait_for(&names(&answer.json)[0], "reported");
    assert_eq!(record["agentMissing"], command);
    assert_eq!(stack.requests(Some("packetCaptures.put")).len(), 1, "the service decides");
    let told = stack.told().pop().unwrap();
    assert!(told["body"]["data"]["summary"].as_str().unwrap().contains(command), "{told}");
}

#[test]
fn an_alert_that_resolves_stops_its_capture_if_the_rule_says_so() {
    let stack =
        stack("[[rules]]\nname = \"while it lasts\"\nstop_on_resolve = true\ntime_limit_seconds = 600\n");
    let name = names(&stack.alert(METRIC).json).remove(0);
    stack.wait_for(&name, "running");
    let resolved = METRIC.replace("\"Fired\"", "\"Resolved\"");
    let answer = stack.alert(&resolved);
    assert_eq!((answer.status, &answer.json["stopping"]), (200, &json!([name])), "{answer:?}");
    let record = stack.wait_for(&name, "reported");
    assert_eq!((record["stopReason"].as_str(), &record["error"]), (Some("Manual"), &Value::Null));
    assert_eq!(stack.requests(Some("packetCaptures.stop")).len(), 1);
    assert_eq!(stack.alert(&resolved).json["stopping"], json!([]));
}

#[test]
fn a_name_as_given_is_kept_or_replaced_when_its_capture_has_ended() {
    let stack = stack(
        r#"
[[rules]]
name = "nightly"
match.target = "*/web-01"
exact_name = "nightly"
on_conflict = "replace"

[[rules]]
name = "once"
exact_name = "once"
"#,
    );
    for time in ["02:00:00", "03:00:00"] {
        let name = names(&stack.alert(&alert(&machine("web-01"), time)).json).remove(0);
        let record = stack.wait_for(&name, "reported");
        assert_eq!(
            (&record["error"], record["outcome"].as_str()),
            (&Value::Null, Some("captured")),
            "{record}"
        );
        assert!(record["id"].as_str().unwrap().ends_with("/packetCaptures/nightly"));
    }
    assert_eq!(stack.requests(Some("packetCaptures.delete")).len(), 1);

    let once = |time: &str| names(&stack.alert(&alert(&machine("db-01"), time)).json).remove(0);
    assert_eq!(stack.wait_for(&once("02:00:00"), "reported")["error"], Value::Null);
    assert_eq!(stack.wait_for(&once("03:00:00"), "reported")["error"]["code"], "nameTaken");
    assert_eq!(stack.requests(Some("packetCaptures.delete")).len(), 1);
}

#[test]
fn captures_beyond_a_budget_and_within_a_cool_down_are_held_back_and_say_until_when() {
    let stack = stack(
        "[limits]\ncaptures_per_hour = 3\n[[rules]]\nname = \"calm\"\nmatch.target = \"*/web-01\"\ncool_down = \"1h\"\n[[rules]]\nname = \"rest\"\n",
    );
    let first = stack.alert(&alert(&machine("web-01"), "02:00:00"));
    assert_eq!(first.status, 202);
    let second = stack.alert(&alert(&machine("web-01"), "02:01:00"));
    assert_eq!((second.status, second.json["reason"].as_str()), (200, Some("heldBack")), "{second:?}");
    let held_back = &second.json["captures"][0]["heldBack"];
    assert_eq!(held_back["reason"], "coolDown");
    assert!(held_back["until"].as_str().is_some_and(|until| until > "2026"));
    let record = stack.record(&names(&second.json)[0]);
    assert_eq!((record["outcome"].as_str(), &record["heldBack"]), (Some("heldBack"), held_back));
    assert!(stack.logs().contains("a capture is held back"));
    // Neither duplicates nor what was held back spend anything.
    for _ in 0..3 {
        assert_eq!(stack.alert(&alert(&machine("web-01"), "02:00:00")).status, 202);
    }

    let statuses: Vec<u16> = thread::scope(|scope| {
        let senders: Vec<_> = (0..20)
            .map(|n| {
                let stack = &stack;
                scope.spawn(move || stack.alert(&alert(&machine("db-01"), &format!("03:{n:02}:00"))).status)
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let taken = statuses.iter().filter(|status| **status == 202).count();
    // Two are left of the budget. A host that spreads them over instances, each held up between its read and its write, may
    // let one more past: there is no compare-and-swap.
    assert!((2..=4).contains(&taken), "{statuses:?}");
    let puts = stack.requests(Some("packetCaptures.put"));
    assert_eq!(puts.iter().filter(|put| put["status"] == 201).count(), 1 + taken);
}

#[test]
fn a_dry_run_explains_everything_and_touches_nothing() {
    let stack = stack(
        "[[rules]]\nname = \"critical\"\nmatch.severity = \"Sev0\"\n[[rules]]\nname = \"segments\"\ntime_limit_seconds = 120\n",
    );
    let dry = |how: &str, key: &str, body: &str| {
        let url = format!("{}/api/alerts?dry_run={how}", stack.url());
        post(&url, &[("x-functions-key", key)], body.as_bytes())
    };
    let answer = dry("true", WEBHOOK_KEY, METRIC);
    assert_eq!(answer.status, 200, "{answer:?}");
    let machine = &answer.json["machines"][0];
    assert_eq!((machine["outcome"].as_str(), &machine["rules"]), (Some("capture"), &json!(["segments"])));
    assert_eq!(machine["notMatched"][0]["rule"], "critical");
    assert_eq!(machine["request"]["method"], "PUT");
    assert_eq!(machine["request"]["body"]["properties"]["timeLimitInSeconds"], 120);
    assert!(stack.requests(None).is_empty());
    assert_eq!(stack.read("/api/captures").json["captures"], json!([]));

    // What was explained is what is sent, down to the name.
    let name = names(&stack.alert(METRIC).json).remove(0);
    assert_eq!(machine["name"], name);
    let put = stack.requests(Some("packetCaptures.put")).remove(0);
    assert_eq!(put["body"], machine["request"]["body"]);
    assert_eq!(dry("true", WEBHOOK_KEY, METRIC).json["machines"][0]["outcome"], "duplicate");
    assert_eq!(dry("true", OPERATOR_KEY, METRIC).status, 200);
    assert_eq!(dry("true", "wrong", METRIC).status, 401);
}

/// A probe's checks of the first machine, and the one of the token.
fn probe(stack: &Stack, body: &str) -> Vec<(String, String, String)> {
    let url = format!("{}/api/alerts?dry_run=probe", stack.url());
    let answer = post(&url, &[("x-functions-key", OPERATOR_KEY)], body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let checks = [&answer.json["checks"], &answer.json["machines"][0]["checks"]];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = checks.into_iter().filter_map(Value::as_array).flatten();
    checks.map(|c| (text(&c["check"]), text(&c["outcome"]), text(&c["detail"]))).collect()
}

fn wrong(checks: &[(String, String, String)]) -> Vec<&str> {
    checks.iter().filter(|(_, outcome, _)| outcome != "ok").map(|(check, ..)| check.as_str()).collect()
}

#[test]
fn a_probe_says_what_would_fail_and_changes_nothing() {
    let stack = stack("");
    let checks = probe(&stack, METRIC);
    assert_eq!(wrong(&checks), [""; 0], "{checks:#?}");
    assert_eq!(checks.len(), 8, "{checks:#?}");
    for (name, wrong_ones) in [
        ("bare-01", vec!["agent"]),
        ("asleep-01", vec!["power"]),
        ("lonely-01", vec!["watcher", "storage"]),
        ("web-02", vec!["storage"]),
        ("nobody", vec!["machine"]),
    ] {
        let checks = probe(&stack, &alert(&machine(name), "02:00:00"));
        assert_eq!(wrong(&checks), wrong_ones, "{name}: {checks:#?}");
    }
    let methods: Vec<Value> = stack.requests(None).iter().map(|request| request["method"].clone()).collect();
    assert_eq!(methods.iter().filter(|method| **method != "GET").count(), 1, "the token's POST");
    assert_eq!(stack.read("/api/captures").json["captures"], json!([]));
}

#[test]
fn a_probe_sees_accounts_and_roles_that_would_not_do() {
    for (account, outcome) in
        [("stshopkeyless", "fails"), ("stshoppremium", "fails"), ("stshopfirewalled", "doubtful")]
    {
        let id = format!("{GROUP}/Microsoft.Storage/storageAccounts/{account}");
        let variables = [("storage_account_id", id.as_str())];
        let stack = Stack::start(&Options { variables: &variables, ..Options::default() });
        let checks = probe(&stack, METRIC);
        let storage = checks.iter().find(|(check, ..)| check == "storage").unwrap();
        assert_eq!(storage.1, outcome, "{account}: {storage:?}");
    }
    let variables =
        [("client_id", "c11e47ab-0000-4000-8000-0000000000b5"), ("client_secret", "standin-secret-noput~1")];
    let stack = Stack::start(&Options { variables: &variables, ..Options::default() });
    let checks = probe(&stack, METRIC);
    assert_eq!(wrong(&checks), ["permissions"]);
    assert!(checks.iter().any(|(.., detail)| detail.contains("packetCaptures/write")), "{checks:#?}");
    let variables = [("client_secret", "wrong")];
    let stack = Stack::start(&Options { variables: &variables, ..Options::default() });
    assert!(wrong(&probe(&stack, METRIC)).contains(&"token"));
}
