//! `GET {scope}/providers/Microsoft.Authorization/permissions`: what the caller may do there.

use serde_json::{Value, json};

use super::error::{ArmError, ArmResult};
use super::{Call, paging};

const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices";

/// One entry per role, as the service gives them: who may do what is in all of them together.
pub(super) fn list(call: &Call<'_>, scope: &str) -> ArmResult {
    let segments: Vec<&str> = scope.split('/').skip(1).collect();
    let subscription = call.subscription(segments.get(1).copied().unwrap_or_default())?;
    // That the caller needs this action for its own permissions follows from its name; it is in Azure's Reader.
    call.allow("Microsoft.Authorization/permissions/read", scope)?;
    match segments.as_slice() {
        [_, _, groups, group, rest @ ..] if groups.eq_ignore_ascii_case("resourceGroups") => {
            call.group(subscription, group)?;
            check_resource(rest, scope)?;
        }
        [_, _, rest @ ..] => check_resource(rest, scope)?,
        _ => check_resource(&segments, scope)?,
    }
    let mut entries: Vec<Value> = Vec::new();
    if let Some(role) = call.caller() {
        entries.push(json!({
            "actions": role.actions,
            "notActions": role.not_actions,
            "dataActions": [],
            "notDataActions": [],
        }));
        // Storage Blob Data Reader, which the stand-in gives for a whole tenant.
        if role.blob_reader {
            entries.push(json!({
                "actions": [format!("{BLOBS}/containers/read")],
                "notActions": [],
                "dataActions": [format!("{BLOBS}/containers/blobs/read")],
                "notDataActions": [],
            }));
        }
        if role.blob_delegator {
            entries.push(json!({
                "actions": [format!("{BLOBS}/generateUserDelegationKey/action")],
                "notActions": [],
                "dataActions": [],
                "notDataActions": [],
            }));
        }
    }
    paging::page(call, entries)
}

/// `providers/{namespace}/{type}/{name}…`. That nobody looks whether the resource is there is invented.
fn check_resource(segments: &[&str], scope: &str) -> ArmResult<()> {
    let reads = match segments {
        [] => true,
        [word, _, types @ ..] => {
            word.eq_ignore_ascii_case("providers") && !types.is_empty() && types.len() % 2 == 0
        }
        _ => false,
    };
    if reads {
        return Ok(());
    }
    // The code is invented.
    Err(ArmError::bad_request("InvalidResourceId", format!("The resource id '{scope}' is invalid.")))
}
