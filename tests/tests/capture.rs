//! From an alert to a reported capture, on a real host.

use std::{collections::HashSet, thread};

use alertcap_tests::{METRIC, Options, Stack, TUTORIAL, component, get, note, post, states, until};
use pcap_parser::{PcapError, create_reader};
use serde_json::{Value, json};

fn name(answer: &Value) -> String {
    answer["captures"][0]["name"].as_str().expect("a capture's name").to_owned()
}

/// The alert, fired at another time: another alert.
fn at(seconds: &str) -> String {
    METRIC.replace("02:00:13", seconds)
}

#[test]
fn an_alert_leads_to_one_put_a_reported_capture_and_a_readable_file() {
    let stack = Stack::start(&Options::default());
    let answer = stack.alert(METRIC);
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json["captures"][0]["state"], "starting");
    let name = name(&answer.json);
    let record = stack.wait_for(&name, "reported");
    assert_eq!(states(&record), ["accepted", "starting", "running", "ended", "reported"]);
    assert_eq!(record["stopReason"], "TimeExceeded");

    let puts = stack.requests(Some("packetCaptures.put"));
    let [put] = &puts[..] else { panic!("{puts:?}") };
    let subscription = stack.sample("subscription_id");
    assert_eq!(
        put["path"],
        format!(
            "/subscriptions/{subscription}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/\
             networkWatchers/NetworkWatcher_westeurope/packetCaptures/{name}"
        )
    );
    assert_eq!((put["query"].as_str(), put["status"].as_u64()), (Some("api-version=2026-03-01"), Some(201)));
    let alert: Value = serde_json::from_str(METRIC).unwrap();
    let target = &alert["data"]["essentials"]["alertTargetIDs"][0];
    assert_eq!(
        put["body"],
        json!({"properties": {
            "target": target, "targetType": "AzureVM", "timeLimitInSeconds": 1,
            "storageLocation": {"storageId": stack.sample("storage_account_id")},
        }})
    );

    let told = stack.told();
    let ids: Vec<_> = told.iter().map(|event| event["body"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [format!("{name}.started"), format!("{name}.ended")]);
    for event in &told {
        let kind = event["headers"]["content-type"].as_str().unwrap();
        assert!(kind.starts_with("application/cloudevents+json"), "{kind}");
        assert_eq!(event["body"]["specversion"], "1.0");
        assert_eq!(event["body"]["data"]["capture"]["name"], name);
    }

    let file = download(&stack, record["storagePath"].as_str().unwrap());
    assert!(packets(&file) > 10);
    let path = stack.host_state().join("capture.cap");
    std::fs::write(&path, &file).unwrap();
    match std::process::Command::new("capinfos").arg(&path).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => note("skipped: capinfos is not on this machine; pcap-parser has read the file"),
    }
}

#[test]
fn an_ordinary_capture_costs_at_most_eight_calls_from_put_to_report() {
    let stack = Stack::start(&Options::default());
    let name = name(&stack.alert(METRIC).json);
    stack.wait_for(&name, "reported");
    let before = ["token", "virtualMachines.get", "networkWatchers.list", "notify"];
    let calls: Vec<_> = stack
        .requests(None)
        .into_iter()
        .filter(|r| !before.contains(&r["operation"].as_str().unwrap()))
        .collect();
    assert!(calls.len() <= 8, "{calls:#?}");
}

