//! The flat body of Microsoft's tutorial of 2017, "Use packet capture to do proactive network monitoring with Azure
//! Functions": `subscriptionId`, `networkWatcherResourceGroup`, `networkWatcherName`, `packetCaptureName`, `storageID`,
//! `timeLimit`, `targetVM`.
//!
//! Its caller named everything. Here it says what happened to which machine, and may wish for a name and a shorter
//! capture: the watcher is found by the machine's region, and files go where the settings say. The wishes are the
//! alert's properties, under their own names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Alert, Condition, Identity, Schema, Target, Unreadable, field, malformed};

pub(super) fn read(body: &Value, bytes: &[u8]) -> Result<Alert, Unreadable> {
    let target = field::text(body, "/targetVM").ok_or_else(|| malformed("targetVM", "is not a text"))?;
    if !target.to_ascii_lowercase().starts_with("/subscriptions/") {
        return Err(malformed(
            "targetVM",
            "is not the machine's ARM id, /subscriptions/…/virtualMachines/<name>",
        ));
    }
    let given = [
        ("packetCaptureName", field::cleaned(body, "/packetCaptureName")),
        ("storageID", field::cleaned(body, "/storageID")),
        ("timeLimit", time_limit(body.get("timeLimit"))?.map(|seconds| seconds.to_string())),
    ];
    let mut properties = BTreeMap::new();
    // Not collected, which would bring a sort and a second way to build the map.
    properties.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(Alert {
        about: Some(target.to_owned()),
        targets: vec![Target::Resource(target.to_owned())],
        properties,
        ..Alert::new(Schema::Tutorial, Condition::Fired, Identity::body(bytes))
    })
}

/// Seconds: a number or a number in quotes; the tutorial's own DTO sent 0 for "not set".
fn time_limit(value: Option<&Value>) -> Result<Option<u64>, Unreadable> {
    let seconds = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    match seconds {
        Some(0) => Ok(None),
        Some(seconds @ 1..=18_000) => Ok(Some(seconds)),
        _ => Err(malformed("timeLimit", "is not a whole number of seconds from 1 to 18000")),
    }
}
