//! What is captured: which machines, and whether their agent can be reached.

use std::net::Ipv4Addr;

use super::body::{Properties, TargetType};
use crate::arm::error::{ArmError, ArmResult};
use crate::arm::id::ArmId;
use crate::arm::{Call, versions};
use crate::inventory::{Target, Watcher};

/// The target must be a machine or a scale set, exist, and be in the watcher's region.
pub(super) fn find(
    call: &Call<'_>,
    properties: &Properties,
    watcher: &Watcher,
) -> ArmResult<(ArmId, Target)> {
    let unsupported = |kind: &str| {
        ArmError::bad_request(
            "UnsupportedTargetResourceId",
            format!(
                "The target resource id {} of type {kind} is not supported for packet capture.",
                properties.target
            ),
        )
    };
    let id = ArmId::parse(&properties.target).ok_or_else(|| unsupported("unknown"))?;
    let kind = if id.resource("microsoft.compute", &["virtualmachines"]).is_some() {
        TargetType::Machine
    } else if id.resource("microsoft.compute", &["virtualmachinescalesets"]).is_some()
        && call.version.as_str() >= versions::SCALE_SETS_SINCE
    {
        TargetType::ScaleSet
    } else {
        return Err(unsupported(&id.full_type()));
    };
    // That targetType must say what the target is, also if it is left out, is invented.
    if properties.target_type.unwrap_or(TargetType::Machine) != kind {
        return Err(ArmError::bad_request(
            "InvalidTargetType",
            format!("targetType does not fit the target {}: a scale set needs AzureVMSS.", properties.target),
        ));
    }
    let reference = |what: &str| {
        // Network's code for a reference to something that is missing; that it is used here is invented.
        ArmError::bad_request(
            "InvalidResourceReference",
            format!(
                "Resource {} referenced by the packet capture {what}. Please make sure that the referenced resource exists, and that both resources are in the same region.",
                properties.target
            ),
        )
    };
    let target = call.app.inventory.target(&id).filter(|_| !call.app.gone.is_gone(&properties.target));
    let mut target = target.ok_or_else(|| reference("was not found"))?;
    target.running &= !call.app.gone.is_stopped(&properties.target);
    if !target.location.eq_ignore_ascii_case(&watcher.location) {
        return Err(reference(&format!(
            "is in {}, its network watcher in {}",
            target.location, watcher.location
        )));
    }
    Ok((id, target))
}

/// The instances that `scope` leaves.
pub(super) fn chosen_wires(properties: &Properties, target: &Target) -> ArmResult<Vec<(String, Ipv4Addr)>> {
    let Some(scope) = &properties.scope else { return Ok(target.wires.clone()) };
    let include = scope.include.as_deref().unwrap_or_default();
    let exclude = scope.exclude.as_deref().unwrap_or_default();
    let unknown = include.iter().chain(exclude).find(|id| target.wires.iter().all(|(known, _)| known != *id));
    if let Some(id) = unknown {
        // The code is invented.
        return Err(ArmError::bad_request(
            "InvalidPacketCaptureScope",
            format!("properties.scope names the instance {id}, which {} does not have.", target.name),
        ));
    }
    let chosen = |id: &String| (include.is_empty() || include.contains(id)) && !exclude.contains(id);
    let wires: Vec<_> = target.wires.iter().filter(|(id, _)| chosen(id)).cloned().collect();
    if wires.is_empty() {
        // That a scope which leaves nobody is refused is invented, too.
        return Err(ArmError::bad_request(
            "InvalidPacketCaptureScope",
            format!("properties.scope leaves no instance of {}.", target.name),
        ));
    }
    Ok(wires)
}

/// Both end the operation, not the PUT; the codes are invented.
pub(super) fn unreachable(target: &Target) -> Option<(String, String)> {
    let name = &target.name;
    if !target.running {
        return Some(("VmNotRunning".into(), format!("The virtual machine {name} is not running.")));
    }
    (!target.agent).then(|| {
        (
            "NetworkWatcherAgentNotInstalled".into(),
            format!("The Network Watcher agent extension is not installed on {name}."),
        )
    })
}
