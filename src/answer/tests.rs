use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::{
    platform::SendError,
    testing::{OPERATOR_KEY, SWEEP_KEY, Sim, WEBHOOK_KEY, azure::Fault},
};

const METRIC: &[u8] = include_bytes!("../../tests/fixtures/metric-fired.json");

struct Whole(Bytes);

impl Body for Whole {
    async fn read(self, most: usize) -> Result<Bytes, BodyError> {
        if self.0.len() > most { Err(BodyError::TooLarge) } else { Ok(self.0) }
    }
}

fn request(method: Method, uri: &str, body: &[u8]) -> Request<Whole> {
    Request::builder().method(method).uri(uri).body(Whole(Bytes::copy_from_slice(body))).unwrap()
}

fn alert(body: &[u8]) -> Request<Whole> {
    request(Method::POST, &format!("/api/alerts?code={WEBHOOK_KEY}"), body)
}

fn get(path: &str) -> Request<Whole> {
    let separator = if path.contains('?') { '&' } else { '?' };
    request(Method::GET, &format!("{path}{separator}code={OPERATOR_KEY}"), b"")
}

fn sweep() -> Request<Whole> {
    request(Method::POST, &format!("/api/sweep?code={SWEEP_KEY}"), b"")
}

/// Answers in a fresh instance, without waiting for its background work (which then dies with the instance).
fn send(sim: &Sim, request: Request<Whole>) -> (StatusCode, Value) {
    let app = sim.app();
    let response = sim.run(async move { answer(&app, request).await });
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

/// Answers in a fresh instance that lives until all its work is done.
fn send_all(sim: &Sim, request: Request<Whole>) -> (StatusCode, Value) {
    let app = sim.app();
    let response = sim.run_all(async move { answer(&app, request).await });
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

fn record(sim: &Sim) -> Value {
    let (_, list) = send(sim, get("/api/captures"));
    assert_eq!(list["captures"].as_array().unwrap().len(), 1, "{list}");
    list["captures"][0].clone()
}

fn states(record: &Value) -> Vec<String> {
    let mut states: Vec<String> = record["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["state"].as_str().unwrap().to_owned())
        .collect();
    states.dedup();
    states
}

fn fault(sim: &Sim, operation: &str, fault: Fault) {
    sim.0.azure.borrow_mut().fault(operation, fault);
}

/// The most requests that followed one another until the PUT was answered.
fn depth(sim: &Sim) -> usize {
    let sent = sim.0.sent.borrow();
    let put = sent.iter().find(|s| s.operation == "put").unwrap();
    let mut depth = 1;
    let mut begin = put.at;
    while let Some(before) =
        sent.iter().filter(|s| s.answered_at <= begin && s.operation != "notify").max_by_key(|s| s.at)
    {
        depth += 1;
        begin = before.at;
    }
    depth
}

#[test]
fn an_alert_leads_to_a_reported_capture() {
    let sim = Sim::new();
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(status, 202);
    let capture = &answer["captures"][0];
    assert_eq!((capture["state"].as_str(), capture["duplicate"].as_bool()), (Some("starting"), Some(false)));

    let record = record(&sim);
    assert_eq!(states(&record), ["accepted", "starting", "running", "ended", "reported"]);
    assert_eq!(record["stopReason"], "TimeExceeded");
    assert_eq!(record["storagePath"], "https://st.example/network-watcher-logs/x.cap");
    let told: Vec<Value> = sim.0.azure.borrow().told.clone();
    let name = record["name"].as_str().unwrap();
    assert_eq!(
        told.iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        [format!("{name}.started"), format!("{name}.ended")]
    );
    assert_eq!(sim.count("put"), 1);
    let calls = sim
        .operations()
        .iter()
        .filter(|o| !["token", "notify", "vm", "watchers"].contains(&o.as_str()))
        .count();
    assert!(calls <= 8, "{:?}", sim.operations());
}

#[test]
fn the_put_holds_what_was_set_and_nothing_else() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    let sent = sim.0.sent.borrow();
    let put = sent.iter().find(|s| s.operation == "put").unwrap();
    assert_eq!(
        put.body,
        json!({"properties": {
            "target": "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourcegroups/rg-shop/providers/microsoft.compute/virtualmachines/web-01",
            "targetType": "AzureVM",
            "timeLimitInSeconds": 60,
            "storageLocation": {"storageId": "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshopcaptures"},
        }})
    );
    assert!(put.url.starts_with(
        "https://arm.example/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-net/providers/Microsoft.Network/networkWatchers/nw-hub/packetCaptures/alertcap-web-01-20261122T020013Z-"
    ), "{}", put.url);
    assert!(put.url.ends_with("?api-version=2026-03-01"));
}

#[test]
fn the_way_to_the_put_is_three_requests_cold_two_without_a_token_and_one_warm() {
    let sim = Sim::new();
    send_all(&sim, alert(METRIC));
    assert_eq!(depth(&sim), 3, "{:?}", sim.operations());
    let again = |seconds: &str| String::from_utf8_lossy(METRIC).replace("02:00:13", seconds).into_bytes();

    sim.forget_requests();
    send_all(&sim, alert(&again("02:05:00")));
    assert_eq!(depth(&sim), 1, "{:?}", sim.operations());

    sim.forget_requests();
    sim.pass(3_600);
    send_all(&sim, alert(&again("03:05:00")));
    assert_eq!(depth(&sim), 2, "{:?}", sim.operations());
}

#[test]
fn an_alert_costs_at_most_three_writes_per_machine_before_its_answer() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    let writes = sim.0.writes.borrow().clone();
    let of_the_machine =
        writes.iter().filter(|key| key.starts_with("open.") || key.starts_with("place.")).count();
    assert!(of_the_machine <= 3, "{writes:?}");
}

#[test]
fn the_same_alert_twice_or_ten_times_at_once_is_one_capture() {
    let sim = Sim::new();
    let app = sim.app();
    let answers = sim.run_all(async move {
        futures_util::future::join_all((0..10).map(|_| answer(&app, alert(METRIC)))).await
    });
    assert!(answers.iter().all(|a| a.status() == 202));
    let duplicates =
        answers.iter().filter(|a| String::from_utf8_lossy(a.body()).contains("\"duplicate\":true")).count();
    assert_eq!(duplicates, 9);
    let (_, later) = send_all(&sim, alert(METRIC));
    assert_eq!(later["captures"][0]["duplicate"], true);
    assert_eq!(later["captures"][0]["state"], "reported");
    assert_eq!((sim.count("put"), sim.0.azure.borrow().told.len()), (1, 2));
}

#[test]
fn two_instances_that_take_the_same_alert_at_once_lead_to_one_capture() {
    let sim = Sim::new();
    let (one, two) = (sim.app(), sim.app());
    sim.run_all(async move {
        futures_util::future::join(answer(&one, alert(METRIC)), answer(&two, alert(METRIC))).await
    });
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(record(&sim)["error"], Value::Null);
}

#[test]
fn an_instance_that_dies_after_the_answer_loses_nothing_to_a_sweep() {
    let sim = Sim::new();
    let (status, _) = send(&sim, alert(METRIC));
    assert_eq!(status, 202);
    assert_eq!(record(&sim)["state"], "starting");
    // One sweep, and the background work it leaves behind.
    let (status, _) = send_all(&sim, sweep());
    assert_eq!(status, 200);
    assert_eq!(states(&record(&sim)), ["accepted", "starting", "running", "ended", "reported"]);
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn sweeps_alone_lead_to_the_end_where_the_host_drops_background_work() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    for _ in 0..30 {
        send(&sim, sweep());
        sim.pass(5);
    }
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn an_instance_that_dies_before_the_answer_has_promised_nothing_but_the_alert_is_kept() {
    let sim = Sim::new();
    let app = sim.app();
    // Azure never answers the PUT; the answer comes in time all the same.
    fault(&sim, "put", Fault::Error(SendError::TimedOut));
    let begin = crate::platform::Clock::now(&sim);
    let response = sim.run(async move { answer(&app, alert(METRIC)).await });
    assert_eq!(response.status(), 202);
    let took = crate::platform::Clock::now(&sim).since(begin);
    assert!(took < std::time::Duration::from_secs(8), "{took:?}");
    assert_eq!(record(&sim)["state"], "accepted");
    sim.pass(60);
    send_all(&sim, sweep());
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(record(&sim)["error"], Value::Null);
}

#[test]
fn a_lost_answer_to_the_put_is_settled_by_a_look() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!((record["state"].as_str(), &record["error"]), (Some("reported"), &Value::Null));
    assert_eq!(record["stopReason"], "TimeExceeded");
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
}

#[test]
fn a_session_of_the_same_name_on_another_machine_is_not_taken_for_ours() {
    let sim = Sim::new();
    fault(&sim, "put", Fault::Lost);
    let app = sim.app();
    sim.run(async move { answer(&app, alert(METRIC)).await });
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.target = "/another".to_owned());
    sim.0.store.borrow_mut().clear();
    let (_, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(answer["captures"][0]["error"]["code"], "InventedConflict");
}

#[test]
fn throttling_is_obeyed_and_the_capture_still_starts() {
    let sim = Sim::new();
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    fault(&sim, "put", Fault::Answer(429, busy, Some("4")));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), answer["captures"][0]["state"].as_str()), (202, Some("accepted")));
    let sent = sim.0.sent.borrow();
    let puts: Vec<_> = sent.iter().filter(|s| s.operation == "put").collect();
    assert!(puts[1].at.since(puts[0].answered_at).as_secs() >= 4);
    drop(sent);
    assert_eq!(record(&sim)["state"], "reported");
}

