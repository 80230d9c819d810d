//! The blobs of a container, a page at a time.

use http::{HeaderMap, Method, StatusCode};
use url::form_urlencoded;

use super::{
    Blob, MOST_XML, Storage,
    xml::{elements, text},
};
use crate::{
    azure::arm::ArmError,
    platform::{Platform, read_whole},
};

/// Pages that are followed at most: 20,000 blobs.
const MAX_PAGES: usize = 20;
const PER_PAGE: &str = "1000";

/// A blob as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, with its folders.
    pub name: String,
    /// How long it is, in bytes.
    pub size: u64,
    /// Its `ETag`, in quotes as a request has it.
    pub etag: String,
}

impl<P: Platform> Storage<'_, P> {
    /// The blobs in the container of `blob` whose names begin so, in their order.
    ///
    /// # Errors
    /// [`ArmError`], of any page.
    pub async fn list(&self, blob: &Blob, prefix: &str) -> Result<Vec<Listed>, ArmError> {
        let mut all = Vec::new();
        let mut marker = String::new();
        for _ in 0..MAX_PAGES {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("restype", "container")
                .append_pair("comp", "list")
                .append_pair("maxresults", PER_PAGE)
                .append_pair("prefix", prefix)
                .append_pair("marker", &marker)
                .finish();
            let url = [blob.container_url().as_str(), "?", &query].concat();
            let is_good = |status| status == StatusCode::OK;
            let answer =
                self.send(&Method::GET, &url, &HeaderMap::new(), Default::default(), is_good).await?;
            let body = read_whole(&mut answer.into_body(), MOST_XML).await;
            let body = body.map_err(|error| ArmError::unanswered("blob storage", &error))?;
            marker = read(&body, &mut all).ok_or_else(unreadable)?;
            if marker.is_empty() {
                break;
            }
        }
        Ok(all)
    }
}

/// Adds what a page holds; what the next one is asked for with, empty if there is none.
fn read(body: &[u8], all: &mut Vec<Listed>) -> Option<String> {
    let page = std::str::from_utf8(body).ok()?;
    // One that broke off shall not be taken for the whole.
    page.trim_end().ends_with("</EnumerationResults>").then_some(())?;
    for blob in elements(page, "Blob") {
        let etag = text(blob, "Etag").unwrap_or_default();
        all.push(Listed {
            name: text(blob, "Name")?,
            size: text(blob, "Content-Length")?.parse().ok()?,
            // A list shows it without the quotes that requests and answers have it in.
            etag: if etag.starts_with('"') { etag } else { ["\"", &etag, "\""].concat() },
        });
    }
    Some(text(page, "NextMarker").unwrap_or_default())
}

pub(super) fn unreadable() -> ArmError {
    ArmError::passing("unreadableAnswer", "blob storage's answer is not as documented", None)
}
