//! Signatures as Standard Webhooks say, made by their own library: every way of having no right one.

use std::time::{SystemTime, UNIX_EPOCH};

use alertcap_tests::{Answer, METRIC, Options, Stack};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::{
    Sent, amiss,
    bad_signatures::{self, RETIRED, good},
};

pub(crate) const SECRETS: [&str; 2] = [
    "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=",
];

pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("a time")
}

/// A request before it is sent.
pub(crate) struct Signed {
    pub(crate) id: String,
    pub(crate) time: String,
    pub(crate) signature: String,
    pub(crate) body: String,
    /// What stands in the headers' place, if anything does.
    pub(crate) headers: Option<Vec<(String, Vec<u8>)>>,
}

impl Signed {
    /// A good one.
    pub(crate) fn new(id: &str) -> Self {
        Self::by(SECRETS[0], id, now(), METRIC)
    }

    pub(crate) fn by(secret: &str, id: &str, time: i64, body: &str) -> Self {
        let signature = Webhook::new(secret).expect("a secret").sign(id, time, body.as_bytes());
        Self {
            id: id.to_owned(),
            time: time.to_string(),
            signature: signature.expect("a signature"),
            body: body.to_owned(),
            headers: None,
        }
    }

    /// Its signature, as bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(self.signature.trim_start_matches("v1,")).expect("base64")
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// With these headers only, or more often.
    pub(crate) fn only(self, names: &[&str]) -> Self {
        let headers = names.iter().map(|name| {
            let value = match *name {
                "webhook-id" => &self.id,
                "webhook-timestamp" => &self.time,
                _ => &self.signature,
            };
            ((*name).to_owned(), value.clone().into_bytes())
        });
        let headers = headers.collect();
        Self { headers: Some(headers), ..self }
    }

    pub(crate) fn sent(&self) -> Sent {
        let headers = self.headers.clone().unwrap_or_else(|| {
            [
                ("webhook-id", &self.id),
                ("webhook-timestamp", &self.time),
                ("webhook-signature", &self.signature),
            ]
            .map(|(name, value)| (name.to_owned(), value.clone().into_bytes()))
            .into()
        });
        Sent { query: String::new(), headers }
    }

    fn send(&self, stack: &Stack) -> Answer {
        self.sent().send(&stack.url(), self.body.as_bytes())
    }
}

pub(crate) fn stack(clocks: bool) -> Stack {
    let secrets = SECRETS.join(" ");
    let variables = [("webhook_key", ""), ("webhook_secret", secrets.as_str())];
    Stack::start(&Options { variables: &variables, clocks, ..Options::default() })
}

