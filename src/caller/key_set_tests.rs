use rsa::traits::PublicKeyParts;
use serde_json::json;

use super::*;
use crate::{
    platform::Clock,
    testing::{self, Sim, azure::Fault, tokens},
};

fn look(sim: &Sim, kid: &'static str) -> Result<RsaPublicKey, Refusal> {
    let app = sim.app();
    sim.run(async move { look_in(&app, kid).await })
}

async fn look_in(app: &App<Sim>, kid: &str) -> Result<RsaPublicKey, Refusal> {
    let azure = testing::azure();
    find(app, Some(&azure), &azure.login, tokens::TENANT, kid).await
}

fn unknown() -> Result<RsaPublicKey, Refusal> {
    Err(Refusal::Token(Flaw::UnknownKey))
}

#[test]
fn a_tenants_keys_are_asked_for_once_and_serve_every_instance_for_a_day() {
    let sim = Sim::new();
    assert_eq!(look(&sim, "key-1").unwrap().n(), tokens::key("tenant").n());
    look(&sim, "key-1").unwrap();
    sim.pass(86_000);
    look(&sim, "key-1").unwrap();
    assert_eq!(sim.count("keys"), 1);
    let asked = sim.0.sent.borrow()[0].url.clone();
    assert_eq!(asked, format!("https://login.example/{}/discovery/v2.0/keys", tokens::TENANT));
    sim.pass(500);
    look(&sim, "key-1").unwrap();
    assert_eq!(sim.count("keys"), 2);
}

#[test]
fn an_unknown_key_has_them_asked_for_again_once_a_minute_whoever_asks() {
    let sim = Sim::new();
    look(&sim, "key-1").unwrap();
    for _ in 0..20 {
        assert_eq!(look(&sim, "key-2"), unknown());
    }
    assert_eq!(sim.count("keys"), 1, "they are not a minute old");
    sim.pass(61);
    sim.0.azure.borrow_mut().key_id = "key-2";
    look(&sim, "key-2").unwrap();
    for _ in 0..20 {
        assert_eq!(look(&sim, "key-3"), unknown());
        assert_eq!(look(&sim, "key-1"), unknown(), "it is no longer among them");
    }
    assert_eq!(sim.count("keys"), 2);
    sim.pass(61);
    assert_eq!(look(&sim, "key-3"), unknown());
    assert_eq!(sim.count("keys"), 3);
}

#[test]
fn a_set_of_a_clock_that_was_ahead_is_replaced() {
    let sim = Sim::new();
    sim.pass(90_000);
    look(&sim, "key-1").unwrap();
    sim.pass(-90_000);
    sim.0.azure.borrow_mut().key_id = "key-2";
    look(&sim, "key-2").unwrap();
    assert_eq!((look(&sim, "key-1"), sim.count("keys")), (unknown(), 2));
}

#[test]
fn twenty_at_once_ask_for_them_once() {
    let sim = Sim::new();
    let app = sim.app();
    let found =
        sim.run(async move { futures_util::future::join_all((0..20).map(|_| look_in(&app, "key-1"))).await });
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(sim.count("keys"), 1);
}

#[test]
fn while_entra_is_away_known_keys_serve_and_of_unknown_ones_nothing_is_said() {
    let sim = Sim::new();
    let away = || Fault::Answer(503, json!(null), None);
    sim.0.azure.borrow_mut().fault("keys", away());
    assert_eq!(look(&sim, "key-1"), Err(Refusal::Unknowable));
    look(&sim, "key-1").unwrap();
    sim.pass(90_000);
    for _ in 0..2 {
        sim.0.azure.borrow_mut().fault("keys", away());
        look(&sim, "key-1").unwrap();
        // It may be a new one: Azure sends the alert again.
        sim.0.azure.borrow_mut().fault("keys", away());
        assert_eq!(look(&sim, "key-2"), Err(Refusal::Unknowable));
    }
    sim.0.azure.borrow_mut().key_id = "key-2";
    look(&sim, "key-2").unwrap();
}

