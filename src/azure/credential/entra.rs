//! Entra's v2.0 token endpoint, where an application proves itself.
//!
//! Source: Microsoft identity platform, "OAuth 2.0 client credentials flow" and its reference of error codes.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{Ask, Token, not_made, token, unreadable};
use crate::{
    azure::arm::{ArmError, ErrorKind},
    failure::Failure,
    json,
    time::Timestamp,
};

/// `client_assertion_type` of a JWT.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An application in a tenant.
#[derive(Debug, Clone)]
pub struct Application {
    /// Entra's endpoint.
    pub login: Url,
    /// The tenant, by id or domain.
    pub tenant_id: String,
    /// The application's client id.
    pub client_id: String,
}

impl Application {
    /// Where its tokens come from.
    #[must_use]
    pub fn endpoint(&self) -> Url {
        let mut url = self.login.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend([self.tenant_id.as_str(), "oauth2", "v2.0", "token"]);
        }
        url
    }

    /// Which one it is, with the kind of its credential.
    pub(super) fn identity(&self, kind: &str) -> String {
        [kind, self.login.as_str(), &self.tenant_id, &self.client_id].join("\n")
    }

    /// The request for a token, with what proves who asks.
    pub(super) fn request(&self, ask: &Ask<'_>, proof: &[(&str, &str)]) -> Result<Request<Bytes>, ArmError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("scope", &format!("{}/.default", ask.resource))
            .extend_pairs(proof)
            .finish();
        Request::builder()
            .method(Method::POST)
            .uri(self.endpoint().as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_LENGTH, form.len())
            .body(Bytes::from(form))
            .map_err(|error| not_made(&error))
    }

    /// The same, with a signed statement as the proof.
    pub(super) fn request_with_assertion(
        &self,
        ask: &Ask<'_>,
        assertion: &str,
    ) -> Result<Request<Bytes>, ArmError> {
        let proof = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
        self.request(ask, &proof)
    }
}

/// Entra's answer.
pub(super) fn read(answer: &Response<Bytes>, asked_at: Timestamp, now: Timestamp) -> Result<Token, ArmError> {
    if answer.status() == StatusCode::OK {
        token(answer.body(), asked_at).ok_or_else(unreadable)
    } else {
        Err(refusal(answer, now))
    }
}

#[derive(Deserialize, Default)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
    error_codes: Option<Vec<u32>>,
    trace_id: Option<String>,
}

/// A refusal in the words of who refuses: its first code names it and its advice.
pub(super) fn refusal(answer: &Response<Bytes>, now: Timestamp) -> ArmError {
    let body: Refusal = json::parse(answer.body()).unwrap_or_default();
    let status = answer.status();
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
    let retry_after = crate::retry::retry_after(answer.headers(), now);
    let kind = if passing { ErrorKind::Passing } else { ErrorKind::Unable };
    ArmError { kind, failure: Box::new(failure), retry_after }
}
