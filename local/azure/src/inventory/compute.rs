//! Virtual machines, scale sets, and their extensions.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::Deserialize;

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
    /// The name its system knows itself by, if it is not its own.
    #[serde(default)]
    pub computer_name: Option<String>,
    /// Its size.
    #[serde(default = "default_size")]
    pub size: String,
    /// Its address on the simulated wire.
    pub private_ip: Ipv4Addr,
    /// The public address of its interface, by name, in the same group.
    #[serde(default)]
    pub public_ip: Option<String>,
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
    /// A capture file that each of its captures leaves a copy of, instead of one of simulated traffic.
    #[serde(default)]
    pub recording: Option<PathBuf>,
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
    /// The name its system knows itself by, if it is not the one Azure makes.
    #[serde(default)]
    pub computer_name: Option<String>,
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

impl Machine {
    /// The name its system knows itself by.
    pub fn computer_name(&self) -> &str {
        self.computer_name.as_deref().unwrap_or(&self.name)
    }
}

impl ScaleSet {
    /// The instance with this id.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.id == id)
    }

    /// The name an instance's system knows itself by: Azure makes it of the set's prefix and the id to base 36.
    pub fn computer_name(&self, instance: &Instance) -> String {
        let made = || {
            let mut rest = instance.id.parse::<u64>().unwrap_or_default();
            let mut digits = [b'0'; 6];
            for digit in digits.iter_mut().rev() {
                *digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest % 36) as usize];
                rest /= 36;
            }
            format!("{}{}", self.name, String::from_utf8_lossy(&digits))
        };
        instance.computer_name.clone().unwrap_or_else(made)
    }
}

/// The agent is known by publisher and type; its instance name is free.
pub(super) fn has_agent(extensions: &[Extension]) -> bool {
    extensions.iter().any(|extension| {
        extension.publisher.eq_ignore_ascii_case("Microsoft.Azure.NetworkWatcher")
            && extension.kind.to_ascii_lowercase().starts_with("networkwatcheragent")
    })
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
