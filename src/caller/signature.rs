//! Signatures as [Standard Webhooks](https://www.standardwebhooks.com) say, for senders that are no action groups.
//!
//! Source: the specification 1.0.0. A captured request is worth nothing: its time stamp is good for five minutes, and so
//! long an exact copy of one that was taken is known. A sender that tries again stamps anew.

use std::fmt;

use http::HeaderMap;

use crate::{
    app::App,
    log::Level,
    platform::{Platform, StoreError},
    standard_webhooks::Secret,
    store,
    time::Timestamp,
};

/// So many seconds a time stamp may be off, either way.
pub const TOLERANCE: i64 = 300;
/// The longest id; ours are 60 characters long.
const MOST_OF_ID: usize = 256;
/// Signatures that are looked at: a sender may be exchanging secrets.
const MOST_SIGNATURES: usize = 8;

/// What is wrong with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// One or two of the three headers are missing, or stand there twice.
    Incomplete,
    /// One of them is not as specified.
    Malformed,
    /// The time stamp is of another time.
    OffTime,
    /// No signature fits.
    Wrong,
    /// It is a copy of one that was taken.
    Replayed,
}

impl Flaw {
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Incomplete => {
                "A signed request has the headers webhook-id, webhook-timestamp and webhook-signature, each once."
            }
            Self::Malformed => {
                "The signature's headers are not as Standard Webhooks say: an id without full stops, a time in seconds, \
                 v1,<base64>."
            }
            Self::OffTime => "The signature's time stamp is more than five minutes off.",
            Self::Wrong => "The signature does not fit.",
            Self::Replayed => "This very request has been taken before. To try again, sign it anew.",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

/// What the headers claim, as long as the body is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    id: String,
    time: i64,
    signatures: Vec<String>,
}

impl Claim {
    /// What a request's headers claim, if they claim anything.
    ///
    /// # Errors
    /// [`Flaw`], as far as it shows without the body.
    pub fn read(headers: &HeaderMap, now: Timestamp) -> Result<Option<Self>, Flaw> {
        let given = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| {
            let mut values = headers.get_all(name).iter();
            (values.next(), values.next())
        });
        let [id, time, signatures] = match given {
            [(None, _), (None, _), (None, _)] => return Ok(None),
            [(Some(id), None), (Some(time), None), (Some(signatures), None)] => [id, time, signatures],
            _ => return Err(Flaw::Incomplete),
        }
        .map(|value| value.to_str().unwrap_or_default());
        let is_id = (1..=MOST_OF_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
        let is_time = (1..=12).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
        let (true, Some(time)) = (is_id, time.parse().ok().filter(|_| is_time)) else {
            return Err(Flaw::Malformed);
        };
        let signatures: Vec<String> =
            signatures.split(' ').filter(|one| one.starts_with("v1,")).map(str::to_owned).collect();
        if !(1..=MOST_SIGNATURES).contains(&signatures.len()) {
            return Err(Flaw::Malformed);
        }
        if now.unix().abs_diff(time) > TOLERANCE.unsigned_abs() {
            return Err(Flaw::OffTime);
        }
        Ok(Some(Self { id: id.to_owned(), time, signatures }))
    }

    /// Whether one of the signatures is one of these secrets' for this body.
    ///
    /// # Errors
    /// [`Flaw::Wrong`].
    pub fn verify(&self, secrets: &[Secret], body: &[u8]) -> Result<(), Flaw> {
        let fits = |signature: &String| {
            secrets.iter().any(|secret| secret.verifies(&self.id, self.time, body, signature))
        };
        if self.signatures.iter().any(fits) { Ok(()) } else { Err(Flaw::Wrong) }
    }

    /// Whether it has not been taken before.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be said.
    pub async fn is_new<P: Platform>(&self, app: &App<P>, body: &[u8]) -> Result<bool, StoreError> {
        Ok(app.platform.get(&self.key(body)).await?.is_none())
    }

    /// Notes that it has been taken, once its alert is written down; a rehearsal too, or its copy could be the alert itself.
    /// Where that fails, its copy is the same alert still.
    pub async fn note<P: Platform>(&self, app: &App<P>, body: &[u8]) {
        if let Err(error) = app.platform.set(&self.key(body), b"1").await {
            let fields = [("error", error.0.into())];
            app.log(Level::Warn, "a signed request could not be noted; a copy of it would be taken", &fields);
        }
    }

    /// Id, time and body are what is signed; two bodies under one id are two requests.
    fn key(&self, body: &[u8]) -> String {
        store::heard_key(Timestamp::from_unix(self.time), &[&self.id, &String::from_utf8_lossy(body)])
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
