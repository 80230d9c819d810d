//! The keys that a tenant's tokens are signed with: its JSON Web Key Set, remembered in the instance and, sealed so that
//! nobody who can write there can add one, in the store.
//!
//! Source: the `OpenID` discovery documents of Entra and RFC 7517. Entra announces keys long before it signs with them and
//! may replace them at any time; its documents ask for a look once a day and for an unknown key.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use rsa::{BigUint, RsaPublicKey, traits::PublicKeyParts};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Refusal, token::Flaw};
use crate::{
    alert::identity::fingerprint, app::App, azure::sealed::SealingKey, json, log::Level, platform::Platform,
    settings::Azure, time::Timestamp,
};

/// An alert waits for this, and has to be written down after it.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A set is asked for again after so many seconds.
const GOOD_FOR: i64 = 86_400;
/// An unknown key has it asked for at most once in so many seconds. (After a failure it is asked for sooner, see
/// [`crate::app::Memory::may_ask_for_keys`]: Azure tries an alert again for a minute only.)
const LOOK_AGAIN: i64 = 60;
/// Entra's sets hold about ten.
const MOST_KEYS: usize = 64;
/// Smaller keys are not taken, in bits.
const LEAST_BITS: usize = 2_048;

/// The keys of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeySet {
    /// When they were asked for.
    at: Timestamp,
    keys: Vec<Key>,
}

/// An RSA key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    kid: String,
    /// Modulus and exponent, base64url.
    n: String,
    e: String,
}

impl KeySet {
    /// The signing keys of a set; others in it are none of ours.
    pub(crate) fn parse(body: &[u8], at: Timestamp) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let keys = body.get("keys")?.as_array()?.iter().filter(|key| {
            let is = |field: &str, value: &str| key.get(field).is_none_or(|known| known == value);
            key.get("kty").is_some() && is("kty", "RSA") && is("use", "sig") && is("alg", "RS256")
        });
        let keys = keys.filter_map(|key| json::read::<Key>(key).ok()).take(MOST_KEYS);
        let keys: Vec<Key> = keys.filter(|key| key.public().is_some()).collect();
        (!keys.is_empty()).then_some(Self { at, keys })
    }

    fn find(&self, kid: &str) -> Option<RsaPublicKey> {
        self.keys.iter().find(|key| key.kid == kid)?.public()
    }

    fn is_older_than(&self, seconds: i64, now: Timestamp) -> bool {
        // One of the future is of a clock that was wrong.
        now >= self.at.after(seconds) || self.at > now.after(seconds)
    }
}

impl Key {
    fn public(&self) -> Option<RsaPublicKey> {
        let number = |text: &str| Some(BigUint::from_bytes_be(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?));
        let key = RsaPublicKey::new(number(&self.n)?, number(&self.e)?).ok()?;
        (key.n().bits() >= LEAST_BITS).then_some(key)
    }
}

/// The key that signs for a tenant under this id.
///
/// # Errors
/// [`Refusal`]: there is none, or nobody could be asked.
pub async fn find<P: Platform>(
    app: &App<P>,
    azure: Option<&Azure>,
    login: &Url,
    tenant: &str,
    kid: &str,
) -> Result<RsaPublicKey, Refusal> {
    let mut url = login.clone();
    url.set_path(&format!("/{tenant}/discovery/v2.0/keys"));
    let key = format!("keys.{}", fingerprint(&[url.as_str()]));
    let serves = |set: &KeySet| set.find(kid).filter(|_| !set.is_older_than(GOOD_FOR, app.platform.now()));
    // Nobody with a known key waits behind others' looks.
    if let Some(key) = app.memory.key_set(&key).as_ref().and_then(serves) {
        return Ok(key);
    }
    // One look at a time: whoever waited finds its outcome in memory.
    let _turn = app.turn(&key).await;
    let mut known = app.memory.key_set(&key);
    let sealed_with = azure.map(SealingKey::new);
    if known.as_ref().and_then(serves).is_none()
        && let Some(sealed_with) = &sealed_with
    {
        known = newer(known, sealed_with.load(app, &key).await);
    }
    let may_ask = |known: Option<&KeySet>| {
        let now = app.platform.now();
        known.is_none_or(|known| known.is_older_than(LOOK_AGAIN, now))
            && app.memory.may_ask_for_keys(&key, now)
    };
    if known.as_ref().and_then(serves).is_none() && may_ask(known.as_ref()) {
        let asked = asked(app, &url, &key, tenant).await;
        if let (Some(sealed_with), Some(set)) = (&sealed_with, &asked) {
            sealed_with.keep(app, &key, set, "the keys of a tenant's tokens could not be stored").await;
        }
        known = asked.or(known);
    }
    let Some(set) = known else { return Err(Refusal::Unknowable) };
    app.memory.keep_key_set(&key, set.clone());
    match set.find(kid) {
        Some(key) => Ok(key),
        // An old set serves while no newer one can be had, but does not say which keys there are not.
        None if set.is_older_than(LOOK_AGAIN, app.platform.now()) => Err(Refusal::Unknowable),
        None => Err(Refusal::Token(Flaw::UnknownKey)),
    }
}

fn newer(one: Option<KeySet>, other: Option<KeySet>) -> Option<KeySet> {
    match (one, other) {
        (Some(one), Some(other)) if one.at < other.at => Some(other),
        (one, other) => one.or(other),
    }
}

/// The set as its tenant has it now; none if it cannot be had.
async fn asked<P: Platform>(app: &App<P>, url: &Url, key: &str, tenant: &str) -> Option<KeySet> {
    match request(app, url).await {
        Ok(set) => {
            app.memory.keys_failed(key, None);
            Some(set)
        }
        Err(why) => {
            let fields = [("tenant", tenant.into()), ("error", why.into())];
            app.log(Level::Warn, "the keys of a tenant's tokens could not be had", &fields);
            app.memory.keys_failed(key, Some(app.platform.now()));
            None
        }
    }
}

async fn request<P: Platform>(app: &App<P>, url: &Url) -> Result<KeySet, String> {
    let request = Request::get(url.as_str())
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| error.to_string())?;
    let at = app.platform.now();
    let answer = app.platform.send(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    if answer.status() != StatusCode::OK {
        return Err(format!("HTTP {}", answer.status().as_u16()));
    }
    KeySet::parse(answer.body(), at).ok_or_else(|| "the answer holds no RSA keys".to_owned())
}

#[cfg(test)]
#[path = "key_set_tests.rs"]
mod tests;
