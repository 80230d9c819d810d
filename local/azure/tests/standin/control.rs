//! The record, the sink, the reset.

use serde_json::{Value, json};

use crate::client::{Azure, SECRET, TENANT, VERSION, capture, machine, send, watcher, web_01};

#[tokio::test]
async fn every_request_is_recorded_in_order_without_its_secrets() {
    let azure = Azure::start().await;
    azure.sign_in("https://management.azure.com/.default").await;
    azure.get(&format!("{}?api-version=2026-04-01", machine("web-01"))).await;
    azure.put_capture("recorded", web_01(60)).await;
    send(azure.http.get(format!("{}/nothing/here", azure.base))).await;
    let record = azure.control("requests").await;
    let requests = record["requests"].as_array().expect("a list");
    let seen: Vec<(&str, u64)> = requests
        .iter()
        .map(|one| {
            (one["operation"].as_str().unwrap_or_default(), one["status"].as_u64().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        seen,
        [("token", 200), ("virtualMachines.get", 200), ("packetCaptures.put", 201), ("unknown", 404)]
    );
    assert!(requests.windows(2).all(|pair| pair[0]["seq"].as_u64() < pair[1]["seq"].as_u64()));

    let text = record.to_string();
    assert!(!text.contains(SECRET) && !text.contains("standin-secret") && !text.contains(&azure.token));
    let token = requests[0]["body"].as_str().expect("a form");
    assert!(
        token.contains("client_secret=sha256:") && token.contains("grant_type=client_credentials"),
        "{token}"
    );
    let put = &requests[2];
    assert!(
        put["headers"]["authorization"].as_str().is_some_and(|value| value.starts_with("Bearer sha256:"))
    );
    assert_eq!(put["body"]["properties"], web_01(60));
    assert_eq!((&put["method"], &put["path"]), (&json!("PUT"), &json!(capture("recorded"))));
    assert_eq!(put["query"], format!("api-version={VERSION}"));
    assert_eq!(put["url"], format!("{}{}?api-version={VERSION}", azure.base, capture("recorded")));
    assert_eq!(put["fault"], Value::Null);
    for field in ["received_at", "answered_at"] {
        let time = put[field].as_str().expect("a time");
        assert_eq!(time.len(), "2026-07-07T09:06:14.654188Z".len(), "{time}");
    }
}

#[tokio::test]
async fn whoever_waits_for_news_gets_it_at_once() {
    let azure = Azure::start().await;
    let waiting =
        azure.http.get(format!("{}/_standin/notifications?since=0&wait_ms=20000", azure.base)).send();
    let telling = async {
        let event = json!({ "specversion": "1.0", "type": "alertcap.capture.ended" });
        let request = azure.post("/notify/people").header("content-type", "application/cloudevents+json");
        assert_eq!(send(request.body(event.to_string())).await.status, 202);
    };
    let begun = std::time::Instant::now();
    let (answer, ()) = tokio::join!(waiting, telling);
    let body: Value = answer.expect("an answer").json().await.expect("JSON");
    assert!(begun.elapsed().as_secs() < 15, "it did not wait to the end");
    let told = &body["notifications"][0];
    assert_eq!((&told["name"], &told["body"]["type"]), (&json!("people"), &json!("alertcap.capture.ended")));
    assert_eq!(told["headers"]["content-type"], "application/cloudevents+json");
    let since = told["seq"].as_u64().expect("a number");
    assert_eq!(azure.control(&format!("notifications?since={since}")).await, json!({ "notifications": [] }));
}

#[tokio::test]
async fn a_reset_forgets_what_it_is_not_told_to_keep() {
    let azure = Azure::start().await;
    azure.put_capture("kept", web_01(60)).await;
    azure.fault(json!({ "operation": "token", "fault": { "kind": "drop" } })).await;
    send(azure.post("/notify/people").body("hello")).await;
    assert_eq!(send(azure.post("/_standin/reset").json(&json!({ "keep": ["captures"] }))).await.status, 204);
    assert_eq!(azure.control("requests").await, json!({ "requests": [] }));
    assert_eq!(azure.control("notifications").await, json!({ "notifications": [] }));
    assert_eq!(azure.control("faults").await, json!({ "faults": [] }));
    assert_eq!(azure.get(&capture("kept")).await.status, 200);
    send(azure.post("/_standin/reset")).await;
    assert_eq!(azure.get(&capture("kept")).await.status, 404);
    assert_eq!(
        send(azure.post("/_standin/reset").json(&json!({ "keep": ["everything"] }))).await.status,
        400
    );
}

#[tokio::test]
async fn a_seed_needs_a_watcher_that_is_there() {
    let azure = Azure::start().await;
    let seed = |watcher: &str| json!({ "watcher_id": watcher, "count": 2, "state": "Running" });
    let answer = send(azure.post("/_standin/captures").json(&seed(&watcher().to_lowercase()))).await;
    assert_eq!((answer.status.as_u16(), answer.json()["names"].as_array().map(Vec::len)), (201, Some(2)));
    assert_eq!(send(azure.post("/_standin/captures").json(&seed("/subscriptions/none"))).await.status, 400);
    let list = azure.get(&format!("{}/packetCaptures", watcher())).await.json();
    assert_eq!(list["value"][0]["properties"]["provisioningState"], "Succeeded");
    assert_eq!(azure.ask_token(TENANT, &[]).await.status, 400);
}
