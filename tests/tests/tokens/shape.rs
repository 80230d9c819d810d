//! Tokens that were taken apart and put together otherwise, and requests that carry them in other places.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::{Bad, Carried, Elsewhere};

/// The last letter replaced by another that stands for the same bytes, if whoever reads it is careless.
fn same_bytes(text: &mut String) {
    let last = text.pop().expect("a letter");
    // The last letter of 256 bytes holds two bits of the signature and four that mean nothing.
    text.push(if last == 'A' { 'B' } else { char::from(u8::try_from(last).expect("ASCII") + 1) });
}

pub(crate) const PARTS: &[Bad] = &[
    Bad("signature missing", 401, |m| m.with_parts(|parts| _ = parts.pop())),
    Bad("signature empty", 401, |m| m.with_parts(|parts| parts[2].clear())),
    Bad("signature cut", 401, |m| m.with_parts(|parts| parts[2].truncate(100))),
    Bad("signature cut by a byte", 401, |m| m.with_parts(|parts| parts[2].truncate(340))),
    Bad("signature with a byte more", 401, |m| m.with_parts(|parts| parts[2].push_str("AA"))),
    Bad("signature of zeroes", 401, |m| m.with_parts(|parts| parts[2] = "A".repeat(342))),
    Bad("signature of ones", 401, |m| m.with_parts(|parts| parts[2] = format!("{}w", "_".repeat(341)))),
    Bad("signature in other letters for the same bytes", 401, |m| {
        m.with_parts(|parts| same_bytes(&mut parts[2]))
    }),
    Bad("signature of another token", 401, |m| {
        let other = m.with_claims(json!({"uti": "another"}));
        m.with_parts(|parts| parts[2] = m.part(&other, 2))
    }),
    Bad("claims of another token", 401, |m| {
        let other = m.with_claims(json!({"uti": "another"}));
        m.with_parts(|parts| parts[1] = m.part(&other, 1))
    }),
    Bad("header and claims exchanged", 401, |m| m.with_parts(|parts| parts.swap(0, 1))),
    Bad("header missing", 401, |m| m.with_parts(|parts| _ = parts.remove(0))),
    Bad("header empty", 401, |m| m.with_parts(|parts| parts[0].clear())),
    Bad("claims empty", 401, |m| m.with_parts(|parts| parts[1].clear())),
    Bad("the signature alone", 401, |m| m.with_parts(|parts| _ = parts.drain(..2))),
    Bad("four parts", 401, |m| m.good() + ".AAAA"),
    Bad("five parts, as an encrypted one has", 401, |m| m.good() + ".AAAA.AAAA"),
    Bad("a dot behind", 401, |m| m.good() + "."),
    Bad("a dot before", 401, |m| format!(".{}", m.good())),
    Bad("dots only", 401, |_| "..".to_owned()),
    Bad("padded", 401, |m| {
        m.with_parts(|parts| {
            for part in parts {
                part.push_str(&"=".repeat((4 - part.len() % 4) % 4));
            }
        })
    }),
    Bad("padded signature", 401, |m| m.with_parts(|parts| parts[2].push_str("=="))),
    Bad("standard base64 in the header", 401, |m| {
        // Three bytes that come out as + and / there.
        let header = m.signed(json!({"x": "\u{3ff}\u{3fe}>>>???~~~"}), json!({}));
        m.with_parts(|parts| parts[0] = m.part(&header, 0).replace('-', "+").replace('_', "/"))
    }),
    Bad("claims in standard base64, with padding", 401, |m| {
        m.with_parts(|parts| parts[1] = BASE64_STANDARD.encode(m.v1().to_string()))
    }),
    Bad("signature in standard base64", 401, |m| {
        m.with_parts(|parts| parts[2] = parts[2].replace('-', "+").replace('_', "/") + "==")
    }),
    Bad("signature in hex", 401, |m| m.with_parts(|parts| parts[2] = "ab".repeat(256))),
    Bad("a blank inside", 401, |m| m.with_parts(|parts| parts[1].insert(10, ' '))),
    Bad("a tab inside", 401, |m| m.with_parts(|parts| parts[2].insert(10, '\t'))),
    Bad("blanks around the dots", 401, |m| m.good().replace('.', " . ")),
    Bad("two tokens", 401, |m| format!("{0} {0}", m.good())),
    Bad("two tokens with a comma", 401, |m| format!("{0}, {0}", m.good())),
    Bad("in quotes", 401, |m| format!("\"{}\"", m.good())),
    Bad("percent-encoded dots", 401, |m| m.good().replace('.', "%2E")),
    Bad("not a token", 401, |_| "letmein".to_owned()),
    Bad("claims alone, not encoded", 401, |m| m.v1().to_string()),
];

