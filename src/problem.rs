//! Errors as RFC 9457 `application/problem+json`, and the other answers' common form: all in one place.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

use crate::{
    caller::{Proof, Refusal},
    platform::VariablesError,
};

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

    /// To be asked again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    /// A caller that is not let in: 401 for one that is not known, 403 for one that is and may not; 503 where that cannot
    /// be said, for a sender tries again only then.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        let detail = refusal.detail();
        let bearer = match refusal {
            Refusal::Unknowable => return Self::unavailable(detail),
            Refusal::Token(flaw) if flaw.is_of_a_known_caller() => {
                return Self::forbidden(detail);
            }
            Refusal::Token(_) => Some("Bearer realm=\"alertcap\", error=\"invalid_token\""),
            Refusal::Missing(Proof::Token) => Some("Bearer realm=\"alertcap\""),
            _ => None,
        };
        let problem = Self::new(401, "unauthorized", "Not let in", detail)
            .with(header::WWW_AUTHENTICATE, "ApiKey realm=\"alertcap\"");
        match bearer {
            Some(bearer) => problem.with(header::WWW_AUTHENTICATE, bearer),
            None => problem,
        }
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

    /// 403: who asks is known, and may not.
    #[must_use]
    pub fn forbidden(detail: &str) -> Self {
        Self::new(403, "forbidden", "Not allowed", detail)
    }

    /// 412: the file is another than the request's conditions say.
    #[must_use]
    pub fn precondition_failed() -> Self {
        let detail = "The file is another by now than the conditions of the request say.";
        Self::new(412, "precondition-failed", "Another file", detail)
    }

    /// 416: the file ends before the range begins; `whole` is its length, as `Content-Range` has it.
    #[must_use]
    pub fn range_not_satisfiable(whole: Option<HeaderValue>) -> Self {
        let detail = "The file ends before that range begins.";
        let mut problem = Self::new(416, "range-not-satisfiable", "No such range", detail);
        problem.headers.extend(whole.map(|whole| (header::CONTENT_RANGE, whole)));
        problem
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

    /// The same as a page of HTML says it, with its status, title and detail.
    #[must_use]
    pub fn into_page(self, page: impl FnOnce(&str, &str) -> String) -> Response<Bytes> {
        let mut response = html(self.status, page(self.title, &self.detail));
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
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
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

/// What every answer of an API says: nobody keeps it, guesses its type, frames it, or tells others the URL, which may hold a
/// key. (OWASP's REST security cheat sheet. Strict-Transport-Security is for whoever owns the host's name.)
const HARDENING: [(header::HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// An answer with a JSON body.
#[must_use]
pub fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    respond(status, "application/json", body)
}

/// What a page may load and where its forms go: here and nowhere else, and nothing in it that stands in the page itself.
const OF_PAGES: [(header::HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    // Not `no-referrer`, under which browsers do not say of a form which site it comes from. No URL of a page holds a key.
    (header::REFERRER_POLICY, "same-origin"),
    (header::VARY, "Cookie"),
];

/// A page.
#[must_use]
pub fn html(status: StatusCode, page: String) -> Response<Bytes> {
    let mut response = hardened(status, "text/html; charset=utf-8", Bytes::from(page));
    for (name, value) in OF_PAGES {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn respond(status: StatusCode, content_type: &'static str, body: &Value) -> Response<Bytes> {
    hardened(status, content_type, Bytes::from(body.to_string()))
}

/// An answer of any type.
#[must_use]
pub fn hardened(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Of a page that is not sent again it would be the page's own.
    if status != StatusCode::NOT_MODIFIED {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    harden(headers);
    response
}

/// Adds what every answer says.
pub fn harden(headers: &mut HeaderMap) {
    for (name, value) in HARDENING {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
