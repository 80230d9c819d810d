//! Tenants, their app registrations, and what these may do.

use serde::Deserialize;

use super::Role;

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
    /// Its federated identity credentials.
    #[serde(default)]
    pub federated: Vec<Federated>,
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

impl AppRegistration {
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

/// Whom an app registration trusts to say who somebody is: an issuer, and a subject of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Federated {
    /// The issuer's URL, exactly as its tokens have it.
    pub issuer: String,
    /// The subject, exactly as the issuer's tokens have it: `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// What its tokens must be for.
    #[serde(default = "token_exchange")]
    pub audiences: Vec<String>,
    /// The issuer's public key or certificate, PEM; or `test-cluster`, whose key is the stand-in's own.
    pub key: String,
    /// The key's name in tokens; left out = as Kubernetes names its keys, SHA-256 of the public key.
    #[serde(default)]
    pub kid: Option<String>,
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn everything() -> Vec<String> {
    vec!["*".into()]
}

fn token_exchange() -> Vec<String> {
    vec!["api://AzureADTokenExchange".into()]
}
