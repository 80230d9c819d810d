//! Why storage refuses, and what to do about it.

use http::{HeaderMap, StatusCode};

use super::xml;
use crate::{
    azure::arm::{ArmError, ErrorKind},
    failure::Failure,
    retry::retry_after,
    text::clean,
    time::Timestamp,
};

/// `<Error><Code>…</Code><Message>…</Message></Error>`, or the code in a header where there is no body.
pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> ArmError {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let text = String::from_utf8_lossy(body);
    let part = |name| xml::text(&text, name);
    let code = header("x-ms-error-code").map(str::to_owned).or_else(|| part("Code"));
    let code = code.unwrap_or_else(|| ["HTTP ", status.as_str()].concat());
    // Its further lines are the request's id and time.
    let message = part("Message").unwrap_or_default();
    let message = message.lines().next().filter(|line| !line.is_empty()).unwrap_or("no message");
    let mut failure = Failure::new(code, message);
    if let Some(advice) = advice(&failure.code) {
        failure = failure.advise(advice);
    }
    failure.status = Some(status.as_u16());
    failure.request_id = header("x-ms-request-id").map(clean);
    let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
    let kind = if passing { ErrorKind::Passing } else { ErrorKind::Refused(status) };
    ArmError { kind, failure: Box::new(failure), retry_after: retry_after(headers, now) }
}

/// Source: the Blob service's list of error codes, and what its documents say of each.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "AuthorizationPermissionMismatch" => {
            "Give the application the role Storage Blob Data Reader on the storage account; a new role takes some minutes."
        }
        "AuthorizationFailure" | "PublicAccessNotPermitted" => {
            "The storage account's firewall keeps alertcap out. Let its network in (or open the file from a network that is)."
        }
        "AuthenticationFailed" | "InvalidAuthenticationInfo" | "NoAuthenticationInformation" => {
            "Storage does not take the token. Check that the account is of the tenant in tenant_id, and the host's clock."
        }
        "BlobNotFound" | "ContainerNotFound" | "ResourceNotFound" => {
            "The file is not there: not yet uploaded, or deleted, or the account is another than storage_endpoint's."
        }
        "BlobArchived" => "The file was moved to the archive tier. Rehydrate it to read it.",
        "AccountIsDisabled" => "The storage account is disabled. Enable it in the portal.",
        "InsufficientAccountPermissions" => "Give the application the role Storage Blob Data Reader.",
        "ServerBusy" | "InternalError" | "OperationTimedOut" => "Storage is busy. Try again.",
        _ => return None,
    })
}
