//! `GET /subscriptions`: what `az login` asks.

use serde_json::{Value, json};

use super::error::ArmResult;
use super::{Call, paging};

/// The subscriptions of the caller's tenant.
pub(super) fn list(call: &Call<'_>) -> ArmResult {
    let entries: Vec<Value> = call
        .app
        .inventory
        .subscriptions
        .iter()
        .filter(|subscription| call.is_from(&subscription.tenant_id))
        .filter(|subscription| {
            call.allow(
                "Microsoft.Resources/subscriptions/read",
                &format!("/subscriptions/{}", subscription.id),
            )
            .is_ok()
        })
        .map(|subscription| {
            json!({
                "id": format!("/subscriptions/{}", subscription.id),
                "authorizationSource": "RoleBased",
                "managedByTenants": [],
                "subscriptionId": subscription.id,
                "tenantId": subscription.tenant_id,
                "displayName": subscription.name,
                "state": "Enabled",
                "subscriptionPolicies": {
                    "locationPlacementId": "Internal_2014-09-01",
                    "quotaId": "Internal_2014-09-01",
                    "spendingLimit": "Off",
                },
            })
        })
        .collect();
    paging::page(call, entries)
}
