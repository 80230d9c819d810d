//! `properties` of the packet capture that is asked for, but for its target: nothing in it that was not set.

use serde::{Deserialize, Serialize};

use crate::{
    azure::resource_id::ResourceId,
    rules::{AccountRef, Filter, LocalPath, Ring, Terms},
    settings::Captures,
};

/// `timeLimitInSeconds` where none is sent: Azure's default.
const AZURE_TIME_LIMIT: u32 = 18_000;
/// `sessionTimeLimitInSeconds` of a continuous capture where none is sent: Azure's default.
const AZURE_RING_TIME_LIMIT: u32 = 86_400;

/// What is captured, how much of it, and where it goes; in Azure's names and units. What is absent is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// Seconds, 1 to 18000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_in_seconds: Option<u32>,
    /// Bytes of each packet; 0 = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_to_capture_per_packet: Option<u32>,
    /// Bytes of the whole capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes_per_session: Option<u32>,
    /// A packet is captured if one of these takes it; none = all packets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// A ring of files; none = an ordinary capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuous_capture: Option<bool>,
    /// The ring's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_settings: Option<Ring>,
    /// Where the file goes; none in records of a version before rules, and where no account is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_location: Option<StorageLocation>,
}

/// `storageLocation`: an account, a path on the machine, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageLocation {
    /// The storage account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_id: Option<ResourceId>,
    /// The file on the machine, of an ordinary capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// The file on the machine, of a continuous capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_path: Option<String>,
}

impl Parameters {
    /// What `terms` ask for, and `settings` where they leave it open, for the capture called `name`.
    #[must_use]
    pub fn new(terms: &Terms, settings: &Captures, name: &str) -> Self {
        let filters = terms.filters.clone().unwrap_or_default();
        let is_ring = terms.continuous == Some(true);
        // A ring ends by its own settings; the limits of ordinary captures would end it before.
        let ordinary = |limit: Option<u32>| limit.filter(|_| !is_ring);
        Self {
            time_limit_in_seconds: ordinary(terms.time_limit_seconds.or(settings.time_limit_seconds)),
            bytes_to_capture_per_packet: terms.bytes_per_packet.or(settings.bytes_per_packet),
            total_bytes_per_session: terms.bytes_per_session.or(ordinary(settings.bytes_per_session)),
            filters,
            continuous_capture: is_ring.then_some(true),
            capture_settings: terms.ring.filter(|_| is_ring),
            storage_location: location(terms, settings, name),
        }
    }

    /// Whether it is a ring of files.
    #[must_use]
    pub fn is_ring(&self) -> bool {
        self.continuous_capture == Some(true)
    }

    /// After so many seconds it ends by itself.
    #[must_use]
    pub fn longest(&self) -> u32 {
        if self.is_ring() {
            let ring = self.capture_settings.and_then(|ring| ring.session_time_limit_in_seconds);
            ring.unwrap_or(AZURE_RING_TIME_LIMIT)
        } else {
            self.time_limit_in_seconds.unwrap_or(AZURE_TIME_LIMIT)
        }
    }
}

fn location(terms: &Terms, settings: &Captures, name: &str) -> Option<StorageLocation> {
    let account = match (&terms.storage_accounts, &terms.local_path) {
        (Some(accounts), _) => Some(accounts.iter().find_map(|account| settings.account(account))?.clone()),
        (None, Some(_)) => None,
        (None, None) => Some(settings.storage_accounts.first()?.clone()),
    };
    let path = terms.local_path.as_ref().map(|path: &LocalPath| path.for_capture(name));
    let (file_path, local_path) = if terms.continuous == Some(true) { (None, path) } else { (path, None) };
    Some(StorageLocation { storage_id: account, file_path, local_path })
}

impl Captures {
    /// Whether a capture of this machine with these parameters is one that the settings allow.
    #[must_use]
    pub fn allow(&self, machine: &ResourceId, parameters: &Parameters) -> bool {
        let account = parameters.storage_location.as_ref().and_then(|location| location.storage_id.as_ref());
        self.allowed_scopes.iter().any(|scope| scope.contains(machine))
            && account.is_none_or(|account| self.storage_accounts.contains(account))
    }

    /// The account that a rule means: only one of the settings' own.
    #[must_use]
    pub fn account(&self, meant: &AccountRef) -> Option<&ResourceId> {
        self.storage_accounts.iter().find(|account| match meant {
            AccountRef::Name(name) => account.name().eq_ignore_ascii_case(name),
            AccountRef::Id(id) => *account == id,
        })
    }
}