fn with(name: &str, value: String) -> Carried {
    Carried { query: String::new(), headers: vec![(name.to_owned(), value.into_bytes())] }
}

/// A good token, where it is not looked for.
pub(crate) const REQUESTS: &[Elsewhere] = &[
    Elsewhere("no header at all", |_| Carried { query: String::new(), headers: Vec::new() }),
    Elsewhere("two headers, a good token in each", |m| {
        let value = format!("Bearer {}", m.good()).into_bytes();
        let header = ("authorization".to_owned(), value);
        Carried { query: String::new(), headers: vec![header.clone(), header] }
    }),
    Elsewhere("two headers, a good token in the second", |m| {
        let mut carried = with("authorization", "Bearer x".to_owned());
        carried.headers.push(("Authorization".to_owned(), format!("Bearer {}", m.good()).into_bytes()));
        carried
    }),
    Elsewhere("Bearer without a token", |_| with("authorization", "Bearer".to_owned())),
    Elsewhere("Bearer and a blank", |_| with("authorization", "Bearer ".to_owned())),
    Elsewhere("a token without Bearer", |m| with("authorization", m.good())),
    Elsewhere("Bearer with an equals sign", |m| with("authorization", format!("Bearer={}", m.good()))),
    Elsewhere("Bearer with a colon", |m| with("authorization", format!("Bearer: {}", m.good()))),
    Elsewhere("a tab after Bearer", |m| with("authorization", format!("Bearer\t{}", m.good()))),
    Elsewhere("Basic", |m| {
        with("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("x:{}", m.good()))))
    }),
    Elsewhere("Basic, with the token itself", |m| with("authorization", format!("Basic {}", m.good()))),
    Elsewhere("Digest", |m| with("authorization", format!("Digest {}", m.good()))),
    Elsewhere("DPoP", |m| with("authorization", format!("DPoP {}", m.good()))),
    Elsewhere("in ?access_token=", |m| Carried {
        query: format!("?access_token={}", m.good()),
        headers: Vec::new(),
    }),
    Elsewhere("in ?code=", |m| Carried { query: format!("?code={}", m.good()), headers: Vec::new() }),
    Elsewhere("in x-functions-key", |m| with("x-functions-key", m.good())),
    Elsewhere("in proxy-authorization", |m| with("proxy-authorization", format!("Bearer {}", m.good()))),
    Elsewhere("in x-ms-token-aad-access-token", |m| with("x-ms-token-aad-access-token", m.good())),
    Elsewhere("in a cookie", |m| with("cookie", format!("access_token={}", m.good()))),
    Elsewhere("in x-forwarded-authorization", |m| {
        with("x-forwarded-authorization", format!("Bearer {}", m.good()))
    }),
    Elsewhere("said of a proxy's own look", |_| {
        let principal =
            json!({"auth_typ": "aad", "claims": [{"typ": "roles", "val": "ActionGroupsSecureWebhook"}]});
        with("x-ms-client-principal", BASE64_STANDARD.encode(principal.to_string()))
    }),
    Elsewhere("bytes that are no text behind it", |m| {
        let mut carried = with("authorization", format!("Bearer {}", m.good()));
        carried.headers[0].1.extend([0xff, 0xfe]);
        carried
    }),
    Elsewhere("a byte-order mark before it", |m| {
        with("authorization", format!("Bearer \u{feff}{}", m.good()))
    }),
];
