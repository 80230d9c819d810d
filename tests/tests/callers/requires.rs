//! `webhook_requires`: what is named there must all be right.

use alertcap_tests::{METRIC, Options, Stack, get, post};
use serde_json::json;

use crate::{
    Sent, amiss,
    signatures::{SECRETS, Signed},
};

const KEY: &str = "a-key-of-the-webhook";
const AUDIENCE: &str = "api://alertcap";

/// A request that may have each of the three, right or wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Given {
    Nothing,
    Wrong,
    Right,
}

use Given::{Nothing, Right, Wrong};

const NAMES: [&str; 3] = ["key", "token", "signature"];

fn token(stack: &Stack) -> String {
    let url = format!("{}/_standin/action-group-token", stack.azure_url());
    let asked = json!({ "audience": AUDIENCE }).to_string();
    post(&url, &[("content-type", "application/json")], asked.as_bytes()).json["token"]
        .as_str()
        .expect("one")
        .to_owned()
}

/// A request with these three.
fn request(stack: &Stack, given: [Given; 3]) -> Sent {
    let mut headers = Vec::new();
    let mut add = |name: &str, value: String| headers.push((name.to_owned(), value.into_bytes()));
    match given[0] {
        Nothing => {}
        Wrong => add("x-functions-key", KEY.to_uppercase()),
        Right => add("x-functions-key", KEY.to_owned()),
    }
    match given[1] {
        Nothing => {}
        Wrong => add("authorization", format!("Bearer {}x", token(stack))),
        Right => add("authorization", format!("Bearer {}", token(stack))),
    }
    // Each is another request: a copy would be refused as one.
    let id = token(stack).chars().rev().filter(char::is_ascii_alphanumeric).take(20).collect::<String>();
    let mut signed = Signed::new(&id);
    if given[2] == Wrong {
        signed.id.push('x');
    }
    if given[2] != Nothing {
        for (name, value) in signed.sent().headers {
            add(&name, String::from_utf8(value).expect("text"));
        }
    }
    Sent { query: String::new(), headers }
}

/// Requests with one of the three that would be right where it is set up, and with all.
pub(crate) fn all_of_them(stack: &Stack) -> Vec<Sent> {
    [[Right, Nothing, Nothing], [Nothing, Right, Nothing], [Nothing, Nothing, Right], [Right; 3]]
        .map(|given| request(stack, given))
        .into()
}

fn stack() -> Stack {
    let secrets = SECRETS.join(" ");
    let variables =
        [("webhook_key", KEY), ("webhook_audience", AUDIENCE), ("webhook_secret", secrets.as_str())];
    Stack::start(&Options { variables: &variables, ..Options::default() })
}

fn with(stack: &mut Stack, variables: &[(&str, &str)]) {
    stack.kill_host();
    for (name, value) in variables {
        stack.set(name, value);
    }
    stack.start_host();
}

/// Every combination of the three.
fn combinations() -> impl Iterator<Item = [Given; 3]> {
    let each = [Nothing, Wrong, Right];
    each.into_iter().flat_map(move |a| each.into_iter().flat_map(move |b| each.map(|c| [a, b, c])))
}

#[test]
fn what_is_required_must_all_be_right_and_otherwise_any_one_is_enough() {
    let mut stack = stack();
    for requires in [
        "",
        "key",
        "token",
        "signature",
        "key token",
        "key,signature",
        "token;signature",
        "signature\ntoken key",
    ] {
        with(&mut stack, &[("webhook_requires", requires)]);
        let ready = get(&format!("{}/readyz", stack.url()), &[]);
        assert_eq!(ready.status, 200, "{requires:?}: {ready:?}");
        for given in combinations() {
            let is_right = |name: &str| {
                let place = NAMES.iter().position(|known| *known == name).expect("a proof");
                given[place] == Right
            };
            let is_let_in = match requires {
                "" => NAMES.iter().any(|name| is_right(name)),
                _ => requires.split([' ', ',', ';', '\n']).all(is_right),
            };
            let answer = request(&stack, given).send(&stack.url(), METRIC.as_bytes());
            if is_let_in {
                assert_eq!(answer.status, 202, "{requires:?} {given:?}: {answer:?}");
            } else {
                assert_eq!(amiss(&answer), None, "{requires:?} {given:?}");
            }
        }
    }
}

#[test]
fn what_is_required_and_cannot_be_read_or_is_not_set_up_lets_nobody_in() {
    let mut stack = stack();
    let broken = [
        "key tokn",
        "all",
        "key+token",
        "Key",
        "key&token",
        "true",
        "none",
        "any",
        "*",
        "key token signature hmac",
        "key=1",
        "\"key\"",
    ];
    for requires in broken {
        with(&mut stack, &[("webhook_requires", requires)]);
        nobody_gets_in(&stack, &format!("webhook_requires is {requires:?}"));
    }
    for (requires, missing, variable) in [
        ("key token", [("webhook_key", "")], "webhook_requires"),
        ("token", [("webhook_audience", "")], "webhook_requires"),
        ("signature key", [("webhook_secret", "")], "webhook_requires"),
        // Set, and wrong: as if it were not.
        ("signature", [("webhook_secret", "whsec_c2hvcnQ=")], "webhook_requires"),
        ("key", [("webhook_key", "too-short")], "webhook_requires"),
        ("token", [("webhook_tenants", "not-a-tenant")], "webhook_requires"),
    ] {
        let mut stack = self::stack();
        with(&mut stack, &missing);
        with(&mut stack, &[("webhook_requires", requires)]);
        nobody_gets_in(&stack, &format!("{requires:?} without {missing:?}"));
        let ready = get(&format!("{}/readyz", stack.url()), &[]);
        assert!(ready.json.to_string().contains(variable), "{ready:?}");
    }
}

fn nobody_gets_in(stack: &Stack, why: &str) {
    for given in combinations() {
        let answer = request(stack, given).send(&stack.url(), METRIC.as_bytes());
        assert_eq!(amiss(&answer), None, "{why}: {given:?}");
    }
    let ready = get(&format!("{}/readyz", stack.url()), &[]);
    assert_eq!(ready.status, 503, "{why}: {ready:?}");
    assert!(stack.kept().keys().all(|key| key.starts_with("keys.")), "{why}: {:?}", stack.kept().keys());
}