#[test]
fn a_refused_token_fails_the_capture_in_entras_words_and_people_are_told() {
    let sim = Sim::new();
    let refusal = json!({"error": "invalid_client", "error_codes": [7_000_215], "trace_id": "trace-1",
        "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: trace-1"});
    fault(&sim, "token", Fault::Answer(401, refusal, None));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(status, 202);
    let error = &answer["captures"][0]["error"];
    assert_eq!(error["code"], "AADSTS7000215");
    assert_eq!(error["message"], "AADSTS7000215: Invalid client secret provided.");
    assert_eq!(error["requestId"], "trace-1");
    assert!(error["advice"].as_str().unwrap().contains("not its id"));
    assert_eq!(sim.0.azure.borrow().told[0]["type"], "alertcap.capture.failed.v1");
    assert_eq!(record(&sim)["state"], "reported");
    assert_eq!(sim.count("token"), 1, "a wrong secret is not tried again");
}

#[test]
fn a_token_that_arm_refuses_is_replaced_once_and_the_alert_is_not_lost() {
    let sim = Sim::new();
    send_all(&sim, alert(METRIC));
    sim.forget_requests();
    sim.0.azure.borrow_mut().valid_token = 99;
    let again = String::from_utf8_lossy(METRIC).replace("02:00:13", "02:10:00").into_bytes();
    let (_, answer) = send(&sim, alert(&again));
    assert_eq!(answer["captures"][0]["state"], "starting", "{answer}");
    assert_eq!(sim.operations()[..3], ["put", "token", "put"].map(str::to_owned));
}

