//! Storage accounts, read only.

use http::StatusCode;
use serde_json::json;

use super::Call;
use super::error::{ArmError, ArmResult};
use crate::answer;
use crate::route::ResourcePath;

/// `GET …/storageAccounts/{name}`
pub(super) fn get(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let subscription = call.place(path, "Microsoft.Storage/storageAccounts/read")?;
    let account = subscription
        .account(&path.group, &path.name)
        .ok_or_else(|| ArmError::not_here("Microsoft.Storage/storageAccounts", path))?;
    let tier = account.sku.split('_').next().unwrap_or_default();
    let mut body = json!({
        "sku": { "name": account.sku, "tier": if tier.starts_with("Premium") { "Premium" } else { "Standard" } },
        "kind": account.kind,
        "id": subscription.account_id(account),
        "name": account.name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": account.location,
        "tags": {},
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": false,
            "networkAcls": {
                "resourceAccessRules": [],
                "bypass": account.bypass,
                "virtualNetworkRules": [],
                "ipRules": [],
                "defaultAction": account.default_action.as_str(),
            },
            "supportsHttpsTrafficOnly": true,
            "accessTier": "Hot",
            "provisioningState": "Succeeded",
            // Its blobs are on the stand-in's own host.
            "primaryEndpoints": { "blob": format!("{}/{}/", call.req.base_url(), account.name) },
            "primaryLocation": account.location,
            "statusOfPrimary": "available",
        },
    });
    // What was never set the service leaves out; the documents have it as allowed.
    if let Some(allowed) = account.allow_shared_key_access {
        body["properties"]["allowSharedKeyAccess"] = json!(allowed);
    }
    if let Some(access) = account.public_network_access {
        body["properties"]["publicNetworkAccess"] = json!(access.as_str());
    }
    Ok(answer::json(StatusCode::OK, &body))
}
