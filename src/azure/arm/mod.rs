//! Azure Resource Manager: one request, with its token, its ids and its errors understood.
//!
//! There is no retry loop in here: [`crate::retry`] says why. Only a refused token is replaced at once, and only once.
//! What Azure says of its limits is remembered by the instance, and nothing is sent that it would refuse.

mod error;
pub mod throttle;

use std::{cell::Cell, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    credential::Audience,
    sealed::{Sealed, SealingKey},
    token,
};
use crate::{app::App, json, platform::Platform, retry::retry_after, settings::Azure, time::Timestamp};

use error::refused;
pub use error::{ArmError, ErrorKind, failure_of};
use throttle::{Throttle, Urgency};

/// An ordinary answer takes well under a second; the PUT may take a few.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Azure's pause between two looks at an operation, in seconds.
pub const USUAL_PAUSE: i64 = 10;
/// Pages of a list that are followed at most.
const MAX_PAGES: usize = 200;

/// A client of ARM for one credential.
pub struct Arm<'a, P> {
    app: &'a App<P>,
    /// Where and as whom.
    pub azure: &'a Azure,
    urgency: Urgency,
    calls: Cell<u32>,
}

/// ARM's answer, if it is not an error.
pub struct Answer {
    /// 200, 201, 202 or 204.
    pub status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl<'a, P: Platform> Arm<'a, P> {
    /// A client for this credential, for what can wait where Azure is busy.
    pub fn new(app: &'a App<P>, azure: &'a Azure) -> Self {
        Self { app, azure, urgency: Urgency::Poll, calls: Cell::new(0) }
    }

    /// A client for what an alert or a person waits for.
    pub fn urgent(app: &'a App<P>, azure: &'a Azure) -> Self {
        Self { urgency: Urgency::Alert, ..Self::new(app, azure) }
    }

    /// Requests that it has sent so far.
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// Makes sure of a token, for requests that are about to be sent side by side.
    ///
    /// # Errors
    /// [`ArmError`] in Entra's words.
    pub async fn has_token(&self) -> Result<(), ArmError> {
        self.token(None).await.map(|_| ())
    }

    async fn token(&self, refused: Option<&str>) -> Result<String, ArmError> {
        token::token(self.app, self.azure, Audience::Arm, refused).await
    }

    /// Sends one request to a URL of ARM's.
    ///
    /// # Errors
    /// [`ArmError`], also for an address that is not ARM's: a token goes nowhere else.
    pub async fn send(&self, method: Method, url: &str, body: Option<Value>) -> Result<Answer, ArmError> {
        let parsed = Url::parse(url).ok().filter(|parsed| parsed.origin() == self.azure.arm.origin());
        let Some(parsed) = parsed else {
            let message = "Azure's answer points to an address that is not ARM's";
            return Err(ArmError::unable("foreignAddress", message));
        };
        let (path, now) = (parsed.path(), self.app.platform.now());
        let held = self.app.memory.throttle(|throttle| throttle.holds(path, &method, self.urgency, now));
        if let Some(seconds) = held {
            return Err(ArmError::held_off(seconds));
        }
        let body = body.map(|body| Bytes::from(body.to_string()));
        let token = self.token(None).await?;
        match self.send_with(&token, &method, url, path, body.clone()).await {
            Err(error) if error.kind == ErrorKind::Refused(StatusCode::UNAUTHORIZED) => {
                let token = self.token(Some(&token)).await?;
                self.send_with(&token, &method, url, path, body).await
            }
            other => other,
        }
    }

    async fn send_with(
        &self,
        token: &str,
        method: &Method,
        url: &str,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Answer, ArmError> {
        let client_request_id = uuid::Builder::from_random_bytes(self.app.platform.bytes16()).into_uuid();
        let mut request = http::Request::builder()
            .method(method.clone())
            // The text itself, not a URL rebuilt from it: operation URLs are signed and go back byte for byte.
            .uri(url)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("alertcap/", env!("CARGO_PKG_VERSION")))
            .header("x-ms-client-request-id", client_request_id.to_string());
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if body.is_some() || method == Method::POST {
            let length = body.as_ref().map_or(0, Bytes::len);
            request = request.header(header::CONTENT_LENGTH, length);
        }
        let request = request
            .body(body.unwrap_or_default())
            .map_err(|error| ArmError::unable("badRequest", &error.to_string()))?;
        self.calls.set(self.calls.get().saturating_add(1));
        let response = self.app.platform.send(request, TIMEOUT).await;
        let response = response.map_err(|error| ArmError::unanswered(&format!("ARM, {method}"), &error))?;
        let (head, body) = response.into_parts();
        let now = self.app.platform.now();
        let outcome = if head.status.is_success() {
            Ok(Answer { status: head.status, headers: head.headers.clone(), body })
        } else {
            Err(refused(head.status, &head.headers, &body, now))
        };
        let code = outcome.as_ref().err().map_or("", |error: &ArmError| error.failure.code.as_str());
        let throttle =
            |throttle: &mut Throttle| throttle.learn(path, method, head.status, &head.headers, code, now);
        self.app.memory.throttle(throttle);
        outcome
    }

    /// GETs a resource.
    ///
    /// # Errors
    /// [`ArmError`].
    pub async fn get(&self, url: &Url) -> Result<Answer, ArmError> {
        self.send(Method::GET, url.as_str(), None).await
    }

    /// GETs a list, all its pages.
    ///
    /// # Errors
    /// [`ArmError`] of any page.
    pub async fn list<T: for<'de> Deserialize<'de>>(&self, url: &Url) -> Result<Vec<T>, ArmError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page<T> {
            value: Vec<T>,
            next_link: Option<String>,
        }
        let mut all = Vec::new();
        let mut next = Some(url.to_string());
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else { break };
            let page: Page<T> = self.send(Method::GET, &url, None).await?.json()?;
            all.extend(page.value);
            next = page.next_link.filter(|link| !link.is_empty());
        }
        Ok(all)
    }

    /// Seals an operation's URL for the record called `name`.
    #[must_use]
    pub fn seal(&self, name: &str, url: &str) -> Option<Sealed> {
        SealingKey::new(self.azure).seal(self.app.platform.bytes24(), &operation_of(name), url)
    }

    /// Opens it again; `None` if the credential has changed since.
    #[must_use]
    pub fn unseal(&self, name: &str, sealed: &Sealed) -> Option<String> {
        SealingKey::new(self.azure).open(&operation_of(name), sealed)
    }
}

fn operation_of(name: &str) -> String {
    format!("operation of {name}")
}

impl Answer {
    /// The body.
    ///
    /// # Errors
    /// [`ArmError`] if it is not the JSON that was asked for.
    pub fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, ArmError> {
        json::parse(&self.body).map_err(|error| {
            let message = format!("ARM's answer is not as documented: {error}");
            ArmError::passing("unreadableAnswer", &message, None)
        })
    }

    /// `Azure-AsyncOperation`, where the outcome of a long-running request will stand.
    #[must_use]
    pub fn async_operation(&self) -> Option<&str> {
        self.headers.get("azure-asyncoperation").and_then(|v| v.to_str().ok())
    }

    /// `Location`, where the answer itself will stand.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok())
    }

    /// The pause in seconds before the next look at a long-running operation: `Retry-After`, or what Azure usually names.
    #[must_use]
    pub fn pause(&self, now: Timestamp) -> i64 {
        self.retry_after(now).unwrap_or(USUAL_PAUSE)
    }

    /// `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<i64> {
        retry_after(&self.headers, now)
    }
}

#[cfg(test)]
mod tests;
