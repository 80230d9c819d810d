//! Faults on request.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::client::{Azure, TENANT, capture, machine, send, web_01};

#[tokio::test]
async fn a_status_fault_has_the_shape_of_the_service_and_does_nothing() {
    let azure = Azure::start().await;
    let throttled = json!({ "kind": "status", "status": 429, "retry_after": "7", "code": "TooManyRequests", "message": "slow down" });
    azure.fault(json!({ "operation": "packetCaptures.put", "times": 1, "fault": throttled })).await;
    let answer = azure.put_capture("throttled", web_01(60)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "TooManyRequests"));
    assert_eq!(answer.header("retry-after"), "7");
    assert!(!answer.header("x-ms-request-id").is_empty(), "an error carries its ids");
    assert_eq!(
        azure.put_capture("throttled", web_01(60)).await.status,
        201,
        "the fault is over, and nothing was made"
    );

    azure.fault(json!({ "operation": "token", "fault": { "kind": "status", "status": 503, "code": "temporarily_unavailable" } })).await;
    let answer = azure.ask_token(TENANT, &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (503, &json!("temporarily_unavailable")));

    azure.fault(json!({ "operation": "virtualMachines.get", "fault": { "kind": "status", "status": 502, "body": "<html>" } })).await;
    let answer = azure.get(&machine("web-01")).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.as_slice()), (502, &b"<html>"[..]));
}

#[tokio::test]
async fn a_dropped_request_does_nothing_and_a_lost_answer_does_everything() {
    let azure = Azure::start().await;
    for (kind, name, status_after) in [("drop", "dropped", 404), ("lost_answer", "lost", 200)] {
        azure.fault(json!({ "operation": "packetCaptures.put", "fault": { "kind": kind } })).await;
        let request = azure.arm(Method::PUT, &capture(name)).json(&json!({ "properties": web_01(60) }));
        let error = request.send().await.expect_err("no answer");
        assert!(!error.is_timeout(), "{error}");
        assert_eq!(azure.get(&capture(name)).await.status, status_after, "{kind}");
    }
    let record = azure.control("requests").await;
    let put = &record["requests"][0];
    assert_eq!(
        (&put["fault"], &put["status"], &put["answered_at"]),
        (&json!("drop"), &json!(null), &json!(null))
    );
    assert_eq!(record["requests"][2]["fault"], "lost_answer");
}

#[tokio::test]
async fn a_delay_waits_and_then_does_as_always() {
    let azure = Azure::start().await;
    let matched = json!({ "path_contains": "WEB-01" });
    azure.fault(json!({ "operation": "virtualMachines.get", "match": matched, "fault": { "kind": "delay", "ms": 300 } })).await;
    let path = |name| format!("{}?api-version=2026-04-01", machine(name));
    let begun = Instant::now();
    assert_eq!(azure.get(&path("db-01")).await.status, 200, "another machine is not meant");
    assert_eq!(azure.control("faults").await["faults"].as_array().map(Vec::len), Some(1));
    assert_eq!(azure.get(&path("web-01")).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(azure.control("faults").await, json!({ "faults": [] }));
}

#[tokio::test]
async fn long_running_outcomes_are_decided_when_they_start() {
    let azure = Azure::start().await;
    let failed =
        json!({ "kind": "operation_failed", "code": "InternalServerError", "message": "An error occurred." });
    azure.fault(json!({ "operation": "packetCaptures.put", "fault": failed })).await;
    let answer = azure.put_capture("failed", web_01(60)).await;
    assert_eq!(answer.status, 201);
    let done = azure.operation(&answer.header("azure-asyncoperation")).await;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("Failed"), &json!("InternalServerError")));

    let stopped = json!({ "kind": "capture_error", "errors": ["AgentStopped"] });
    azure.fault(json!({ "operation": "packetCaptures.put", "fault": stopped })).await;
    let answer = azure.put_capture("broken", web_01(60)).await;
    assert_eq!(azure.operation(&answer.header("azure-asyncoperation")).await["status"], "Succeeded");
    azure.session("broken", |one| one["errors"] == json!(["AgentStopped"])).await;

    azure.put_capture("kept", web_01(60)).await;
    azure.fault(json!({ "operation": "packetCaptures.delete", "fault": failed })).await;
    let answer = send(azure.arm(Method::DELETE, &capture("kept"))).await;
    assert_eq!(azure.operation(&answer.header("azure-asyncoperation")).await["status"], "Failed");
    assert_eq!(azure.get(&answer.header("location")).await.status, 409);
    assert_eq!(azure.get(&capture("kept")).await.status, 200);
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_answered_with_what_can() {
    let azure = Azure::start().await;
    let refused = async |body| {
        let answer = send(azure.post("/_standin/faults").json(&body)).await;
        assert_eq!(answer.status, 400);
        answer.json()["error"].as_str().expect("a text").to_owned()
    };
    let text = refused(json!({ "operation": "vm.get", "fault": { "kind": "drop" } })).await;
    assert!(text.contains("virtualMachines.get, virtualMachineScaleSets.get"), "{text}");
    let text = refused(json!({ "operation": "token", "fault": { "kind": "melt" } })).await;
    assert!(
        text.contains(
            "Kinds: status, delay, drop, lost_answer, body_breaks, slow_body, capture_error, operation_failed"
        ),
        "{text}"
    );
    refused(json!({ "operation": "token", "times": 0, "fault": { "kind": "drop" } })).await;
    refused(json!({ "operation": "token", "when": "now", "fault": { "kind": "drop" } })).await;
}
