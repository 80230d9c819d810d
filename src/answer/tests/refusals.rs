//! What leads to no capture, or to a failed one.

use http::Method;
use serde_json::Value;

use super::*;

#[test]
fn what_leads_to_no_capture_is_answered_200_with_the_reason() {
    let change = |from: &str, to: &str| String::from_utf8_lossy(METRIC).replace(from, to).into_bytes();
    for (body, reason) in [
        (change("Fired", "Resolved"), "resolved"),
        (change("\"Platform\"", "\"CostAlerts\""), "budget"),
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
        (request(Method::POST, &format!("/api/alerts?code={WEBHOOK_KEY}&dry_run=maybe"), METRIC), 400),
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
