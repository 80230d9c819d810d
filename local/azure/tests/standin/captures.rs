//! The life of a capture.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Azure, account, capture, machine, send, watcher, web_01};

pub(crate) async fn created(azure: &Azure, name: &str, properties: Value) -> Value {
    let answer = azure.put_capture(name, properties).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    azure.operation(&answer.header("azure-asyncoperation")).await
}

async fn query(azure: &Azure, name: &str) -> crate::client::Answer {
    send(azure.arm(Method::POST, &format!("{}/queryStatus", capture(name)))).await
}

/// The status at the end of queryStatus's operation.
async fn fresh(azure: &Azure, name: &str) -> Value {
    let first = query(azure, name).await;
    if first.status == 200 {
        return first.json();
    }
    let location = first.header("location");
    loop {
        let answer = azure.get(&location).await;
        if answer.status == 200 {
            assert_eq!(answer.header("location"), location, "the last answer names its place again");
            return answer.json();
        }
        assert_eq!(answer.status, 202);
    }
}

#[tokio::test]
async fn a_put_answers_201_updating_and_its_operation_ends_succeeded() {
    let azure = Azure::start().await;
    let answer = azure.put_capture("first", web_01(60)).await;
    assert_eq!(answer.status, 201);
    let body = answer.json();
    assert_eq!(body["id"], capture("first"));
    assert_eq!(body["type"], "Microsoft.Network/networkWatchers/packetCaptures");
    let properties = &body["properties"];
    assert_eq!(properties["provisioningState"], "Updating");
    assert_eq!(properties["bytesToCapturePerPacket"], 0);
    assert_eq!(properties["totalBytesPerSession"], 1_073_741_824);
    assert_eq!(properties["filters"], json!([]));
    let path = properties["storageLocation"]["storagePath"].as_str().expect("a path");
    let start = format!("{}/stshopcaptures/network-watcher-logs/subscriptions/", azure.base);
    assert!(path.starts_with(&start) && path.ends_with(".cap"), "{path}");
    assert!(
        path.contains("/resourcegroups/rg-shop/providers/microsoft.compute/virtualmachines/web-01/"),
        "{path}"
    );

    let url = answer.header("azure-asyncoperation");
    assert_eq!(azure.get(&url).await.json()["status"], "InProgress");
    assert_eq!(azure.operation(&url).await, json!({ "status": "Succeeded" }));
    let read = azure.get(&capture("FIRST")).await.json();
    assert_eq!(read["properties"]["provisioningState"], "Succeeded");
    assert_ne!(read["etag"], body["etag"]);
}

#[tokio::test]
async fn operation_urls_are_long_and_must_come_back_byte_for_byte() {
    let azure = Azure::start().await;
    let answer = azure.put_capture("long", web_01(60)).await;
    let url = answer.header("azure-asyncoperation");
    assert!((3_500..4_096).contains(&url.len()), "{}", url.len());
    assert!(["&t=", "&c=", "&s=", "&h="].iter().all(|part| url.contains(part)), "{url}");
    assert_eq!(azure.get(&url).await.status, 200);
    assert_eq!(azure.get(&url[..url.len() - 1]).await.status, 403, "cut short");
    let reordered = url.replace("api-version=2026-03-01&t=", "t=") + "&api-version=2026-03-01";
    assert_eq!(azure.get(&reordered).await.status, 403, "rebuilt");
    let id = url.split("/operations/").nth(1).and_then(|rest| rest.split('?').next()).expect("an id");
    assert_eq!(azure.get(&url.replace(id, "00000000-0000-4000-8000-000000000000")).await.status, 404);
}

#[tokio::test]
async fn a_capture_runs_its_time_and_query_status_learns_late_that_it_ended() {
    let azure = Azure::with(&[("status_stale_s = 0.3", "status_stale_s = 600.0")]).await;
    created(&azure, "timed", web_01(1)).await;
    let running = fresh(&azure, "timed").await;
    assert_eq!(running["packetCaptureStatus"], "Running");
    let start = running["captureStartTime"].as_str().expect("a time");
    assert_eq!(start.split('.').nth(1).map(str::len), Some(8), "seven digits and Z: {start}");

    let truth = azure.session("timed", |one| one["state"] == "Ended").await;
    let time = |field: &str| truth[field].as_str().expect("a time").parse::<Timestamp>().expect("a time");
    let lasted = time("until").duration_since(time("since")).as_secs_f64();
    assert!((1.0..3.0).contains(&lasted), "{lasted}");

    let stale = query(&azure, "timed").await;
    assert_eq!((stale.status.as_u16(), &stale.json()["packetCaptureStatus"]), (202, &json!("Running")));
    let told = fresh(&azure, "timed").await;
    assert_eq!(
        (&told["packetCaptureStatus"], &told["stopReason"]),
        (&json!("Stopped"), &json!("TimeExceeded"))
    );
    assert_eq!(told["packetCaptureError"], json!([]));
    let plain = query(&azure, "timed").await;
    assert_eq!((plain.status.as_u16(), plain.header("location").as_str()), (200, ""), "now it knows");
    assert_eq!(plain.json(), told);
}

async fn advance(azure: &Azure, seconds: u64) {
    send(azure.post("/_standin/clock").json(&json!({ "advance_s": seconds }))).await;
}

#[tokio::test]
async fn the_service_learns_of_an_end_only_when_it_is_asked() {
    let azure = Azure::with(&[
        ("status_stale_s = 0.3\n", ""),
        ("status_operation_ms = 30", "status_operation_ms = 60000"),
    ])
    .await;
    created(&azure, "unasked", web_01(1)).await;
    azure.session("unasked", |one| one["state"] == "Ended").await;
    advance(&azure, 3_000).await;
    let first = query(&azure, "unasked").await;
    assert_eq!((first.status.as_u16(), &first.json()["packetCaptureStatus"]), (202, &json!("Running")));
    advance(&azure, 30).await;
    assert_eq!(query(&azure, "unasked").await.status, 202, "it is still being asked");
    // Nobody has followed the first one's Location.
    advance(&azure, 31).await;
    let plain = query(&azure, "unasked").await;
    assert_eq!((plain.status.as_u16(), &plain.json()["stopReason"]), (200, &json!("TimeExceeded")));
}

