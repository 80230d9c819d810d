//! Which schema a body is in.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Reading, Schema, Unreadable, activity_log, common, field, log_v1, malformed, metric, tutorial};

/// Reads a body of at most [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES).
///
/// # Errors
/// [`Unreadable`] says why it can never be taken.
pub fn read(body: &[u8]) -> Result<Reading, Unreadable> {
    let body = without_mark(body);
    let value: Value = serde_json::from_slice(body).map_err(|e| Unreadable::NotJson(e.to_string()))?;
    let Some(object) = value.as_object() else { return Err(Unreadable::UnknownShape) };
    match schema_of(object) {
        None | Some(Schema::Tutorial) if has(object, &["WebhookName", "RequestBody"]) => unwrapped(object),
        Some(schema) => read_as(schema, &value, body),
        None => Err(Unreadable::UnknownShape),
    }
}

/// Some senders begin UTF-8 with a byte-order mark.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// An Automation runbook gets the alert as `RequestBody`: a text really, an object in the documents' samples. Runbooks
/// pass it on as they got it. It is unwrapped once: nobody wraps twice.
fn unwrapped(wrapper: &Map<String, Value>) -> Result<Reading, Unreadable> {
    let (inner, bytes): (Cow<'_, Value>, Cow<'_, [u8]>) = match wrapper.get("RequestBody") {
        Some(Value::String(text)) => {
            let bytes = without_mark(text.as_bytes());
            let inner = serde_json::from_slice(bytes)
                .map_err(|e| malformed("RequestBody", format!("is a text that is not JSON: {e}")))?;
            (Cow::Owned(inner), Cow::Borrowed(bytes))
        }
        Some(inner @ Value::Object(_)) => (Cow::Borrowed(inner), Cow::Owned(inner.to_string().into_bytes())),
        _ => return Err(malformed("RequestBody", "is neither an object nor a text")),
    };
    let schema = inner.as_object().and_then(schema_of).ok_or(Unreadable::UnknownShape)?;
    read_as(schema, &inner, &bytes)
}

fn schema_of(object: &Map<String, Value>) -> Option<Schema> {
    let Some(id) = object.get("schemaId").and_then(Value::as_str) else {
        return if has(object, &["SearchQuery", "AlertRuleName"]) {
            Some(Schema::LogV1)
        } else if has(object, &["status", "context"]) {
            Some(Schema::ClassicMetric)
        } else {
            object.contains_key("targetVM").then_some(Schema::Tutorial)
        };
    };
    [
        ("azureMonitorCommonAlertSchema", Schema::Common),
        ("AzureMonitorMetricAlert", Schema::Metric),
        ("Microsoft.Insights/activityLogs", Schema::ActivityLog),
        ("AIP Budget Notification", Schema::Budget),
        ("Microsoft.Insights/LogAlert", Schema::LogV1),
    ]
    .into_iter()
    .find_map(|(name, schema)| id.trim().eq_ignore_ascii_case(name).then_some(schema))
}

fn has(object: &Map<String, Value>, keys: &[&str]) -> bool {
    keys.iter().all(|&key| object.contains_key(key))
}

/// `bytes` are what `body` was parsed from: they identify alerts that nothing else identifies.
fn read_as(schema: Schema, body: &Value, bytes: &[u8]) -> Result<Reading, Unreadable> {
    match schema {
        Schema::Common => common::read(body),
        Schema::Metric | Schema::ClassicMetric => metric::read(schema, body, bytes).map(boxed),
        Schema::ActivityLog => activity_log::read(body, bytes),
        Schema::LogV1 => log_v1::read(body, bytes).map(boxed),
        Schema::Budget => Ok(budget(schema, field::cleaned(body, "/data/BudgetName"))),
        Schema::Tutorial => tutorial::read(body, bytes).map(boxed),
    }
}

pub(super) fn boxed(alert: super::Alert) -> Reading {
    Reading::Alert(Box::new(alert))
}

/// Money is no machine.
pub(super) fn budget(schema: Schema, name: Option<String>) -> Reading {
    let name = name.map_or_else(String::new, |name| format!(" ({name})"));
    let detail =
        format!("a budget alert{name} names no machine; take alertcap out of the budget's action group");
    Reading::NotForUs { schema, reason: "budget", detail }
}
