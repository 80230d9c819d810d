//! Blob storage: the files of captures, as they lie there.
//!
//! Source: the Blob service's REST reference (Get Blob, List Blobs). A token goes to the host of one of the accounts that
//! files may go to, and nowhere else: see [`Blob::parse`].

mod list;
mod place;
mod refusal;
mod share;
mod xml;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use super::{arm::ArmError, credential::Audience, token};
use crate::{
    app::App,
    platform::{Platform, read_whole},
    settings::Azure,
};

pub use list::Listed;
pub use place::Blob;
pub use share::Link;

/// `x-ms-version`: needed with tokens, and good at every account.
pub const VERSION: &str = "2023-11-03";
/// So long may the head of an answer take, and each piece of its body.
const TIMEOUT: Duration = Duration::from_secs(20);
/// More than an answer that is XML ever has.
const MOST_XML: usize = 4 * 1024 * 1024;

/// What of a request for a blob goes on to storage, which knows best what it has: the part that is wanted, and on which
/// conditions.
pub const PASSED_ON: [header::HeaderName; 5] = [
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// A client of storage for one credential.
pub struct Storage<'a, P> {
    app: &'a App<P>,
    azure: &'a Azure,
}

impl<'a, P: Platform> Storage<'a, P> {
    /// A client for this credential.
    pub fn new(app: &'a App<P>, azure: &'a Azure) -> Self {
        Self { app, azure }
    }

    /// GETs a blob, or asks for its properties alone with HEAD. Of `wanted`, [`PASSED_ON`] goes on to storage.
    ///
    /// The answer is 200 with the whole of it, 206 with a part, or one that a condition or range led to: 304, 412, 416.
    /// Its body comes as it is read.
    ///
    /// # Errors
    /// [`ArmError`] for all others, in storage's words and with advice; 404 while there is no such blob.
    pub async fn get(
        &self,
        blob: &Blob,
        method: &Method,
        wanted: &HeaderMap,
    ) -> Result<Response<P::Stream>, ArmError> {
        let of_the_answer = |status: StatusCode| matches!(status.as_u16(), 200 | 206 | 304 | 412 | 416);
        self.send(method, &blob.url(), wanted, Bytes::new(), of_the_answer).await
    }

    /// Sends a request, once more with another token if storage refuses the first.
    async fn send(
        &self,
        method: &Method,
        url: &str,
        wanted: &HeaderMap,
        body: Bytes,
        is_good: fn(StatusCode) -> bool,
    ) -> Result<Response<P::Stream>, ArmError> {
        let mut refused: Option<String> = None;
        loop {
            let token = token::token(self.app, self.azure, Audience::Storage, refused.as_deref()).await?;
            let request = self.request(method, url, wanted, body.clone(), &token)?;
            let answer = self.app.platform.open(request, TIMEOUT).await;
            let answer = answer.map_err(|error| ArmError::unanswered("blob storage", &error))?;
            if answer.status() == StatusCode::UNAUTHORIZED && refused.is_none() {
                refused = Some(token);
            } else if is_good(answer.status()) {
                return Ok(answer);
            } else {
                let (head, mut body) = answer.into_parts();
                let body = read_whole(&mut body, MOST_XML).await.unwrap_or_default();
                return Err(refusal::read(head.status, &head.headers, &body, self.app.platform.now()));
            }
        }
    }

    fn request(
        &self,
        method: &Method,
        url: &str,
        wanted: &HeaderMap,
        body: Bytes,
        token: &str,
    ) -> Result<Request<Bytes>, ArmError> {
        let unable = |_| ArmError::unable("badRequest", "the request to blob storage cannot be made");
        let id = uuid::Builder::from_random_bytes(self.app.platform.bytes16()).into_uuid().to_string();
        let mut request = Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.parse().map_err(|_| unable(()))?;
        let bearer = ["Bearer ", token].concat();
        let length = request.body().len().to_string();
        let headers = request.headers_mut();
        for (name, value) in [
            ("authorization", bearer.as_str()),
            ("x-ms-version", VERSION),
            ("x-ms-client-request-id", id.as_str()),
            ("user-agent", concat!("alertcap/", env!("CARGO_PKG_VERSION"))),
            ("content-length", length.as_str()),
        ] {
            if name != "content-length" || method == Method::POST {
                headers.insert(name, HeaderValue::from_str(value).map_err(|_| unable(()))?);
            }
        }
        for name in PASSED_ON {
            if let Some(value) = wanted.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        Ok(request)
    }
}

/// What to ask for to have a blob from a byte on, as long as it is still the same.
#[must_use]
pub fn rest_of(offset: u64, etag: Option<&str>) -> HeaderMap {
    let mut wanted = HeaderMap::new();
    if offset > 0 {
        let range = ["bytes=", &offset.to_string(), "-"].concat();
        wanted.extend(HeaderValue::from_str(&range).ok().map(|range| (header::RANGE, range)));
    }
    let etag = etag.and_then(|etag| HeaderValue::from_str(etag).ok());
    wanted.extend(etag.map(|etag| (header::IF_MATCH, etag)));
    wanted
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
