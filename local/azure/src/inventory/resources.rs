//! A subscription and what stands in it.

use serde::Deserialize;

use super::{Balancer, Machine, NetworkInterface, PublicAddress, ScaleSet, StorageAccount};

/// A subscription and what stands in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its id, a GUID.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// The tenant that its access tokens must come from.
    pub tenant_id: String,
    /// Groups that exist beside those the resources name.
    #[serde(default)]
    pub resource_groups: Vec<String>,
    /// Network Watchers.
    #[serde(default)]
    pub watchers: Vec<Watcher>,
    /// Virtual machines.
    #[serde(default)]
    pub machines: Vec<Machine>,
    /// Virtual machine scale sets.
    #[serde(default)]
    pub scale_sets: Vec<ScaleSet>,
    /// Network interfaces that no machine has; a machine's own is not listed.
    #[serde(default)]
    pub network_interfaces: Vec<NetworkInterface>,
    /// Public addresses.
    #[serde(default)]
    pub public_ips: Vec<PublicAddress>,
    /// Load balancers.
    #[serde(default)]
    pub load_balancers: Vec<Balancer>,
    /// Application gateways.
    #[serde(default)]
    pub application_gateways: Vec<Balancer>,
    /// Storage accounts.
    #[serde(default)]
    pub storage_accounts: Vec<StorageAccount>,
}

/// A Network Watcher.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watcher {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// The region it watches.
    pub location: String,
}
