//! Microsoft.Compute: virtual machines and scale sets, read only.

use http::StatusCode;
use serde_json::{Value, json};

use super::Call;
use super::error::{ArmError, ArmResult};
use crate::answer;
use crate::inventory::{Extension, Machine, Subscription};

/// `GET …/virtualMachines/{name}`
pub(super) fn virtual_machine(call: &Call<'_>, subscription: &str, group: &str, name: &str) -> ArmResult {
    let subscription = call.subscription(subscription)?;
    call.allow("Microsoft.Compute/virtualMachines/read", call.req.uri.path())?;
    call.group(subscription, group)?;
    let machine = subscription
        .machine(group, name)
        .ok_or_else(|| ArmError::resource_not_found("Microsoft.Compute/virtualMachines", name, group))?;
    let mut body = machine_body(subscription, machine);
    match call.req.query("$expand").as_deref() {
        None => {}
        Some(expand) if expand.eq_ignore_ascii_case("instanceView") => {
            body["properties"]["instanceView"] = instance_view(machine);
        }
        // userData is the other word; anything else is refused, with a code that is invented.
        Some(expand) if expand.eq_ignore_ascii_case("userData") => {}
        Some(expand) => {
            let message = format!("The value '{expand}' of the $expand query parameter is invalid.");
            return Err(ArmError::bad_request("InvalidParameter", message));
        }
    }
    let mut answer = answer::json(StatusCode::OK, &body);
    answer::set(
        &mut answer,
        "x-ms-ratelimit-remaining-resource",
        "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35",
    );
    Ok(answer)
}

fn machine_body(subscription: &Subscription, machine: &Machine) -> Value {
    let id = subscription.machine_id(machine);
    let disk = format!("{}_OsDisk_1", machine.name);
    let configuration = match machine.os_type {
        crate::inventory::OsType::Linux => {
            ("linuxConfiguration", json!({ "disablePasswordAuthentication": true, "provisionVMAgent": true }))
        }
        crate::inventory::OsType::Windows => {
            ("windowsConfiguration", json!({ "provisionVMAgent": true, "enableAutomaticUpdates": true }))
        }
    };
    let mut body = json!({
        "name": machine.name,
        "id": id,
        "type": "Microsoft.Compute/virtualMachines",
        "location": machine.location,
        "tags": machine.tags,
        "properties": {
            "vmId": stable_guid(&id),
            "hardwareProfile": { "vmSize": machine.size },
            "storageProfile": {
                "osDisk": {
                    "osType": machine.os_type.as_str(),
                    "name": disk,
                    "createOption": "FromImage",
                    "caching": "ReadWrite",
                    "managedDisk": {
                        "storageAccountType": "Premium_LRS",
                        "id": subscription.resource_id(&machine.resource_group, "Microsoft.Compute/disks", &disk),
                    },
                    "diskSizeGB": 30,
                },
                "dataDisks": [],
            },
            "osProfile": {
                "computerName": machine.name,
                "adminUsername": "deploy",
                configuration.0: configuration.1,
                "secrets": [],
                "allowExtensionOperations": true,
            },
            "networkProfile": {
                "networkInterfaces": [{
                    "id": subscription.resource_id(
                        &machine.resource_group,
                        "Microsoft.Network/networkInterfaces",
                        &format!("{}-nic", machine.name),
                    ),
                }],
            },
            "provisioningState": "Succeeded",
        },
    });
    // Without extensions the service leaves `resources` out.
    if !machine.extensions.is_empty() {
        let resources: Vec<Value> = machine
            .extensions
            .iter()
            .map(|extension| {
                json!({
                    "name": extension.name,
                    "id": format!("{id}/extensions/{}", extension.name),
                    "type": "Microsoft.Compute/virtualMachines/extensions",
                    "location": machine.location,
                    "properties": extension_properties(extension),
                })
            })
            .collect();
        body["resources"] = Value::Array(resources);
    }
    body
}

fn instance_view(machine: &Machine) -> Value {
    json!({
        "computerName": machine.name,
        "osName": machine.os_type.as_str().to_ascii_lowercase(),
        "vmAgent": {
            "vmAgentVersion": "2.11.1.12",
            "statuses": [{ "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready" }],
        },
        "statuses": [
            { "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded" },
            {
                "code": format!("PowerState/{}", machine.power_state),
                "level": "Info",
                "displayStatus": format!("VM {}", machine.power_state),
            },
        ],
    })
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

/// `GET …/virtualMachineScaleSets/{name}`
pub(super) fn scale_set(call: &Call<'_>, subscription: &str, group: &str, name: &str) -> ArmResult {
    let subscription = call.subscription(subscription)?;
    call.allow("Microsoft.Compute/virtualMachineScaleSets/read", call.req.uri.path())?;
    call.group(subscription, group)?;
    let set = subscription.scale_set(group, name).ok_or_else(|| {
        ArmError::resource_not_found("Microsoft.Compute/virtualMachineScaleSets", name, group)
    })?;
    let id = subscription.scale_set_id(set);
    let extensions: Vec<Value> = set
        .extensions
        .iter()
        .map(|extension| json!({ "name": extension.name, "properties": extension_properties(extension) }))
        .collect();
    let body = json!({
        "name": set.name,
        "id": id,
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": set.location,
        "tags": set.tags,
        "sku": { "name": set.size, "tier": "Standard", "capacity": set.instances.len() },
        "properties": {
            "singlePlacementGroup": true,
            "orchestrationMode": "Uniform",
            "upgradePolicy": { "mode": "Manual" },
            "virtualMachineProfile": {
                "osProfile": { "computerNamePrefix": set.name, "adminUsername": "deploy" },
                "storageProfile": {
                    "osDisk": { "osType": set.os_type.as_str(), "createOption": "FromImage", "diskSizeGB": 30 },
                },
                "extensionProfile": { "extensions": extensions },
            },
            "provisioningState": "Succeeded",
            "overprovision": false,
            "uniqueId": stable_guid(&id),
        },
    });
    Ok(answer::json(StatusCode::OK, &body))
}

/// A GUID that a resource keeps.
pub(super) fn stable_guid(id: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
