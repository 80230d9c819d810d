//! What cannot lead to a capture: each answered as it should be, in time, in clear words.

use std::time::{Duration, Instant};

use alertcap_tests::{METRIC, Options, Stack, WEBHOOK_KEY, get, post};
use serde_json::{Value, json};

/// The metric alert, on another machine.
fn on(machine: &str) -> String {
    METRIC.replace("web-01", machine)
}

/// The one capture of an answer with 202, once reported.
fn failed(stack: &Stack, body: &str) -> Value {
    let begin = Instant::now();
    let answer = stack.alert(body);
    assert!(begin.elapsed() < Duration::from_secs(8));
    assert_eq!(answer.status, 202, "{answer:?}");
    let record = stack.wait_for(answer.json["captures"][0]["name"].as_str().unwrap(), "reported");
    let told = stack.told();
    let told = told.iter().rev().find(|e| e["body"]["subject"] == record["name"]).expect("people are told");
    assert_eq!(told["body"]["type"], "alertcap.capture.failed.v1");
    assert_eq!(told["body"]["data"]["capture"]["error"], record["error"]);
    assert!(record["error"]["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{record}");
    record
}

#[test]
fn callers_sizes_and_shapes_that_can_never_be_taken_are_refused_with_a_problem() {
    let stack = Stack::start(&Options::default());
    let url = stack.url();
    let in_query = format!("{url}/api/alerts?code=webhook%2Fkey%2Bfor%3Dtests");
    let key = ("x-functions-key", WEBHOOK_KEY);
    let large = vec![b'x'; 300 * 1024];
    let no_schema = r#"{"schemaId":"somethingElse","data":{}}"#;
    for (what, answer, status) in [
        ("no key", post(&format!("{url}/api/alerts"), &[], METRIC.as_bytes()), 401),
        ("wrong key", post(&format!("{url}/api/alerts?code=wrong"), &[], METRIC.as_bytes()), 401),
        (
            "the operator's key",
            post(
                &format!("{url}/api/alerts"),
                &[("x-functions-key", alertcap_tests::OPERATOR_KEY)],
                METRIC.as_bytes(),
            ),
            401,
        ),
        ("300 KB", post(&in_query, &[], &large), 413),
        ("300 KB without a length", post(&in_query, &[("transfer-encoding", "chunked")], &large), 413),
        ("not JSON", post(&in_query, &[], b"alert!"), 400),
        ("no known shape", post(&in_query, &[key], no_schema.as_bytes()), 400),
        ("no body", post(&in_query, &[], b""), 400),
        ("captures without a key", get(&format!("{url}/api/captures"), &[]), 401),
        ("a sweep without a key", post(&format!("{url}/api/sweep"), &[], b""), 401),
        ("an unknown path", get(&format!("{url}/api/nothing"), &[]), 404),
        ("an unknown capture", stack.read("/api/captures/nothing"), 404),
        ("GET of alerts", get(&format!("{url}/api/alerts"), &[]), 405),
    ] {
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
        assert_eq!(answer.json["status"], status, "{what}");
        assert!(answer.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{what}");
    }
    assert_eq!(stack.requests(None), Vec::<Value>::new());
    assert_eq!(post(&in_query, &[], METRIC.as_bytes()).status, 202, "the key in the query is taken");
}

#[test]
fn with_no_key_configured_nobody_gets_in_and_readyz_says_why() {
    let stack = Stack::start(&Options { variables: &[("webhook_key", "")], ..Options::default() });
    let url = stack.url();
    for code in ["", "?code=", "?code=webhook%2Fkey%2Bfor%3Dtests"] {
        assert_eq!(post(&format!("{url}/api/alerts{code}"), &[], METRIC.as_bytes()).status, 401);
    }
    let ready = get(&format!("{url}/readyz"), &[]);
    assert_eq!((ready.status, ready.json["problems"][0]["variable"].as_str()), (503, Some("webhook_key")));
    assert_eq!(get(&format!("{url}/healthz"), &[]).status, 200);
}

#[test]
fn a_machine_outside_the_allowed_scopes_is_answered_200_with_the_reason() {
    for (variables, words) in [
        (
            ("allowed_scopes", "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-other"),
            "outside",
        ),
        (("allowed_scopes", ""), "not set"),
    ] {
        let stack = Stack::start(&Options { variables: &[variables], ..Options::default() });
        let answer = stack.alert(METRIC);
        assert_eq!((answer.status, answer.json["reason"].as_str()), (200, Some("outsideAllowedScopes")));
        assert!(answer.json["detail"].as_str().unwrap().contains(words), "{answer:?}");
        assert_eq!(stack.requests(None), Vec::<Value>::new());
    }
}

#[test]
fn a_resolved_alert_and_one_about_no_machine_are_answered_200_with_the_reason() {
    let stack = Stack::start(&Options::default());
    for (body, reason) in [
        (METRIC.replace("\"Fired\"", "\"Resolved\""), "resolved"),
        (
            METRIC.replace("microsoft.compute/virtualmachines", "microsoft.storage/storageaccounts"),
            "notAMachine",
        ),
    ] {
        let answer = stack.alert(&body);
        assert_eq!((answer.status, answer.json["reason"].as_str()), (200, Some(reason)), "{answer:?}");
    }
    assert_eq!(stack.requests(None), Vec::<Value>::new());
}

#[test]
fn a_machine_that_does_not_exist_fails_in_arms_words() {
    let stack = Stack::start(&Options::default());
    let record = failed(&stack, &on("gone-01"));
    assert_eq!(
        (record["error"]["code"].as_str(), record["error"]["status"].as_u64()),
        (Some("ResourceNotFound"), Some(404))
    );
    assert!(record["error"]["requestId"].is_string());
    assert_eq!(stack.requests(Some("packetCaptures.put")), Vec::<Value>::new());
}

#[test]
fn a_region_without_a_watcher_fails_with_the_line_that_makes_one() {
    let stack = Stack::start(&Options::default());
    let record = failed(&stack, &on("lonely-01"));
    assert_eq!(record["error"]["code"], "noNetworkWatcher");
    assert!(record["error"]["message"].as_str().unwrap().contains("swedencentral"));
    assert!(record["error"]["advice"].as_str().unwrap().contains("az network watcher configure"));
}

#[test]
fn a_watcher_of_another_name_and_group_is_found_by_its_region() {
    let north = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshopnorth";
    let stack = Stack::start(&Options { variables: &[("storage_account_id", north)], ..Options::default() });
    let answer = stack.alert(&on("web-02"));
    let record = stack.wait_for(answer.json["captures"][0]["name"].as_str().unwrap(), "reported");
    assert!(
        record["watcher"]
            .as_str()
            .unwrap()
            .ends_with("/rg-net/providers/Microsoft.Network/networkWatchers/watch-the-north")
    );
    assert_eq!(record["error"], Value::Null);
}

#[test]
fn a_wrong_secret_fails_in_entras_words_and_is_not_tried_again() {
    let stack =
        Stack::start(&Options { variables: &[("client_secret", "not-the-secret")], ..Options::default() });
    let record = failed(&stack, METRIC);
    assert_eq!(record["error"]["code"], "AADSTS7000215");
    assert!(record["error"]["requestId"].is_string());
    assert_eq!(stack.requests(Some("token")).len(), 1);
}

#[test]
fn missing_rights_fail_with_the_action_that_is_missing() {
    let app =
        [("client_id", "c11e47ab-0000-4000-8000-0000000000b2"), ("client_secret", "standin-secret-none~1")];
    let stack = Stack::start(&Options { variables: &app, ..Options::default() });
    let record = failed(&stack, METRIC);
    assert_eq!(
        (record["error"]["code"].as_str(), record["error"]["status"].as_u64()),
        (Some("AuthorizationFailed"), Some(403))
    );
}

#[test]
fn at_the_session_limit_nothing_stays_started() {
    let stack = Stack::start(&Options { variables: &[("session_limit", "3")], ..Options::default() });
    let watcher = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope";
    stack.control("captures", &json!({"watcher_id": watcher, "count": 3, "state": "Stopped"}));
    let record = failed(&stack, METRIC);
    assert_eq!(record["error"]["code"], "sessionLimit");
    // The count is known now: nothing is even asked for.
    stack.forget_requests();
    let record = failed(&stack, &METRIC.replace("02:00:13", "02:40:00"));
    assert_eq!(record["error"]["code"], "sessionLimit");
    assert_eq!(stack.requests(Some("packetCaptures.put")), Vec::<Value>::new());
}

#[test]
fn a_store_that_takes_no_writes_is_answered_503_with_retry_after_and_the_retry_is_taken() {
    let stack = Stack::start(&Options::default());
    let switch = stack.host_state().join("fail-store");
    std::fs::write(&switch, "writes").unwrap();
    let answer = stack.alert(METRIC);
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "5"), "{answer:?}");
    assert_eq!(stack.requests(None), Vec::<Value>::new());
    std::fs::write(&switch, "all").unwrap();
    assert_eq!(stack.alert(METRIC).status, 503);
    assert_eq!(get(&format!("{}/readyz", stack.url()), &[]).status, 503);
    std::fs::remove_file(&switch).unwrap();
    let answer = stack.alert(METRIC);
    assert_eq!((answer.status, answer.json["captures"][0]["duplicate"].as_bool()), (202, Some(false)));
    let record = stack.wait_for(answer.json["captures"][0]["name"].as_str().unwrap(), "reported");
    assert_eq!(record["error"], Value::Null);
}

#[test]
fn an_azure_that_does_not_answer_does_not_hold_up_the_answer() {
    let stack = Stack::start(&Options::default());
    stack.fault("virtualMachines.get", &json!({"kind": "delay", "ms": 9_000}), 1);
    let begin = Instant::now();
    let answer = stack.alert(METRIC);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert_eq!((answer.status, answer.json["captures"][0]["state"].as_str()), (202, Some("accepted")));
    let record = stack.wait_for(answer.json["captures"][0]["name"].as_str().unwrap(), "reported");
    assert_eq!(record["error"], Value::Null);
}
