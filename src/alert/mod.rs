//! What Azure Monitor (or the tutorial's caller) sent, as one type: [`Alert`].
//!
//! One file per schema family reads its payloads into it; [`read`] detects which one a body is:
//!
//! | `schemaId`, or else what the body has | schema | file |
//! | --- | --- | --- |
//! | `azureMonitorCommonAlertSchema` | common | `common` |
//! | `AzureMonitorMetricAlert` | metric | `metric` |
//! | `Microsoft.Insights/activityLogs` | activity log | `activity_log` |
//! | `AIP Budget Notification` | budget | here: never for us |
//! | `Microsoft.Insights/LogAlert` (older, from Application Insights) | log, version 1 | `log_v1` |
//! | `SearchQuery` and `AlertRuleName` | log, version 1 | `log_v1` |
//! | `status` and `context` | classic metric | `metric` |
//! | `WebhookName` and `RequestBody` | an Automation runbook's input: whichever stands in `RequestBody` | `detect` |
//! | `targetVM` | the tutorial's | `tutorial` |
//!
//! An alert says what happened and where. What may be done about it is the settings' business ([`crate::plan`]).

mod activity_log;
mod common;
mod detect;
mod field;
pub mod identity;
mod log_v1;
mod machines;
mod metric;
mod tutorial;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

pub use detect::read;
pub use identity::Identity;

/// Azure sends at most 256 KB.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// More targets than this are not kept.
pub const MAX_TARGETS: usize = 64;
/// More custom properties than this are not kept.
pub const MAX_PROPERTIES: usize = 64;

/// One alert. Text in it is cleaned ([`crate::text::clean`]), but for ARM ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// The shape it came in.
    pub schema: Schema,
    /// Whether it begins or ends.
    pub condition: Condition,
    /// What makes it this alert and no other, however often it is delivered.
    pub identity: Identity,
    /// The same for the Fired and the Resolved of one alert, as far as the schema tells: 32 hexadecimal digits.
    pub series: String,
    /// Azure's id of the alert, where it gave one.
    pub id: Option<String>,
    /// The alert rule's name.
    pub rule: Option<String>,
    /// `Sev0` to `Sev4`, where it can be known.
    pub severity: Option<String>,
    /// `Metric`, `Log` or `Activity Log`; for the non-common schemas what follows from them.
    pub signal_type: Option<String>,
    /// `Platform`, `Log Alerts V2`, `Prometheus`, …; for the non-common schemas what follows from them.
    pub monitoring_service: Option<String>,
    /// What the rule says of itself, or what was measured.
    pub description: Option<String>,
    /// What was measured: a metric's name, or a log's query.
    #[serde(default)]
    pub measured: Option<String>,
    /// When it fired.
    pub fired_at: Option<Timestamp>,
    /// The first resource it names itself, if only the workspace of a log query: an ARM id as it came.
    #[serde(default)]
    pub about: Option<String>,
    /// What it is about; at most [`MAX_TARGETS`].
    pub targets: Vec<Target>,
    /// What the rule's owner (or the tutorial's caller) added; at most [`MAX_PROPERTIES`].
    pub properties: BTreeMap<String, String>,
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// An ARM id as it came, unchecked.
    Resource(String),
    /// A computer by its name (host or FQDN) only: its machine has to be looked up.
    Computer(String),
}

/// The shapes that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Schema {
    /// `azureMonitorCommonAlertSchema`.
    Common,
    /// `AzureMonitorMetricAlert`: metric alerts of an action group that does not use the common schema.
    Metric,
    /// `Microsoft.Insights/activityLogs`: the same of activity logs, with service and resource health.
    ActivityLog,
    /// Log alerts of before 2021; no schemaId, or `Microsoft.Insights/LogAlert`.
    LogV1,
    /// Metric alerts of before 2018; no schemaId.
    ClassicMetric,
    /// `AIP Budget Notification`.
    Budget,
    /// The flat body of the 2017 tutorial; no schemaId.
    Tutorial,
}

impl Schema {
    /// The word for it in records, logs and rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Metric => "metric",
            Self::ActivityLog => "activityLog",
            Self::LogV1 => "logV1",
            Self::ClassicMetric => "classicMetric",
            Self::Budget => "budget",
            Self::Tutorial => "tutorial",
        }
    }
}

/// `monitorCondition`, or `status` in older schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// It begins.
    Fired,
    /// It ends: nothing to capture any more.
    Resolved,
}

/// What a body turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// An alert.
    Alert(Box<Alert>),
    /// An alert of a kind that is understood, but can never lead to a capture.
    NotForUs {
        /// The shape it came in.
        schema: Schema,
        /// `budget` or `serviceHealth`.
        reason: &'static str,
        /// The same in words.
        detail: String,
    },
}

/// Why a body can never be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Not JSON; the parser's words, with line and column.
    NotJson(String),
    /// JSON, but none of the shapes that are read.
    UnknownShape,
    /// A known shape with a part that is missing or wrong.
    Malformed {
        /// Which part, e.g. `data.essentials.firedDateTime`.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "the body is not JSON: {why}"),
            Self::UnknownShape => f.write_str(
                "the body is JSON, but neither Azure Monitor's common alert schema (schemaId \
                 azureMonitorCommonAlertSchema; enable it in the action group) nor one of its older schemas (metric, \
                 classic metric, activity log, log, budget; an Automation runbook's wrapping of one) nor the tutorial's \
                 flat body (targetVM, …)",
            ),
            Self::Malformed { field, problem } => write!(f, "{field} {problem}"),
        }
    }
}

impl Alert {
    /// An alert of which nothing is known yet but what it is.
    fn new(schema: Schema, condition: Condition, identity: Identity) -> Self {
        Self {
            schema,
            condition,
            series: identity.key(),
            identity,
            id: None,
            rule: None,
            severity: None,
            signal_type: None,
            monitoring_service: None,
            description: None,
            measured: None,
            fired_at: None,
            about: None,
            targets: Vec::new(),
            properties: BTreeMap::new(),
        }
    }
}

fn malformed(field: &'static str, problem: impl Into<String>) -> Unreadable {
    Unreadable::Malformed { field, problem: problem.into() }
}

#[cfg(test)]
pub(crate) mod tests;
