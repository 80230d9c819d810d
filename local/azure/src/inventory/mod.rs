//! What there is: the tenants, subscriptions and resources the stand-in plays, read from TOML.

mod check;
mod compute;
mod find;
mod identities;
mod network;
mod resources;
mod roles;
mod sample;
mod storage;
mod tenants;
mod wiring;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

pub use compute::{Extension, Instance, Machine, OsType, ScaleSet};
pub(crate) use find::{Target, TargetKind};
pub use identities::{Identity, IdentityKind};
pub use network::{Backend, Balancer, NetworkInterface, Pool, PublicAddress};
pub use resources::{Subscription, Watcher};
pub use roles::Role;
pub use sample::Sample;
pub use storage::{DefaultAction, PublicNetworkAccess, StorageAccount};
pub use tenants::{AppRegistration, Federated, Secret, Tenant};
pub(crate) use wiring::{BalancerKind, IP_CONFIGURATION, Interface, Member};

/// The built-in inventory, well commented, to copy from.
pub const DEFAULT: &str = include_str!("../../inventory.toml");

/// Everything the stand-in plays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// How long things take.
    #[serde(default)]
    pub timings: Timings,
    /// What is bounded.
    #[serde(default)]
    pub limits: Limits,
    /// The Entra tenants.
    pub tenants: Vec<Tenant>,
    /// The Azure subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// The managed identities of the host that asks the instance metadata service.
    #[serde(default)]
    pub identities: Vec<Identity>,
}

/// How long things take; the defaults are Azure's own times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timings {
    /// From the PUT's answer to the operation's `Succeeded`; the capture starts here.
    pub provisioning_ms: u64,
    /// The `Retry-After` of long-running operations.
    pub retry_after_s: u64,
    /// How long `queryStatus` goes on saying `Running` after a capture ended by itself; until it is asked, if there is none.
    pub status_stale_s: Option<f64>,
    /// From `queryStatus`'s 202 to the fresh status at its `Location`.
    pub status_operation_ms: u64,
    /// From stop's 202 to the end of its operation.
    pub stop_ms: u64,
    /// From delete's 202 to the end of its operation.
    pub delete_ms: u64,
    /// From a capture's end to its file in the storage account.
    pub upload_delay_ms: u64,
    /// The lifetime of access tokens.
    pub token_lifetime_s: i64,
    /// The lifetime of managed identities' access tokens.
    pub identity_token_lifetime_s: i64,
}

impl Timings {
    /// How long `queryStatus` goes on saying `Running` after a capture ended by itself; until it is asked, if there is none.
    pub(crate) fn status_stale(&self) -> Option<Duration> {
        self.status_stale_s.map(Duration::from_secs_f64)
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            provisioning_ms: 10_000,
            retry_after_s: 10,
            status_stale_s: None,
            status_operation_ms: 2_000,
            stop_ms: 5_000,
            delete_ms: 5_000,
            upload_delay_ms: 3_000,
            token_lifetime_s: 3_599,
            identity_token_lifetime_s: 86_399,
        }
    }
}

/// What is bounded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Capture sessions per region and subscription, finished ones included.
    pub sessions_per_region: usize,
    /// Whether ARM throttles as Azure does: token buckets for reads, writes and deletes of each subscription.
    pub throttled: bool,
    /// Entries per page of a list.
    pub page_size: usize,
    /// The largest capture file that is written, whatever the capture's own limits.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions_per_region: 10_000, throttled: false, page_size: 100, file_bytes: 4_000_000 }
    }
}

impl Inventory {
    /// Reads an inventory from TOML and checks that it holds together.
    pub fn parse(text: &str) -> Result<Self> {
        let inventory: Self = toml::from_str(text)
            .context("the inventory is not valid: correct the line below, or start from the built-in one")?;
        inventory.check()?;
        Ok(inventory)
    }

    /// Reads an inventory file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the inventory {}: does the file exist?", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the inventory {}", path.display()))
    }

    /// The built-in inventory.
    pub fn built_in() -> Result<Self> {
        Self::parse(DEFAULT).context("in the built-in inventory")
    }
}