#[test]
fn the_machine_and_the_watcher_have_to_exist() {
    for (operation, code) in [("vm", "ResourceNotFound"), ("watchers", "noNetworkWatcher")] {
        let sim = Sim::new();
        if operation == "vm" {
            let gone =
                json!({"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}});
            fault(&sim, "vm", Fault::Answer(404, gone, None));
        } else {
            sim.0.azure.borrow_mut().watcher_region = "japaneast".to_owned();
        }
        let (status, answer) = send_all(&sim, alert(METRIC));
        assert_eq!(status, 202);
        assert_eq!(answer["captures"][0]["error"]["code"], code);
        assert!(answer["captures"][0]["error"]["advice"].is_string());
        assert_eq!((record(&sim)["state"].as_str(), sim.count("put")), (Some("reported"), 0));
    }
}

#[test]
fn beyond_the_session_limit_nothing_stays_started() {
    // Unknown count: read beside the PUT, and the session taken back.
    let sim = Sim::new();
    sim.set("session_limit", "1");
    let first = String::from_utf8_lossy(METRIC).replace("web-01", "web-02").into_bytes();
    send_all(&sim, alert(&first));
    sim.0.azure.borrow_mut().told.clear();
    sim.0.store.borrow_mut().retain(|key, _| !key.starts_with("sessions."));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(status, 202);
    assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit", "{answer}");
    assert_eq!(sim.0.azure.borrow().sessions.len(), 1);
    assert!(sim.0.azure.borrow().sessions.keys().all(|name| name.contains("web-02")));
    assert_eq!(sim.0.azure.borrow().told[0]["type"], "alertcap.capture.failed.v1");

    // Known count: nothing is started at all.
    sim.forget_requests();
    let third = String::from_utf8_lossy(METRIC).replace("02:00:13", "02:30:00").into_bytes();
    let (_, answer) = send_all(&sim, alert(&third));
    assert_eq!(answer["captures"][0]["error"]["code"], "sessionLimit");
    assert_eq!((sim.count("put"), sim.count("list")), (0, 1));
}

#[test]
fn of_captures_started_at_once_beyond_the_limit_the_first_few_stay() {
    let sim = Sim::new();
    sim.set("session_limit", "3");
    let app = sim.app();
    sim.run_all(async move {
        let bodies = (0..8).map(|n| String::from_utf8_lossy(METRIC).replace("web-01", &format!("web-{n}")));
        let requests = bodies.map(|body| answer(&app, alert(body.as_bytes())));
        futures_util::future::join_all(requests).await
    });
    assert_eq!(sim.0.azure.borrow().sessions.len(), 3);
}

#[test]
fn failed_operations_and_agents_end_in_a_truthful_record() {
    let sim = Sim::new();
    sim.0.azure.borrow_mut().operation_error = Some(json!({"code": "AgentMissing", "message": "no agent"}));
    send_all(&sim, alert(METRIC));
    assert_eq!(record(&sim)["error"]["code"], "AgentMissing");

    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.errors.push("StorageFailed"));
    send_all(&sim, sweep());
    let record = record(&sim);
    assert_eq!(record["error"]["code"], "StorageFailed");
    assert!(record["error"]["advice"].as_str().unwrap().contains("account-key access"));
    assert_eq!(sim.0.azure.borrow().told.last().unwrap()["type"], "alertcap.capture.failed.v1");
}

#[test]
fn a_session_deleted_behind_our_back_is_reported_as_such() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.0.azure.borrow_mut().sessions.clear();
    send_all(&sim, sweep());
    let record = record(&sim);
    assert_eq!(
        (record["stopReason"].as_str(), record["state"].as_str()),
        (Some("Deleted"), Some("reported"))
    );
}

