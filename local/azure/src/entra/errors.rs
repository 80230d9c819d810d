//! Errors in Entra's shape.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::clock;

/// An error of the token endpoint.
#[derive(Debug)]
pub(crate) struct EntraError {
    status: StatusCode,
    /// The OAuth error, on which clients branch.
    error: &'static str,
    /// The number after AADSTS.
    code: u32,
    message: String,
}

impl EntraError {
    /// A 400 of this OAuth kind.
    pub(crate) fn bad_request(error: &'static str, code: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, code, message: message.into() }
    }

    /// A credential that is refused.
    pub(crate) fn invalid_client(code: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, error: "invalid_client", code, message: message.into() }
    }

    /// A parameter that is missing.
    pub(crate) fn missing(name: &str) -> Self {
        Self::bad_request(
            "invalid_request",
            900144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }

    /// The whole answer.
    pub(crate) fn answer(&self) -> Answer {
        shaped(self.status, self.error, &self.description())
    }

    /// The OAuth error.
    pub(crate) fn kind(&self) -> &'static str {
        self.error
    }

    /// Code and message.
    pub(crate) fn description(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.message)
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> u32 {
        self.code
    }
}

/// An error body as Entra lays it out; the code is what the message begins with.
pub(crate) fn shaped(status: StatusCode, error: &str, message: &str) -> Answer {
    let number = message.strip_prefix("AADSTS").and_then(|rest| rest.split(':').next()?.parse::<u32>().ok());
    let codes: Vec<u32> = number.into_iter().collect();
    let (trace, correlation, time) = (clock::guid(), clock::guid(), clock::entra(Timestamp::now()));
    let mut body = json!({
        "error": error,
        "error_description": format!(
            "{message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {time}"
        ),
        "error_codes": codes,
        "timestamp": time,
        "trace_id": trace,
        "correlation_id": correlation,
    });
    if let Some(code) = codes.first() {
        body["error_uri"] = json!(format!("https://login.microsoftonline.com/error?code={code}"));
    }
    let mut answer = answer::json(status, &body);
    answer::set(&mut answer, "x-ms-request-id", trace);
    answer::set(&mut answer, "cache-control", "no-store, no-cache");
    answer
}
