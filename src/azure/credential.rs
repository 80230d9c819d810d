//! Tokens for ARM.
//!
//! They come by OAuth 2.0 client credentials at Entra's v2.0 endpoint, remembered in the instance and, sealed, in the
//! store. Instances live about a second after their last request and alerts are rare, so the store is what helps.
//!
//! Source: Microsoft identity platform, "OAuth 2.0 client credentials flow" and its error codes.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    arm::{ArmError, ErrorKind},
    sealed::{Sealed, SealingKey},
};
use crate::{
    app::App, failure::Failure, log::Level, platform::Platform, settings::Azure, store, time::Timestamp,
};

const TIMEOUT: Duration = Duration::from_secs(10);
/// A token is replaced this many seconds before its end, as Azure's own clients do.
const RENEW_BEFORE: i64 = 300;
/// So many seconds a refusal stands for all requests of the instance that wait for a token at the same time.
const REFUSAL_LASTS: i64 = 2;
/// How often a request looks whether another one's renewal is done.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A token and its end.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token {
    value: String,
    expires_at: Timestamp,
}

impl Token {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.after(RENEW_BEFORE) < self.expires_at
    }
}

/// A token for ARM; another one than `refused`, which no longer works.
///
/// # Errors
/// [`ArmError`] in Entra's words.
pub async fn token<P: Platform>(
    app: &App<P>,
    azure: &Azure,
    refused: Option<&str>,
) -> Result<String, ArmError> {
    // One renewal at a time: whoever waited finds its outcome in memory.
    let _renewal = loop {
        match app.memory.begin_renewal() {
            Some(renewal) => break renewal,
            None => app.platform.sleep(LOOK_AGAIN).await,
        }
    };
    let key = store::token_key(azure);
    let now = app.platform.now();
    let is_usable = |token: &Token| now < token.expires_at && refused != Some(token.value.as_str());
    let mut known = app.memory.token(&key).filter(is_usable);
    if known.is_none() {
        known = stored(app, azure, &key).await.filter(is_usable);
    }
    if let Some(token) = known.as_ref().filter(|token| token.is_fresh(now)) {
        app.memory.keep_token(&key, token.clone());
        return Ok(token.value.clone());
    }
    if let Some(error) = app.memory.refusal(&key, now) {
        return Err(error);
    }
    match (request(app, azure).await, known) {
        (Ok(token), _) => {
            keep(app, azure, &key, &token).await;
            Ok(token.value)
        }
        // In its last minutes it still works.
        (Err(_), Some(token)) => Ok(token.value),
        (Err(error), None) => {
            app.memory.keep_refusal(&key, app.platform.now().after(REFUSAL_LASTS), error.clone());
            Err(error)
        }
    }
}

async fn keep<P: Platform>(app: &App<P>, azure: &Azure, key: &str, token: &Token) {
    app.memory.keep_token(key, token.clone());
    if let Ok(json) = serde_json::to_value(token)
        && let Some(sealed) = SealingKey::new(azure).seal(app.platform.bytes24(), key, &json.to_string())
        && let Err(error) = app.platform.set(key, sealed.0.as_bytes()).await
    {
        let fields = [("error", error.0.into())];
        app.log(Level::Warn, "the token could not be stored; the next instance asks for another", &fields);
    }
}

async fn stored<P: Platform>(app: &App<P>, azure: &Azure, key: &str) -> Option<Token> {
    let sealed = app.platform.get(key).await.ok()??;
    let json = SealingKey::new(azure).open(key, &Sealed(String::from_utf8(sealed).ok()?))?;
    parse(json.as_bytes())
}

fn parse<T: for<'de> Deserialize<'de>>(json: &[u8]) -> Option<T> {
    T::deserialize(&serde_json::from_slice::<Value>(json).ok()?).ok()
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

#[derive(Deserialize, Default)]
struct TokenError {
    error: Option<String>,
    error_description: Option<String>,
    error_codes: Option<Vec<u32>>,
    trace_id: Option<String>,
}

async fn request<P: Platform>(app: &App<P>, azure: &Azure) -> Result<Token, ArmError> {
    let mut url = azure.login.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend([azure.tenant_id.as_str(), "oauth2", "v2.0", "token"]);
    }
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &azure.client_id)
        .append_pair("scope", &azure.arm_scope())
        .append_pair("client_secret", azure.client_secret())
        .finish();
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_LENGTH, form.len())
        .body(Bytes::from(form))
        .map_err(|error| ArmError::unable("badRequest", &error.to_string()))?;
    let asked_at = app.platform.now();
    let response = app.platform.send(request, TIMEOUT).await;
    let response = response.map_err(|error| ArmError::unanswered("Entra's token endpoint", &error))?;
    if response.status() == StatusCode::OK {
        return match parse::<TokenAnswer>(response.body()) {
            Some(answer) if answer.access_token.bytes().all(|b| b.is_ascii_graphic()) => {
                Ok(Token { value: answer.access_token, expires_at: asked_at.after(answer.expires_in) })
            }
            _ => Err(ArmError::unable("unreadableToken", "the token endpoint's answer holds no token")),
        };
    }
    Err(refusal(&response, app.platform.now()))
}

/// Entra's refusal: `error` decides, `error_codes` name the advice.
fn refusal(response: &http::Response<Bytes>, now: Timestamp) -> ArmError {
    let body: TokenError = parse(response.body()).unwrap_or_default();
    let status = response.status();
    let word = body.error.unwrap_or_default();
    let codes = body.error_codes.unwrap_or_default();
    let passing = codes.iter().any(|code| matches!(code, 90033 | 90024 | 90012 | 90055))
        || word == "temporarily_unavailable"
        || status.is_server_error()
        || matches!(status.as_u16(), 408 | 429);
    let code = match codes.first() {
        Some(code) => format!("AADSTS{code}"),
        None if word.is_empty() => format!("HTTP {}", status.as_u16()),
        None => word,
    };
    // The description's first line is the reason; the lines after it are ids and a time.
    let description = body.error_description.unwrap_or_default();
    let message = description.lines().next().unwrap_or("the token endpoint refused the credential");
    let mut failure = Failure::new(code, message);
    failure.status = Some(status.as_u16());
    failure.request_id = body.trace_id.as_deref().map(crate::text::clean);
    let retry_after = crate::retry::retry_after(response.headers(), now);
    let kind = if passing { ErrorKind::Passing } else { ErrorKind::Unable };
    ArmError { kind, failure: Box::new(failure), retry_after }
}

#[cfg(test)]
#[path = "credential_tests.rs"]
mod tests;
