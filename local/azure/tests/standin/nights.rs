//! What happens behind a caller's back, the clock that can be moved, throttling, and what a session's calls are.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Azure, SUBSCRIPTION, capture, machine, send, watcher, web_01};

async fn happen(azure: &Azure, what: Value) -> Answer {
    send(azure.post("/_standin/happen").json(&what)).await
}

async fn running(azure: &Azure, name: &str) {
    azure.put_capture(name, web_01(600)).await;
    azure.session(name, |one| one["state"] == "Running").await;
}

/// What queryStatus says once its operation is done.
async fn status(azure: &Azure, name: &str) -> Answer {
    let mut answer = send(azure.arm(Method::POST, &format!("{}/queryStatus", capture(name)))).await;
    let location = answer.header("location");
    while answer.status == 202 {
        answer = azure.get(&location).await;
    }
    answer
}

#[tokio::test]
async fn a_session_ends_behind_the_callers_back_for_every_reason_there_is() {
    let azure = Azure::start().await;
    for (what, word, reason, errors) in [
        ("sessionStopped", "Stopped", "Manual", json!([])),
        ("sessionFull", "Stopped", "", json!([])),
        ("sessionError", "Error", "", json!(["AgentStopped"])),
    ] {
        running(&azure, what).await;
        let answer = happen(&azure, json!({ "what": what, "id": what })).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "sessions": [capture(what)] })));
        let told = status(&azure, what).await.json();
        assert_eq!((&told["packetCaptureStatus"], &told["stopReason"]), (&json!(word), &json!(reason)));
        assert_eq!(told["packetCaptureError"], errors);
    }
    running(&azure, "deleted").await;
    happen(&azure, json!({ "what": "sessionDeleted", "id": capture("deleted") })).await;
    assert_eq!(azure.get(&capture("deleted")).await.code(), "ResourceNotFound");
    assert_eq!(status(&azure, "deleted").await.status, 404);
    assert_eq!(happen(&azure, json!({ "what": "sessionDeleted", "id": "deleted" })).await.status, 400);
    assert_eq!(happen(&azure, json!({ "what": "snow" })).await.status, 400);
}

#[tokio::test]
async fn an_operation_of_a_session_that_was_deleted_meanwhile_is_not_found() {
    let azure = Azure::with(&[("status_operation_ms = 30", "status_operation_ms = 60000")]).await;
    running(&azure, "asked").await;
    let asked = send(azure.arm(Method::POST, &format!("{}/queryStatus", capture("asked")))).await;
    happen(&azure, json!({ "what": "sessionDeleted", "id": "asked" })).await;
    send(azure.post("/_standin/clock").json(&json!({ "advance_s": 60 }))).await;
    assert_eq!(azure.get(&asked.header("location")).await.status, 404);
}

#[tokio::test]
async fn a_deleted_machine_is_not_found_and_its_sessions_end_as_asked() {
    for (sessions, word) in
        [(json!(null), "Error"), (json!("stopped"), "Stopped"), (json!("notFound"), "404")]
    {
        let azure = Azure::start().await;
        running(&azure, "on-it").await;
        let mut what = json!({ "what": "vmDeleted", "id": machine("WEB-01") });
        if !sessions.is_null() {
            what["sessions"] = sessions;
        }
        assert_eq!(happen(&azure, what).await.json()["sessions"], json!([capture("on-it")]));
        assert_eq!(azure.get(&capture("on-it")).await.status, 200, "the session's resource stays");
        let told = status(&azure, "on-it").await;
        match word {
            "404" => assert_eq!((told.status.as_u16(), told.code().as_str()), (404, "ResourceNotFound")),
            word => assert_eq!(told.json()["packetCaptureStatus"], word),
        }
        let path = format!("{}?api-version=2026-04-01", machine("web-01"));
        assert_eq!(azure.get(&path).await.status, 404);
        let list = format!(
            "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines?api-version=2026-04-01"
        );
        assert!(!azure.get(&list).await.json().to_string().contains("/virtualMachines/web-01\""));
        assert_eq!(azure.put_capture("too-late", web_01(60)).await.code(), "InvalidResourceReference");
        send(azure.post("/_standin/reset")).await;
        assert_eq!(azure.get(&path).await.status, 200, "a reset brings it back");
    }
}

#[tokio::test]
async fn a_stopped_machine_says_so_and_takes_no_capture() {
    let azure = Azure::start().await;
    running(&azure, "on-it").await;
    happen(&azure, json!({ "what": "vmStopped", "id": machine("web-01") })).await;
    assert_eq!(status(&azure, "on-it").await.json()["packetCaptureError"], json!(["AgentStopped"]));
    let path = format!("{}?api-version=2026-04-01&$expand=instanceView", machine("web-01"));
    let power = azure.get(&path).await.json();
    assert_eq!(power["properties"]["instanceView"]["statuses"][1]["code"], "PowerState/deallocated");
    let answer = azure.put_capture("too-late", web_01(60)).await;
    let done = azure.operation(&answer.header("azure-asyncoperation")).await;
    assert_eq!(done["error"]["code"], "VmNotRunning");
}

