//! Microsoft.Storage: whether an account can take capture files.
//!
//! Source: Network Watcher's documents on packet capture. The agent uploads with a signature made from an account key, from
//! the machine's own subnet, to a Standard account in the machine's region.

use serde_json::Value;

use super::{
    arm::{Arm, ArmError},
    compute::normalized,
    resource_id::ResourceId,
};
use crate::platform::Platform;

/// `api-version` for Microsoft.Storage; what is read here has been the same since 2021.
const API_VERSION: &str = "2024-01-01";

/// A storage account as Azure shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Its region, as `westeurope`.
    pub location: String,
    /// `StorageV2`, `BlockBlobStorage`, …
    pub kind: String,
    /// `Standard_LRS`, `Premium_LRS`, …
    pub sku: String,
    /// Whether its keys may be used; Azure leaves the field out where they may.
    pub allows_keys: bool,
    /// Whether only some networks reach it.
    pub has_firewall: bool,
    /// Whether no public network reaches it at all.
    pub is_private: bool,
}

/// Reads an account.
///
/// # Errors
/// [`ArmError`]; 404 if it does not exist.
pub async fn read<P: Platform>(arm: &Arm<'_, P>, account: &ResourceId) -> Result<AccountView, ArmError> {
    Ok(parse(&arm.get(&account.url(&arm.azure.arm, &[], API_VERSION)).await?.json::<Value>()?))
}

fn parse(body: &Value) -> AccountView {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    AccountView {
        location: normalized(text("/location")),
        kind: crate::text::clean(text("/kind")),
        sku: crate::text::clean(text("/sku/name")),
        allows_keys: body.pointer("/properties/allowSharedKeyAccess") != Some(&Value::Bool(false)),
        has_firewall: text("/properties/networkAcls/defaultAction").eq_ignore_ascii_case("Deny"),
        is_private: text("/properties/publicNetworkAccess").eq_ignore_ascii_case("Disabled"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_azure_leaves_out_is_allowed() {
        let plain =
            parse(&json!({"location": "West Europe", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}));
        assert!(plain.allows_keys && !plain.has_firewall && !plain.is_private);
        assert_eq!((plain.location.as_str(), plain.sku.as_str()), ("westeurope", "Standard_LRS"));
        let null = parse(&json!({"properties": {"allowSharedKeyAccess": null, "networkAcls": null}}));
        assert!(null.allows_keys && !null.has_firewall);
    }

    #[test]
    fn keys_switched_off_and_closed_networks_are_seen() {
        let closed = parse(&json!({"properties": {
            "allowSharedKeyAccess": false, "publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny"},
        }}));
        assert!(!closed.allows_keys && closed.has_firewall && closed.is_private);
    }
}