#[test]
fn a_manual_stop_is_seen_and_named() {
    let sim = Sim::new();
    send(&sim, alert(METRIC));
    sim.0.azure.borrow_mut().sessions.values_mut().for_each(|s| s.stop_reason = Some("Manual"));
    send_all(&sim, sweep());
    assert_eq!(record(&sim)["stopReason"], "Manual");
}

#[test]
fn a_receiver_that_fails_is_told_again_under_the_same_id() {
    let sim = Sim::new();
    for _ in 0..3 {
        fault(&sim, "notify", Fault::Answer(500, Value::Null, None));
    }
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!(record["state"], "reported");
    assert_eq!(record["reports"][0]["attempts"], 3);
    assert!(record["reports"].as_array().unwrap().iter().all(|r| r["deliveredAt"].is_string()));
    assert_eq!(sim.0.azure.borrow().told.len(), 2);
}

#[test]
fn with_nobody_to_tell_a_capture_is_reported_all_the_same() {
    let sim = Sim::new();
    sim.set("notify_url", "");
    send_all(&sim, alert(METRIC));
    assert_eq!((record(&sim)["state"].as_str(), sim.count("notify")), (Some("reported"), 0));
}

#[test]
fn what_leads_to_no_capture_is_answered_200_with_the_reason() {
    let change = |from: &str, to: &str| String::from_utf8_lossy(METRIC).replace(from, to).into_bytes();
    for (body, reason) in [
        (change("Fired", "Resolved"), "resolved"),
        (change("\"Metric\"", "\"Log\""), "notTaken"),
        (change("microsoft.compute/virtualmachines", "microsoft.web/sites"), "notAMachine"),
        (
            change(
                "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourcegroups",
                "/subscriptions/other/resourcegroups",
            ),
            "outsideAllowedScopes",
        ),
    ] {
        let sim = Sim::new();
        let (status, answer) = send_all(&sim, alert(&body));
        assert_eq!((status.as_u16(), answer["reason"].as_str()), (200, Some(reason)), "{answer}");
        assert!(answer["detail"].as_str().is_some_and(|d| !d.is_empty()));
        assert!(sim.operations().is_empty() && sim.0.writes.borrow().is_empty());
    }
}

