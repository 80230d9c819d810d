//! What would fail at 2 a.m.: reads Azure, changes nothing, and says of each thing a capture needs whether it is there.

use futures_util::future;
use serde::Serialize;

use crate::{
    app::App,
    azure::{
        arm::{Arm, ArmError},
        authorization,
        compute::{self, MachineView},
        network_watcher,
        resource_id::ResourceId,
        storage::{self, AccountView},
    },
    failure::Failure,
    plan::{CaptureSpec, Machine, MachineKind},
    platform::Platform,
    side_by_side::side_by_side,
};

/// What is found of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// A capture would fail, or its file would be lost.
    Fails,
    /// It may stand in the way, or could not be read.
    Doubtful,
}

/// One thing that a capture needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `token`, `machine`, `power`, `agent`, `watcher`, `sessions`, `name`, `permissions`, `storage`.
    pub check: &'static str,
    /// How it is.
    pub outcome: Outcome,
    /// In words, with what to do.
    pub detail: String,
}

impl Check {
    fn new(check: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { check, outcome, detail: detail.into() }
    }

    fn failed(check: &'static str, failure: &Failure) -> Self {
        let advice = failure.advice.as_ref().map(|advice| format!(" {advice}")).unwrap_or_default();
        Self::new(check, Outcome::Fails, format!("{failure}{advice}"))
    }
}

/// Whether there is a token.
pub async fn token<P: Platform>(arm: &Arm<'_, P>) -> Check {
    match arm.has_token().await {
        Ok(()) => Check::new("token", Outcome::Ok, "Entra gives a token for ARM"),
        Err(error) => Check::failed("token", &error.failure),
    }
}

/// Everything that the capture of `spec` needs. `session_limit` bounds the watcher's sessions.
pub async fn capture<P: Platform>(
    app: &App<P>,
    arm: &Arm<'_, P>,
    spec: &CaptureSpec,
    session_limit: u32,
) -> Vec<Check> {
    let machine = &spec.machine;
    let (view, watchers) = future::join(
        compute::read_with_power(arm, machine),
        network_watcher::watchers(arm, machine.id.subscription()),
    )
    .await;
    let mut checks = match &view {
        Ok(view) => of_machine(machine, view),
        Err(error) => vec![Check::failed("machine", &error.failure)],
    };
    let location = view.as_ref().map(|view| view.location.as_str()).unwrap_or_default();
    let watcher = match watchers {
        Ok(watchers) => watchers.into_iter().find(|(region, _)| region == location).map(|(_, id)| id),
        Err(error) => {
            checks.push(Check::failed("watcher", &error.failure));
            None
        }
    };
    match &watcher {
        Some(id) => {
            checks.push(Check::new("watcher", Outcome::Ok, format!("{id} watches {location}")));
            checks.extend(of_watcher(arm, id, spec, session_limit).await);
        }
        None if view.is_ok() && !checks.iter().any(|check| check.check == "watcher") => {
            let failure =
                Failure::new("noNetworkWatcher", format!("there is no Network Watcher in {location}"));
            checks.push(Check::failed("watcher", &failure));
        }
        None => {}
    }
    let account = spec.parameters.storage_location.as_ref().and_then(|location| location.storage_id.as_ref());
    if let Some(account) = account {
        checks.push(match storage::read(arm, account).await {
            Ok(found) => of_storage(account, &found, location),
            Err(error) => Check::failed("storage", &error.failure),
        });
    }
    checks.push(permissions(arm, machine, watcher.as_ref(), account, spec.policy.stop_on_resolve).await);
    let fails = checks.iter().filter(|check| check.outcome == Outcome::Fails).count();
    let fields = [("target", machine.id.to_string().into()), ("fails", fails.into())];
    app.log(crate::log::Level::Info, "a probe looked at what a capture needs", &fields);
    checks
}

