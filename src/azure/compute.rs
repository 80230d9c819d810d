//! Microsoft.Compute: where a machine is, what it is tagged with, and whether the Network Watcher agent is on it.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::{
    arm::{Arm, ArmError},
    resource_id::{ResourceId, Scope, arm_url},
};
use crate::{
    json,
    plan::{Machine, MachineKind},
    platform::Platform,
};

const AGENT_PUBLISHER: &str = "Microsoft.Azure.NetworkWatcher";
const AGENT_TYPES: [&str; 2] = ["NetworkWatcherAgentLinux", "NetworkWatcherAgentWindows"];

/// A machine as Azure shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineView {
    /// Its region, as `westeurope`.
    pub location: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the agent is on it; matched by publisher and type, for its name is free.
    pub has_agent: bool,
    /// Whether it runs Windows.
    pub is_windows: bool,
    /// `running`, `deallocated`, …, where the instance view was asked for.
    pub power_state: Option<String>,
}

/// Reads a machine.
///
/// # Errors
/// [`ArmError`]; 404 if the machine does not exist.
pub async fn read<P: Platform>(arm: &Arm<'_, P>, machine: &Machine) -> Result<MachineView, ArmError> {
    view(arm, machine, machine.id.url(&arm.azure.arm, &[], &arm.azure.compute_api_version)).await
}

/// Reads a machine and, for a virtual machine, its power state.
///
/// # Errors
/// [`ArmError`]; 404 if the machine does not exist.
pub async fn read_with_power<P: Platform>(
    arm: &Arm<'_, P>,
    machine: &Machine,
) -> Result<MachineView, ArmError> {
    let mut url = machine.id.url(&arm.azure.arm, &[], &arm.azure.compute_api_version);
    if machine.kind == MachineKind::AzureVM {
        url.query_pairs_mut().append_pair("$expand", "instanceView");
    }
    view(arm, machine, url).await
}

async fn view<P: Platform>(arm: &Arm<'_, P>, machine: &Machine, url: Url) -> Result<MachineView, ArmError> {
    match arm.get(&url).await {
        Ok(answer) => Ok(parse(&answer.json::<Value>()?)),
        Err(mut error) if error.is_not_found() => {
            let name = machine.id.name();
            error.failure.message =
                format!("the {} {name} was not found: {}", machine.what(), error.failure.message);
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// A virtual machine of a list, by name.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The machine.
    pub id: ResourceId,
    /// Its name within.
    pub computer: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// The virtual machines of the subscription or resource group that `scope` is, or is a part of.
///
/// # Errors
/// [`ArmError`] of any page.
pub async fn list<P: Platform>(arm: &Arm<'_, P>, scope: &Scope) -> Result<Vec<Listed>, ArmError> {
    let mut segments = vec!["subscriptions", scope.subscription()];
    if let Some(group) = scope.resource_group() {
        segments.extend(["resourceGroups", group]);
    }
    segments.extend(["providers", "Microsoft.Compute", "virtualMachines"]);
    let url = arm_url(&arm.azure.arm, segments.into_iter(), &arm.azure.compute_api_version);
    let machines: Vec<Value> = arm.list(&url).await?;
    Ok(machines.iter().filter_map(listed).collect())
}

fn listed(machine: &Value) -> Option<Listed> {
    let id = ResourceId::parse(machine.get("id")?.as_str()?).ok()?;
    let computer = machine.pointer("/properties/osProfile/computerName").and_then(Value::as_str);
    Some(Listed { computer: computer.unwrap_or(id.name()).to_owned(), tags: tags(machine), id })
}

fn parse(body: &Value) -> MachineView {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let profile = "/properties/virtualMachineProfile";
    let os = [
        text("/properties/storageProfile/osDisk/osType"),
        text(&format!("{profile}/storageProfile/osDisk/osType")),
    ];
    let extensions = [body.get("resources"), body.pointer(&format!("{profile}/extensionProfile/extensions"))];
    let has_agent = extensions.into_iter().flatten().filter_map(Value::as_array).flatten().any(is_agent);
    let statuses = body.pointer("/properties/instanceView/statuses").and_then(Value::as_array);
    let power = statuses.into_iter().flatten().filter_map(|status| status.get("code")?.as_str());
    MachineView {
        location: normalized(text("/location")),
        tags: tags(body),
        has_agent,
        is_windows: os.iter().any(|os| os.eq_ignore_ascii_case("Windows")),
        power_state: power.filter_map(|code| code.strip_prefix("PowerState/")).map(crate::text::clean).next(),
    }
}

fn is_agent(extension: &Value) -> bool {
    let text = |name: &str| {
        extension.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or_default()
    };
    text("publisher").eq_ignore_ascii_case(AGENT_PUBLISHER)
        && AGENT_TYPES.iter().any(|kind| text("type").eq_ignore_ascii_case(kind))
}

fn tags(body: &Value) -> BTreeMap<String, String> {
    json::read(body.get("tags").unwrap_or(&Value::Null)).unwrap_or_default()
}

/// The command that installs the Network Watcher agent on `machine`.
#[must_use]
pub fn install_agent(machine: &Machine, is_windows: bool) -> String {
    let kind = if is_windows { "NetworkWatcherAgentWindows" } else { "NetworkWatcherAgentLinux" };
    let (group, name, subscription) =
        (machine.id.resource_group(), machine.id.name(), machine.id.subscription());
    let (command, option) = match machine.kind {
        MachineKind::AzureVMSS => ("az vmss extension set", "--vmss-name"),
        MachineKind::AzureVM | MachineKind::Unresolved => ("az vm extension set", "--vm-name"),
    };
    let set = format!(
        "{command} --publisher {AGENT_PUBLISHER} --name {kind} --version 1.4 --resource-group {group} {option} {name} \
         --subscription {subscription}"
    );
    match machine.kind {
        MachineKind::AzureVMSS => format!(
            "{set} && az vmss update-instances --instance-ids '*' --resource-group {group} --name {name} --subscription {subscription}"
        ),
        MachineKind::AzureVM | MachineKind::Unresolved => set,
    }
}

/// `West Europe` and `westeurope` are one region.
#[must_use]
pub fn normalized(location: &str) -> String {
    location.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
#[path = "compute_tests.rs"]
mod tests;