#[test]
fn what_can_never_be_taken_is_answered_4xx_and_costs_nothing() {
    let sim = Sim::new();
    let large = vec![b' '; 300 * 1024];
    for (request, status) in [
        (request(Method::POST, "/api/alerts", METRIC), 401),
        (request(Method::POST, "/api/alerts?code=wrong", METRIC), 401),
        (request(Method::POST, &format!("/api/alerts?code={OPERATOR_KEY}"), METRIC), 401),
        (request(Method::GET, "/api/captures", b""), 401),
        (request(Method::POST, &format!("/api/sweep?code={WEBHOOK_KEY}"), b""), 401),
        (alert(&large), 413),
        (alert(b"no json"), 400),
        (alert(b"{}"), 400),
        (request(Method::POST, &format!("/api/alerts?code={WEBHOOK_KEY}&dry_run=true"), METRIC), 400),
        (get("/api/captures?limit=0"), 400),
        (get("/api/captures/none"), 404),
        (get("/api/captures/%2e%2e"), 404),
        (get("/nothing"), 404),
        (get("/api/alerts"), 405),
    ] {
        let uri = request.uri().to_string();
        let app = sim.app();
        let response = sim.run_all(async move { answer(&app, request).await });
        assert_eq!(response.status().as_u16(), status, "{uri}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(problem["status"], status);
        assert!(["type", "title", "detail"].iter().all(|f| problem[f].is_string()));
    }
    assert!(sim.operations().is_empty() && sim.0.writes.borrow().is_empty());
}

#[test]
fn with_no_key_configured_nobody_gets_in_and_readyz_says_why() {
    let sim = Sim::new();
    sim.set("webhook_key", "");
    for uri in ["/api/alerts", "/api/alerts?code="] {
        assert_eq!(send(&sim, request(Method::POST, uri, METRIC)).0, 401);
    }
    let (status, ready) = send(&sim, request(Method::GET, "/readyz", b""));
    assert_eq!((status.as_u16(), ready["problems"][0]["variable"].as_str()), (503, Some("webhook_key")));
    sim.set("webhook_key", WEBHOOK_KEY);
    assert_eq!(send(&sim, request(Method::GET, "/readyz", b"")).0, 200);
}

#[test]
fn a_store_that_fails_is_the_one_reason_to_ask_for_a_retry() {
    let sim = Sim::new();
    sim.0.store_fails.set(true);
    let app = sim.app();
    let response = sim.run_all(async move { answer(&app, alert(METRIC)).await });
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    assert_eq!(send(&sim, request(Method::GET, "/readyz", b"")).0, 503);
    assert_eq!(send(&sim, sweep()).0, 503);
    assert!(sim.operations().is_empty());
    sim.0.store_fails.set(false);
    assert_eq!(send_all(&sim, alert(METRIC)).0, 202);
    assert_eq!(record(&sim)["state"], "reported");
}

#[test]
fn settings_that_are_not_whole_fail_the_capture_in_their_own_words() {
    let sim = Sim::new();
    sim.set("client_id", "");
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!(status, 202);
    assert_eq!(answer["captures"][0]["error"]["code"], "settings");
    assert!(answer["captures"][0]["error"]["message"].as_str().unwrap().contains("client_id"));
    assert_eq!((record(&sim)["state"].as_str(), sim.count("notify")), (Some("reported"), 1));
}

#[test]
fn captures_are_listed_newest_first_a_page_at_a_time() {
    let sim = Sim::new();
    for hour in 0..5 {
        let body =
            String::from_utf8_lossy(METRIC).replace("T02:00:13", &format!("T0{hour}:00:13")).into_bytes();
        send_all(&sim, alert(&body));
    }
    let mut seen = Vec::new();
    let mut next = Some("/api/captures?limit=2".to_owned());
    while let Some(path) = next {
        let (status, page) = send(&sim, get(&path));
        assert_eq!(status, 200);
        let names = page["captures"].as_array().unwrap();
        assert!(names.len() <= 2);
        seen.extend(names.iter().map(|c| c["alert"]["firedAt"].as_str().unwrap()[11..13].to_owned()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["04", "03", "02", "01", "00"]);
    assert_eq!(send(&sim, get("/api/captures/nothing-of-this-name")).0, 404);
}

#[test]
fn no_secret_token_or_signed_url_leaves_in_logs_records_answers_or_reports() {
    let sim = Sim::new();
    fault(&sim, "operation", Fault::Answer(500, json!({"error": {"code": "X", "message": "y"}}), None));
    fault(&sim, "notify", Fault::Error(SendError::NotAllowed));
    let (_, answer) = send_all(&sim, alert(METRIC));
    send(&sim, request(Method::POST, "/api/alerts?code=canary-key", METRIC));
    let mut all = sim.0.log.borrow().join("\n");
    all.push_str(&answer.to_string());
    all.push_str(&record(&sim).to_string());
    all.push_str(&format!("{:?}", sim.0.azure.borrow().told));
    for value in sim.0.store.borrow().values() {
        all.push_str(&String::from_utf8_lossy(value));
    }
    for secret in [
        "canary",
        "the-client-secret",
        "token-1",
        "&s=%7e~x",
        WEBHOOK_KEY,
        OPERATOR_KEY,
        SWEEP_KEY,
        "people.example",
    ] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    assert!(
        sim.0
            .log
            .borrow()
            .iter()
            .all(|line| serde_json::from_str::<Value>(line).unwrap()["message"].is_string())
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_answered_and_never_with_a_server_error(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let (status, _) = send(&Sim::new(), alert(&bytes));
        proptest::prop_assert!(status.as_u16() == 400);
    }

    #[test]
    fn a_changed_alert_leads_to_a_capture_in_scope_or_to_a_reason(at in 0usize..1_900, byte in proptest::num::u8::ANY) {
        let mut body = METRIC.to_vec();
        if let Some(slot) = body.get_mut(at) { *slot = byte; }
        let sim = Sim::new();
        let (status, answer) = send(&sim, alert(&body));
        proptest::prop_assert!([200, 202, 400].contains(&status.as_u16()), "{}", status);
        for sent in sim.0.sent.borrow().iter().filter(|s| s.operation == "put") {
            let target = sent.body["properties"]["target"].as_str().unwrap().to_lowercase();
            proptest::prop_assert!(target.starts_with(crate::testing::SUBSCRIPTION), "{}", target);
            proptest::prop_assert!(sent.url.starts_with("https://arm.example/subscriptions/"), "{}", answer);
        }
    }
}
