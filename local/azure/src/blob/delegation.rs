//! `POST /{account}/?restype=service&comp=userdelegationkey`: a key for links, for at most seven days.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::http::{Refusal, account, authorize, decorate};
use super::sas::UserKey;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::request::Req;

/// The longest life of a key.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Answers a request for a key.
pub(crate) fn handle(app: &App, req: &Req, account: &str) -> Answer {
    let answer = give(app, req, account).unwrap_or_else(Refusal::answer);
    decorate(req, answer)
}

fn give(app: &App, req: &Req, name: &str) -> Result<Answer, Refusal> {
    if req.query("restype").as_deref() != Some("service") {
        let message = "Value for one of the query parameters specified in the request URI is invalid.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidQueryParameterValue", message));
    }
    let subscription = account(app, name)?;
    let (claims, role) = authorize(app, req, &subscription.tenant_id)?;
    if !role.blob_delegator {
        let message = "This request is not authorized to perform this operation using this permission.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "AuthorizationPermissionMismatch", message));
    }
    let text = String::from_utf8_lossy(&req.body);
    let (start, expiry) = (element(&text, "Start"), element(&text, "Expiry"));
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let now = app.clock.now();
    let is_good = match (time(start), time(expiry)) {
        (Some(start), Some(expiry)) => {
            start < expiry && now < expiry && expiry.duration_since(now) <= LONGEST
        }
        _ => false,
    };
    if !is_good {
        let message = "The value for one of the XML nodes is not in the correct format: Start, Expiry.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidXmlNodeValue", message));
    }
    let version = req.header("x-ms-version").unwrap_or_default();
    let (oid, tid) = (claims.appid.as_str(), claims.tid.as_str());
    let key = UserKey { account: name, oid, tid, start, expiry, version };
    let value = STANDARD.encode(key.value(&app.keys));
    Ok(answer::xml(
        StatusCode::OK,
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey><SignedOid>{oid}</SignedOid>\
             <SignedTid>{tid}</SignedTid><SignedStart>{start}</SignedStart><SignedExpiry>{expiry}</SignedExpiry>\
             <SignedService>b</SignedService><SignedVersion>{version}</SignedVersion><Value>{value}</Value>\
             </UserDelegationKey>"
        ),
    ))
}

/// The text of the element of this name; times have nothing to escape.
fn element<'a>(text: &'a str, name: &str) -> &'a str {
    let inside =
        text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inside.map_or("", |(inside, _)| inside.trim())
}
