//! Virtual machines.

use http::StatusCode;
use serde_json::{Value, json};

use super::{extensions, instance_view, os_profile, stable_guid, wants_instance_view};
use crate::answer;
use crate::arm::error::{ArmError, ArmResult};
use crate::arm::{Call, paging};
use crate::inventory::{Machine, Subscription};
use crate::route::ResourcePath;

const ACTION: &str = "Microsoft.Compute/virtualMachines/read";

/// `GET …/virtualMachines`, of the subscription or of one group.
pub(in crate::arm) fn list(call: &Call<'_>, subscription: &str, group: Option<&str>) -> ArmResult {
    let subscription = call.list_place(subscription, group, ACTION)?;
    let in_group =
        |machine: &&Machine| group.is_none_or(|group| machine.resource_group.eq_ignore_ascii_case(group));
    let entries = subscription
        .machines
        .iter()
        .filter(in_group)
        .filter(|machine| !call.app.gone.is_gone(&subscription.machine_id(machine)))
        .map(|machine| entry(subscription, machine));
    paging::page(call, entries.collect())
}

/// A machine in a list: of its extensions the service tells the ids and no more (azure-sdk-for-net #13378).
fn entry(subscription: &Subscription, machine: &Machine) -> Value {
    let mut body = body(subscription, machine);
    if !machine.extensions.is_empty() {
        let id = subscription.machine_id(machine);
        let ids =
            machine.extensions.iter().map(|one| json!({ "id": format!("{id}/extensions/{}", one.name) }));
        body["resources"] = ids.collect();
    }
    body
}

/// `GET …/virtualMachines/{name}`
pub(in crate::arm) fn get(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let subscription = call.place(path, ACTION)?;
    let machine = subscription
        .machine(&path.group, &path.name)
        .ok_or_else(|| ArmError::not_here("Microsoft.Compute/virtualMachines", path))?;
    let mut body = body(subscription, machine);
    // Without extensions the service leaves `resources` out.
    if !machine.extensions.is_empty() {
        let id = subscription.machine_id(machine);
        body["resources"] = extensions(&id, &machine.location, &machine.extensions);
    }
    if wants_instance_view(call)? {
        let stopped = call.app.gone.is_stopped(&subscription.machine_id(machine));
        let power = if stopped { "deallocated" } else { &machine.power_state };
        body["properties"]["instanceView"] = instance_view(machine.computer_name(), machine.os_type, power);
    }
    let mut answer = answer::json(StatusCode::OK, &body);
    answer::set(
        &mut answer,
        "x-ms-ratelimit-remaining-resource",
        "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35",
    );
    Ok(answer)
}

fn body(subscription: &Subscription, machine: &Machine) -> Value {
    let id = subscription.machine_id(machine);
    let disk = format!("{}_OsDisk_1", machine.name);
    json!({
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
            "osProfile": os_profile(machine.computer_name(), machine.os_type),
            "networkProfile": {
                "networkInterfaces": [{
                    "id": subscription.interface_id(&machine.resource_group, &machine.interface_name()),
                }],
            },
            "provisioningState": "Succeeded",
        },
    })
}