fn of_machine(machine: &Machine, view: &MachineView) -> Vec<Check> {
    let found = format!("the {} {} is in {}", machine.what(), machine.id.name(), view.location);
    let mut checks = vec![Check::new("machine", Outcome::Ok, found)];
    checks.extend(view.power_state.as_ref().map(|power| {
        if power.eq_ignore_ascii_case("running") {
            Check::new("power", Outcome::Ok, "it is running")
        } else {
            Check::new(
                "power",
                Outcome::Fails,
                format!("it is {power}; only a running machine can be captured"),
            )
        }
    }));
    checks.push(if view.has_agent {
        Check::new("agent", Outcome::Ok, "the Network Watcher agent extension is installed")
    } else {
        let command = compute::install_agent(machine, view.is_windows);
        Check::new(
            "agent",
            Outcome::Fails,
            format!("the Network Watcher agent extension is missing. Install it: {command}"),
        )
    });
    checks
}

async fn of_watcher<P: Platform>(
    arm: &Arm<'_, P>,
    watcher: &ResourceId,
    spec: &CaptureSpec,
    session_limit: u32,
) -> Vec<Check> {
    let sessions = match network_watcher::sessions(arm, watcher).await {
        Ok(sessions) => sessions,
        Err(error) => return vec![Check::failed("sessions", &error.failure)],
    };
    let count = sessions.len();
    let detail = format!("the watcher has {count} sessions; the limit is {session_limit}");
    let is_full = u32::try_from(count).unwrap_or(u32::MAX) >= session_limit;
    let mut checks = vec![Check::new("sessions", if is_full { Outcome::Fails } else { Outcome::Ok }, detail)];
    if let Some(exact) = &spec.policy.exact {
        let is_taken = sessions.iter().any(|session| session.name().eq_ignore_ascii_case(&exact.name));
        checks.push(match is_taken {
            false => Check::new("name", Outcome::Ok, format!("no session is called {}", exact.name)),
            true => Check::new(
                "name",
                Outcome::Doubtful,
                format!("a session called {} exists; on_conflict decides", exact.name),
            ),
        });
    }
    checks
}

fn of_storage(account: &ResourceId, view: &AccountView, machine_location: &str) -> Check {
    let name = account.name();
    let mut wrong = Vec::new();
    if !machine_location.is_empty() && view.location != machine_location {
        wrong.push(format!(
            "it is in {}, the machine in {machine_location}: they must be in one region",
            view.location
        ));
    }
    if !view.sku.to_ascii_lowercase().starts_with("standard") {
        wrong.push(format!("its sku is {}: only Standard accounts take captures", view.sku));
    }
    if !matches!(view.kind.to_ascii_lowercase().as_str(), "storagev2" | "storage" | "blobstorage") {
        wrong.push(format!("its kind is {}: it must be a general-purpose or blob account", view.kind));
    }
    if !view.allows_keys {
        wrong.push("account-key access is off, and the agent uploads with a key's signature".to_owned());
    }
    if view.is_private {
        wrong.push(
            "public network access is disabled: the agent reaches it only through a private endpoint"
                .to_owned(),
        );
    }
    if !wrong.is_empty() {
        return Check::new("storage", Outcome::Fails, format!("{name}: {}", wrong.join("; ")));
    }
    if view.has_firewall {
        let detail = format!(
            "{name} has a firewall (default action Deny): the machine's subnet must be among its networks"
        );
        return Check::new("storage", Outcome::Doubtful, detail);
    }
    Check::new(
        "storage",
        Outcome::Ok,
        format!("{name} is a {} account in {} that takes keys", view.sku, view.location),
    )
}

