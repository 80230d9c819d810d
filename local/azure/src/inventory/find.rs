//! Looking things up in the inventory; ARM ids come in the caller's own case.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use super::compute::has_agent;
use super::{
    AppRegistration, Inventory, Machine, OsType, ScaleSet, StorageAccount, Subscription, Tenant, Watcher,
};
use crate::arm::id::ArmId;

/// What a packet capture may be taken on.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A machine or a scale set.
    pub(crate) kind: TargetKind,
    /// Its name in the inventory's own case.
    pub(crate) name: String,
    /// Its region.
    pub(crate) location: String,
    /// Its operating system.
    pub(crate) os_type: OsType,
    /// Whether the Network Watcher agent is installed.
    pub(crate) agent: bool,
    /// Whether it is running.
    pub(crate) running: bool,
    /// The wires there are: instance id (empty for a machine) and address.
    pub(crate) wires: Vec<(String, Ipv4Addr)>,
    /// What each wire carries.
    pub(crate) bytes_per_second: u64,
    /// What is found in its captures instead.
    pub(crate) recording: Option<PathBuf>,
}

/// A machine or a scale set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// `Microsoft.Compute/virtualMachines`
    Machine,
    /// `Microsoft.Compute/virtualMachineScaleSets`
    ScaleSet,
}

impl Inventory {
    /// The tenant with this id or domain.
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.id.eq_ignore_ascii_case(name)
                || tenant.domain.as_deref().is_some_and(|domain| domain.eq_ignore_ascii_case(name))
        })
    }

    /// The subscription with this id.
    pub fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.id.eq_ignore_ascii_case(id))
    }

    /// The storage account with this name, and its subscription.
    pub fn account(&self, name: &str) -> Option<(&Subscription, &StorageAccount)> {
        self.subscriptions
            .iter()
            .flat_map(|subscription| {
                subscription.storage_accounts.iter().map(move |account| (subscription, account))
            })
            .find(|(_, account)| account.name == name)
    }

    /// The storage account with this ARM id.
    pub(crate) fn account_by_id(&self, id: &ArmId) -> Option<&StorageAccount> {
        let name = id.resource("microsoft.storage", &["storageaccounts"])?;
        let group = id.resource_group.as_deref()?;
        self.subscription(&id.subscription)?.account(group, name)
    }

    /// The machine or scale set with this ARM id.
    pub(crate) fn target(&self, id: &ArmId) -> Option<Target> {
        let subscription = self.subscription(&id.subscription)?;
        let group = id.resource_group.as_deref()?;
        if let Some(name) = id.resource("microsoft.compute", &["virtualmachines"]) {
            return subscription.machine(group, name).map(|machine| machine.target());
        }
        let name = id.resource("microsoft.compute", &["virtualmachinescalesets"])?;
        subscription.scale_set(group, name).map(|set| set.target())
    }
}

impl Tenant {
    /// The app registration with this client id.
    pub fn app(&self, client_id: &str) -> Option<&AppRegistration> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }
}

impl Subscription {
    /// Whether the group is named by any resource or listed by itself.
    pub fn has_group(&self, name: &str) -> bool {
        self.groups().any(|group| group.eq_ignore_ascii_case(name))
    }

    fn groups(&self) -> impl Iterator<Item = &String> {
        self.resource_groups
            .iter()
            .chain(self.watchers.iter().map(|watcher| &watcher.resource_group))
            .chain(self.machines.iter().map(|machine| &machine.resource_group))
            .chain(self.scale_sets.iter().map(|set| &set.resource_group))
            .chain(self.network_interfaces.iter().map(|interface| &interface.resource_group))
            .chain(self.public_ips.iter().map(|address| &address.resource_group))
            .chain(self.load_balancers.iter().map(|balancer| &balancer.resource_group))
            .chain(self.application_gateways.iter().map(|gateway| &gateway.resource_group))
            .chain(self.storage_accounts.iter().map(|account| &account.resource_group))
    }

    /// The machine with this name.
    pub fn machine(&self, group: &str, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| {
            machine.resource_group.eq_ignore_ascii_case(group) && machine.name.eq_ignore_ascii_case(name)
        })
    }

    /// The scale set with this name.
    pub fn scale_set(&self, group: &str, name: &str) -> Option<&ScaleSet> {
        self.scale_sets
            .iter()
            .find(|set| set.resource_group.eq_ignore_ascii_case(group) && set.name.eq_ignore_ascii_case(name))
    }

    /// The watcher with this name.
    pub fn watcher(&self, group: &str, name: &str) -> Option<&Watcher> {
        self.watchers.iter().find(|watcher| {
            watcher.resource_group.eq_ignore_ascii_case(group) && watcher.name.eq_ignore_ascii_case(name)
        })
    }

    /// The storage account with this name.
    pub fn account(&self, group: &str, name: &str) -> Option<&StorageAccount> {
        self.storage_accounts.iter().find(|account| {
            account.resource_group.eq_ignore_ascii_case(group) && account.name.eq_ignore_ascii_case(name)
        })
    }

    /// The watcher of a region.
    pub fn watcher_in(&self, location: &str) -> Option<&Watcher> {
        self.watchers.iter().find(|watcher| watcher.location.eq_ignore_ascii_case(location))
    }

    /// The ARM id of something in this subscription.
    pub fn resource_id(&self, group: &str, kind: &str, name: &str) -> String {
        format!("/subscriptions/{}/resourceGroups/{group}/providers/{kind}/{name}", self.id)
    }

    /// The ARM id of a machine.
    pub fn machine_id(&self, machine: &Machine) -> String {
        self.resource_id(&machine.resource_group, "Microsoft.Compute/virtualMachines", &machine.name)
    }

    /// The ARM id of a scale set.
    pub fn scale_set_id(&self, set: &ScaleSet) -> String {
        self.resource_id(&set.resource_group, "Microsoft.Compute/virtualMachineScaleSets", &set.name)
    }

    /// The ARM id of a watcher.
    pub fn watcher_id(&self, watcher: &Watcher) -> String {
        self.resource_id(&watcher.resource_group, "Microsoft.Network/networkWatchers", &watcher.name)
    }

    /// The ARM id of a storage account.
    pub fn account_id(&self, account: &StorageAccount) -> String {
        self.resource_id(&account.resource_group, "Microsoft.Storage/storageAccounts", &account.name)
    }
}

impl Machine {
    fn target(&self) -> Target {
        Target {
            kind: TargetKind::Machine,
            name: self.name.clone(),
            location: self.location.clone(),
            os_type: self.os_type,
            agent: has_agent(&self.extensions),
            running: self.power_state == "running",
            wires: vec![(String::new(), self.private_ip)],
            bytes_per_second: self.traffic_bytes_per_second,
            recording: self.recording.clone(),
        }
    }
}

impl ScaleSet {
    fn target(&self) -> Target {
        Target {
            kind: TargetKind::ScaleSet,
            name: self.name.clone(),
            location: self.location.clone(),
            os_type: self.os_type,
            agent: has_agent(&self.extensions),
            running: true,
            wires: self.instances.iter().map(|instance| (instance.id.clone(), instance.private_ip)).collect(),
            bytes_per_second: self.traffic_bytes_per_second,
            recording: None,
        }
    }
}
