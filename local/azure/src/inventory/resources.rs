//! What an inventory lists: tenants and their apps, subscriptions and what stands in them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;

/// An Entra tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its id, a GUID.
    pub id: String,
    /// Its domain, which may stand in URLs in place of the id.
    #[serde(default)]
    pub domain: Option<String>,
    /// Its app registrations.
    #[serde(default)]
    pub apps: Vec<AppRegistration>,
}

/// An app registration with its service principal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRegistration {
    /// Its display name.
    pub name: String,
    /// Its application (client) id.
    pub client_id: String,
    /// Switched off: sign-in is refused.
    #[serde(default)]
    pub disabled: bool,
    /// Its client secrets.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Its certificates, PEM.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// The ARM ids on which it has a role that allows everything; `None` is everywhere in its tenant.
    #[serde(default)]
    pub rights: Option<Vec<String>>,
    /// Whether it is Storage Blob Data Reader.
    #[serde(default = "yes")]
    pub blob_reader: bool,
}

/// A client secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The secret itself.
    pub value: String,
    /// Past its end date.
    #[serde(default)]
    pub expired: bool,
}

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

/// A virtual machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its region.
    pub location: String,
    /// `Linux` or `Windows`.
    pub os_type: OsType,
    /// Its size.
    #[serde(default = "default_size")]
    pub size: String,
    /// Its address on the simulated wire.
    pub private_ip: Ipv4Addr,
    /// `running`, `deallocated`, …: the end of instanceView's `PowerState/` code.
    #[serde(default = "default_power")]
    pub power_state: String,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its extensions.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// What its simulated wire carries.
    #[serde(default = "default_traffic")]
    pub traffic_bytes_per_second: u64,
}

/// A virtual machine scale set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleSet {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its region.
    pub location: String,
    /// `Linux` or `Windows`.
    pub os_type: OsType,
    /// The size of its instances.
    #[serde(default = "default_size")]
    pub size: String,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its extensions, the same on each instance.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// Its instances.
    pub instances: Vec<Instance>,
    /// What each instance's simulated wire carries.
    #[serde(default = "default_traffic")]
    pub traffic_bytes_per_second: u64,
}

/// One machine of a scale set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Its instance id, a number as text.
    pub id: String,
    /// Its address on the simulated wire.
    pub private_ip: Ipv4Addr,
}

/// An extension on a machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The name of this installation.
    pub name: String,
    /// Who made it.
    pub publisher: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its version.
    #[serde(default = "default_extension_version")]
    pub version: String,
}

/// A storage account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageAccount {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its region.
    pub location: String,
    /// `StorageV2`, …
    #[serde(default = "default_storage_kind")]
    pub kind: String,
    /// `Standard_LRS`, `Premium_LRS`, …
    #[serde(default = "default_sku")]
    pub sku: String,
    /// Off: no SAS from account keys, so that the agent cannot upload.
    #[serde(default = "yes")]
    pub allow_shared_key_access: bool,
}

/// The operating system of a machine.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum OsType {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl OsType {
    /// The word ARM uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

fn yes() -> bool {
    true
}

fn default_size() -> String {
    "Standard_D2s_v5".into()
}

fn default_power() -> String {
    "running".into()
}

fn default_traffic() -> u64 {
    50_000
}

fn default_extension_version() -> String {
    "1.4".into()
}

fn default_storage_kind() -> String {
    "StorageV2".into()
}

fn default_sku() -> String {
    "Standard_LRS".into()
}
