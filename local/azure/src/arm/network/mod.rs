//! Microsoft.Network, read only: what leads to machines. Each is its ids and little more.

pub(super) mod balancers;
pub(super) mod interfaces;
pub(super) mod public_ips;

use serde_json::{Value, json};

use super::compute::stable_guid;

/// A resource of Microsoft.Network with its etag and its provisioning state.
fn resource(id: &str, name: &str, kind: &str, location: &str, mut properties: Value) -> Value {
    properties["provisioningState"] = json!("Succeeded");
    properties["resourceGuid"] = json!(stable_guid(id));
    json!({
        "name": name,
        "id": id,
        "etag": etag(id),
        "type": kind,
        "location": location,
        "properties": properties,
    })
}

/// A part of a resource, which is a resource of its own but for where it is.
fn part(id: &str, name: &str, kind: &str, mut properties: Value) -> Value {
    properties["provisioningState"] = json!("Succeeded");
    json!({ "name": name, "id": id, "etag": etag(id), "type": kind, "properties": properties })
}

fn etag(id: &str) -> String {
    format!("W/\"{}\"", stable_guid(&format!("etag of {id}")))
}
