//! A request as the handlers see it: complete, with the base URL its caller used.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use crate::faults::Outcome;

/// The scheme a request came in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

/// A whole request.
#[derive(Debug)]
pub(crate) struct Req {
    pub(crate) method: Method,
    pub(crate) scheme: Scheme,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How a long-running operation that this request starts shall end, if a fault says so.
    pub(crate) outcome: Option<Outcome>,
}

impl Req {
    /// Scheme, host and port as the caller wrote them: every URL in an answer begins like this.
    pub(crate) fn base_url(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!("{scheme}://{}", self.host())
    }

    /// The Host header, or the authority of an absolute request line.
    pub(crate) fn host(&self) -> &str {
        self.header("host")
            .or_else(|| self.uri.authority().map(|authority| authority.as_str()))
            .unwrap_or("localhost")
    }

    /// Path and query exactly as they came.
    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A query parameter, decoded; ARM takes their names in any case.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes())
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }

    /// The token in `Authorization: Bearer …`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}
