//! Managed identities: those of the host that asks the instance metadata service.

use serde::Deserialize;

use super::tenants::{everything, yes};
use super::{Inventory, Role};

/// A managed identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Whether it is the host's own or one that was made for itself.
    #[serde(rename = "type")]
    pub kind: IdentityKind,
    /// The id of its tenant.
    pub tenant_id: String,
    /// Its application (client) id.
    pub client_id: String,
    /// Its service principal's id.
    pub object_id: String,
    /// The ARM id of a user-assigned one, or of the host of a system-assigned one.
    pub resource_id: String,
    /// Whether the host has it.
    #[serde(default = "yes")]
    pub assigned: bool,
    /// The ARM ids on which it has a role; `None` is everywhere in its tenant.
    #[serde(default)]
    pub rights: Option<Vec<String>>,
    /// What its role allows there, with `*` for anything, as in Azure's roles.
    #[serde(default = "everything")]
    pub actions: Vec<String>,
    /// What its role takes away again.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Whether it is Storage Blob Data Reader.
    #[serde(default = "yes")]
    pub blob_reader: bool,
    /// Whether it is let have user delegation keys: as a Storage Blob Delegator, or as a reader of a whole account.
    #[serde(default = "yes")]
    pub blob_delegator: bool,
}

/// The kinds of managed identities.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum IdentityKind {
    /// The host's own.
    SystemAssigned,
    /// One that was made for itself and assigned to the host.
    UserAssigned,
}

impl Identity {
    /// What it may do.
    pub fn role(&self) -> Role<'_> {
        Role {
            rights: self.rights.as_deref(),
            actions: &self.actions,
            not_actions: &self.not_actions,
            blob_reader: self.blob_reader,
            blob_delegator: self.blob_delegator,
        }
    }
}

impl Inventory {
    /// What an app registration or a managed identity of this tenant may do.
    pub fn role(&self, tenant: &str, client_id: &str) -> Option<Role<'_>> {
        let app = || self.tenant(tenant)?.app(client_id).map(|app| app.role());
        let identity = || {
            let is_it = |identity: &&Identity| {
                identity.client_id.eq_ignore_ascii_case(client_id)
                    && identity.tenant_id.eq_ignore_ascii_case(tenant)
            };
            self.identities.iter().find(is_it).map(Identity::role)
        };
        app().or_else(identity)
    }
}
