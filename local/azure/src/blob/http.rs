//! Blobs over HTTP: `GET` and `HEAD /{account}/{container}/{blob…}`, as the storage emulator lays URLs out.

use http::StatusCode;
use jiff::fmt::rfc2822::DateTimeParser;

use super::{Blob, sas};
use crate::answer::{self, Answer};
use crate::app::App;
use crate::clock;
use crate::entra::tokens::{self, Audience, Refused};
use crate::inventory::{Role, Subscription};
use crate::request::Req;

/// A bearer token needs at least this version.
const OLDEST_VERSION: &str = "2017-11-09";

/// Why a read is refused.
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    header: Option<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, header: None }
    }

    pub(super) fn answer(self) -> Answer {
        let mut answer = match self.status {
            StatusCode::NOT_MODIFIED => answer::empty(self.status),
            status => error(status, self.code, self.message),
        };
        if let Some((name, value)) = self.header {
            answer::set(&mut answer, name, value);
        }
        answer
    }
}

/// Answers a read.
pub(crate) fn handle(app: &App, req: &Req, account: &str, container: &str, name: &str, head: bool) -> Answer {
    let answer = read(app, req, account, container, name).unwrap_or_else(Refusal::answer);
    let mut answer = decorate(req, answer);
    // An error of HEAD is told by x-ms-error-code alone.
    if head && !answer.status().is_success() {
        *answer.body_mut() = bytes::Bytes::new();
        answer.headers_mut().remove("content-type");
    }
    answer
}

/// Adds what every answer of storage carries.
pub(super) fn decorate(req: &Req, mut answer: Answer) -> Answer {
    if !answer.headers().contains_key("x-ms-request-id") {
        answer::set(&mut answer, "x-ms-request-id", clock::guid());
    }
    if let Some(version) = req.header("x-ms-version") {
        answer::set(&mut answer, "x-ms-version", version);
    }
    if let Some(id) = req.header("x-ms-client-request-id") {
        answer::set(&mut answer, "x-ms-client-request-id", id);
    }
    answer
}

/// The subscription of an account that can be reached.
pub(super) fn account<'a>(app: &'a App, name: &str) -> Result<&'a Subscription, Refusal> {
    let Some((subscription, found)) = app.inventory.account(name) else {
        // At Azure such a host does not resolve; what stands here instead is invented.
        let message = "The specified account does not exist.";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFound", message));
    };
    // That the firewall is asked before the token is invented.
    if !found.is_open() {
        let message = "This request is not authorized to perform this operation.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "AuthorizationFailure", message));
    }
    Ok(subscription)
}

fn read(app: &App, req: &Req, account: &str, container: &str, name: &str) -> Result<Answer, Refusal> {
    let subscription = self::account(app, account)?;
    if sas::is_signed(req) {
        sas::check(app, req, account, container, name)?;
    } else {
        authorize_read(app, req, &subscription.tenant_id)?;
    }
    if !app.blobs.has_container(account, container) {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "ContainerNotFound",
            "The specified container does not exist.",
        ));
    }
    let blob = app.blobs.get(account, container, name).ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist.")
    })?;
    // Dates count whole seconds; one that cannot be read is none.
    let modified = blob.modified.as_second();
    let since = |name: &str| {
        let date = DateTimeParser::new().parse_timestamp(req.header(name)?).ok()?;
        Some(date.as_second())
    };
    let is_another = req.header("if-match").is_some_and(|wanted| wanted != "*" && wanted != blob.etag);
    if is_another || since("if-unmodified-since").is_some_and(|since| modified > since) {
        let message = "The condition specified using HTTP conditional header(s) is not met.";
        return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "ConditionNotMet", message));
    }
    let is_known = req.header("if-none-match").map(|known| known == "*" || known == blob.etag);
    if is_known.unwrap_or_else(|| since("if-modified-since").is_some_and(|since| modified <= since)) {
        return Err(Refusal::new(StatusCode::NOT_MODIFIED, "", ""));
    }
    // With both, x-ms-range wins.
    match req.header("x-ms-range").or_else(|| req.header("range")) {
        None => Ok(whole(&blob)),
        Some(range) => part(&blob, range),
    }
}

/// A bearer token of the account's tenant, of an app that may read.
pub(super) fn authorize_read(app: &App, req: &Req, tenant: &str) -> Result<(), Refusal> {
    let (_, role) = authorize(app, req, tenant)?;
    if role.blob_reader {
        return Ok(());
    }
    let message = "This request is not authorized to perform this operation using this permission.";
    Err(Refusal::new(StatusCode::FORBIDDEN, "AuthorizationPermissionMismatch", message))
}

