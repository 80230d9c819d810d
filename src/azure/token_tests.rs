use serde_json::json;

use super::*;
use crate::azure::arm::ErrorKind;
use crate::testing::{self, Sim, azure::Fault};

fn token_in(sim: &Sim, refused: Option<&'static str>) -> Result<String, ArmError> {
    let app = sim.app();
    sim.run(async move { token(&app, &testing::azure(), Audience::Arm, refused).await })
}

fn stored_value(sim: &Sim) -> Vec<u8> {
    sim.0.store.borrow().iter().find(|(key, _)| key.starts_with("token.")).unwrap().1.clone()
}

#[test]
fn the_request_is_what_entra_documents() {
    let sim = Sim::new();
    token_in(&sim, None).unwrap();
    let sent = sim.0.sent.borrow();
    assert_eq!(sent[0].url, "https://login.example/tenant-1/oauth2/v2.0/token");
    assert_eq!(
        sent[0].body,
        json!(
            "grant_type=client_credentials&client_id=client-1&scope=https%3A%2F%2Farm.example%2F.default&client_secret=the-client-secret"
        )
    );
}

#[test]
fn a_token_serves_every_instance_until_five_minutes_before_its_end() {
    let sim = Sim::new();
    assert_eq!(token_in(&sim, None).unwrap(), "token-1");
    assert_eq!(token_in(&sim, None).unwrap(), "token-1");
    sim.pass(3_599 - 310);
    assert_eq!(token_in(&sim, None).unwrap(), "token-1");
    sim.pass(20);
    assert_eq!(token_in(&sim, None).unwrap(), "token-2");
    assert_eq!(sim.count("token"), 2);
}

#[test]
fn a_stored_token_cannot_be_read_in_the_store_and_a_spoilt_one_is_replaced() {
    let sim = Sim::new();
    token_in(&sim, None).unwrap();
    assert!(!String::from_utf8_lossy(&stored_value(&sim)).contains("token-1"));
    for spoilt in [b"".to_vec(), b"x".to_vec(), vec![0xff; 40], stored_value(&sim).split_off(1)] {
        let key = store::token_key(&testing::azure(), "https://arm.example");
        sim.0.store.borrow_mut().insert(key, spoilt);
        let before = sim.count("token");
        token_in(&sim, None).unwrap();
        assert_eq!(sim.count("token"), before + 1);
    }
}

#[test]
fn ten_requests_at_once_ask_for_one_token() {
    let sim = Sim::new();
    let app = sim.app();
    let tokens = sim.run(async move {
        let azure = testing::azure();
        futures_util::future::join_all((0..10).map(|_| token(&app, &azure, Audience::Arm, None))).await
    });
    assert!(tokens.iter().all(|t| t.as_deref().unwrap() == "token-1"));
    assert_eq!(sim.count("token"), 1);
}

#[test]
fn refusals_are_told_apart_by_whether_time_heals_them() {
    for (status, body, code, kind) in [
        (
            401,
            json!({"error": "invalid_client", "error_codes": [7_000_222]}),
            "AADSTS7000222",
            ErrorKind::Unable,
        ),
        (
            400,
            json!({"error": "invalid_request", "error_codes": [900_023]}),
            "AADSTS900023",
            ErrorKind::Unable,
        ),
        (400, json!({"error": "x", "error_codes": [90_033]}), "AADSTS90033", ErrorKind::Passing),
        (400, json!({"error": "temporarily_unavailable"}), "temporarily_unavailable", ErrorKind::Passing),
        (429, json!({}), "HTTP 429", ErrorKind::Passing),
        (503, json!("<html>"), "HTTP 503", ErrorKind::Passing),
        (400, json!(null), "HTTP 400", ErrorKind::Unable),
    ] {
        let sim = Sim::new();
        sim.0.azure.borrow_mut().fault("token", Fault::Answer(status, body, None));
        let error = token_in(&sim, None).unwrap_err();
        assert_eq!((error.failure.code.as_str(), error.kind), (code, kind));
    }
}

#[test]
fn an_answer_without_a_usable_token_is_an_error_that_does_not_show_it() {
    for body in
        [json!({}), json!({"access_token": "line\nbreak", "expires_in": 1}), json!({"access_token": 1})]
    {
        let sim = Sim::new();
        sim.0.azure.borrow_mut().fault("token", Fault::Answer(200, body, None));
        assert_eq!(token_in(&sim, None).unwrap_err().failure.code, "unreadableToken");
    }
}

#[test]
fn a_hundred_alerts_in_an_hour_ask_for_one_token_where_it_lives_as_long_as_entras_do() {
    let sim = Sim::new();
    sim.0.azure.borrow_mut().token_life = 4_500;
    for _ in 0..100 {
        assert_eq!(token_in(&sim, None).unwrap(), "token-1");
        sim.pass(36);
    }
    assert_eq!(sim.count("token"), 1);
}

