//! Keys and signatures, in front of the real component: what is not right does not open, however near it comes, and what is
//! required together opens only together.

mod bad_signatures;
mod keys;
mod requires;
mod signatures;

use alertcap_tests::{Answer, METRIC, Options, Stack, get, raw};

/// What a request carries beside its body.
pub(crate) struct Sent {
    query: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Sent {
    fn query(query: &str) -> Self {
        Self { query: query.to_owned(), headers: Vec::new() }
    }

    fn header(name: &str, value: &str) -> Self {
        Self { query: String::new(), headers: vec![(name.to_owned(), value.as_bytes().to_vec())] }
    }

    /// Sends it with an alert.
    fn send(&self, url: &str, body: &[u8]) -> Answer {
        let length = body.len().to_string();
        let mut headers: Vec<(&str, &[u8])> =
            vec![("content-type", b"application/json"), ("content-length", length.as_bytes())];
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        raw(url, &format!("POST /api/alerts{} HTTP/1.1", self.query), &headers, body)
    }
}

/// Every byte that is not a letter or a digit.
pub(crate) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// What is wrong with a refusal; nothing if it is as it should be.
pub(crate) fn amiss(answer: &Answer) -> Option<String> {
    let is_right = answer.status == 401
        && answer.json["type"] == "urn:alertcap:problem:unauthorized"
        && answer.headers["content-type"] == "application/problem+json"
        && answer.headers.contains_key("www-authenticate");
    (!is_right).then(|| format!("{answer:?}"))
}

/// Two live keys of each kind.
const KEYS: [(&str, [&str; 2]); 3] = [
    ("webhook", ["one/webhook+key=of-two", "one/webhook+key=of-two-too"]),
    ("operator", ["one/operator+key=of-two", "one/operator+key=of-two-too"]),
    ("sweep", ["one/sweep+key=of-the-two", "one/sweep+key=of-the-two-too"]),
];

fn live(kind: &str) -> [&'static str; 2] {
    KEYS.iter().find(|(name, _)| *name == kind).expect("a kind of key").1
}

#[test]
fn no_key_that_is_wrong_opens_any_route_and_no_try_leaves_a_trace() {
    let [webhook, operator, sweep] = KEYS.map(|(_, keys)| keys.join(","));
    let variables = [("webhook_key", &*webhook), ("operator_key", &*operator), ("sweep_key", &*sweep)];
    let stack = Stack::start(&Options { variables: &variables, ..Options::default() });
    let url = stack.url();
    let mut wrong = Vec::new();
    for route in keys::ROUTES {
        let mut refused = |name: &str, sent: &Sent| {
            wrong.extend(amiss(&route.ask(&url, sent)).map(|why| format!("{}, {name}: {why}", route.line)));
        };
        for keys::Bad(name, make) in keys::ROWS {
            // The second key is longer than the first, so that no row makes the one of the other.
            refused(name, &make(live(route.wants)[0]));
        }
        // Whoever may send alerts may not read, and so on; but an operator may ask what an alert would do.
        let is_explained = route.line.ends_with("dry_run=true");
        for (kind, keys) in
            KEYS.iter().filter(|(kind, _)| *kind != route.wants && !(is_explained && *kind == "operator"))
        {
            for key in keys {
                refused(&format!("the {kind}'s key"), &Sent::header("x-functions-key", key));
                refused(
                    &format!("the {kind}'s key"),
                    &Sent::query(&format!("?code={}", percent_encoded(key))),
                );
            }
        }
        let long = Sent::query(&format!("?code={}", "k".repeat(100_000)));
        let answer = route.ask(&url, &long);
        assert!([401, 414, 431].contains(&answer.status), "{}, 100 KB: {answer:?}", route.line);
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stack.requests(None).is_empty() && stack.told().is_empty());
    assert!(stack.kept().is_empty(), "{:?}", stack.kept().keys());
    for (_, keys) in KEYS {
        assert!(keys.iter().all(|key| !stack.logs().contains(key)));
    }
}

#[test]
fn either_of_two_live_keys_opens_its_routes_and_a_retired_one_no_longer() {
    let mut stack = Stack::start(&Options::default());
    let mut restart_with = |keys: &dyn Fn(&str) -> [String; 2], separator| {
        stack.kill_host();
        for (kind, _) in KEYS {
            stack.set(&format!("{kind}_key"), &keys(kind).join(separator));
        }
        stack.start_host();
        stack.url()
    };
    let retired = |kind: &str| format!("a/retired+key=of-{kind}");
    let before = |kind: &str| [live(kind)[0].to_owned(), retired(kind)];
    let after = |kind: &str| live(kind).map(str::to_owned);
    let url = restart_with(&before, " ");
    for route in keys::ROUTES {
        before(route.wants).iter().for_each(|key| opens(route, &url, key));
    }
    let url = restart_with(&after, "\n");
    for route in keys::ROUTES {
        after(route.wants).iter().for_each(|key| opens(route, &url, key));
        let answer = route.ask(&url, &Sent::header("x-functions-key", &retired(route.wants)));
        assert_eq!(amiss(&answer), None, "{}", route.line);
    }
}

/// In either place, also beside a wrong one in the other.
fn opens(route: &keys::Route, url: &str, key: &str) {
    let mut beside = Sent::header("x-functions-key", key);
    beside.query = "?code=wrong".to_owned();
    for sent in [
        Sent::header("X-Functions-Key", key),
        Sent::query(&format!("?code={}", percent_encoded(key))),
        Sent::query(&format!("?x=y&code={}&z", percent_encoded(key))),
        beside,
    ] {
        let answer = route.ask(url, &sent);
        assert!(![401, 403].contains(&answer.status), "{}: {answer:?}", route.line);
    }
}

#[test]
fn with_nothing_configured_nobody_gets_in_by_anything() {
    let nothing = ["webhook_key", "operator_key", "sweep_key"].map(|name| (name, ""));
    let stack = Stack::start(&Options { variables: &nothing, ..Options::default() });
    for route in keys::ROUTES {
        for keys::Bad(name, make) in keys::ROWS {
            let answer = route.ask(&stack.url(), &make(live(route.wants)[0]));
            assert_eq!(amiss(&answer), None, "{}, {name}", route.line);
        }
    }
    for sent in requires::all_of_them(&stack) {
        assert_eq!(amiss(&sent.send(&stack.url(), METRIC.as_bytes())), None);
    }
    let ready = get(&format!("{}/readyz", stack.url()), &[]);
    let named: Vec<&str> = ready.json["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .filter_map(|one| one["variable"].as_str())
        .collect();
    assert_eq!((ready.status, named), (503, vec!["webhook_key", "operator_key", "sweep_key"]));
    assert!(stack.kept().is_empty(), "{:?}", stack.kept().keys());
}
