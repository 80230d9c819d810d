//! Public addresses.

use http::StatusCode;
use serde_json::json;

use super::resource;
use crate::answer;
use crate::arm::Call;
use crate::arm::error::{ArmError, ArmResult};
use crate::route::ResourcePath;

const KIND: &str = "Microsoft.Network/publicIPAddresses";

/// `GET …/publicIPAddresses/{name}`. What it is attached to shows in `ipConfiguration`, or in `natGateway`, or in nothing.
pub(in crate::arm) fn get(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let subscription = call.place(path, &format!("{KIND}/read"))?;
    let address =
        subscription.public_ip(&path.group, &path.name).ok_or_else(|| ArmError::not_here(KIND, path))?;
    let mut properties = json!({
        "ipAddress": address.address,
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
    });
    let user = subscription.uses_of_public_ips().into_iter().find(|(group, name, _)| {
        group.eq_ignore_ascii_case(&address.resource_group) && name.eq_ignore_ascii_case(&address.name)
    });
    if let Some((.., user)) = user {
        properties["ipConfiguration"] = json!({ "id": user });
    }
    if let Some(gateway) = &address.nat_gateway {
        let id = subscription.resource_id(&address.resource_group, "Microsoft.Network/natGateways", gateway);
        properties["natGateway"] = json!({ "id": id });
    }
    let id = subscription.public_ip_id(address);
    let mut body = resource(&id, &address.name, KIND, &address.location, properties);
    body["sku"] = json!({ "name": "Standard", "tier": "Regional" });
    body["tags"] = json!(address.tags);
    Ok(answer::json(StatusCode::OK, &body))
}
