//! What Azure Monitor (or the tutorial's caller) sent, as one type: [`Alert`].
//!
//! One file per schema family reads its payloads into it; [`read`] detects which one a body is. An alert says what
//! happened and where. What may be done about it is the settings' business ([`crate::plan`]).

mod common;
pub mod identity;
mod tutorial;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::Timestamp;

pub use identity::Identity;

/// Azure sends at most 256 KB.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// One alert.
#[derive(Debug, Clone)]
pub struct Alert {
    /// The shape it came in.
    pub schema: Schema,
    /// Whether it begins or ends.
    pub condition: Condition,
    /// What makes it this alert and no other, however often it is delivered.
    pub identity: Identity,
    /// Azure's id of the alert, where it gave one.
    pub id: Option<String>,
    /// The alert rule's name.
    pub rule: Option<String>,
    /// `Sev0` to `Sev4`.
    pub severity: Option<String>,
    /// What the rule says of itself, or what was measured.
    pub description: Option<String>,
    /// When it fired.
    pub fired_at: Option<Timestamp>,
    /// What it is about: ARM ids as they came, unchecked.
    pub targets: Vec<String>,
    /// What the sender would like of the capture; the settings decide.
    pub wishes: Wishes,
}

/// What the sender of the tutorial's body asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `packetCaptureName`: becomes the readable front of the capture's name.
    pub name: Option<String>,
    /// `timeLimit` in seconds, 1 to 18000; can only shorten what the settings say.
    pub time_limit_seconds: Option<u32>,
    /// `storageID`: only compared with the settings' storage account.
    pub storage_account_id: Option<String>,
}

/// The shapes that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Schema {
    /// `azureMonitorCommonAlertSchema`.
    Common,
    /// The flat body of the 2017 tutorial.
    Tutorial,
}

/// `monitorCondition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It begins.
    Fired,
    /// It ends: nothing to capture any more.
    Resolved,
}

/// What a body turned out to be.
#[derive(Debug, Clone)]
pub enum Reading {
    /// An alert.
    Alert(Box<Alert>),
    /// An alert of a kind that is understood, but never leads to a capture; why.
    NotForUs(String),
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
                 azureMonitorCommonAlertSchema; enable it in the action group) nor the tutorial's flat body (targetVM, …)",
            ),
            Self::Malformed { field, problem } => write!(f, "{field} {problem}"),
        }
    }
}

/// Reads a body of at most [`MAX_BODY_BYTES`].
///
/// # Errors
/// [`Unreadable`] says why it can never be taken.
pub fn read(body: &[u8]) -> Result<Reading, Unreadable> {
    // Some senders begin UTF-8 with a byte-order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let value: Value = serde_json::from_slice(body).map_err(|e| Unreadable::NotJson(e.to_string()))?;
    let Some(object) = value.as_object() else { return Err(Unreadable::UnknownShape) };
    match object.get("schemaId").and_then(Value::as_str) {
        Some(id) if id.eq_ignore_ascii_case("azureMonitorCommonAlertSchema") => common::read(&value),
        None if object.contains_key("targetVM") => tutorial::read(&value, body).map(boxed),
        _ => Err(Unreadable::UnknownShape),
    }
}

fn boxed(alert: Alert) -> Reading {
    Reading::Alert(Box::new(alert))
}

fn malformed(field: &'static str, problem: impl Into<String>) -> Unreadable {
    Unreadable::Malformed { field, problem: problem.into() }
}

#[cfg(test)]
mod tests;
