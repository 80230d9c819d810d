//! Storage accounts.

use serde::Deserialize;

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
    /// Off: no SAS from account keys, so that the agent cannot upload. Never set, they are allowed.
    #[serde(default)]
    pub allow_shared_key_access: Option<bool>,
    /// `Enabled`, `Disabled` or `SecuredByPerimeter`, if it was ever set.
    #[serde(default)]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// What its firewall does with whom it does not know: `Allow` or `Deny`.
    #[serde(default)]
    pub default_action: DefaultAction,
    /// Whom its firewall lets pass all the same: `None`, or some of `Logging, Metrics, AzureServices`.
    #[serde(default = "default_bypass")]
    pub bypass: String,
}

/// Whether an account can be reached over the internet.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum PublicNetworkAccess {
    /// As its firewall says.
    Enabled,
    /// Only through private endpoints.
    Disabled,
    /// As its network security perimeter says.
    SecuredByPerimeter,
}

/// What an account's firewall does with whom it does not know.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum DefaultAction {
    /// Lets pass.
    #[default]
    Allow,
    /// Refuses.
    Deny,
}

impl PublicNetworkAccess {
    /// The word ARM uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::SecuredByPerimeter => "SecuredByPerimeter",
        }
    }
}

impl DefaultAction {
    /// The word ARM uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

impl StorageAccount {
    /// Whether keys, and the SAS made from them, are taken.
    pub fn takes_keys(&self) -> bool {
        self.allow_shared_key_access.unwrap_or(true)
    }

    /// Whether its firewall lets in whoever comes over the internet.
    pub fn is_open(&self) -> bool {
        let closed = matches!(
            self.public_network_access,
            Some(PublicNetworkAccess::Disabled | PublicNetworkAccess::SecuredByPerimeter)
        );
        !closed && self.default_action == DefaultAction::Allow
    }

    /// Whether a capture's file gets in. Which door the agent's upload takes is not told: that a firewall stops it
    /// unless Azure's own services may pass is invented.
    pub fn takes_uploads(&self) -> bool {
        let trusted = self.bypass.split(',').any(|one| one.trim().eq_ignore_ascii_case("AzureServices"));
        self.takes_keys() && (self.is_open() || trusted)
    }

    /// Whether `bypass` is made of words there are.
    pub(super) fn has_valid_bypass(&self) -> bool {
        let known = |word: &str| ["Logging", "Metrics", "AzureServices"].contains(&word.trim());
        self.bypass == "None" || self.bypass.split(',').all(known)
    }
}

fn default_storage_kind() -> String {
    "StorageV2".into()
}

fn default_sku() -> String {
    "Standard_LRS".into()
}

fn default_bypass() -> String {
    "AzureServices".into()
}
