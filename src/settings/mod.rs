//! The operator's variables, parsed once into [`Settings`], every problem at once.
//!
//! What is missing or wrong never stops the component from answering: `GET /readyz` names it, and an alert that needs
//! it is written down and reported as failed with the same words.

mod azure;
mod callers;
pub mod files;
mod parse;
pub mod people;

use std::{fmt, rc::Rc};

use secrecy::SecretSlice;
use serde::Serialize;
use url::Url;

use crate::{
    azure::{
        cloud::Cloud,
        credential::Credential,
        resource_id::{ResourceId, Scope},
    },
    caller::{key::Keys, webhook::Webhook},
    failure::Failure,
    platform::{Variables, VariablesError},
    report::Receiver,
    rules::Rules,
    side_by_side::side_by_side,
};

pub use files::Files;
use parse::{NAMES, Raw};
use people::Destination;

/// Everything the operator decides.
#[derive(Debug)]
pub struct Settings {
    /// Who may call.
    pub callers: Callers,
    /// Where Azure is and as whom we speak to it; none if a part of it is missing or wrong.
    pub azure: Option<Azure>,
    /// What captures may be taken and how.
    pub captures: Captures,
    /// What is made of capture files.
    pub files: Files,
    /// Where those are who can be told, as far as that is set and right.
    pub people: Vec<Destination>,
    /// All that is missing or wrong.
    pub problems: Vec<Problem>,
}

/// Who may call what.
#[derive(Debug, Default)]
pub struct Callers {
    /// `POST /api/alerts`.
    pub webhook: Webhook,
    /// What operators do and see.
    pub operator: Keys,
    /// `POST /api/sweep`.
    pub sweep: Keys,
}

/// Where Azure is and as whom we speak to it.
#[derive(Debug, Clone)]
pub struct Azure {
    /// Entra's endpoint, e.g. `https://login.microsoftonline.com`.
    pub login: Url,
    /// ARM's endpoint, e.g. `https://management.azure.com`.
    pub arm: Url,
    /// The cloud that these are of.
    pub cloud: Cloud,
    /// What proves who we are.
    pub credential: Rc<dyn Credential>,
    /// What is kept in the store is sealed with this: the credential's own secret or, where it has none that lasts, a
    /// caller's. Without either nothing secret is kept.
    pub sealing_secret: Option<SecretSlice<u8>>,
    /// `api-version` for Microsoft.Network.
    pub network_api_version: String,
    /// `api-version` for Microsoft.Compute.
    pub compute_api_version: String,
}

/// What captures may be taken and how.
#[derive(Debug, Clone)]
pub struct Captures {
    /// Captures are taken within these and nowhere else; empty = nowhere.
    pub allowed_scopes: Vec<Scope>,
    /// The storage accounts that files may go to, the first unless a rule says otherwise; without one no capture is
    /// started.
    pub storage_accounts: Vec<ResourceId>,
    /// `timeLimitInSeconds`, 1 to 18000; not sent if absent (Azure: 18000).
    pub time_limit_seconds: Option<u32>,
    /// `bytesToCapturePerPacket`, 0 (whole packets) to 4294967295; not sent if absent.
    pub bytes_per_packet: Option<u32>,
    /// `totalBytesPerSession`, 0 to 4294967295; not sent if absent (Azure: 1 GiB).
    pub bytes_per_session: Option<u32>,
    /// How capture names begin.
    pub name_prefix: String,
    /// Sessions that may exist on one watcher, ours and others'.
    pub session_limit: u32,
    /// What happens where there are so many.
    pub on_limit: OnLimit,
    /// How long records of captures that are over and told are kept, in days.
    pub history_days: u32,
    /// How long the same body without an id counts as the same alert, in seconds.
    pub dedupe_window_seconds: u32,
    /// Who can be told, as far as something is set for it.
    pub receivers: Vec<Receiver>,
    /// Which alerts lead to which captures; without a rule every alert leads to one.
    pub rules: Rules,
}

/// What to do about an alert when its watcher has as many sessions as are allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnLimit {
    /// The capture fails, and says so.
    #[default]
    Fail,
    /// Our own oldest sessions that have ended are deleted; their files stay.
    Evict,
}

impl Captures {
    /// Whether Azure may be asked what is behind `id`: in the subscriptions of the allowed scopes and nowhere else.
    #[must_use]
    pub fn may_ask_in(&self, id: &ResourceId) -> bool {
        self.allowed_scopes.iter().any(|scope| scope.subscription().eq_ignore_ascii_case(id.subscription()))
    }
}

/// One thing that is missing or wrong, without the value itself: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.problem)
    }
}

impl Settings {
    /// Reads and checks all variables.
    ///
    /// # Errors
    /// [`VariablesError`] when one of them cannot be asked for: it might be set.
    pub async fn load(variables: &impl Variables) -> Result<Self, VariablesError> {
        let values = side_by_side(NAMES.len(), NAMES.map(|name| variables.variable(name))).await;
        let mut raw = Raw::default();
        for (name, value) in NAMES.into_iter().zip(values) {
            let value = value?.unwrap_or_default();
            if !value.trim().is_empty() {
                // Problems in rules are told by their lines: none is cut off before them.
                let value = if name == "rules" { value.trim_end() } else { value.trim() };
                raw.values.push((name, value.to_owned()));
            }
        }
        Ok(raw.into_settings())
    }

    /// What keeps any capture from being started, in words; none if nothing does.
    ///
    /// A wrong number counts too: Azure's default in its place could be a capture of five hours.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let keeps_from_capturing = |name: &str| {
            name != "allowed_scopes"
                && !callers::VARIABLES.contains(&name)
                && !files::VARIABLES.contains(&name)
                && !people::VARIABLES.contains(&name)
        };
        let found = self.problems.iter().filter(|p| keeps_from_capturing(p.variable));
        let words = found.map(ToString::to_string).collect::<Vec<_>>().join("; ");
        (!words.is_empty()).then_some(words)
    }

    /// Where captures are taken, if nothing keeps any from being started.
    ///
    /// # Errors
    /// [`Self::obstacle`], as the failure of a capture.
    pub fn azure_to_capture_in(&self) -> Result<&Azure, Failure> {
        match (self.obstacle(), &self.azure) {
            (None, Some(azure)) => Ok(azure),
            (obstacle, _) => {
                Err(Failure::new("settings", obstacle.unwrap_or_else(|| "settings are missing".into())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
