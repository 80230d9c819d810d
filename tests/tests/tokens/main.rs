//! Tokens of a secure webhook, in front of the real component: none of those that are wrong in some way gets in, whatever
//! the way; those that are right do; and neither costs Entra more than it should.

mod claims;
mod header;
mod mint;
mod shape;

use std::{
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{Answer, METRIC, Options, Stack, post, raw};
use mint::{AUDIENCE, CLIENT_ID, Mint, OTHER_TENANT};
use serde_json::json;

/// A token that is not taken: what is wrong with it, what it is answered, and how it is made.
struct Bad(&'static str, u16, fn(&Mint) -> String);

/// A request that is answered 401: where it carries its token, and how it is made.
struct Elsewhere(&'static str, fn(&Mint) -> Carried);

/// What a request carries beside its body.
struct Carried {
    query: String,
    headers: Vec<(String, Vec<u8>)>,
}

/// A stack that takes tokens, and nothing else that the tests know.
fn stack(clocks: bool) -> Stack {
    let mut stack = Stack::start(&Options { clocks, ..Options::default() });
    let tenants = format!("{} {OTHER_TENANT}", stack.sample("tenant_id"));
    stack.kill_host();
    stack.set("webhook_audience", &format!("{AUDIENCE} {CLIENT_ID}"));
    stack.set("webhook_tenants", &tenants);
    stack.start_host();
    stack
}

/// An alert with this token.
fn send(stack: &Stack, token: &str) -> Answer {
    let carried = Carried {
        query: String::new(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}").into_bytes())],
    };
    carry(stack, &carried)
}

fn carry(stack: &Stack, carried: &Carried) -> Answer {
    let length = METRIC.len().to_string();
    let mut headers: Vec<(&str, &[u8])> =
        vec![("content-type", b"application/json"), ("content-length", length.as_bytes())];
    headers.extend(carried.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
    let line = format!("POST /api/alerts{} HTTP/1.1", carried.query);
    raw(&stack.url(), &line, &headers, METRIC.as_bytes())
}

/// What is wrong with a refusal; nothing if it is as it should be.
fn amiss(answer: &Answer, status: u16) -> Option<String> {
    let kind = if status == 401 { "unauthorized" } else { "forbidden" };
    let is_right = answer.status == status
        && answer.json["type"] == format!("urn:alertcap:problem:{kind}")
        && answer.headers["content-type"] == "application/problem+json"
        && answer.headers.contains_key("www-authenticate") == (status == 401)
        && !answer.json["detail"].to_string().contains("eyJ");
    (!is_right).then(|| format!("{answer:?}"))
}

/// How often Entra was asked for its keys.
fn looks(stack: &Stack) -> usize {
    stack.requests(Some("keys")).len()
}

fn rotate(stack: &Stack, keep_old: bool) {
    stack.control("signing-keys", &json!({ "rotate": true, "keep_old": keep_old }));
}

/// What Azure's own action group sends.
fn action_group(stack: &Stack, version: &str) -> String {
    let asked = json!({ "audience": AUDIENCE, "version": version }).to_string();
    let url = format!("{}/_standin/action-group-token", stack.azure_url());
    let answer = post(&url, &[("content-type", "application/json")], asked.as_bytes());
    answer.json["token"].as_str().expect("a token").to_owned()
}

#[test]
fn no_token_that_is_wrong_gets_in_and_none_of_them_leaves_a_trace() {
    let stack = stack(false);
    let begin = Instant::now();
    let mint = Mint::new(&stack);
    // From here on, the token it made at first is of a key that nobody serves any more.
    rotate(&stack, false);
    let tables = [
        header::ROWS,
        claims::ISSUER,
        claims::AUDIENCES,
        claims::TIMES,
        claims::CALLERS,
        claims::TEXTS,
        shape::PARTS,
    ];
    let mut wrong = Vec::new();
    let rows = tables.into_iter().flatten();
    for Bad(name, status, token) in rows.clone() {
        let answer = send(&stack, &token(&mint));
        wrong.extend(amiss(&answer, *status).map(|why| format!("{name}: {why}")));
    }
    for Elsewhere(name, request) in shape::REQUESTS {
        let answer = carry(&stack, &request(&mint));
        wrong.extend(amiss(&answer, 401).map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows.count() + shape::REQUESTS.len() >= 60);

    let asked = stack.requests(None);
    assert!(asked.iter().all(|request| request["operation"] == "keys"), "{asked:#?}");
    let minutes = usize::try_from(begin.elapsed().as_secs() / 60).expect("a few");
    assert!(asked.len() <= 1 + minutes, "{asked:#?}");
    let kept = stack.kept();
    assert!(kept.keys().all(|key| key.starts_with("keys.")), "{:?}", kept.keys());
    assert!(stack.told().is_empty());
    assert_eq!(send(&stack, &mint.good()).status, 202, "and the right one gets in");
}

#[test]
fn the_tokens_of_action_groups_get_in_and_so_do_others_that_are_right() {
    let stack = stack(false);
    let mint = Mint::new(&stack);
    for (name, token) in [
        ("version 1.0", action_group(&stack, "1.0")),
        ("version 2.0", action_group(&stack, "2.0")),
        ("version 1.0, of the tests' own making", mint.good()),
        ("version 2.0, of the tests' own making", mint.with_v2_claims(json!({}))),
        ("for the client id", mint.with_claims(json!({"aud": CLIENT_ID}))),
        ("expired within the skew", mint.with_claims(json!({"exp": mint.now - 30}))),
        ("not yet, within the skew", mint.with_claims(json!({"nbf": mint.now + 50}))),
        ("without nbf", mint.with_claims(json!({"nbf": null}))),
        (
            "with the role beside others",
            mint.with_claims(json!({"roles": ["Reader", "ActionGroupsSecureWebhook"]})),
        ),
        ("tid in capitals", mint.with_claims(json!({"tid": mint.tenant.to_uppercase()}))),
        ("typ in small letters", mint.with_header(|header| header["typ"] = json!("jwt"))),
        ("azp of another application in version 1.0", mint.with_claims(json!({"azp": "x"}))),
        ("a claim that nobody knows, twice in itself", mint.with_claims_text(r#""xms_x":{"a":1,"a":2},"#)),
    ] {
        let answer = send(&stack, &token);
        assert_eq!(answer.status, 202, "{name}: {answer:?}");
    }
    for scheme in ["Bearer", "bearer", "BEARER", "bearer "] {
        let value = format!("{scheme} {}", mint.good()).into_bytes();
        let headers = vec![("authorization".to_owned(), value)];
        let answer = carry(&stack, &Carried { query: String::new(), headers });
        assert_eq!(answer.status, 202, "{scheme:?}: {answer:?}");
    }
    assert_eq!(looks(&stack), 1);
}

#[test]
fn a_rotated_key_is_followed_with_one_request_for_the_keys() {
    let stack = stack(true);
    let old = action_group(&stack, "1.0");
    assert_eq!((send(&stack, &old).status, looks(&stack)), (202, 1));
    rotate(&stack, true);
    stack.advance(61);
    let new = action_group(&stack, "1.0");
    assert_eq!((send(&stack, &new).status, looks(&stack)), (202, 2));
    assert_eq!((send(&stack, &old).status, looks(&stack)), (202, 2), "the old one is served still");
    // Withdrawn: whoever stole the old key gets in until the set is asked for again.
    rotate(&stack, false);
    stack.advance(61);
    let newest = action_group(&stack, "2.0");
    assert_eq!((send(&stack, &newest).status, looks(&stack)), (202, 3));
    for withdrawn in [&old, &new] {
        assert_eq!((send(&stack, withdrawn).status, looks(&stack)), (401, 3));
    }
    // A day later it is asked for again without a reason.
    stack.advance(86_400);
    assert_eq!((send(&stack, &action_group(&stack, "1.0")).status, looks(&stack)), (202, 4));
}

/// A hundred tokens, each of another key that nobody has.
fn flood(stack: &Stack, at_once: usize) {
    thread::scope(|scope| {
        for sender in 0..at_once {
            scope.spawn(move || {
                let mint = Mint::new(stack);
                for number in 0..100 / at_once {
                    let kid = format!("unknown-{sender}-{number}");
                    let token = mint.signed(json!({ "kid": kid }), json!({ "key": "stranger" }));
                    assert_eq!(send(stack, &token).status, 401);
                }
            });
        }
    });
}

#[test]
fn unknown_keys_cost_one_request_a_minute_however_many_there_are() {
    let mut stack = stack(true);
    assert_eq!((send(&stack, &action_group(&stack, "1.0")).status, looks(&stack)), (202, 1));
    flood(&stack, 1);
    assert_eq!(looks(&stack), 1);
    for minute in 1..=2 {
        stack.advance(61);
        flood(&stack, 1);
        assert_eq!(looks(&stack), 1 + minute);
    }
    // A new instance knows the set from the store.
    stack.kill_host();
    stack.start_host();
    flood(&stack, 10);
    assert_eq!(looks(&stack), 3);
    // Instances that do not know of one another may ask in the same moment; whoever comes later does not.
    stack.advance(61);
    flood(&stack, 10);
    let after = looks(&stack);
    assert!((4..=13).contains(&after), "{after}");
    flood(&stack, 10);
    assert_eq!(looks(&stack), after);
    assert_eq!((send(&stack, &action_group(&stack, "1.0")).status, looks(&stack)), (202, after));
}

#[test]
fn while_the_keys_cannot_be_had_nobody_is_sent_away_for_good() {
    let stack = stack(true);
    let token = action_group(&stack, "1.0");
    for fault in [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 200, "body": "{\"keys\":[]}"}),
        json!({"kind": "status", "status": 200, "body": "<html>"}),
        json!({"kind": "drop"}),
        json!({"kind": "delay", "ms": 4_000}),
    ] {
        stack.fault("keys", &fault, 1);
        let begin = Instant::now();
        let answer = send(&stack, &token);
        assert!(begin.elapsed() < Duration::from_secs(6), "{fault}: {:?}", begin.elapsed());
        assert_eq!(
            (answer.status, answer.headers["retry-after"].to_str().ok()),
            (503, Some("5")),
            "{fault}: {answer:?}"
        );
        // Failures in a row are asked for further and further apart, at the longest so far.
        stack.advance(61);
    }
    assert_eq!(send(&stack, &token).status, 202);
    // From now on the old set serves where no newer one can be had.
    stack.advance(86_400);
    stack.fault("keys", &json!({"kind": "status", "status": 500}), 1);
    assert_eq!(send(&stack, &action_group(&stack, "1.0")).status, 202);
}

#[test]
fn a_refusal_needs_no_body() {
    let stack = stack(false);
    let begin = Instant::now();
    for length in ["1500", "10485760"] {
        let headers: [(&str, &[u8]); 2] =
            [("authorization", b"Bearer x.y.z"), ("content-length", length.as_bytes())];
        let answer = raw(&stack.url(), "POST /api/alerts HTTP/1.1", &headers, b"");
        assert_eq!(amiss(&answer, 401), None, "{length} bytes that never come");
    }
    let chunked: [(&str, &[u8]); 2] = [("authorization", b"Bearer x.y.z"), ("transfer-encoding", b"chunked")];
    assert_eq!(amiss(&raw(&stack.url(), "POST /api/alerts HTTP/1.1", &chunked, b""), 401), None);
    let ten = vec![b'x'; 10 << 20];
    let length = ten.len().to_string();
    let headers: [(&str, &[u8]); 2] =
        [("authorization", b"Bearer x.y.z"), ("content-length", length.as_bytes())];
    let answer = raw(&stack.url(), "POST /api/alerts HTTP/1.1", &headers, &ten);
    assert_eq!(amiss(&answer, 401), None, "10 MB");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}
