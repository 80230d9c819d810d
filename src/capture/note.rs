//! The parts of a record: the alert it is about, why it stops, why it was held back.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    alert::{Alert, Schema},
    text::clean,
    time::Timestamp,
};

/// What is kept of the alert.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertNote {
    /// The shape it came in.
    pub schema: Schema,
    /// Azure's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The alert rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// `Sev0` to `Sev4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What the rule says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What was measured: a metric's name, or a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    /// When it fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired_at: Option<Timestamp>,
    /// Its custom properties.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

impl AlertNote {
    /// What is kept of `alert`.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        // Not collected anew: that would bring one more sort for it.
        let mut properties = alert.properties.clone();
        properties.values_mut().for_each(|value| *value = clean(value));
        Self {
            schema: alert.schema,
            id: alert.id.clone(),
            rule: alert.rule.clone(),
            severity: alert.severity.clone(),
            description: alert.description.clone(),
            measured: alert.measured.clone(),
            fired_at: alert.fired_at,
            properties,
        }
    }
}

/// That a capture shall stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    /// When that was asked for.
    pub at: Timestamp,
    /// Who asks.
    pub because: StopCause,
    /// What has become of that.
    #[serde(default)]
    pub progress: StopProgress,
}

/// What has become of the wish that a capture stops. The order is that of its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopProgress {
    /// Written down.
    #[default]
    Asked,
    /// Azure does not do it: the capture goes on to its own end, unless someone asks again.
    Refused,
    /// Azure was told, and took it.
    Sent,
}

impl Stop {
    /// A wish that is written down.
    #[must_use]
    pub fn asked(at: Timestamp, because: StopCause) -> Self {
        Self { at, because, progress: StopProgress::Asked }
    }

    /// Whether Azure is still to be told.
    #[must_use]
    pub fn is_to_be_sent(&self) -> bool {
        self.progress == StopProgress::Asked
    }

    /// Whether Azure was told, so that the capture ends by it.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.progress == StopProgress::Sent
    }
}

/// Who asks a capture to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StopCause {
    /// Its alert has resolved.
    AlertResolved,
    /// Someone with the operator key.
    Operator,
}

impl StopCause {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AlertResolved => "the alert has resolved",
            Self::Operator => "an operator asked for it",
        }
    }
}

/// Why an alert led to no capture although a rule matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldBack {
    /// `coolDown`, `budget` or `atOnce`.
    pub reason: Cow<'static, str>,
    /// The same in words.
    pub detail: String,
    /// From then on such an alert leads to a capture again.
    pub until: Timestamp,
}
