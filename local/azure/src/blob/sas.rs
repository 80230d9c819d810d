//! Shared access signatures of a user: the key that is given out for them, and the reads that they open.
//!
//! Played as the Blob service's reference has it, for one blob, and for the one version of the text that is signed that
//! azure-storage-blob 12.31.1 signs.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use jiff::Timestamp;
use ring::hmac;

use super::http::Refusal;
use crate::app::App;
use crate::keys::Keys;
use crate::request::{Req, Scheme};

/// The version of the signed text that is played.
const VERSION: &str = "2026-10-06";

/// A user's key for a time, as it is told apart; its value follows from this.
pub(super) struct UserKey<'a> {
    pub(super) account: &'a str,
    pub(super) oid: &'a str,
    pub(super) tid: &'a str,
    pub(super) start: &'a str,
    pub(super) expiry: &'a str,
    pub(super) version: &'a str,
}

impl UserKey<'_> {
    /// The key itself: nothing is kept, as nobody else can make it.
    pub(super) fn value(&self, keys: &Keys) -> Vec<u8> {
        let Self { account, oid, tid, start, expiry, version } = self;
        let text = format!("user delegation {account} {oid} {tid} {start} {expiry} {version}");
        URL_SAFE_NO_PAD.decode(keys.sign_token(&text)).unwrap_or_default()
    }
}

/// Whether the request carries a signature.
pub(super) fn is_signed(req: &Req) -> bool {
    req.query("sig").is_some()
}

/// Lets a read of this blob past if its signature opens it now.
pub(super) fn check(app: &App, req: &Req, account: &str, container: &str, name: &str) -> Result<(), Refusal> {
    let query = req.uri.query().unwrap_or_default();
    let fields: HashMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if field("sv") != VERSION {
        return Err(unauthenticated("sv is not a version whose signatures are played here"));
    }
    let key = UserKey {
        account,
        oid: field("skoid"),
        tid: field("sktid"),
        start: field("skt"),
        expiry: field("ske"),
        version: field("skv"),
    };
    let resource = format!("/blob/{account}/{container}/{name}");
    let signed = [
        field("sp"),
        field("st"),
        field("se"),
        &resource,
        field("skoid"),
        field("sktid"),
        field("skt"),
        field("ske"),
        field("sks"),
        field("skv"),
        field("saoid"),
        field("suoid"),
        field("scid"),
        field("skdutid"),
        field("sduoid"),
        field("sip"),
        field("spr"),
        field("sv"),
        field("sr"),
        field("snapshot"),
        field("ses"),
        // srh and srq: what they name would stand here with its values.
        "",
        "",
        field("rscc"),
        field("rscd"),
        field("rsce"),
        field("rscl"),
        field("rsct"),
    ]
    .join("\n");
    let signature = STANDARD.decode(field("sig")).unwrap_or_default();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &key.value(&app.keys));
    if hmac::verify(&secret, signed.as_bytes(), &signature).is_err() {
        return Err(unauthenticated("Signature did not match."));
    }
    let now = app.clock.now();
    let time = |name: &str| field(name).parse::<Timestamp>().ok();
    let has_begun = |name: &str| field(name).is_empty() || time(name).is_some_and(|begin| begin <= now);
    let goes_on = |name: &str| time(name).is_some_and(|end| now < end);
    if !has_begun("st") || !goes_on("se") || !has_begun("skt") || !goes_on("ske") {
        return Err(unauthenticated("Signature not valid in the specified time frame."));
    }
    if field("sks") != "b" || field("sr") != "b" {
        return Err(unauthenticated("Signed service or resource is not a blob's."));
    }
    let forbidden = |code, message| Err(Refusal::new(StatusCode::FORBIDDEN, code, message));
    if field("spr") == "https" && req.scheme == Scheme::Http {
        let message = "This request is not authorized to perform this operation using this protocol.";
        return forbidden("AuthorizationProtocolMismatch", message);
    }
    // What the link allows, and what its maker may still do.
    let may_read = app.inventory.role(key.tid, key.oid).is_some_and(|role| role.blob_reader);
    if !field("sp").contains('r') || !may_read {
        let message = "This request is not authorized to perform this operation using this permission.";
        return forbidden("AuthorizationPermissionMismatch", message);
    }
    Ok(())
}

/// In Azure the reason stands in a field of its own.
fn unauthenticated(why: &'static str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "AuthenticationFailed", why)
}
