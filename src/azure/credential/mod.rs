//! What proves to Azure who alertcap is: one trait, one file for each kind.

pub mod client_certificate;
pub mod client_secret;
pub mod entra;
pub mod federated_token;
pub mod managed_identity;

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{arm::ArmError, cloud::Cloud};
use crate::{platform::Random, time::Timestamp};

/// Tokens live for 60 to 90 minutes, or for a day with continuous access evaluation; none is believed for longer.
const LONGEST_LIFE: i64 = 86_400;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Azure Resource Manager.
    Arm,
    /// Blob storage; the same in every cloud.
    Storage,
}

impl Audience {
    /// The resource's id in Entra, without a slash at its end.
    #[must_use]
    pub fn resource(self, cloud: Cloud, arm: &Url) -> String {
        match self {
            Self::Arm => cloud.arm_resource(arm),
            Self::Storage => "https://storage.azure.com".to_owned(),
        }
    }
}

/// What a request for a token is made from, besides the credential.
pub struct Ask<'a> {
    /// [`Audience::resource`].
    pub resource: &'a str,
    /// The time.
    pub now: Timestamp,
    /// Where chance comes from.
    pub random: &'a dyn Random,
}

/// A token and its end.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub value: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What proves to Azure who alertcap is.
pub trait Credential: fmt::Debug {
    /// Its kind, in words for the operator.
    fn kind(&self) -> &'static str;

    /// Whom it asks for tokens, in words.
    fn issuer(&self) -> &'static str {
        "Entra's token endpoint"
    }

    /// Which one it is of its kind; nothing secret.
    fn identity(&self) -> String;

    /// Its secret, if it has one that lasts: what alertcap keeps in the store is sealed with it.
    fn secret(&self) -> Option<&[u8]>;

    /// When it ends, if that is known.
    fn ends_at(&self) -> Option<Timestamp> {
        None
    }

    /// The request for a token.
    ///
    /// # Errors
    /// [`ArmError`] if it cannot be made.
    fn request(&self, ask: &Ask<'_>) -> Result<Request<Bytes>, ArmError>;

    /// What came for it, asked for at one time and read at another.
    ///
    /// # Errors
    /// [`ArmError`] in the words of whoever refused it.
    fn read(&self, answer: &Response<Bytes>, asked_at: Timestamp, now: Timestamp) -> Result<Token, ArmError> {
        entra::read(answer, asked_at, now)
    }
}

/// The token in a successful answer. Entra writes numbers, instance metadata writes them as texts.
fn token(body: &[u8], asked_at: Timestamp) -> Option<Token> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let value = body.get("access_token")?.as_str()?;
    let number = |field: &str| {
        let number = body.get(field)?;
        number.as_i64().or_else(|| number.as_str()?.parse().ok())
    };
    let life = number("expires_in")?.min(LONGEST_LIFE);
    // Instance metadata gives tokens that it has had for a while, and has been seen to say how long they live all in all.
    let ends = number("expires_on").map_or(i64::MAX, |ends| ends.saturating_sub(asked_at.unix()));
    let life = life.min(ends);
    let is_token = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
    (is_token && life > 0).then(|| Token { value: value.to_owned(), expires_at: asked_at.after(life) })
}

fn unreadable() -> ArmError {
    ArmError::unable("unreadableToken", "the token endpoint's answer holds no token")
}

fn not_made(error: &http::Error) -> ArmError {
    ArmError::unable("badRequest", &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_with_its_life_as_a_number_or_a_text_and_nothing_else_is_one() {
        let at = Timestamp::from_unix(1_000);
        for good in [
            r#"{"access_token":"a.b.c","expires_in":3599,"token_type":"Bearer"}"#,
            r#"{"access_token":"a.b.c","expires_in":"3599","expires_on":"4599"}"#,
        ] {
            let token = token(good.as_bytes(), at).unwrap();
            assert_eq!((token.value.as_str(), token.expires_at), ("a.b.c", Timestamp::from_unix(4_599)));
        }
        for (body, ends) in [
            (r#"{"access_token":"a","expires_in":"86399","expires_on":"1600"}"#, 1_600),
            (r#"{"access_token":"a","expires_in":99999999999}"#, 1_000 + LONGEST_LIFE),
        ] {
            assert_eq!(token(body.as_bytes(), at).unwrap().expires_at, Timestamp::from_unix(ends), "{body}");
        }
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"access_token":"","expires_in":1}"#,
            r#"{"access_token":"a\nb","expires_in":1}"#,
            r#"{"access_token":"ä","expires_in":1}"#,
            r#"{"access_token":1,"expires_in":1}"#,
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"a","expires_in":0}"#,
            r#"{"access_token":"a","expires_in":-1}"#,
            r#"{"access_token":"a","expires_in":1e9}"#,
            r#"{"access_token":"a","expires_in":3599,"expires_on":"999"}"#,
            r#"{"access_token":"a","expires_in":"soon"}"#,
        ] {
            assert!(token(bad.as_bytes(), at).is_none(), "{bad}");
        }
    }
}
