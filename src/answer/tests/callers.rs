//! Who may send an alert, by which proofs, and what it costs to be sent away.

use crate::testing::tokens;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// With all three proofs set up, and these required.
fn sim(requires: &str) -> Sim {
    let sim = Sim::new();
    sim.set("webhook_secret", SECRET);
    sim.set("webhook_audience", tokens::AUDIENCE);
    sim.set("webhook_tenants", tokens::TENANT);
    sim.set("webhook_requires", requires);
    sim
}

/// What proves a request; `true` for what is right, `false` for what is wrong, and nothing for what is missing.
#[derive(Clone, Copy, Debug)]
struct Proofs(Option<bool>, Option<bool>, Option<bool>);

fn signature(sim: &Sim, secret: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    let id = "msg_1".to_owned();
    let now = crate::platform::Clock::now(sim).unix();
    let signed = standardwebhooks::Webhook::new(secret).unwrap().sign(&id, now, body).unwrap();
    vec![("webhook-id", id), ("webhook-timestamp", now.to_string()), ("webhook-signature", signed)]
}

fn proven(sim: &Sim, proofs: Proofs, body: &[u8]) -> Request<Whole> {
    let Proofs(key, token, signed) = proofs;
    let key = key.map_or("", |is_right| if is_right { WEBHOOK_KEY } else { OPERATOR_KEY });
    let mut request = request(Method::POST, &format!("/api/alerts?code={key}"), body);
    let mut headers = Vec::new();
    if let Some(is_right) = token {
        let claims = tokens::claims(crate::platform::Clock::now(sim));
        let signer = tokens::key(if is_right { "tenant" } else { "stranger" });
        let token = tokens::sign(&signer, &tokens::header().to_string(), &claims.to_string());
        headers.push(("authorization", format!("Bearer {token}")));
    }
    if let Some(is_right) = signed {
        let secret = if is_right { SECRET } else { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
        headers.extend(signature(sim, secret, body));
    }
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

#[test]
fn any_one_proof_is_enough_and_a_wrong_one_beside_it_does_no_harm() {
    let (right, wrong) = (Some(true), Some(false));
    for proofs in [
        Proofs(right, None, None),
        Proofs(None, right, None),
        Proofs(None, None, right),
        Proofs(right, wrong, wrong),
        Proofs(wrong, right, wrong),
        Proofs(wrong, wrong, right),
    ] {
        let sim = sim("");
        let request = proven(&sim, proofs, METRIC);
        assert_eq!(send_all(&sim, request).0, 202, "{proofs:?}");
        assert_eq!(sim.count("put"), 1);
    }
    for proofs in [Proofs(None, None, None), Proofs(wrong, None, None), Proofs(wrong, wrong, wrong)] {
        let sim = sim("");
        let request = proven(&sim, proofs, METRIC);
        assert_eq!(send(&sim, request).0, 401, "{proofs:?}");
    }
}

#[test]
fn what_is_required_must_be_right_all_together() {
    let all = [None, Some(false), Some(true)];
    for requires in
        ["key", "token", "signature", "key token", "key signature", "token signature", "key token signature"]
    {
        for key in all {
            for token in all {
                for signed in all {
                    let sim = sim(requires);
                    let proofs = Proofs(key, token, signed);
                    let has =
                        |name: &str, proof: Option<bool>| !requires.contains(name) || proof == Some(true);
                    let expected = has("key", key) && has("token", token) && has("signature", signed);
                    let request = proven(&sim, proofs, METRIC);
                    let (status, answer) = send(&sim, request);
                    assert_eq!(status, if expected { 202 } else { 401 }, "{requires}: {proofs:?} {answer}");
                }
            }
        }
    }
}

#[test]
fn a_proof_that_is_not_set_up_is_none_however_it_looks() {
    for (variable, proofs) in [
        ("webhook_secret", Proofs(None, None, Some(true))),
        ("webhook_audience", Proofs(None, Some(true), None)),
        ("webhook_key", Proofs(Some(true), None, None)),
    ] {
        let sim = sim("");
        let request = proven(&sim, proofs, METRIC);
        sim.set(variable, "");
        let (status, answer) = send(&sim, request);
        assert_eq!(status, 401);
        assert!(answer["detail"].as_str().unwrap().starts_with("Send a key"), "{variable}: {answer}");
    }
}

#[test]
fn whoever_is_sent_away_costs_no_write_and_no_call_to_arm() {
    let sim = sim("");
    for proofs in [Proofs(None, None, None), Proofs(Some(false), None, None), Proofs(None, None, Some(false))]
    {
        let request = proven(&sim, proofs, METRIC);
        assert_eq!(send_all(&sim, request).0, 401);
    }
    assert!(sim.0.writes.borrow().is_empty() && sim.0.sent.borrow().is_empty());
    // The tenant's keys are asked for, and kept, once: not once for each.
    for _ in 0..5 {
        let request = proven(&sim, Proofs(None, Some(false), None), METRIC);
        assert_eq!(send_all(&sim, request).0, 401);
    }
    assert_eq!((sim.0.writes.borrow().len(), sim.operations()), (1, vec!["keys".to_owned()]));
}

#[test]
fn a_known_caller_that_may_not_is_told_so_with_403() {
    let sim = sim("");
    let now = crate::platform::Clock::now(&sim);
    for (claim, value) in
        [("roles", json!(["Reader"])), ("appid", json!("00000000-0000-4000-8000-000000000000"))]
    {
        let mut claims = tokens::claims(now);
        claims[claim] = value;
        let token = tokens::sign(&tokens::key("tenant"), &tokens::header().to_string(), &claims.to_string());
        let mut request = request(Method::POST, "/api/alerts", METRIC);
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let (status, answer) = send(&sim, request);
        assert_eq!(
            (status.as_u16(), &answer["type"]),
            (403, &json!("urn:alertcap:problem:forbidden")),
            "{claim}"
        );
    }
}

#[test]
fn a_tenants_keys_that_cannot_be_had_have_azure_send_the_alert_again() {
    let sim = sim("token");
    fault(&sim, "keys", Fault::Answer(503, json!(null), None));
    let request = proven(&sim, Proofs(None, Some(true), None), METRIC);
    assert_eq!(send(&sim, request).0, 503);
    sim.pass(5);
    let request = proven(&sim, Proofs(None, Some(true), None), METRIC);
    assert_eq!(send(&sim, request).0, 202);
}

#[test]
fn a_copy_of_a_signed_request_is_refused_and_one_signed_anew_is_the_same_alert() {
    let sim = sim("signature");
    let copies = [(); 2].map(|()| proven(&sim, Proofs(None, None, Some(true)), METRIC));
    let [first, copy] = copies;
    assert_eq!(send_all(&sim, first).0, 202);
    assert_eq!(send_all(&sim, copy).0, 401);
    sim.pass(20);
    let anew = proven(&sim, Proofs(None, None, Some(true)), METRIC);
    let (status, answer) = send_all(&sim, anew);
    assert_eq!((status.as_u16(), &answer["captures"][0]["duplicate"]), (202, &json!(true)));
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn a_signed_request_that_could_not_be_written_down_may_come_again_as_it_is() {
    let sim = sim("signature");
    let copies = [(); 2].map(|()| proven(&sim, Proofs(None, None, Some(true)), METRIC));
    let [first, copy] = copies;
    sim.0.store_refuses.set(Some("open."));
    assert_eq!(send(&sim, first).0, 503);
    sim.0.store_refuses.set(None);
    assert_eq!(send(&sim, copy).0, 202);
}

#[test]
fn two_bodies_under_one_id_are_two_requests_and_a_rehearsal_is_no_draft_of_the_real_one() {
    let sim = sim("signature");
    let signed = Proofs(None, None, Some(true));
    for body in [METRIC.to_vec(), metric("web-02", 9)] {
        let request = proven(&sim, signed, &body);
        assert_eq!(send_all(&sim, request).0, 202);
    }
    sim.pass(20);
    let (mut rehearsal, copy) = (proven(&sim, signed, METRIC), proven(&sim, signed, METRIC));
    *rehearsal.uri_mut() = "/api/alerts?dry_run=true".parse().unwrap();
    assert_eq!(send_all(&sim, rehearsal).0, 200);
    assert_eq!(send_all(&sim, copy).0, 401);
}

#[test]
fn what_was_heard_is_forgotten_once_its_time_stamp_is_no_longer_good() {
    let sim = sim("");
    let heard = |sim: &Sim| sim.0.store.borrow().keys().filter(|key| key.starts_with("heard.")).count();
    let request = proven(&sim, Proofs(None, None, Some(true)), METRIC);
    send_all(&sim, request);
    send_all(&sim, sweep());
    assert_eq!(heard(&sim), 1);
    sim.pass(1_000);
    send_all(&sim, sweep());
    assert_eq!(heard(&sim), 0);
}

#[test]
fn the_answer_says_which_ways_there_are_in_and_the_log_why_this_one_failed() {
    let sim = sim("");
    let app = sim.app();
    let request = proven(&sim, Proofs(None, Some(false), None), METRIC);
    let response = sim.run(async move { answer(&app, request).await });
    let ways: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(ways, ["ApiKey realm=\"alertcap\"", "Bearer realm=\"alertcap\", error=\"invalid_token\""]);
    let log = sim.0.log.borrow().join("\n");
    assert!(log.contains("token: its signature is wrong"), "{log}");
    assert!(!String::from_utf8_lossy(response.body()).contains("signature is wrong"));
}

#[test]
fn every_answer_says_what_an_api_says() {
    let sim = Sim::new();
    for request in [get("/api/captures"), get("/nowhere"), request(Method::GET, "/healthz", b""), alert(b"{")]
    {
        let app = sim.app();
        let response = sim.run(async move { answer(&app, request).await });
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
    }
}

#[test]
fn readyz_says_how_alertcap_signs_in_and_warns_a_month_before_a_certificate_ends() {
    let sim = Sim::new();
    sim.set("client_secret", "");
    sim.set("client_certificate", include_str!("../../../tests/keys/client-certificate.pem"));
    let ready = |sim: &Sim| send(sim, request(Method::GET, "/readyz", b"")).1;
    assert_eq!(ready(&sim), json!({"status": "ready", "credential": "certificate", "cloud": "custom"}));
    let end: crate::time::Timestamp = "2051-07-15T03:05:19Z".parse().unwrap();
    let now = crate::platform::Clock::now(&sim);
    sim.pass(end.unix() - now.unix() - 29 * 86_400);
    let warning = ready(&sim)["warnings"][0].clone();
    assert_eq!(warning, "the certificate ends at 2051-07-15T03:05:19Z; exchange it before");
    sim.pass(30 * 86_400);
    assert_eq!(ready(&sim)["warnings"][0], "the certificate ended at 2051-07-15T03:05:19Z; set a new one");
}
