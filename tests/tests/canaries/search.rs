//! Looking for a secret in whatever dress.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};

/// A secret that must not be found, and what it is.
pub(crate) struct Canary {
    pub(crate) what: String,
    pub(crate) text: String,
}

impl Canary {
    pub(crate) fn new(what: &str, text: &str) -> Self {
        assert!(text.len() >= 8, "{what}: {text:?} could be found by chance");
        Self { what: what.to_owned(), text: text.to_owned() }
    }

    /// The secret as it is, and as it looks encoded, wherever it begins in what was encoded.
    fn dresses(&self) -> Vec<(&'static str, String)> {
        let bytes = self.text.as_bytes();
        let percent = |keeps: fn(u8) -> bool, upper: bool| {
            let encode = |byte: u8| match (keeps(byte), upper) {
                (true, _) => char::from(byte).to_string(),
                (false, true) => format!("%{byte:02X}"),
                (false, false) => format!("%{byte:02x}"),
            };
            bytes.iter().copied().map(encode).collect::<String>()
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~*".contains(&byte);
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut dresses = vec![
            ("as it is", self.text.clone()),
            ("reversed", self.text.chars().rev().collect()),
            ("as JSON", serde_json::Value::from(self.text.as_str()).to_string().trim_matches('"').to_owned()),
            ("as Rust shows it", format!("{:?}", self.text).trim_matches('"').to_owned()),
            ("percent-encoded", percent(is_plain, true)),
            ("percent-encoded, in small letters", percent(is_plain, false)),
            ("percent-encoded to the last letter", percent(is_letter, true)),
            ("in hex", hex.clone()),
            ("in hex, in capitals", hex.to_uppercase()),
        ];
        for before in 0..3 {
            // Of the first and the last letters some bits are their neighbours'.
            let (from, to) = ([0, 2, 3][before], (before + bytes.len()) * 8 / 6);
            let shifted = [&[0; 3][..before], bytes].concat();
            dresses.push(("in base64", BASE64_STANDARD.encode(&shifted)[from..to].to_owned()));
            dresses.push(("in base64url", BASE64_URL_SAFE.encode(&shifted)[from..to].to_owned()));
        }
        dresses
    }

    /// How it is found in `place`, if it is.
    pub(crate) fn find(&self, place: &str, text: &str) -> Option<String> {
        let (dress, found) = self.dresses().into_iter().find(|(_, dress)| text.contains(dress.as_str()))?;
        let at = text.find(&found)?;
        let begin = text.floor_char_boundary(at.saturating_sub(200));
        let end = text.ceil_char_boundary((at + found.len() + 100).min(text.len()));
        Some(format!("{}, {dress}, in {place}: …{}…", self.what, &text[begin..end]))
    }
}

#[test]
fn a_canary_is_found_in_every_dress_and_nowhere_else() {
    let canary = Canary::new("one", "key/with+odd=\"letters\"~");
    for before in ["", "x", "xy", "xyz"] {
        let whole = format!("{before}{}{before}", canary.text);
        for text in [
            whole.clone(),
            serde_json::json!({ "x": whole }).to_string(),
            BASE64_STANDARD.encode(&whole),
            BASE64_URL_SAFE.encode(&whole),
            whole.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ] {
            assert!(canary.find("a text", &text).is_some(), "{text}");
        }
    }
    assert_eq!(canary.find("a text", "key/with+even=\"letters\"~"), None);
}
