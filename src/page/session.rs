//! Who has signed in: a signed cookie and nothing else, so that no store is asked and any instance knows it.
//!
//! `{issued}.{expires}.{id}.{signature}`: two times in seconds, a random id, and an HMAC-SHA256 under a key that HKDF
//! derives from the operator key that was given. With an operator key that is replaced go the cookies that were made
//! under it. Signing out takes the cookie from the browser; a copy of it is good until it expires.
//!
//! Forms carry a token that is bound to the cookie in the same way, under another key.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{caller::key::Keys, time::Timestamp};

/// So long, in seconds, one is signed in: a working day.
pub const SECONDS: i64 = 12 * 3_600;
/// Clocks of two instances may differ by so much.
const SKEW: i64 = 60;

/// Somebody who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What each form of theirs has to bring along.
    pub form_token: String,
}

/// What a key derived from the operator key is for.
#[derive(Clone, Copy)]
enum Purpose {
    Cookie,
    Form,
}

impl Session {
    /// The session that the request's cookies prove; none if there is no such cookie, or none that is good now.
    #[must_use]
    pub fn of(headers: &HeaderMap, name: &str, keys: &Keys, now: Timestamp) -> Option<Self> {
        cookies(headers, name).find_map(|value| Self::open(value, keys, now))
    }

    fn open(value: &str, keys: &Keys, now: Timestamp) -> Option<Self> {
        let (claims, signature) = value.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let is_by = |key: &&SecretString| {
            mac(key, Purpose::Cookie, claims).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
        };
        let key = keys.0.iter().find(is_by)?;
        // Only now is it known that we wrote it.
        let mut times = claims.split('.').map_while(|part| part.parse::<i64>().ok());
        let (issued, expires) = (times.next()?, times.next()?);
        let is_good = issued <= now.unix().saturating_add(SKEW) && now.unix() < expires;
        is_good.then_some(())?;
        Some(Self { form_token: encoded(mac(key, Purpose::Form, claims)?) })
    }

    /// Whether a form brought this session's token.
    #[must_use]
    pub fn is_token(&self, given: &str) -> bool {
        self.form_token.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

/// The cookie's value for somebody who has just given `key`; `id` must be random. None if the hash refuses the key, which
/// it does not.
#[must_use]
pub fn begin(key: &SecretString, now: Timestamp, id: [u8; 16]) -> Option<String> {
    let (issued, expires) = (now.unix(), now.after(SECONDS).unix());
    let claims = format!("{issued}.{expires}.{}", BASE64_URL_SAFE_NO_PAD.encode(id));
    let signature = encoded(mac(key, Purpose::Cookie, &claims)?);
    Some(format!("{claims}.{signature}"))
}

fn mac(key: &SecretString, purpose: Purpose, text: &str) -> Option<Hmac<Sha256>> {
    let label = match purpose {
        Purpose::Cookie => "alertcap page cookie v1",
        Purpose::Form => "alertcap page form v1",
    };
    let mut derived = [0_u8; 32];
    let from = Hkdf::<Sha256>::new(None, key.expose_secret().as_bytes());
    from.expand(label.as_bytes(), &mut derived).ok()?;
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&derived).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

fn encoded(mac: Hmac<Sha256>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The values of the cookies called `name`. By hand: the header is read for one name whose values have no special
/// characters, and the library for cookies brings dates and percent-encoding.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.filter(move |(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
