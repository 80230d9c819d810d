//! Keys: on every route that wants one, every way of not having it.

use alertcap_tests::{Answer, METRIC, raw};

use crate::{Sent, percent_encoded};

/// A route, and whose key it wants.
pub(crate) struct Route {
    pub(crate) line: &'static str,
    pub(crate) wants: &'static str,
}

const fn route(line: &'static str, wants: &'static str) -> Route {
    Route { line, wants }
}

pub(crate) const ROUTES: &[Route] = &[
    route("POST /api/alerts", "webhook"),
    route("POST /api/alerts?dry_run=true", "webhook"),
    route("POST /api/alerts?dry_run=probe", "operator"),
    route("GET /api/captures", "operator"),
    route("GET /api/captures/alertcap-web-01-x", "operator"),
    route("POST /api/captures/alertcap-web-01-x/stop", "operator"),
    route("DELETE /api/captures/alertcap-web-01-x", "operator"),
    route("POST /api/sweep", "sweep"),
    route("GET /api/sweep", "sweep"),
];

impl Route {
    /// Asks for it, with an alert where one is wanted.
    pub(crate) fn ask(&self, url: &str, sent: &Sent) -> Answer {
        let query = match (&*sent.query, self.line.contains('?')) {
            ("", _) => String::new(),
            (query, true) if query.starts_with('?') => format!("&{}", &query[1..]),
            (query, _) => query.to_owned(),
        };
        let body = if self.line.contains("/api/alerts") { METRIC } else { "" };
        let length = body.len().to_string();
        let mut headers: Vec<(&str, &[u8])> = vec![("content-length", length.as_bytes())];
        headers.extend(sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        raw(url, &format!("{}{query} HTTP/1.1", self.line), &headers, body.as_bytes())
    }
}

/// What does not open, and how it is sent, given the key that would.
pub(crate) struct Bad(pub(crate) &'static str, pub(crate) fn(&str) -> Sent);

fn code(value: impl AsRef<str>) -> Sent {
    Sent::query(&format!("?code={}", percent_encoded(value.as_ref())))
}

fn key(value: impl AsRef<str>) -> Sent {
    Sent::header("x-functions-key", value.as_ref())
}

pub(crate) const ROWS: &[Bad] = &[
    Bad("nothing", |_| Sent::query("")),
    Bad("an empty code", |_| code("")),
    Bad("an empty header", |_| key("")),
    Bad("a code without a value", |_| Sent::query("?code")),
    Bad("all but its end, as code", |good| code(&good[..good.len() - 1])),
    Bad("all but its end, in the header", |good| key(&good[..good.len() - 1])),
    Bad("all but its beginning", |good| key(&good[1..])),
    Bad("its first sixteen characters", |good| code(&good[..16])),
    Bad("a letter more", |good| key(format!("{good}x"))),
    Bad("twice over", |good| code(format!("{good}{good}"))),
    Bad("in capitals", |good| key(good.to_uppercase())),
    Bad("its first letter in the other case", |good| code(good[..1].to_uppercase() + &good[1..])),
    Bad("backwards", |good| key(good.chars().rev().collect::<String>())),
    Bad("both live keys, as they are configured", |good| code(format!("{good} {good}-too"))),
    Bad("with a blank before it", |good| code(format!(" {good}"))),
    Bad("with a blank behind it", |good| code(format!("{good} "))),
    Bad("with a line's end behind it", |good| code(format!("{good}\n"))),
    Bad("with a NUL behind it", |good| code(format!("{good}\0"))),
    Bad("with a NUL and more behind it", |good| code(format!("{good}\0x"))),
    Bad("with bytes that are no text behind it", |good| {
        Sent::query(&format!("?code={}%ff%fe", percent_encoded(good)))
    }),
    Bad("with bytes that are no text behind it, in the header", |good| {
        let mut sent = key(good);
        sent.headers[0].1.push(0xff);
        sent
    }),
    Bad("encoded twice", |good| code(percent_encoded(good))),
    Bad("its plus sign as it is, which is a blank there", |good| Sent::query(&format!("?code={good}"))),
    Bad("encoded in the header", |good| key(percent_encoded(good))),
    Bad("in quotes", |good| key(format!("\"{good}\""))),
    Bad("with a Greek letter that looks the same", |good| code(good.replacen('o', "ο", 1))),
    Bad("with a Cyrillic letter that looks the same", |good| code(good.replacen('e', "е", 1))),
    Bad("in full-width letters", |good| {
        let wide = |c: char| char::from_u32(u32::from(c) - 0x20 + 0xff00).expect("a letter");
        code(good.chars().map(wide).collect::<String>())
    }),
    Bad("with a joiner that nobody sees", |good| code(format!("{}\u{200d}{}", &good[..5], &good[5..]))),
    Bad("in the fragment", |good| Sent::query(&format!("#code={}", percent_encoded(good)))),
    Bad("as key", |good| Sent::query(&format!("?key={}", percent_encoded(good)))),
    Bad("as Code", |good| Sent::query(&format!("?Code={}", percent_encoded(good)))),
    Bad("as code[]", |good| Sent::query(&format!("?code[]={}", percent_encoded(good)))),
    Bad("as the second of two codes", |good| Sent::query(&format!("?code=x&code={}", percent_encoded(good)))),
    Bad("behind a semicolon", |good| Sent::query(&format!("?a=b;code={}", percent_encoded(good)))),
    Bad("as the second of two headers", |good| {
        let mut sent = key("not-this-one-0000");
        sent.headers.push(("X-Functions-Key".to_owned(), good.into()));
        sent
    }),
    Bad("in x-api-key", |good| Sent::header("x-api-key", good)),
    Bad("in x_functions_key", |good| Sent::header("x_functions_key", good)),
    Bad("in authorization", |good| Sent::header("authorization", good)),
    Bad("in authorization, as a token", |good| Sent::header("authorization", &format!("Bearer {good}"))),
    Bad("in authorization, as a key", |good| Sent::header("authorization", &format!("ApiKey {good}"))),
    Bad("in a cookie", |good| Sent::header("cookie", &format!("code={good}; x-functions-key={good}"))),
    Bad("in the referrer", |good| Sent::header("referer", &format!("https://x/?code={good}"))),
    Bad("in x-original-url", |good| Sent::header("x-original-url", &format!("/api/alerts?code={good}"))),
    Bad("another key as long", |good| key("k".repeat(good.len()))),
    Bad("a star", |_| key("*")),
    Bad("null", |_| code("null")),
    Bad("the variable's template", |_| code("{{ webhook_key }}")),
    Bad("60 KB, as code", |good| code(good.repeat(60_000 / good.len() / 2))),
    Bad("100 KB, in the header", |good| key(good.repeat(100_000 / good.len()))),
];