/// A bearer token of the account's tenant, for storage, of an app that has a role, with a version that knows of tokens.
pub(super) fn authorize<'a>(
    app: &'a App,
    req: &Req,
    tenant: &str,
) -> Result<(tokens::Claims, Role<'a>), Refusal> {
    let refuse = |code, message| {
        let challenge = format!(
            "Bearer authorization_uri={}/{tenant}/oauth2/authorize resource_id=https://storage.azure.com",
            req.base_url()
        );
        let header = Some(("www-authenticate", challenge));
        Refusal { header, ..Refusal::new(StatusCode::UNAUTHORIZED, code, message) }
    };
    let token = req.bearer().ok_or_else(|| {
        refuse(
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
        )
    })?;
    match req.header("x-ms-version") {
        None => {
            let message = "An HTTP header that's mandatory for this request is not specified: x-ms-version.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "MissingRequiredHeader", message));
        }
        Some(version) if version.parse::<jiff::civil::Date>().is_err() || version < OLDEST_VERSION => {
            let message = "The value for one of the HTTP headers is not in the correct format: x-ms-version.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidHeaderValue", message));
        }
        Some(_) => {}
    }
    let claims =
        tokens::check(&app.keys, token, Audience::Storage, app.clock.now()).map_err(|why| match why {
            Refused::Invalid => refuse("InvalidAuthenticationInfo", "Signature validation failed."),
            Refused::Expired => {
                refuse("InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired.")
            }
            Refused::WrongAudience => refuse("InvalidAuthenticationInfo", "Audience validation failed."),
        })?;
    if !claims.tid.eq_ignore_ascii_case(tenant) {
        return Err(refuse("InvalidAuthenticationInfo", "Issuer validation failed. Issuer did not match."));
    }
    let role = app.inventory.role(&claims.tid, &claims.appid);
    let message = "This request is not authorized to perform this operation using this permission.";
    let role =
        role.ok_or_else(|| Refusal::new(StatusCode::FORBIDDEN, "AuthorizationPermissionMismatch", message))?;
    Ok((claims, role))
}

fn whole(blob: &Blob) -> Answer {
    let mut answer = answer::empty(StatusCode::OK);
    *answer.body_mut() = blob.bytes.clone();
    properties(blob, &mut answer);
    answer
}

fn part(blob: &Blob, range: &str) -> Result<Answer, Refusal> {
    let size = blob.bytes.len();
    let bounds = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let parsed = bounds.and_then(|(first, last)| {
        let first: usize = first.trim().parse().ok()?;
        let last = match last.trim() {
            "" => usize::MAX,
            last => last.parse().ok()?,
        };
        (first <= last).then_some((first, last))
    });
    let Some((first, last)) = parsed else {
        // Storage ignores a range it cannot read, as HTTP has it.
        return Ok(whole(blob));
    };
    if first >= size {
        let message = "The range specified is invalid for the current size of the resource.";
        let header = Some(("content-range", format!("bytes */{size}")));
        return Err(Refusal {
            header,
            ..Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
        });
    }
    let last = last.min(size - 1);
    let mut answer = answer::empty(StatusCode::PARTIAL_CONTENT);
    *answer.body_mut() = blob.bytes.slice(first..=last);
    properties(blob, &mut answer);
    answer::set(&mut answer, "content-range", format!("bytes {first}-{last}/{size}"));
    Ok(answer)
}

fn properties(blob: &Blob, answer: &mut Answer) {
    let modified = clock::http_date(blob.modified);
    answer::set(answer, "content-type", "application/octet-stream");
    answer::set(answer, "accept-ranges", "bytes");
    answer::set(answer, "etag", &blob.etag);
    answer::set(answer, "last-modified", &modified);
    answer::set(answer, "x-ms-creation-time", modified);
    answer::set(answer, "x-ms-blob-type", "BlockBlob");
    answer::set(answer, "x-ms-lease-state", "available");
    answer::set(answer, "x-ms-lease-status", "unlocked");
    answer::set(answer, "x-ms-server-encrypted", "true");
}

/// Text in XML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An error as storage tells it.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let request_id = clock::guid();
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}\nRequestId:{}\nTime:{}</Message></Error>",
        escape(code),
        escape(message),
        request_id,
        clock::ticks(jiff::Timestamp::now()),
    );
    let mut answer = answer::xml(status, body);
    answer::set(&mut answer, "x-ms-error-code", code);
    answer::set(&mut answer, "x-ms-request-id", request_id);
    answer
}
