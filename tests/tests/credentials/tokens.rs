//! Tokens: asked for as seldom as can be, and used for nothing but what they were asked with.

use alertcap_tests::{METRIC, Options, Stack, note, post};
use serde_json::{Value, json};

use crate::{
    at, certificate, cost, federated, identity, name, side_by_side, sign_in_by, stack, token_requests,
};

type Variables = Vec<(&'static str, String)>;

/// A lifetime of tokens in the inventory, and who asks for them.
type Hour = ((&'static str, i64), fn(&Stack) -> Variables);

/// How many tokens a hundred alerts cost in an hour, one every 36 seconds, over a restart after every 25th.
fn hour(((name, seconds), variables): &Hour) -> usize {
    let inventory = [("timings", *name, *seconds)];
    // Captures of five hours, of which none ends meanwhile.
    let long = [("time_limit_seconds", "18000")];
    let options = Options { variables: &long, inventory: &inventory, clocks: true, ..Options::default() };
    let mut stack = stack(&options, variables);
    for number in 0..100 {
        assert_eq!(stack.alert(&at(number)).status, 202);
        stack.advance(36);
        if number % 25 == 24 {
            stack.kill_host();
            stack.start_host();
        }
    }
    token_requests(&stack)
}

#[test]
fn a_hundred_alerts_in_an_hour_cost_one_token() {
    let secret = |stack: &Stack| vec![("client_secret", stack.sample("client_secret"))];
    // Entra's tokens live for 60 to 90 minutes, chosen by chance; 4,500 s is the average.
    let hours: [Hour; 2] = [(("token_lifetime_s", 4_500), secret), (("token_lifetime_s", 3_599), secret)];
    let tokens = side_by_side(&hours, hour);
    let [usual, shortest] = tokens[..] else { panic!("{tokens:?}") };
    note(&format!("100 alerts in an hour: {usual} token of 75 minutes, {shortest} of 60"));
    // One of 60 minutes is replaced five minutes before its end, as Azure's own clients do: two in an hour.
    assert_eq!((usual, shortest), (1, 2));
}

#[test]
fn a_token_that_azure_takes_no_longer_costs_one_request_and_no_alert() {
    let stack = stack(&Options::default(), |stack| vec![("client_secret", stack.sample("client_secret"))]);
    assert_eq!(cost(&stack, METRIC), 1);
    let refused =
        json!({"kind": "status", "status": 401, "code": "InvalidAuthenticationToken", "message": "revoked"});
    for (number, operation) in
        ["packetCaptures.put", "operations.get", "packetCaptures.queryStatus"].into_iter().enumerate()
    {
        let before = token_requests(&stack);
        stack.fault(operation, &refused, 1);
        let record = stack.wait_for(&name(&stack.alert(&at(number))), "reported");
        assert_eq!((&record["error"], token_requests(&stack) - before), (&Value::Null, 1), "{operation}");
    }
    // Expired, by a clock that the host does not know of.
    stack.control("clock", &json!({ "advance_s": 4_000 }));
    assert_eq!((cost(&stack, &at(10)), cost(&stack, &at(11))), (1, 0));
    // Refused again and again: it is no token's fault, and is told.
    stack.fault("packetCaptures.put", &refused, 2);
    let before = token_requests(&stack);
    let record = stack.wait_for(&name(&stack.alert(&at(12))), "reported");
    assert_eq!((&record["error"]["status"], token_requests(&stack) - before), (&json!(401), 1), "{record:#}");
}

#[test]
fn while_entra_is_down_a_token_serves_until_its_end() {
    let inventory = [("timings", "token_lifetime_s", 3_600)];
    let options = Options { inventory: &inventory, clocks: true, ..Options::default() };
    let stack = stack(&options, |stack| vec![("client_secret", stack.sample("client_secret"))]);
    assert_eq!(cost(&stack, METRIC), 1);
    stack.advance(3_400);
    stack.fault("token", &json!({"kind": "status", "status": 503}), 1);
    // It is due for renewal, and still good.
    assert_eq!((cost(&stack, &at(1)), cost(&stack, &at(2))), (1, 0));
}

/// The one token in the store.
fn sealed(stack: &Stack) -> (String, Vec<u8>) {
    let mut tokens = stack.kept().into_iter().filter(|(key, _)| key.starts_with("token."));
    let (Some(token), None) = (tokens.next(), tokens.next()) else { panic!("{:?}", stack.kept().keys()) };
    token
}

#[test]
fn a_token_in_the_store_that_was_tampered_with_is_ignored_and_replaced() {
    let secret = |stack: &Stack| vec![("client_secret", stack.sample("client_secret"))];
    let mut stack = stack(&Options::default(), secret);
    assert_eq!(cost(&stack, METRIC), 1);
    let (key, good) = sealed(&stack);
    let foreign = {
        // The same application's, with its certificate, at the very same endpoints; sealed otherwise.
        let variables = certificate(&stack);
        sign_in_by(&mut stack, &variables);
        assert_eq!(cost(&stack, &at(0)), 1);
        stack
            .kept()
            .into_iter()
            .find(|(other, _)| other.starts_with("token.") && *other != key)
            .expect("another")
            .1
    };
    let changed = |place: usize| {
        let mut value = good.clone();
        value[place] = if value[place] == b'A' { b'B' } else { b'A' };
        value
    };
    let clear = json!({"value": "attackers.own.token", "expires_at": "2099-01-01T00:00:00Z"}).to_string();
    let tampered = [
        ("its first letter changed", changed(0)),
        ("a letter in its middle changed", changed(good.len() / 2)),
        ("its last letter changed", changed(good.len() - 1)),
        ("cut", good[..good.len() - 8].to_vec()),
        ("cut to its nonce", good[..32].to_vec()),
        ("a letter more", [good.clone(), b"A".to_vec()].concat()),
        ("twice", good.repeat(2)),
        ("empty", Vec::new()),
        ("a token in the clear", clear.into_bytes()),
        ("a token alone", b"attackers.own.token".to_vec()),
        ("null", b"null".to_vec()),
        ("bytes that are no text", vec![0xff; 200]),
        ("another credential's", foreign),
    ];
    for (number, (what, value)) in tampered.into_iter().enumerate() {
        sign_in_by(&mut stack, &[("client_secret", "standin-secret-web~1".to_owned())]);
        stack.kill_host();
        stack.put(&key, &value);
        stack.start_host();
        assert_eq!(cost(&stack, &at(2 * number + 1)), 1, "{what}");
        let now = stack.kept().remove(&key).expect("a token");
        assert!(now != value && now != good, "{what}");
        stack.kill_host();
        stack.start_host();
        assert_eq!(cost(&stack, &at(2 * number + 2)), 0, "{what}: the new one is good");
    }
}

#[test]
fn a_token_serves_only_the_secret_tenant_cloud_and_credential_that_it_was_asked_for_with() {
    let mut stack =
        stack(&Options::default(), |stack| vec![("client_secret", stack.sample("client_secret"))]);
    let good = vec![("client_secret", stack.sample("client_secret"))];
    let of_another = [
        ("client_secret", "standin-secret-none~1".to_owned()),
        ("client_id", "c11e47ab-0000-4000-8000-0000000000b2".to_owned()),
    ];
    assert_eq!(cost(&stack, METRIC), 1);

    let fails = |stack: &Stack, number: usize, code: &str| {
        let before = token_requests(stack);
        let record = stack.wait_for(&name(&stack.alert(&at(number))), "reported");
        assert_eq!(
            (record["error"]["code"].as_str(), token_requests(stack) - before),
            (Some(code), 1),
            "{record:#}"
        );
    };
    sign_in_by(&mut stack, &[("client_secret", "not-the-secret".to_owned())]);
    fails(&stack, 1, "AADSTS7000215");
    sign_in_by(&mut stack, &of_another);
    fails(&stack, 2, "AuthorizationFailed");
    let client_id = stack.sample("client_id");
    stack.set("client_id", &client_id);
    sign_in_by(&mut stack, &good);
    assert_eq!(cost(&stack, &at(3)), 0, "back again, its token is still good");

    let base = stack.azure_url();
    let elsewhere = base.replace("127.0.0.1", "localhost");
    let kinds = [certificate(&stack), federated(&stack), identity(&stack, "system")];
    let identities = [stack.sample("identity_client_id"), stack.sample("identity_resource_id")];
    let identities = identities.map(|which| identity(&stack, &which));
    let with = |changes: &[(&'static str, &str)]| {
        let changes = changes.iter().map(|(name, value)| (*name, (*value).to_owned()));
        good.iter().cloned().chain(changes).collect::<Variables>()
    };
    let others = [
        with(&[("tenant_id", "shop.example")]),
        with(&[("login_endpoint", &elsewhere), ("arm_endpoint", &elsewhere)]),
    ];
    for (number, variables) in others.into_iter().enumerate() {
        sign_in_by(&mut stack, &variables);
        assert_eq!(cost(&stack, &at(10 + number)), 1, "{variables:?}");
    }
    stack.set("login_endpoint", &base);
    stack.set("arm_endpoint", &base);
    for (number, variables) in kinds.into_iter().chain(identities).enumerate() {
        sign_in_by(&mut stack, &variables);
        assert_eq!((cost(&stack, &at(20 + number)), cost(&stack, &at(30 + number))), (1, 0), "{variables:?}");
    }
}

#[test]
fn a_credential_without_a_lasting_secret_seals_with_a_callers_key_or_keeps_nothing() {
    let mut stack = stack(&Options::default(), federated);
    assert_eq!(cost(&stack, METRIC), 1);
    // Another one every hour, of the same subject: the access token goes on serving.
    let variables = federated(&stack);
    sign_in_by(&mut stack, &variables);
    assert_eq!(cost(&stack, &at(1)), 0);
    stack.kill_host();
    stack.set("operator_key", "another-operator-key-for-tests");
    stack.start_host();
    assert_eq!(cost(&stack, &at(2)), 1, "it was sealed with the operator's key");

    // Callers prove themselves by tokens, alertcap by an identity: there is nothing to seal with.
    let variables = identity(&stack, "system");
    for name in ["operator_key", "sweep_key", "webhook_key"] {
        stack.set(name, "");
    }
    stack.set("webhook_audience", "api://alertcap");
    sign_in_by(&mut stack, &variables);
    let before = stack.kept();
    let token = crate::made(&stack, "action-group-token", &json!({"audience": "api://alertcap"}));
    let alert = |stack: &Stack, number: usize| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let url = format!("{}/api/alerts", stack.url());
        let answer = post(&url, &headers, at(number).as_bytes());
        assert_eq!(answer.json["captures"][0]["state"], "starting", "{answer:?}");
    };
    let asked = token_requests(&stack);
    alert(&stack, 3);
    let kept: Vec<String> = stack.kept().into_keys().filter(|key| !before.contains_key(key)).collect();
    assert!(!kept.iter().any(|key| key.starts_with("token.") || key.starts_with("keys.")), "{kept:?}");
    stack.kill_host();
    stack.start_host();
    alert(&stack, 4);
    assert_eq!(token_requests(&stack) - asked, 2, "a new instance asks anew");
}