#[tokio::test]
async fn a_deleted_watcher_takes_everything_below_it_along() {
    let azure = Azure::start().await;
    running(&azure, "below").await;
    let answer = happen(&azure, json!({ "what": "watcherDeleted", "id": watcher() })).await;
    assert_eq!(answer.json()["sessions"], json!([capture("below")]));
    for path in [watcher(), format!("{}/packetCaptures", watcher()), capture("below")] {
        assert_eq!(azure.get(&path).await.code(), "ResourceNotFound", "{path}");
    }
    assert_eq!(azure.put_capture("new", web_01(60)).await.status, 404);
    let list = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/networkWatchers");
    assert_eq!(azure.get(&list).await.json()["value"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn everything_follows_the_clock() {
    let azure = Azure::with(&[("provisioning_ms = 30", "provisioning_ms = 10000")]).await;
    let before: Timestamp =
        azure.control("clock").await["now"].as_str().expect("a time").parse().expect("one");
    let mut properties = web_01(18_000);
    properties["totalBytesPerSession"] = json!(4_294_967_295_u64);
    azure.put_capture("five-hours", properties).await;
    let advance = async |seconds: u64| {
        send(azure.post("/_standin/clock").json(&json!({ "advance_s": seconds }))).await.json()
    };
    advance(10).await;
    assert_eq!(status(&azure, "five-hours").await.json()["packetCaptureStatus"], "Running");
    let moved = advance(3_000).await;
    assert_eq!(moved["ahead_s"], 3_010);
    assert_eq!(azure.get(&capture("five-hours")).await.status, 200, "the token lives for an hour");
    advance(15_001).await;
    assert_eq!(azure.get(&capture("five-hours")).await.code(), "ExpiredAuthenticationToken");

    let truth = azure.session("five-hours", |one| one["files"][0]["written"] == true).await;
    let time = |field: &str| truth[field].as_str().expect("a time").parse::<Timestamp>().expect("a time");
    assert_eq!(time("until").duration_since(time("since")).as_secs(), 18_000, "not when it was noticed");
    assert!(time("until").duration_since(before).as_secs() >= 18_010);
    let fault = json!({ "kind": "status", "status": 429, "retry_after_date_s": 30 });
    azure.fault(json!({ "operation": "packetCaptures.list", "fault": fault })).await;
    let date = azure.get(&format!("{}/packetCaptures", watcher())).await.header("retry-after");
    let date = jiff::fmt::rfc2822::parse(&date).expect("an HTTP date").timestamp();
    assert!((18_038..18_070).contains(&date.duration_since(before).as_secs()), "{date}");
}

#[tokio::test]
async fn a_fault_sets_any_header_and_wins_over_those_of_arm() {
    let azure = Azure::start().await;
    let headers = json!({ "retry-after-ms": "250", "x-ms-ratelimit-remaining-subscription-writes": "0" });
    let fault = json!({ "kind": "status", "status": 429, "headers": headers });
    azure.fault(json!({ "operation": "packetCaptures.put", "fault": fault })).await;
    let answer = azure.put_capture("throttled", web_01(60)).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after-ms"), "250");
    assert_eq!(answer.header("x-ms-ratelimit-remaining-subscription-writes"), "0");
    let wrong = json!({ "kind": "status", "status": 429, "headers": { "no header": "x" } });
    let wrong = json!({ "operation": "token", "fault": wrong });
    assert_eq!(send(azure.post("/_standin/faults").json(&wrong)).await.status, 400);
}

#[tokio::test]
async fn what_remains_of_the_budgets_is_told_and_an_empty_one_refuses_only_where_that_is_wanted() {
    let azure = Azure::with(&[("throttled = false", "throttled = true")]).await;
    let list = format!("{}/packetCaptures", watcher());
    let left = |answer: &Answer| {
        answer.header("x-ms-ratelimit-remaining-subscription-reads").parse::<i64>().expect("a number")
    };
    assert_eq!(left(&azure.get(&list).await), 249);
    // A hundred below nothing: 25 come in each second, so there is one again after 4.04 seconds.
    let set = json!({ "reads": -100, "writes": 1 });
    send(azure.post("/_standin/throttle").json(&set)).await;
    let answer = azure.get(&list).await;
    assert_eq!((answer.status.as_u16(), left(&answer)), (429, 0));
    assert_eq!(answer.code(), "SubscriptionRequestsThrottled");
    assert!(["4", "5"].contains(&answer.header("retry-after").as_str()), "{}", answer.header("retry-after"));
    assert_eq!(azure.put_capture("one", web_01(60)).await.status, 201, "writes have a bucket of their own");
    send(azure.post("/_standin/clock").json(&json!({ "advance_s": 5 }))).await;
    assert_eq!(azure.get(&list).await.status, 200);
    send(azure.post("/_standin/throttle").json(&json!({ "throttled": false, "reads": 0 }))).await;
    assert_eq!(azure.get(&list).await.status, 200);
    let described = azure.control("throttle").await;
    assert_eq!(described["throttled"], false);
    assert!(described["remaining"][SUBSCRIPTION]["deletes"].as_u64() == Some(200), "{described}");
    assert_eq!(send(azure.post("/_standin/throttle").json(&json!({ "reads": "x" }))).await.status, 400);
}

#[tokio::test]
async fn the_calls_of_a_session_are_counted_with_those_of_its_operations() {
    let azure = Azure::start().await;
    azure.get(&watcher()).await;
    let put = azure.put_capture("counted", web_01(60)).await;
    azure.put_capture("another", web_01(60)).await;
    azure.get(&put.header("azure-asyncoperation")).await;
    azure.get(&capture("COUNTED")).await;
    let stop = send(azure.arm(Method::POST, &format!("{}/stop", capture("counted")))).await;
    azure.get(&stop.header("location")).await;
    assert_eq!(
        azure.control("calls?capture=counted").await,
        json!({ "capture": "counted", "total": 5, "calls": {
            "operationResults.get": 1, "operations.get": 1,
            "packetCaptures.get": 1, "packetCaptures.put": 1, "packetCaptures.stop": 1,
        }})
    );
    let all = azure.control("calls").await;
    assert_eq!((&all["capture"], &all["calls"]["packetCaptures.put"]), (&json!(null), &json!(2)));
    assert_eq!((&all["calls"]["networkWatchers.get"], &all["total"]), (&json!(1), &json!(7)));
}
