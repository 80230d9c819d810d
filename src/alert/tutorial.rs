//! The flat body of Microsoft's tutorial of 2017, "Use packet capture to do proactive network monitoring with Azure
//! Functions": `subscriptionId`, `networkWatcherResourceGroup`, `networkWatcherName`, `packetCaptureName`, `storageID`,
//! `timeLimit`, `targetVM`.
//!
//! Its caller named everything. Here it says what happened to which machine, and may wish for a name and a shorter
//! capture: the watcher is found by the machine's region, and files go where the settings say.

use serde_json::Value;

use super::{Alert, Condition, Identity, Schema, Unreadable, Wishes, malformed};
use crate::text::clean;

pub(super) fn read(body: &Value, bytes: &[u8]) -> Result<Alert, Unreadable> {
    let target = text(body, "targetVM").ok_or_else(|| malformed("targetVM", "is not a text"))?;
    if !target.to_ascii_lowercase().starts_with("/subscriptions/") {
        return Err(malformed(
            "targetVM",
            "is not the machine's ARM id, /subscriptions/…/virtualMachines/<name>",
        ));
    }
    Ok(Alert {
        schema: Schema::Tutorial,
        condition: Condition::Fired,
        identity: Identity::body(bytes),
        id: None,
        rule: None,
        severity: None,
        description: None,
        fired_at: None,
        targets: vec![target.to_owned()],
        wishes: Wishes {
            name: text(body, "packetCaptureName").map(clean),
            time_limit_seconds: time_limit(body.get("timeLimit"))?,
            storage_account_id: text(body, "storageID").map(clean),
        },
    })
}

fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// A number or a number in quotes; the tutorial's own DTO sent 0 for "not set".
fn time_limit(value: Option<&Value>) -> Result<Option<u32>, Unreadable> {
    let seconds = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    match seconds {
        Some(0) => Ok(None),
        Some(seconds @ 1..=18_000) => Ok(u32::try_from(seconds).ok()),
        _ => Err(malformed("timeLimit", "is not a whole number of seconds from 1 to 18000")),
    }
}
