//! Signatures as [Standard Webhooks](https://www.standardwebhooks.com) say: by them a receiver knows that alertcap speaks to
//! it, and alertcap knows senders of alerts that are no action groups.
//!
//! Source: the specification 1.0.0. Two secrets can be good at a time, so that they can be exchanged without a gap.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::time::Timestamp;

/// How a secret begins when it is written down.
const PREFIX: &str = "whsec_";
/// How many bytes it has.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What signatures are made with.
#[derive(Debug)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Reads `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// What is wrong, in words that do not show it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = text.strip_prefix(PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
        match bytes {
            Some(bytes) if BYTES.contains(&bytes.len()) => Ok(Self(bytes.into())),
            _ => Err(format!(
                "is not {PREFIX} and 24 to 64 random bytes in base64, as `openssl rand -base64 32` makes them"
            )),
        }
    }

    /// The HMAC-SHA256 of `{id}.{timestamp}.{body}`; none if the bytes are no key, which they are.
    fn mac(&self, id: &str, time: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(body);
        Some(mac)
    }

    /// `v1,` and the signature in base64.
    fn sign(&self, id: &str, time: i64, body: &[u8]) -> Option<String> {
        let mac = self.mac(id, time, body)?.finalize();
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.into_bytes())))
    }

    /// Whether `v1,<base64>` is the signature; compared in constant time.
    #[must_use]
    pub fn verifies(&self, id: &str, time: i64, body: &[u8], signature: &str) -> bool {
        let signature = signature.strip_prefix("v1,").and_then(|text| BASE64_STANDARD.decode(text).ok());
        let mac = self.mac(id, time, body);
        mac.zip(signature).is_some_and(|(mac, signature)| mac.verify_slice(&signature).is_ok())
    }
}

/// The headers of one try; none without a secret.
#[must_use]
pub fn headers(
    secrets: &[Secret],
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Vec<(&'static str, HeaderValue)> {
    if secrets.is_empty() {
        return Vec::new();
    }
    // Full stops part what is signed, so an id must have none.
    let id = id.replace('.', "_");
    let time = now.unix();
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| secret.sign(&id, time, body)).collect();
    let values = [
        ("webhook-signature", signatures.join(" ")),
        ("webhook-timestamp", time.to_string()),
        ("webhook-id", id),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazf5xhFHcVA=";

    fn map(secrets: &[&str], id: &str, now: Timestamp, body: &[u8]) -> HeaderMap {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::parse(text).unwrap()).collect();
        let headers = headers(&secrets, id, now, body);
        headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value)).collect()
    }

    #[test]
    fn the_specifications_own_example_comes_out() {
        // From the reference implementations' tests.
        let body = br#"{"test": 2432232314}"#;
        let headers = map(&[OLD], "msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp::from_unix(1_614_265_330), body);
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
    }

    #[test]
    fn whoever_has_either_of_two_secrets_can_verify_and_nobody_else() {
        let now = Timestamp::from(std::time::SystemTime::now());
        let body = "{\"ä\":\"€ 🦀\"}".as_bytes();
        let headers = map(&[OLD, NEW], "alertcap-web.01-x.started", now, body);
        assert_eq!(headers["webhook-id"], "alertcap-web_01-x_started");
        for secret in [OLD, NEW] {
            let theirs = standardwebhooks::Webhook::new(secret).unwrap();
            theirs.verify(body, &headers).unwrap();
            assert!(theirs.verify(b"{}", &headers).is_err(), "another body");
        }
        let stranger = standardwebhooks::Webhook::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert!(stranger.verify(body, &headers).is_err());
    }

    #[test]
    fn without_a_secret_nothing_is_signed() {
        assert!(map(&[], "x", Timestamp::from_unix(0), b"").is_empty());
    }

    #[test]
    fn only_long_random_secrets_are_taken_and_none_is_shown() {
        let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]));
        for bad in
            ["", "whsec_", "canary", "whsec_canary!", &of(23), &of(65), of(32).trim_start_matches("whsec_")]
        {
            let why = Secret::parse(bad).unwrap_err();
            assert!(bad.is_empty() || bad == "whsec_" || !why.contains(bad), "{why}");
        }
        for bytes in [24, 32, 64] {
            let secret = Secret::parse(&of(bytes)).unwrap();
            assert!(!format!("{secret:?}").contains('7'), "{secret:?}");
        }
    }
}