#[test]
fn a_token_serves_no_other_secret_application_tenant_cloud_or_audience() {
    let sim = Sim::new();
    let app = sim.app();
    let ask = |azure: Azure, audience| {
        let app = app.clone();
        sim.run(async move { token(&app, &azure, audience, None).await.unwrap() })
    };
    assert_eq!(ask(testing::azure(), Audience::Arm), "token-1");
    let others = [
        (testing::azure(), Audience::Storage),
        (testing::azure_with("client_secret", "another-secret"), Audience::Arm),
        (testing::azure_with("client_id", "client-2"), Audience::Arm),
        (testing::azure_with("tenant_id", "tenant-2"), Audience::Arm),
        (testing::azure_with("arm_endpoint", "https://arm2.example"), Audience::Arm),
        (testing::azure_with("login_endpoint", "https://login.example:8443"), Audience::Arm),
    ];
    for (number, (azure, audience)) in others.iter().enumerate() {
        assert_eq!(ask(azure.clone(), *audience), format!("token-{}", number + 2));
        assert_eq!(ask(azure.clone(), *audience), format!("token-{}", number + 2), "it serves its own again");
    }
    assert_eq!(ask(testing::azure(), Audience::Arm), "token-1", "where no other stands in its place");
}

#[test]
fn the_scope_is_the_endpoints_own_and_storages_is_one_for_all_clouds() {
    let sim = Sim::new();
    for audience in [Audience::Arm, Audience::Storage] {
        let app = sim.app();
        sim.run(async move { token(&app, &testing::azure(), audience, None).await.unwrap() });
    }
    let scopes: Vec<String> = sim.0.sent.borrow().iter().map(|sent| sent.body.to_string()).collect();
    assert!(scopes[0].contains("scope=https%3A%2F%2Farm.example%2F.default"), "{scopes:?}");
    assert!(scopes[1].contains("scope=https%3A%2F%2Fstorage.azure.com%2F.default"), "{scopes:?}");
}

#[test]
fn a_refused_token_costs_one_more_request() {
    let sim = Sim::new();
    assert_eq!(token_in(&sim, None).unwrap(), "token-1");
    assert_eq!(token_in(&sim, Some("token-1")).unwrap(), "token-2");
    assert_eq!(token_in(&sim, None).unwrap(), "token-2");
    assert_eq!(sim.count("token"), 2);
}

#[test]
fn in_its_last_minutes_a_token_serves_while_another_cannot_be_had_and_that_is_asked_for_twice_a_minute() {
    let sim = Sim::new();
    let app = sim.app();
    let ask = || {
        let app = app.clone();
        sim.run(async move { token(&app, &testing::azure(), Audience::Arm, None).await })
    };
    ask().unwrap();
    sim.pass(3_599 - 200);
    for _ in 0..20 {
        sim.0.azure.borrow_mut().fault("token", Fault::Answer(503, json!(null), None));
    }
    for _ in 0..60 {
        assert_eq!(ask().unwrap(), "token-1");
        sim.pass(1);
    }
    let tries = sim.count("token") - 1;
    assert!((2..=3).contains(&tries), "{tries}");
    sim.pass(200);
    assert!(ask().is_err(), "it has ended");
}

#[test]
fn where_nothing_lasting_is_secret_no_token_is_kept_in_the_store() {
    let sim = Sim::new();
    let mut azure = testing::azure();
    azure.sealing_secret = None;
    let app = sim.app();
    sim.run(async move {
        for _ in 0..2 {
            assert_eq!(token(&app, &azure, Audience::Arm, None).await.unwrap(), "token-1");
        }
    });
    assert!(sim.0.store.borrow().is_empty());
}

#[test]
fn every_refusal_that_entra_documents_says_what_to_do_and_only_passing_ones_are_tried_again() {
    let for_good = [
        7_000_215, 7_000_222, 7_000_218, 7_000_112, 700_016, 70_011, 500_011, 50_012, 700_027, 90_002,
        90_038, 900_382, 900_432, 700_024, 700_213,
    ];
    let passing = [90_033, 90_024, 90_012, 90_055];
    for (codes, kind) in [(&for_good[..], ErrorKind::Unable), (&passing, ErrorKind::Passing)] {
        for code in codes {
            let sim = Sim::new();
            let body = json!({"error": "invalid_client", "error_codes": [code]});
            sim.0.azure.borrow_mut().fault("token", Fault::Answer(401, body, None));
            let error = token_in(&sim, None).unwrap_err();
            assert_eq!((error.kind, error.failure.advice.is_some()), (kind, true), "{code}");
        }
    }
}