#[test]
fn a_known_key_waits_behind_no_look_for_an_unknown_one() {
    let sim = Sim::new();
    let app = sim.app();
    let world = sim.clone();
    let waited = sim.run(async move {
        look_in(&app, "key-1").await.unwrap();
        world.sleep(Duration::from_secs(70)).await;
        world.0.azure.borrow_mut().fault("keys", Fault::Error(crate::platform::SendError::TimedOut));
        let stranger = look_in(&app, "key-9");
        let friend = async {
            let before = app.platform.now();
            look_in(&app, "key-1").await.unwrap();
            app.platform.now().since(before)
        };
        futures_util::future::join(stranger, friend).await.1
    });
    assert_eq!(waited, Duration::ZERO);
}

#[test]
fn failures_in_a_row_are_further_and_further_apart() {
    let sim = Sim::new();
    for _ in 0..99 {
        sim.0.azure.borrow_mut().fault("keys", Fault::Answer(503, json!(null), None));
    }
    let (app, world) = (sim.app(), sim.clone());
    sim.run(async move {
        for _ in 0..600 {
            assert_eq!(look_in(&app, "key-1").await, Err(Refusal::Unknowable));
            world.sleep(Duration::from_secs(1)).await;
        }
    });
    let asked = sim.count("keys");
    assert!((10..=18).contains(&asked), "{asked}: 2, 4, 8, 16, 32 s, and then a minute");
}

#[test]
fn in_one_instance_a_failure_is_not_repeated_for_two_seconds() {
    let sim = Sim::new();
    for _ in 0..9 {
        sim.0.azure.borrow_mut().fault("keys", Fault::Error(crate::platform::SendError::TimedOut));
    }
    let app = sim.app();
    let found =
        sim.run(async move { futures_util::future::join_all((0..9).map(|_| look_in(&app, "key-1"))).await });
    assert!(found.iter().all(|found| *found == Err(Refusal::Unknowable)));
    assert_eq!(sim.count("keys"), 1);
}

#[test]
fn keys_that_somebody_else_wrote_into_the_store_are_not_taken() {
    let sim = Sim::new();
    look(&sim, "key-1").unwrap();
    let (key, good) = {
        let store = sim.0.store.borrow();
        let (key, value) = store.iter().find(|(key, _)| key.starts_with("keys.")).unwrap();
        (key.clone(), value.clone())
    };
    let planted = json!({"at": "2026-11-22T02:00:20Z", "keys": [{"kid": "key-1", "n": "AQAB", "e": "AQAB"}]});
    for value in [planted.to_string().into_bytes(), Vec::new(), vec![0xff; 9], good[1..].to_vec()] {
        sim.0.store.borrow_mut().insert(key.clone(), value);
        let before = sim.count("keys");
        look(&sim, "key-1").unwrap();
        assert_eq!(sim.count("keys"), before + 1);
    }
}

#[test]
fn an_answer_is_a_set_only_with_keys_that_can_sign() {
    let at = Timestamp::from_unix(0);
    assert!(KeySet::parse(tokens::key_set("k").to_string().as_bytes(), at).unwrap().find("k").is_some());
    let small = json!({"keys": [{"kty": "RSA", "use": "sig", "kid": "k", "n": "AQAB", "e": "AQAB"}]});
    let mut untyped = tokens::key_set("k")["keys"][2].clone();
    untyped.as_object_mut().unwrap().remove("kty");
    let untyped = json!({"keys": [untyped]});
    let mut encrypting = tokens::key_set("k")["keys"][2].clone();
    encrypting["use"] = json!("enc");
    let encrypting = json!({"keys": [encrypting]});
    for bad in [
        untyped,
        encrypting,
        json!(null),
        json!({}),
        json!({"keys": {}}),
        json!({"keys": []}),
        json!({"keys": [1]}),
        small,
    ] {
        assert!(KeySet::parse(bad.to_string().as_bytes(), at).is_none(), "{bad}");
    }
    let many: Vec<_> = (0..1_000).map(|_| tokens::key_set("k")["keys"][2].clone()).collect();
    let many = KeySet::parse(json!({ "keys": many }).to_string().as_bytes(), at).unwrap();
    assert_eq!(many.keys.len(), MOST_KEYS);
}
