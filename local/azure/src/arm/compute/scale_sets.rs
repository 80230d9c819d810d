//! Scale sets and their instances.

use http::StatusCode;
use serde_json::{Value, json};

use super::{extension_properties, extensions, instance_view, os_profile, stable_guid, wants_instance_view};
use crate::answer;
use crate::arm::Call;
use crate::arm::error::{ArmError, ArmResult};
use crate::inventory::{Instance, ScaleSet, Subscription};
use crate::route::ResourcePath;

/// `GET …/virtualMachineScaleSets/{name}`
pub(in crate::arm) fn get(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let subscription = call.place(path, "Microsoft.Compute/virtualMachineScaleSets/read")?;
    let set = find(subscription, path)?;
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

/// `GET …/virtualMachineScaleSets/{name}/virtualMachines/{id}`
pub(in crate::arm) fn instance(call: &Call<'_>, path: &ResourcePath, id: &str) -> ArmResult {
    let subscription = call.place(path, "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read")?;
    let set = find(subscription, path)?;
    let instance = set.instance(id).ok_or_else(|| {
        // Which words the service has for this is not known: invented, after ARM's own.
        ArmError::resource_not_found(
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
            &format!("{}/{id}", set.name),
            &set.resource_group,
        )
    })?;
    let mut body = instance_body(subscription, set, instance);
    if wants_instance_view(call)? {
        // That an instance is always running is the stand-in's own.
        body["properties"]["instanceView"] =
            instance_view(&set.computer_name(instance), set.os_type, "running");
    }
    Ok(answer::json(StatusCode::OK, &body))
}

fn find<'a>(subscription: &'a Subscription, path: &ResourcePath) -> ArmResult<&'a ScaleSet> {
    subscription
        .scale_set(&path.group, &path.name)
        .ok_or_else(|| ArmError::not_here("Microsoft.Compute/virtualMachineScaleSets", path))
}

fn instance_body(subscription: &Subscription, set: &ScaleSet, instance: &Instance) -> Value {
    let id = format!("{}/virtualMachines/{}", subscription.scale_set_id(set), instance.id);
    let mut body = json!({
        "name": format!("{}_{}", set.name, instance.id),
        "id": id,
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": set.location,
        "tags": set.tags,
        "instanceId": instance.id,
        "sku": { "name": set.size, "tier": "Standard" },
        "properties": {
            "latestModelApplied": true,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "vmId": stable_guid(&id),
            "storageProfile": {
                "osDisk": {
                    "osType": set.os_type.as_str(),
                    "name": format!("{0}_{0}_{1}_OsDisk_1", set.name, instance.id),
                    "createOption": "FromImage",
                    "diskSizeGB": 30,
                },
                "dataDisks": [],
            },
            "osProfile": os_profile(&set.computer_name(instance), set.os_type),
            "networkProfile": {
                "networkInterfaces": [{ "id": subscription.instance_interface_id(set, &instance.id) }],
            },
            "provisioningState": "Succeeded",
        },
    });
    if !set.extensions.is_empty() {
        body["resources"] = extensions(&id, &set.location, &set.extensions);
    }
    body
}
