//! Signed requests of which something is wrong.

use alertcap_tests::METRIC;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::signatures::{SECRETS, Signed, now};

/// One that was live once.
pub(crate) const RETIRED: &str = "whsec_cmV0aXJlZC1yZXRpcmVkLXJldGlyZWQtcmV0aXJlZCE=";

/// What is wrong with it, and how it is made.
pub(crate) struct Bad(pub(crate) &'static str, pub(crate) fn() -> Signed);

const ALL: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/// What each would be if nothing were wrong with it.
pub(crate) fn good() -> Signed {
    Signed::new("msg_of-the-table")
}

fn at(time: i64) -> Signed {
    Signed::by(SECRETS[0], "msg_of-the-table", time, METRIC)
}

pub(crate) const ROWS: &[Bad] = &[
    Bad("no headers", || good().only(&[])),
    Bad("no id", || good().only(&ALL[1..])),
    Bad("no time", || good().only(&[ALL[0], ALL[2]])),
    Bad("no signature", || good().only(&ALL[..2])),
    Bad("the signature alone", || good().only(&ALL[2..])),
    Bad("two ids", || good().only(&[ALL[0], ALL[0], ALL[1], ALL[2]])),
    Bad("two times", || good().only(&[ALL[0], ALL[1], ALL[1], ALL[2]])),
    Bad("two signatures' headers", || good().only(&[ALL[0], ALL[1], ALL[2], ALL[2]])),
    Bad("an empty id", || good().with(|it| it.id.clear())),
    Bad("an empty id, signed so", || Signed::new("")),
    Bad("an empty time", || good().with(|it| it.time.clear())),
    Bad("an empty signature", || good().with(|it| it.signature.clear())),
    Bad("v1 without a signature", || good().with(|it| it.signature = "v1,".to_owned())),
    Bad("headers of another name", || {
        let mut it = good().only(&ALL);
        for (name, _) in it.headers.iter_mut().flatten() {
            *name = name.replace("webhook", "svix");
        }
        it
    }),
    Bad("another body", || good().with(|it| it.body = it.body.replace("web-01", "db-01"))),
    Bad("a body with a blank more", || good().with(|it| it.body.push(' '))),
    Bad("a body without its last letter", || good().with(|it| _ = it.body.pop())),
    Bad("a body that says the same in other letters", || {
        good().with(|it| it.body = serde_json::from_str::<Value>(&it.body).expect("JSON").to_string())
    }),
    Bad("a body with other line ends", || good().with(|it| it.body = it.body.replace('\n', "\r\n"))),
    Bad("no body", || good().with(|it| it.body.clear())),
    Bad("another id", || good().with(|it| it.id.push('x'))),
    Bad("id and time shifted", || {
        let time = now();
        good().with(|it| (it.id, it.time) = (format!("msg_of-the-table.{time}"), String::new()))
    }),
    Bad("another time", || good().with(|it| it.time = (now() - 10).to_string())),
    Bad("301 s old", || at(now() - 301)),
    Bad("an hour old", || at(now() - 3_600)),
    Bad("306 s ahead", || at(now() + 306)),
    Bad("of 1970", || at(0)),
    Bad("of before 1970", || at(-now())),
    Bad("in milliseconds", || at(now() * 1_000)),
    Bad("in microseconds", || at(now() * 1_000_000)),
    Bad("more digits than a number holds", || good().with(|it| it.time = "9".repeat(30))),
    Bad("a time with a plus", || good().with(|it| it.time.insert(0, '+'))),
    Bad("a time with a minus", || good().with(|it| it.time.insert(0, '-'))),
    Bad("a time with a blank", || good().with(|it| it.time.insert(5, ' '))),
    Bad("a time with a fraction", || good().with(|it| it.time.push_str(".0"))),
    Bad("a time with an exponent", || good().with(|it| it.time.push_str("e0"))),
    Bad("a time with letters", || good().with(|it| it.time.push('s'))),
    Bad("a time in hex", || good().with(|it| it.time = format!("{:#x}", now()))),
    Bad("a time as a date", || good().with(|it| it.time = "2026-11-23T00:00:00Z".to_owned())),
    Bad("a time in Arabic digits", || good().with(|it| it.time = "١٧٩٥٣١٢٨٢٠".to_owned())),
    Bad("v1a only", || good().with(|it| it.signature = it.signature.replace("v1,", "v1a,"))),
    Bad("v2", || good().with(|it| it.signature = it.signature.replace("v1,", "v2,"))),
    Bad("V1", || good().with(|it| it.signature = it.signature.replace("v1,", "V1,"))),
    Bad("v1 with an equals sign", || good().with(|it| it.signature = it.signature.replace("v1,", "v1="))),
    Bad("no version", || good().with(|it| it.signature = it.signature.replace("v1,", ""))),
    Bad("base64url", || {
        // Until it differs: not every signature has a letter in which the two do.
        let mut tries = (0..99).map(|number| Signed::new(&format!("msg_of-the-table-{number}")));
        let it = tries.find(|it| it.signature.contains(['+', '/'])).expect("one of 99");
        it.with(|it| it.signature = format!("v1,{}", BASE64_URL_SAFE.encode(it.bytes())))
    }),
    Bad("base64 without its padding", || {
        good().with(|it| it.signature = it.signature.trim_end_matches('=').to_owned())
    }),
    Bad("in hex", || {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        good().with(|it| it.signature = format!("v1,{}", hex(it.bytes())))
    }),
    Bad("cut", || {
        good().with(|it| it.signature = format!("v1,{}", BASE64_STANDARD.encode(&it.bytes()[..16])))
    }),
    Bad("cut to a byte", || {
        good().with(|it| it.signature = format!("v1,{}", BASE64_STANDARD.encode(&it.bytes()[..1])))
    }),
    Bad("a byte longer", || {
        good().with(|it| {
            it.signature = format!("v1,{}", BASE64_STANDARD.encode([it.bytes(), vec![0]].concat()))
        })
    }),
    Bad("a bit of it turned over", || {
        good().with(|it| {
            let mut bytes = it.bytes();
            bytes[31] ^= 1;
            it.signature = format!("v1,{}", BASE64_STANDARD.encode(bytes));
        })
    }),
    Bad("a secret that was exchanged", || Signed::by(RETIRED, "msg_of-the-table", now(), METRIC)),
    Bad("the secret's text for its bytes", || {
        let webhook = Webhook::from_bytes(SECRETS[0].into()).expect("a secret");
        good().with(|it| it.signature = webhook.sign(&it.id, now(), it.body.as_bytes()).expect("signed"))
    }),
    Bad("an empty secret", || {
        let webhook = Webhook::from_bytes(Vec::new()).expect("a secret");
        good().with(|it| it.signature = webhook.sign(&it.id, now(), it.body.as_bytes()).expect("signed"))
    }),
    Bad("signatures parted by commas", || {
        good().with(|it| it.signature = format!("v1,AAAA,{}", it.signature))
    }),
    Bad("a hundred signatures, the last of them right", || {
        good().with(|it| it.signature = format!("{}{}", "v1,AAAA ".repeat(99), it.signature))
    }),
    Bad("an id with a full stop", || Signed::new("msg_of.the-table")),
    Bad("an id with a blank", || Signed::new("msg_of the-table")),
    Bad("an id of 300 characters", || Signed::new(&"m".repeat(300))),
    Bad("an id that is no ASCII", || Signed::new("msg_öf-the-table")),
];
