//! Why ARM did not do as asked, and whether trying again can help.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::{failure::Failure, platform::SendError, retry::retry_after, time::Timestamp};

/// Why a request did not succeed.
#[derive(Debug, Clone)]
pub struct ArmError {
    /// Whether trying again can help, and what is known of the effect.
    pub kind: ErrorKind,
    /// What happened, in the words of the thing that failed.
    pub failure: Box<Failure>,
    /// Azure's `Retry-After`, in seconds.
    pub retry_after: Option<i64>,
}

/// What to make of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Trying again later can help: throttled, unavailable, not reached, answer lost.
    Passing,
    /// The service refused the request as it is.
    Refused(StatusCode),
    /// The settings or the credential do not allow it.
    Unable,
}

impl ArmError {
    /// An error that trying again cannot help.
    #[must_use]
    pub fn unable(code: &str, message: &str) -> Self {
        Self { kind: ErrorKind::Unable, failure: Box::new(Failure::new(code, message)), retry_after: None }
    }

    /// An error that trying again can help, after `retry_after` seconds if it is known when.
    #[must_use]
    pub fn passing(code: &str, message: &str, retry_after: Option<i64>) -> Self {
        Self { kind: ErrorKind::Passing, failure: Box::new(Failure::new(code, message)), retry_after }
    }

    /// No answer from `whom`.
    #[must_use]
    pub fn unanswered(whom: &str, error: &SendError) -> Self {
        let (kind, code) = match error {
            SendError::NotAllowed => (ErrorKind::Unable, "addressNotAllowed"),
            SendError::NotConnected(_) => (ErrorKind::Passing, "notConnected"),
            SendError::TimedOut => (ErrorKind::Passing, "timedOut"),
            SendError::Lost(_) => (ErrorKind::Passing, "answerLost"),
        };
        Self { kind, failure: Box::new(Failure::new(code, format!("{whom}: {error}"))), retry_after: None }
    }

    /// Not sent: Azure has said that it takes no more for so many seconds.
    #[must_use]
    pub fn held_off(seconds: i64) -> Self {
        let message = format!("Azure throttles this subscription; nothing is sent to it for {seconds} s");
        Self::passing("throttled", &message, Some(seconds))
    }

    /// Whether the request may have done what it was to do, although no answer says so.
    #[must_use]
    pub fn may_have_had_an_effect(&self) -> bool {
        let was_sent = !["notConnected", "throttled"].contains(&self.failure.code.as_str());
        self.kind == ErrorKind::Passing && was_sent && self.failure.status != Some(429)
    }

    /// Whether what exists stands in the way: 409, 412, 423.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, ErrorKind::Refused(status) if matches!(status.as_u16(), 409 | 412 | 423))
    }

    /// Whether the request itself was refused.
    #[must_use]
    pub fn is_bad_request(&self) -> bool {
        self.kind == ErrorKind::Refused(StatusCode::BAD_REQUEST)
    }

    /// Whether the thing asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::Refused(StatusCode::NOT_FOUND)
    }
}

/// ARM's error envelope, `{"error":{"code","message","details"}}`, or the bare inner object.
pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> ArmError {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = value.get("error").filter(|e| e.is_object()).unwrap_or(&value);
    let mut failure = failure_of(error).unwrap_or_else(|| {
        let code = headers.get("x-ms-error-code").and_then(|v| v.to_str().ok());
        Failure::new(code.map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned), "no message")
    });
    failure.status = Some(status.as_u16());
    let id = ["x-ms-request-id", "x-ms-correlation-request-id"];
    failure.request_id = id.iter().find_map(|name| headers.get(*name)?.to_str().ok()).map(crate::text::clean);
    let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
    ArmError {
        kind: if passing { ErrorKind::Passing } else { ErrorKind::Refused(status) },
        failure: Box::new(failure),
        retry_after: retry_after(headers, now),
    }
}

/// A failure out of `{"code","message","details":[{"code","message"}]}`; the details often hold the real reason.
#[must_use]
pub fn failure_of(error: &Value) -> Option<Failure> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let code = text(error, "code")?;
    let mut message = text(error, "message").unwrap_or_default();
    for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
        if let Some(more) = text(detail, "message").filter(|more| !message.contains(more.as_str())) {
            message = format!("{message} ({more})");
        }
    }
    Some(Failure::new(code, message))
}