#[test]
fn no_signature_that_is_wrong_gets_in_and_none_of_them_leaves_a_trace() {
    let stack = stack(false);
    let mut wrong = Vec::new();
    for bad_signatures::Bad(name, make) in bad_signatures::ROWS {
        wrong.extend(amiss(&make().send(&stack)).map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stack.requests(None).is_empty() && stack.kept().is_empty(), "{:?}", stack.kept().keys());
    assert_eq!(good().send(&stack).status, 202, "nothing of them counts as a copy of the right one");
}

#[test]
fn either_of_two_live_secrets_signs_and_so_does_a_sender_that_is_exchanging_its_own() {
    let mut stack = stack(false);
    assert_eq!(Signed::by(SECRETS[0], "msg_1", now(), METRIC).send(&stack).status, 202);
    assert_eq!(Signed::by(SECRETS[1], "msg_2", now(), METRIC).send(&stack).status, 202);
    let several = Signed::new("msg_3").with(|it| {
        let other = Signed::by(RETIRED, "msg_3", now(), METRIC).signature;
        it.signature = format!("v1a,AAAA {other} {}", it.signature);
    });
    assert_eq!(several.send(&stack).status, 202);
    assert_eq!(Signed::by(SECRETS[0], "msg_4", now() - 290, METRIC).send(&stack).status, 202, "late");
    assert_eq!(Signed::by(SECRETS[0], "msg_5", now() + 290, METRIC).send(&stack).status, 202, "early");
    let readable = Signed::by(SECRETS[0], "msg_6", now(), "").send(&stack);
    assert_eq!(readable.status, 400, "it is the sender's, and it is no alert: {readable:?}");
    stack.kill_host();
    stack.set("webhook_secret", &format!("{} {RETIRED}", SECRETS[1]));
    stack.start_host();
    assert_eq!(amiss(&Signed::new("msg_7").send(&stack)), None, "its secret was exchanged");
    assert_eq!(Signed::by(SECRETS[1], "msg_8", now(), METRIC).send(&stack).status, 202);
}

#[test]
fn a_copy_of_a_request_that_was_taken_is_refused_in_whatever_dress() {
    let stack = stack(false);
    let original = Signed::new("msg_to-be-copied");
    let rehearsal = Signed::new("msg_rehearsal");
    let mut rehearsed = rehearsal.sent();
    rehearsed.query = "?dry_run=true".to_owned();
    assert_eq!(rehearsed.send(&stack.url(), METRIC.as_bytes()).status, 200);
    assert_eq!(rehearsal.send(&stack).status, 401, "a rehearsal is no draft of the alert itself");
    assert_eq!(original.send(&stack).status, 202);
    let kept = stack.kept().keys().filter(|key| key.starts_with("heard.")).count();
    assert_eq!(kept, 2);
    let time: i64 = original.time.parse().expect("a time");
    let again = || Signed::by(SECRETS[0], "msg_to-be-copied", time, METRIC);
    for (name, copy) in [
        ("as it was", again()),
        (
            "with a bogus signature beside",
            again().with(|it| it.signature = format!("v1,AAAA {}", it.signature)),
        ),
        ("signed with the other secret", Signed::by(SECRETS[1], "msg_to-be-copied", time, METRIC)),
        ("with zeroes before its time", again().with(|it| it.time.insert_str(0, "00"))),
        ("with blanks around its headers", again().with(|it| it.id = format!("  {} ", it.id))),
    ] {
        assert_eq!(amiss(&copy.send(&stack)), None, "{name}");
    }
    let mut shouted = again().sent();
    shouted.headers.iter_mut().for_each(|(name, _)| name.make_ascii_uppercase());
    shouted.query = "?x=y".to_owned();
    assert_eq!(amiss(&shouted.send(&stack.url(), METRIC.as_bytes())), None, "in capitals, with a query");
    assert_eq!(amiss(&rehearsed.send(&stack.url(), METRIC.as_bytes())), None, "as a rehearsal");
    let anew = Signed::by(SECRETS[0], "msg_to-be-copied", time + 1, METRIC).send(&stack);
    assert_eq!(
        (anew.status, &anew.json["captures"][0]["duplicate"]),
        (202, &Value::Bool(true)),
        "tried again"
    );
    assert_eq!(stack.requests(Some("packetCaptures.put")).len(), 1);
}

#[test]
fn a_copy_is_known_for_as_long_as_its_time_is_good_over_sweeps_and_restarts() {
    let mut stack = stack(true);
    // Its sender's clock is nearly five minutes fast, so it is good for nearly ten.
    let original = Signed::by(SECRETS[0], "msg_early", now() + 290, METRIC);
    assert_eq!(original.send(&stack).status, 202);
    for _ in 0..3 {
        stack.advance(190);
        stack.kill_host();
        stack.start_host();
        assert_eq!(stack.sweep().status, 200);
        assert_eq!(amiss(&original.send(&stack)), None);
    }
    stack.advance(120);
    assert_eq!(stack.sweep().status, 200);
    assert_eq!(amiss(&original.send(&stack)), None, "too old by now");
    stack.advance(86_400);
    assert_eq!(stack.sweep().status, 200);
    let kept = stack.kept();
    assert!(!kept.keys().any(|key| key.starts_with("heard.")), "{:?}", kept.keys());
}