/// The actions that Network Watcher's documents ask for, by the resource they are needed on.
async fn permissions<P: Platform>(
    arm: &Arm<'_, P>,
    machine: &Machine,
    watcher: Option<&ResourceId>,
    account: Option<&ResourceId>,
    stops: bool,
) -> Check {
    let mut on_watcher = vec![
        "Microsoft.Network/networkWatchers/read",
        "Microsoft.Network/networkWatchers/packetCaptures/read",
        "Microsoft.Network/networkWatchers/packetCaptures/write",
        "Microsoft.Network/networkWatchers/packetCaptures/delete",
        "Microsoft.Network/networkWatchers/packetCaptures/queryStatus/action",
        "Microsoft.Network/networkWatchers/packetCaptures/queryStatus/read",
    ];
    if stops {
        on_watcher.push("Microsoft.Network/networkWatchers/packetCaptures/stop/action");
    }
    let on_machine: &[&str] = match machine.kind {
        MachineKind::AzureVMSS => &[
            "Microsoft.Compute/virtualMachineScaleSets/read",
            "Microsoft.Compute/virtualMachineScaleSets/write",
            "Microsoft.Compute/virtualMachineScaleSets/extensions/read",
            "Microsoft.Compute/virtualMachineScaleSets/extensions/write",
        ],
        MachineKind::AzureVM | MachineKind::Unresolved => &[
            "Microsoft.Compute/virtualMachines/read",
            "Microsoft.Compute/virtualMachines/write",
            "Microsoft.Compute/virtualMachines/extensions/read",
            "Microsoft.Compute/virtualMachines/extensions/write",
        ],
    };
    let on_account = [
        "Microsoft.Storage/storageAccounts/read",
        "Microsoft.Storage/storageAccounts/listServiceSas/action",
        "Microsoft.Storage/storageAccounts/listAccountSas/action",
        "Microsoft.Storage/storageAccounts/listKeys/action",
    ];
    let asked = [(watcher, &on_watcher[..]), (Some(&machine.id), on_machine), (account, &on_account[..])];
    let lacks = side_by_side(asked.len(), asked.map(|(id, actions)| lacking(arm, id, actions))).await;
    match lacks.into_iter().collect::<Result<Vec<_>, ArmError>>() {
        Err(error) => {
            let detail = format!("what the role allows cannot be read: {}", error.failure);
            Check::new("permissions", Outcome::Doubtful, detail)
        }
        Ok(lacks) => match lacks.concat() {
            lacks if lacks.is_empty() => {
                Check::new("permissions", Outcome::Ok, "the role has every action that is needed")
            }
            lacks => {
                let is_called =
                    |lack: &String| !DOCUMENTED.iter().any(|action| lack.starts_with(&format!("{action} ")));
                let (called, documented): (Vec<_>, Vec<_>) = lacks.into_iter().partition(is_called);
                let (outcome, lacks, more) = match called.is_empty() {
                    false => (Outcome::Fails, called, ""),
                    true => (
                        Outcome::Doubtful,
                        documented,
                        ", which Azure's documents ask for and alertcap does not use itself",
                    ),
                };
                Check::new("permissions", outcome, format!("the role lacks {}{more}", lacks.join(", ")))
            }
        },
    }
}

/// Actions that alertcap makes no request with: they are said to be used in its name, and Azure may do without them.
const DOCUMENTED: [&str; 10] = [
    "Microsoft.Network/networkWatchers/packetCaptures/queryStatus/read",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/virtualMachines/extensions/read",
    "Microsoft.Compute/virtualMachines/extensions/write",
    "Microsoft.Compute/virtualMachineScaleSets/write",
    "Microsoft.Compute/virtualMachineScaleSets/extensions/read",
    "Microsoft.Compute/virtualMachineScaleSets/extensions/write",
    "Microsoft.Storage/storageAccounts/listServiceSas/action",
    "Microsoft.Storage/storageAccounts/listAccountSas/action",
    "Microsoft.Storage/storageAccounts/listKeys/action",
];

async fn lacking<P: Platform>(
    arm: &Arm<'_, P>,
    id: Option<&ResourceId>,
    actions: &[&str],
) -> Result<Vec<String>, ArmError> {
    let Some(id) = id else { return Ok(Vec::new()) };
    let permissions = authorization::permissions(arm, id).await?;
    Ok(permissions.lacking(actions).into_iter().map(|action| format!("{action} on {}", id.name())).collect())
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