#[tokio::test]
async fn a_status_before_the_start_is_not_started() {
    let azure = Azure::with(&[("provisioning_ms = 30", "provisioning_ms = 60000")]).await;
    azure.put_capture("early", web_01(60)).await;
    assert_eq!(fresh(&azure, "early").await["packetCaptureStatus"], "NotStarted");
}

#[tokio::test]
async fn a_capture_is_stopped_and_stopping_it_again_is_no_error() {
    let azure = Azure::start().await;
    created(&azure, "stopped", web_01(600)).await;
    for path in ["stop", "STOP"] {
        let answer = send(azure.arm(Method::POST, &format!("{}/{path}", capture("stopped")))).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.len()), (202, 0));
        let done = azure.operation(&answer.header("azure-asyncoperation")).await;
        assert_eq!(done, json!({ "status": "Succeeded", "properties": {} }));
        let result = azure.get(&answer.header("location")).await;
        assert_eq!((result.status.as_u16(), result.bytes.as_slice()), (200, &b"null"[..]));
        let status = query(&azure, "stopped").await;
        assert_eq!((status.status.as_u16(), &status.json()["stopReason"]), (200, &json!("Manual")));
    }
}

#[tokio::test]
async fn a_capture_ends_when_its_bytes_are_reached() {
    let azure = Azure::start().await;
    let mut properties = web_01(600);
    properties["totalBytesPerSession"] = json!(6_000);
    created(&azure, "full", properties).await;
    azure.session("full", |one| one["state"] == "Ended").await;
    let told = fresh(&azure, "full").await;
    assert_eq!((&told["packetCaptureStatus"], &told["stopReason"]), (&json!("Stopped"), &json!("")));
}

#[tokio::test]
async fn a_capture_is_deleted_and_its_file_stays() {
    let azure = Azure::start().await;
    created(&azure, "gone", web_01(1)).await;
    let truth = azure.session("gone", |one| one["files"][0]["written"] == true).await;
    let answer = send(azure.arm(Method::DELETE, &capture("gone"))).await;
    assert_eq!(answer.status, 202);
    azure.operation(&answer.header("azure-asyncoperation")).await;
    assert_eq!(azure.get(&answer.header("location")).await.status, 204);
    assert_eq!(azure.get(&capture("gone")).await.status, 404);
    assert_eq!(azure.get(&format!("{}/packetCaptures", watcher())).await.json(), json!({ "value": [] }));
    assert_eq!(
        send(azure.arm(Method::DELETE, &capture("gone"))).await.status,
        204,
        "what is not there is no error"
    );

    let token = azure.sign_in("https://storage.azure.com/.default").await;
    let url = format!("{}{}", azure.base, truth["files"][0]["path"].as_str().expect("a path"));
    assert_eq!(
        send(azure.http.get(url).bearer_auth(token).header("x-ms-version", "2025-05-05")).await.status,
        200
    );
}

#[tokio::test]
async fn of_ten_puts_of_one_name_at_once_exactly_one_is_taken() {
    let azure = Azure::start().await;
    let puts = (0..10).map(|_| azure.put_capture("same", web_01(60)));
    let mut statuses: Vec<u16> = Vec::new();
    let mut set = tokio::task::JoinSet::new();
    for _ in puts {
        let request = azure.arm(Method::PUT, &capture("same")).json(&json!({ "properties": web_01(60) }));
        set.spawn(async move { send(request).await.status.as_u16() });
    }
    while let Some(status) = set.join_next().await {
        statuses.push(status.expect("no panic"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 9]].concat());
}

#[tokio::test]
async fn a_region_that_is_full_takes_no_more() {
    let azure = Azure::with(&[("sessions_per_region = 10000", "sessions_per_region = 3")]).await;
    let seed = json!({ "watcher_id": watcher(), "count": 3, "state": "Stopped" });
    send(azure.post("/_standin/captures").json(&seed)).await;
    let answer = azure.put_capture("fourth", web_01(60)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "PacketCaptureCountLimitReached"));
}

#[tokio::test]
async fn without_its_agent_or_asleep_a_machines_operation_fails() {
    let azure = Azure::start().await;
    for (name, code) in [("bare-01", "NetworkWatcherAgentNotInstalled"), ("asleep-01", "VmNotRunning")] {
        let mut properties = web_01(60);
        properties["target"] = json!(machine(name));
        let done = created(&azure, name, properties).await;
        assert_eq!((&done["status"], &done["error"]["code"]), (&json!("Failed"), &json!(code)));
        assert_eq!(azure.get(&capture(name)).await.json()["properties"]["provisioningState"], "Failed");
        assert_eq!(fresh(&azure, name).await["packetCaptureStatus"], "Error");
    }
}

#[tokio::test]
async fn an_account_without_keys_takes_no_file() {
    let azure = Azure::start().await;
    let mut properties = web_01(1);
    properties["storageLocation"]["storageId"] = json!(account("stshopkeyless"));
    created(&azure, "keyless", properties).await;
    azure.session("keyless", |one| one["errors"] == json!(["StorageFailed"])).await;
    let told = fresh(&azure, "keyless").await;
    assert_eq!(
        (&told["packetCaptureStatus"], &told["packetCaptureError"]),
        (&json!("Error"), &json!(["StorageFailed"]))
    );
}
