//! Where people are told: a plain webhook that takes everything, a faithful little [`slack`] and [`teams`].

pub(crate) mod slack;
pub(crate) mod teams;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::answer::{self, Answer};
use crate::app::App;
use crate::request::Req;

/// Standard Webhooks' own tolerance for clocks that differ.
const TOLERANCE_S: i64 = 300;

/// What became of a notification.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) status: StatusCode,
    pub(crate) refused: Option<String>,
    pub(crate) signature: Option<Signature>,
}

/// What a signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signature {
    /// By one of the secrets, in time.
    Valid,
    /// By none of them, too old, or not well-formed.
    Invalid,
    /// There is none.
    None,
}

/// The secrets that receivers verify with, by name.
#[derive(Default)]
pub(crate) struct Secrets {
    by_name: Mutex<HashMap<String, Vec<Vec<u8>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    name: String,
    secrets: Vec<String>,
}

impl Secrets {
    /// `POST /_standin/receivers`: from now on this receiver verifies with these.
    pub(crate) fn tell(&self, body: &[u8]) -> Result<(), String> {
        let told: Told = serde_json::from_slice(body).map_err(|error| {
            format!("not a receiver: {error}. Send {{\"name\":\"people\",\"secrets\":[\"whsec_…\"]}}.")
        })?;
        let secrets = told.secrets.iter().map(|secret| {
            let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
            STANDARD.decode(encoded).map_err(|_| "a secret is whsec_ and base64".to_owned())
        });
        let secrets = secrets.collect::<Result<_, _>>()?;
        self.lock().insert(told.name, secrets);
        Ok(())
    }

    /// What the signature of a request to this receiver is worth; none where it knows no secrets.
    fn verify(&self, name: &str, req: &Req, now: i64) -> Option<Signature> {
        let secrets = self.lock().get(name).cloned()?;
        let header = |name| req.header(name).filter(|value: &&str| !value.is_empty());
        let Some(signatures) = header("webhook-signature") else { return Some(Signature::None) };
        let (Some(id), Some(stamp)) = (header("webhook-id"), header("webhook-timestamp")) else {
            return Some(Signature::Invalid);
        };
        let in_time = stamp.parse::<i64>().is_ok_and(|stamp| (now - stamp).abs() <= TOLERANCE_S);
        let signed = [id.as_bytes(), b".", stamp.as_bytes(), b".", &req.body].concat();
        let fits = |signature: &str| {
            let bytes = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            bytes.is_some_and(|bytes| {
                secrets.iter().any(|secret| {
                    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &signed, &bytes).is_ok()
                })
            })
        };
        let valid = in_time && signatures.split(' ').any(fits);
        Some(if valid { Signature::Valid } else { Signature::Invalid })
    }

    /// Forgets them all.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Vec<u8>>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /notify/{name}`: takes and remembers whatever it is told, and whether it was signed.
pub(crate) fn webhook(app: &App, req: &Req, name: &str) -> Answer {
    let signature = app.webhook_secrets.verify(name, req, app.clock.now().as_second());
    let taken = Taken { status: StatusCode::ACCEPTED, refused: None, signature };
    app.record.notified(name, name, req, taken);
    answer::empty(StatusCode::ACCEPTED)
}

#[cfg(test)]
mod tests;
