use jiff::SignedDuration;

use super::*;

const ISSUER: &str = "https://oidc.cluster.example/shop/";
const SUBJECT: &str = "system:serviceaccount:alertcap:alertcap";
const AUDIENCE: &str = "api://AzureADTokenExchange";

fn inventory() -> Inventory {
    let text = crate::inventory::DEFAULT;
    let head = &text[..text.find("[[tenants]]").expect("tenants")];
    let rest = &text[text.find("[[subscriptions]]").expect("subscriptions")..];
    let tenants = format!(
        "[[tenants]]\nid = \"7e57ab1e-0000-4000-8000-0000000000a1\"\n\
         [[tenants.apps]]\nname = \"trusting\"\nclient_id = \"c11e47ab-0000-4000-8000-0000000000b1\"\n\
         federated = [\n{{ issuer = \"{ISSUER}\", subject = \"{SUBJECT}\", key = \"test-cluster\" }},\n\
         {{ issuer = \"https://other.example\", subject = \"{SUBJECT}\", key = \"test-cluster\", kid = \"other\" }} ]\n\
         [[tenants.apps]]\nname = \"alone\"\nclient_id = \"c11e47ab-0000-4000-8000-0000000000b2\"\n"
    );
    Inventory::parse(&format!("{head}{tenants}{rest}")).expect("an inventory")
}

/// The code for an assertion, of the app that trusts somebody, or of the one that does not.
fn code(jwt: &str, index: usize, now: Timestamp) -> Option<u32> {
    let (inventory, keys) = (inventory(), SigningKeys::open().expect("keys"));
    let app = &inventory.tenants[0].apps[index];
    let checked = Jwt::parse(jwt).and_then(|jwt| verify(&jwt, app, &keys, now));
    checked.err().map(|error| error.code())
}

fn signed(change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let keys = SigningKeys::open().expect("keys");
    let now = Timestamp::now().as_second();
    let mut header = json!({ "alg": "RS256", "kid": keys.cluster.kubernetes_kid });
    let mut claims =
        json!({ "aud": AUDIENCE, "iss": ISSUER, "sub": SUBJECT, "iat": now, "nbf": now, "exp": now + 600 });
    change(&mut header, &mut claims);
    keys.cluster.token(&header, &claims).expect("signed")
}

#[test]
fn what_a_cluster_hands_a_workload_is_taken_as_long_as_it_is_in_time() {
    let (inventory, keys, now) = (inventory(), SigningKeys::open().expect("keys"), Timestamp::now());
    let token = |issuer| token(&inventory, &keys, (issuer, SUBJECT, AUDIENCE), 600, now);
    let known = token(ISSUER).expect("a token");
    assert_eq!(code(&known, 0, now), None);
    assert_eq!(code(&token("https://other.example").expect("a token"), 0, now), None, "under its other name");
    assert_eq!(code(&known, 0, now + SignedDuration::from_secs(899)), None, "within the skew");
    assert_eq!(code(&known, 0, now + SignedDuration::from_secs(901)), Some(700024), "too late");
    assert_eq!(code(&known, 0, now - SignedDuration::from_secs(301)), Some(700024), "too early");
    assert_eq!(code(&known, 1, now), Some(70025), "an app that trusts nobody");
    let error = token("https://unknown.example").expect_err("no such issuer").to_string();
    assert!(error.contains(ISSUER), "{error}");
}

#[test]
fn issuer_subject_and_audience_must_be_exactly_those_of_one_credential() {
    for (claim, value, expected) in [
        ("iss", json!("https://oidc.cluster.example/shop"), 700211),
        ("iss", json!("https://OIDC.cluster.example/shop/"), 700211),
        ("sub", json!("system:serviceaccount:alertcap:other"), 700213),
        ("sub", json!("system:serviceaccount:Alertcap:alertcap"), 7002138),
        ("aud", json!("api://azureadtokenexchange"), 700212),
        ("aud", json!(["https://kubernetes.default.svc"]), 700212),
    ] {
        let jwt = signed(|_, claims| claims[claim] = value.clone());
        assert_eq!(code(&jwt, 0, Timestamp::now()), Some(expected), "{claim}: {value}");
    }
    let many = signed(|_, claims| claims["aud"] = json!(["https://kubernetes.default.svc", AUDIENCE]));
    assert_eq!(code(&many, 0, Timestamp::now()), None, "one of several audiences");
}

#[test]
fn only_rs256_with_the_issuers_own_key_is_taken() {
    let now = Timestamp::now();
    for (name, value, expected) in [
        ("alg", json!("PS256"), 5002738),
        ("alg", json!("none"), 5002738),
        ("kid", json!("another"), 7000272),
        ("kid", Value::Null, 7000272),
    ] {
        let jwt = signed(|header, _| header[name] = value.clone());
        assert_eq!(code(&jwt, 0, now), Some(expected), "{name}: {value}");
    }
    let keys = SigningKeys::open().expect("keys");
    let jwt = signed(|_, _| {});
    let mut parts = jwt.split('.');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let foreign = keys.stranger.token(&json!({}), &json!({})).expect("signed");
    let foreign = foreign.rsplit_once('.').expect("three parts").1;
    assert_eq!(code(&format!("{header}.{claims}.{foreign}"), 0, now), Some(50013));
    assert_eq!(code(&format!("{header}.{claims}.{foreign}!"), 0, now), Some(50027));
}
