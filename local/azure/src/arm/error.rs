//! ARM's error envelope.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::route::ResourcePath;

/// An error as ARM tells it.
#[derive(Debug)]
pub(crate) struct ArmError {
    status: StatusCode,
    code: String,
    message: String,
    details: Vec<(String, String)>,
    /// The challenge of a 401.
    challenge: Option<String>,
    /// The seconds of a `Retry-After`.
    retry_after: Option<u64>,
}

/// What a handler gives.
pub(crate) type ArmResult<T = Answer> = Result<T, ArmError>;

impl ArmError {
    /// An error with a code and a message.
    pub(crate) fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            details: Vec::new(),
            challenge: None,
            retry_after: None,
        }
    }

    /// A 400.
    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A 401 with its challenge.
    pub(crate) fn unauthorized(code: &str, message: &str, base_url: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, code, message);
        error.challenge = Some(format!(
            "Bearer authorization_uri=\"{base_url}/\", error=\"invalid_token\", error_description=\"{message}\""
        ));
        error
    }

    /// One more line under the message.
    pub(crate) fn detail(mut self, code: &str, message: impl Into<String>) -> Self {
        self.details.push((code.to_owned(), message.into()));
        self
    }

    /// With a `Retry-After`.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A resource that is not there.
    pub(crate) fn resource_not_found(kind: &str, name: &str, group: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFound",
            format!(
                "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
    }

    /// A resource that is not where its path says.
    pub(crate) fn not_here(kind: &str, path: &ResourcePath) -> Self {
        Self::resource_not_found(kind, &path.name, &path.group)
    }

    /// The envelope.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if !self.details.is_empty() {
            let details: Vec<Value> = self
                .details
                .iter()
                .map(|(code, message)| json!({ "code": code, "message": message }))
                .collect();
            error["details"] = Value::Array(details);
        }
        json!({ "error": error })
    }

    /// The whole answer.
    pub(crate) fn answer(&self) -> Answer {
        let mut answer = answer::json(self.status, &self.body());
        if let Some(challenge) = &self.challenge {
            answer::set(&mut answer, "www-authenticate", challenge);
        }
        if let Some(seconds) = self.retry_after {
            answer::set(&mut answer, "retry-after", seconds.to_string());
        }
        answer
    }
}
