//! Errors as RFC 9457 `application/problem+json`, and the other answers' common form: all in one place.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

use crate::platform::VariablesError;

impl From<VariablesError> for Problem {
    fn from(_: VariablesError) -> Self {
        Self::unavailable("The host's variables cannot be read.")
    }
}

/// What went wrong with a request.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    /// The last part of `type`: `urn:alertcap:problem:<kind>`.
    kind: &'static str,
    title: &'static str,
    detail: String,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: u16, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, kind, title, detail: detail.into(), headers: Vec::new() }
    }

    fn with(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// 401: no key or a wrong one. The same words for both, and for a key that is not configured: nothing to learn.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "Send the key as ?code=… or in the header x-functions-key. If nobody gets in, GET /readyz says \
                      which key is not set.";
        Self::new(401, "unauthorized", "No valid key", detail)
            .with(header::WWW_AUTHENTICATE, "ApiKey realm=\"alertcap\"")
    }

    /// 404: no such route or capture.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", "Not found", detail)
    }

    /// 409: not as things stand.
    #[must_use]
    pub fn conflict(detail: &str) -> Self {
        Self::new(409, "conflict", "Not as things stand", detail)
    }

    /// 405: the route takes other methods.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(405, "method-not-allowed", "Method not allowed", format!("This path takes {allow}."))
            .with(header::ALLOW, allow)
    }

    /// 408: the body did not arrive in time.
    #[must_use]
    pub fn too_slow() -> Self {
        Self::new(408, "too-slow", "The body did not arrive in time", "Send the request again.")
    }

    /// 413: more than Azure ever sends.
    #[must_use]
    pub fn too_large(most: usize) -> Self {
        Self::new(413, "too-large", "The body is too large", format!("At most {most} bytes are taken."))
    }

    /// 400: the request can never be taken as it is.
    #[must_use]
    pub fn bad_request(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(400, kind, title, detail)
    }

    /// 503: the store or the variables' provider cannot be used; nothing was promised, try again.
    #[must_use]
    pub fn unavailable(detail: &str) -> Self {
        let detail = format!("{detail} The host's log says more. Try again.");
        Self::new(503, "unavailable", "Not available", detail).with(header::RETRY_AFTER, "5")
    }

    /// The answer.
    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        let mut body = Map::new();
        body.insert("type".into(), format!("urn:alertcap:problem:{}", self.kind).into());
        body.insert("title".into(), self.title.into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("detail".into(), self.detail.into());
        let mut response = respond(self.status, "application/problem+json", &Value::Object(body));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// An answer with a JSON body.
#[must_use]
pub fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    respond(status, "application/json", body)
}

fn respond(status: StatusCode, content_type: &'static str, body: &Value) -> Response<Bytes> {
    let body = Bytes::from(body.to_string());
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
