//! Microsoft.Compute, read only: what machines and scale sets have in common.

pub(super) mod machines;
pub(super) mod scale_sets;

use serde_json::{Value, json};

use super::Call;
use super::error::{ArmError, ArmResult};
use crate::inventory::{Extension, OsType};

/// Whether `$expand` asks for the instance view.
fn wants_instance_view(call: &Call<'_>) -> ArmResult<bool> {
    match call.req.query("$expand").as_deref() {
        None => Ok(false),
        Some(expand) if expand.eq_ignore_ascii_case("instanceView") => Ok(true),
        // userData is the other word; anything else is refused, with a code that is invented.
        Some(expand) if expand.eq_ignore_ascii_case("userData") => Ok(false),
        Some(expand) => {
            let message = format!("The value '{expand}' of the $expand query parameter is invalid.");
            Err(ArmError::bad_request("InvalidParameter", message))
        }
    }
}

fn os_profile(computer_name: &str, os_type: OsType) -> Value {
    let configuration = match os_type {
        OsType::Linux => {
            ("linuxConfiguration", json!({ "disablePasswordAuthentication": true, "provisionVMAgent": true }))
        }
        OsType::Windows => {
            ("windowsConfiguration", json!({ "provisionVMAgent": true, "enableAutomaticUpdates": true }))
        }
    };
    json!({
        "computerName": computer_name,
        "adminUsername": "deploy",
        configuration.0: configuration.1,
        "secrets": [],
        "allowExtensionOperations": true,
    })
}

fn instance_view(computer_name: &str, os_type: OsType, power_state: &str) -> Value {
    json!({
        "computerName": computer_name,
        "osName": os_type.as_str().to_ascii_lowercase(),
        "vmAgent": {
            "vmAgentVersion": "2.11.1.12",
            "statuses": [{ "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready" }],
        },
        "statuses": [
            { "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded" },
            {
                "code": format!("PowerState/{}", power_state),
                "level": "Info",
                "displayStatus": format!("VM {}", power_state),
            },
        ],
    })
}

/// The extensions of a machine or an instance, as its GET shows them in `resources`.
fn extensions(id: &str, location: &str, extensions: &[Extension]) -> Value {
    let resource = |extension: &Extension| {
        json!({
            "name": extension.name,
            "id": format!("{id}/extensions/{}", extension.name),
            "type": "Microsoft.Compute/virtualMachines/extensions",
            "location": location,
            "properties": extension_properties(extension),
        })
    };
    extensions.iter().map(resource).collect()
}

fn extension_properties(extension: &Extension) -> Value {
    json!({
        "autoUpgradeMinorVersion": true,
        "provisioningState": "Succeeded",
        "publisher": extension.publisher,
        "type": extension.kind,
        "typeHandlerVersion": extension.version,
    })
}

/// A GUID that a resource keeps.
pub(super) fn stable_guid(id: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