#[test]
fn the_same_alert_twice_and_ten_times_at_once_is_one_capture() {
    let stack = Stack::start(&Options::default());
    let answers: Vec<_> = thread::scope(|scope| {
        let senders: Vec<_> = (0..10).map(|_| scope.spawn(|| stack.alert(METRIC))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let names: HashSet<_> = answers.iter().map(|answer| name(&answer.json)).collect();
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert_eq!(names.len(), 1);
    assert_eq!(stack.alert(METRIC).json["captures"][0]["duplicate"], true);

    let name = names.into_iter().next().unwrap();
    stack.wait_for(&name, "reported");
    assert_eq!(stack.alert(METRIC).json["captures"][0]["duplicate"], true);
    // A host spreads what comes at once over instances that do not know of one another: there Azure is the lock.
    let taken = stack.requests(Some("packetCaptures.put")).iter().filter(|put| put["status"] == 201).count();
    assert_eq!(taken, 1);
    assert_eq!(stack.record(&name)["error"], Value::Null);
    let ids: HashSet<_> = stack.told().iter().map(|e| e["body"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, HashSet::from([format!("{name}.started"), format!("{name}.ended")]));
}

#[test]
fn the_same_alert_twice_is_one_put() {
    let stack = Stack::start(&Options::default());
    assert_eq!(stack.alert(METRIC).json["captures"][0]["duplicate"], false);
    let second = stack.alert(METRIC).json;
    assert_eq!(second["captures"][0]["duplicate"], true);
    stack.wait_for(&name(&second), "reported");
    assert_eq!((stack.requests(Some("packetCaptures.put")).len(), stack.told().len()), (1, 2));
}

#[test]
fn the_tutorials_body_leads_to_a_capture_that_bears_its_name() {
    let stack = Stack::start(&Options { variables: &[("time_limit_seconds", "2")], ..Options::default() });
    let answer = stack.alert(TUTORIAL);
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(stack.alert(TUTORIAL).json["captures"][0]["duplicate"], true);
    let name = name(&answer.json);
    assert!(name.starts_with("segments-web-01-"), "{name}");
    let record = stack.wait_for(&name, "reported");
    assert_eq!(record["timeLimitInSeconds"], 2, "the body's 60 is cut to the settings'");
    assert_eq!(stack.requests(Some("packetCaptures.put")).len(), 1);
}

#[test]
fn a_host_killed_after_the_answer_and_started_again_needs_one_sweep() {
    let mut stack = Stack::start(&Options::default());
    let name = name(&stack.alert(METRIC).json);
    stack.kill_host();
    stack.start_host();
    let state = stack.record(&name)["state"].clone();
    assert!(state.is_string() && state != "reported", "{state}");
    let swept = stack.sweep();
    assert_eq!((swept.status, swept.json["open"].as_u64()), (200, Some(1)));
    let record = stack.wait_for(&name, "reported");
    assert_eq!(states(&record), ["accepted", "starting", "running", "ended", "reported"]);
    assert_eq!(stack.requests(Some("packetCaptures.put")).len(), 1);
    let ids: HashSet<_> = stack.told().iter().map(|e| e["body"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, HashSet::from([format!("{name}.started"), format!("{name}.ended")]));
}

#[test]
fn a_host_killed_while_azure_is_silent_loses_no_alert() {
    let mut stack = Stack::start(&Options::default());
    stack.fault("packetCaptures.put", &json!({"kind": "delay", "ms": 3_000}), 1);
    let azure = stack.azure_url();
    thread::scope(|scope| {
        let sender = {
            let url = format!("{}/api/alerts", stack.url());
            scope.spawn(move || {
                // Nobody answers: the host is killed in the middle.
                _ = std::panic::catch_unwind(|| {
                    post(&url, &[("x-functions-key", alertcap_tests::WEBHOOK_KEY)], METRIC.as_bytes())
                });
            })
        };
        until(10, "the PUT at Azure", || {
            let requests = get(&format!("{azure}/_standin/requests"), &[]).json;
            let put = requests["requests"].as_array()?.iter().any(|r| r["operation"] == "packetCaptures.put");
            put.then_some(())
        });
        stack.kill_host();
        sender.join().unwrap();
    });
    stack.start_host();
    // Azure redelivers what was not answered.
    let answer = stack.alert(METRIC);
    assert_eq!((answer.status, answer.json["captures"][0]["duplicate"].as_bool()), (202, Some(true)));
    let name = name(&answer.json);
    stack.wait_for(&name, "reported");
    assert_eq!(stack.record(&name)["error"], Value::Null);
}

#[test]
fn the_put_is_the_third_request_cold_the_second_without_a_token_and_the_first_warm() {
    let mut stack = Stack::start(&Options::default());
    stack.slow_azure();
    let cold = stack.alert(METRIC);
    assert_eq!((cold.status, depth(&stack)), (202, 3));

    stack.forget_requests();
    stack.slow_azure();
    assert_eq!((stack.alert(&at("02:10:00")).status, depth(&stack)), (202, 1));

    // A new instance with the same store knows as much.
    stack.kill_host();
    stack.start_host();
    stack.forget_requests();
    stack.slow_azure();
    assert_eq!((stack.alert(&at("02:20:00")).status, depth(&stack)), (202, 1));

    stack.kill_host();
    let store = rusqlite::Connection::open(stack.host_state().join("sqlite_key_value.db")).unwrap();
    let gone = store.execute("DELETE FROM spin_key_value WHERE key LIKE 'token.%'", []).unwrap();
    assert_eq!(gone, 1);
    drop(store);
    stack.start_host();
    stack.forget_requests();
    stack.slow_azure();
    assert_eq!((stack.alert(&at("02:30:00")).status, depth(&stack)), (202, 2));
}

#[test]
fn throttling_lost_answers_and_broken_connections_delay_a_capture_but_do_not_lose_it() {
    let stack = Stack::start(&Options::default());
    for (n, (operation, fault)) in [
        ("packetCaptures.put", json!({"kind": "status", "status": 429, "retry_after": "1", "code": "TooManyRequests", "message": "slow down"})),
        ("packetCaptures.put", json!({"kind": "lost_answer"})),
        ("packetCaptures.put", json!({"kind": "drop"})),
        ("operations.get", json!({"kind": "status", "status": 503, "code": "ServerBusy", "message": "later"})),
        ("packetCaptures.queryStatus", json!({"kind": "drop"})),
        ("operationResults.get", json!({"kind": "status", "status": 500, "code": "InternalServerError", "message": "An error occurred."})),
        ("notify", json!({"kind": "status", "status": 500})),
    ]
    .into_iter()
    .enumerate()
    {
        stack.fault(operation, &fault, 1);
        let answer = stack.alert(&at(&format!("03:{n:02}:00")));
        assert_eq!(answer.status, 202);
        let record = stack.wait_for(&name(&answer.json), "reported");
        assert_eq!((&record["error"], record["stopReason"].as_str()), (&Value::Null, Some("TimeExceeded")), "{operation} {fault}");
    }
    assert_eq!(stack.read("/api/captures").json["captures"].as_array().unwrap().len(), 7);
}

#[test]
fn what_azure_reports_as_failed_is_told_in_its_words() {
    let stack = Stack::start(&Options::default());
    stack.fault(
        "packetCaptures.put",
        &json!({"kind": "operation_failed", "code": "AgentNotReady", "message": "The agent is not ready."}),
        1,
    );
    let record = stack.wait_for(&name(&stack.alert(METRIC).json), "reported");
    assert_eq!(record["error"]["code"], "AgentNotReady");
    assert_eq!(stack.told().last().unwrap()["body"]["type"], "alertcap.capture.failed.v1");

    stack.fault("packetCaptures.put", &json!({"kind": "capture_error", "errors": ["StorageFailed"]}), 1);
    let record = stack.wait_for(&name(&stack.alert(&at("04:00:00")).json), "reported");
    assert_eq!(record["error"]["code"], "StorageFailed");
    assert!(record["error"]["advice"].as_str().unwrap().contains("account-key"));
}

#[test]
fn nothing_secret_is_in_the_log_the_records_the_store_or_the_reports() {
    let stack = Stack::start(&Options::default());
    let wrong = post(&format!("{}/api/alerts?code=canary-of-a-caller", stack.url()), &[], METRIC.as_bytes());
    assert_eq!(wrong.status, 401);
    stack.fault("notify", &json!({"kind": "drop"}), 1);
    let answer = stack.alert(METRIC);
    let record = stack.wait_for(&name(&answer.json), "reported");
    let mut everything = format!("{}{}{record}{:?}", stack.logs(), answer.json, stack.told());
    let store = std::fs::read(stack.host_state().join("sqlite_key_value.db")).unwrap();
    everything.push_str(&String::from_utf8_lossy(&store));
    for line in stack.logs().lines().filter(|line| line.starts_with('{')) {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    let keys = [alertcap_tests::WEBHOOK_KEY, alertcap_tests::OPERATOR_KEY, alertcap_tests::SWEEP_KEY];
    let secret = stack.sample("client_secret");
    for secret in keys.into_iter().chain(["canary", "eyJ", "Bearer", "&s=", secret.as_str()]) {
        assert!(!everything.contains(secret), "{secret}");
    }
}

#[test]
fn the_component_is_smaller_than_1_5_megabytes() {
    let size = std::fs::metadata(component()).unwrap().len();
    println!("{size} bytes");
    assert!(size < 1_500_000, "{size} bytes");
}

/// Whether a request belongs to the way to a capture; captures of earlier alerts are followed at the same time.
fn before_a_capture(request: &Value) -> bool {
    ["token", "virtualMachines.get", "networkWatchers.list", "packetCaptures.list", "packetCaptures.put"]
        .contains(&request["operation"].as_str().unwrap_or_default())
}

/// The most requests that followed one another until the PUT was answered.
fn depth(stack: &Stack) -> usize {
    let requests = stack.requests(None);
    let time = |request: &Value, field: &str| request[field].as_str().unwrap_or("9").to_owned();
    let put = requests.iter().find(|r| r["operation"] == "packetCaptures.put").expect("a PUT");
    let mut depth = 1;
    let mut begin = time(put, "received_at");
    while let Some(before) = requests
        .iter()
        .filter(|r| before_a_capture(r) && time(r, "answered_at") <= begin)
        .max_by_key(|r| time(r, "received_at"))
    {
        depth += 1;
        begin = time(before, "received_at");
    }
    depth
}

fn download(stack: &Stack, url: &str) -> Vec<u8> {
    let token_url = format!("{}/{}/oauth2/v2.0/token", stack.azure_url(), stack.sample("tenant_id"));
    let form = format!(
        "grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default&client_id={}&client_secret={}",
        stack.sample("client_id"),
        stack.sample("client_secret")
    );
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    let token = post(&token_url, &form_type, form.as_bytes()).json;
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    let headers = [("authorization", bearer.as_str()), ("x-ms-version", "2023-11-03")];
    until(10, "the file", || Some(get(url, &headers)).filter(|answer| answer.status == 200)).bytes
}

fn packets(file: &[u8]) -> usize {
    let mut reader = create_reader(65_536, file).expect("a pcap header");
    let mut packets = 0;
    loop {
        match reader.next() {
            Ok((used, block)) => {
                packets += usize::from(matches!(block, pcap_parser::PcapBlockOwned::Legacy(_)));
                reader.consume(used);
            }
            Err(PcapError::Eof) => return packets,
            Err(PcapError::Incomplete(_)) => reader.refill().expect("more of the file"),
            Err(error) => panic!("{error:?}"),
        }
    }
}
