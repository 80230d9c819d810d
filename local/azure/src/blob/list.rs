//! `GET /{account}/{container}?restype=container&comp=list`: the blobs of a container, a page at a time.

use http::StatusCode;

use super::http::{Refusal, account, authorize_read, decorate, escape};
use crate::answer::{self, Answer};
use crate::app::App;
use crate::clock;
use crate::request::Req;

/// More than a page holds.
const MOST: usize = 5_000;

/// Answers a request for a list.
pub(crate) fn handle(app: &App, req: &Req, account: &str, container: &str) -> Answer {
    let answer = list(app, req, account, container).unwrap_or_else(Refusal::answer);
    decorate(req, answer)
}

fn list(app: &App, req: &Req, name: &str, container: &str) -> Result<Answer, Refusal> {
    if req.query("restype").as_deref() != Some("container") {
        let message = "Value for one of the query parameters specified in the request URI is invalid.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidQueryParameterValue", message));
    }
    let subscription = account(app, name)?;
    authorize_read(app, req, &subscription.tenant_id)?;
    if !app.blobs.has_container(name, container) {
        let message = "The specified container does not exist.";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "ContainerNotFound", message));
    }
    let prefix = req.query("prefix").unwrap_or_default();
    // What a marker holds is nobody's business but the service's.
    let marker = req.query("marker").unwrap_or_default();
    let most = req.query("maxresults").and_then(|most| most.parse().ok()).unwrap_or(MOST).clamp(1, MOST);
    let mut blobs = app.blobs.list(name, container);
    blobs.retain(|(blob, _)| blob.starts_with(&prefix) && *blob >= marker);
    let next = blobs.get(most).map(|(blob, _)| escape(blob)).unwrap_or_default();
    let entries: String = blobs
        .iter()
        .take(most)
        .map(|(name, blob)| {
            let modified = clock::http_date(blob.modified);
            format!(
                "<Blob><Name>{}</Name><Properties><Creation-Time>{modified}</Creation-Time>\
                 <Last-Modified>{modified}</Last-Modified><Etag>{}</Etag><Content-Length>{}</Content-Length>\
                 <Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType>\
                 <LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>\
                 <ServerEncrypted>true</ServerEncrypted></Properties></Blob>",
                escape(name),
                blob.etag.trim_matches('"'),
                blob.bytes.len(),
            )
        })
        .collect();
    Ok(answer::xml(
        StatusCode::OK,
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"{}/{name}/\" \
             ContainerName=\"{container}\"><Prefix>{}</Prefix><MaxResults>{most}</MaxResults><Blobs>{entries}</Blobs>\
             <NextMarker>{next}</NextMarker></EnumerationResults>",
            req.base_url(),
            escape(&prefix),
        ),
    ))
}
