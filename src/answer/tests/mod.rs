use http::{Method, StatusCode};
use serde_json::{Value, json};

mod at_rest;
mod callers;
mod dry_run;
mod endings;
mod exact;
mod faults;
mod files;
mod inquiry;
mod limits;
mod links;
mod mutations;
mod operate;
mod page;
mod people;
mod refusals;
mod resolved;
mod restraint;
mod rules;
mod samples;
mod summaries;
mod sweeps;

use super::*;
use crate::{
    platform::{SendError, read_whole},
    testing::{OPERATOR_KEY, SWEEP_KEY, Sim, WEBHOOK_KEY, azure::Fault},
};

const METRIC: &[u8] = include_bytes!("../../../tests/fixtures/metric-fired.json");

/// Answers one request, to the end of its body.
async fn answer(app: &App<Sim>, request: Request<impl Body>) -> Response<Bytes> {
    match super::answer(app, request).await {
        Answered::Whole(answer) => answer,
        Answered::Streamed(answer) => {
            let (head, mut body) = answer.into_parts();
            Response::from_parts(head, read_whole(&mut body, usize::MAX).await.unwrap())
        }
    }
}

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

fn stop(name: &str) -> Request<Whole> {
    request(Method::POST, &format!("/api/captures/{name}/stop?code={OPERATOR_KEY}"), b"")
}

/// The name of the first capture that an alert led to.
fn name(answer: &Value) -> String {
    answer["captures"][0]["name"].as_str().unwrap().to_owned()
}

fn record(sim: &Sim) -> Value {
    let records = records(sim);
    assert_eq!(records.len(), 1, "{records:?}");
    records[0].clone()
}

/// All of them, the newest first.
fn records(sim: &Sim) -> Vec<Value> {
    let (_, list) = send(sim, get("/api/captures?limit=100"));
    list["captures"].as_array().unwrap().clone()
}

fn outcomes(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["outcome"].as_str().unwrap_or("?")).collect()
}

/// The usual alert, of another machine and another minute (and so another alert).
fn metric(machine: &str, minute: u32) -> Vec<u8> {
    let body = String::from_utf8_lossy(METRIC).replace("web-01", machine);
    body.replace("02:00:13", &format!("{:02}:{:02}:13", 2 + minute / 60, minute % 60)).into_bytes()
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
    let sim = Sim::with_chats();
    fault(&sim, "operation", Fault::Answer(500, json!({"error": {"code": "X", "message": "y"}}), None));
    fault(&sim, "notify", Fault::Error(SendError::NotAllowed));
    // Answers that repeat what they were sent, and where to.
    let echo = json!({"error": {"code": "canary", "message": "POST /workflows/canary?sig=canary"}});
    fault(&sim, "teams", Fault::Answer(404, echo, None));
    fault(&sim, "slack", Fault::Answer(404, json!("canary"), None));
    fault(&sim, "slack", Fault::Answer(410, json!("no POST https://slack.example/services/canary"), None));
    let (_, answer) = send_all(&sim, alert(METRIC));
    send(&sim, request(Method::POST, "/api/alerts?code=canary-key", METRIC));
    let mut all = sim.0.log.borrow().join("\n");
    all.push_str(&answer.to_string());
    all.push_str(&record(&sim).to_string());
    {
        let azure = sim.0.azure.borrow();
        assert!(!azure.told.is_empty() && !azure.told_in_teams.is_empty() && !azure.told_in_slack.is_empty());
        all.push_str(&format!("{:?}{:?}{:?}", azure.told, azure.told_in_teams, azure.told_in_slack));
    }
    all.push_str(&send(&sim, request(Method::GET, "/readyz", b"")).1.to_string());
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
        "teams.example",
        "slack.example",
        "whsec_",
        "Y2FuYXJ5",
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
