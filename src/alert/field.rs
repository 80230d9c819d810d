//! Fields picked by hand out of a payload: whatever is missing, null or of another type is nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Condition, MAX_PROPERTIES, Unreadable, malformed};
use crate::{
    text::{clean, clean_up_to},
    time::Timestamp,
};

/// The text under a JSON pointer, trimmed; nothing if it is empty.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(as_text)
}

/// The value as a text, trimmed; nothing if it is empty.
pub(super) fn as_text(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The text under a JSON pointer, made harmless.
pub(super) fn cleaned(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).map(clean).filter(|text| !text.is_empty())
}

/// What was measured, as far as the context of any schema says it: a metric's name, or a query. Of several the first.
pub(super) fn measured(context: &Value) -> Option<String> {
    [
        "/condition/allOf/0/metricName",
        "/condition/allOf/0/searchQuery",
        "/condition/metricName",
        "/SearchQuery",
        "/expression",
    ]
    .into_iter()
    .find_map(|at| cleaned(context, at))
}

/// The time under a JSON pointer; nothing if it is no RFC 3339 time.
pub(super) fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer)?.parse().ok()
}

/// Up to `most` members of the list under a JSON pointer.
pub(super) fn list<'a>(value: &'a Value, pointer: &str, most: usize) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten().take(most)
}

/// `monitorCondition` or `status`, in the words of any schema; nothing if there is none.
pub(super) fn condition(value: Option<&Value>, field: &'static str) -> Result<Option<Condition>, Unreadable> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let word = value.as_str().map(str::trim).unwrap_or_default();
    for (known, condition) in [
        ("Fired", Condition::Fired),
        ("Activated", Condition::Fired),
        ("Resolved", Condition::Resolved),
        ("Deactivated", Condition::Resolved),
    ] {
        if word.eq_ignore_ascii_case(known) {
            return Ok(Some(condition));
        }
    }
    let shown = clean(&value.to_string());
    Err(malformed(
        field,
        format!("is {shown}, neither \"Fired\" (\"Activated\") nor \"Resolved\" (\"Deactivated\")"),
    ))
}

/// `Sev0` to `Sev4`, written as that, as a number, or in the older words.
pub(super) fn severity(value: Option<&Value>) -> Option<String> {
    let word = match value? {
        Value::Number(number) => number.to_string(),
        value => as_text(value)?.to_ascii_lowercase(),
    };
    let word = word.strip_prefix("sev").unwrap_or(&word).trim_start();
    [["0", "critical"], ["1", "error"], ["2", "warning"], ["3", "informational"], ["4", "verbose"]]
        .iter()
        .find_map(|[digit, name]| (word == *digit || word == *name).then(|| format!("Sev{digit}")))
}

/// A property may hold a list of filters.
const PROPERTY_CHARS: usize = 4_096;

/// Adds the members of an object that are a text or can be written as one. What is there already stays.
pub(super) fn properties(into: &mut BTreeMap<String, String>, object: Option<&Value>) {
    for (key, value) in object.and_then(Value::as_object).into_iter().flatten() {
        let text = match value {
            Value::String(text) => clean_up_to(text, PROPERTY_CHARS),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        if into.len() < MAX_PROPERTIES {
            into.entry(clean(key)).or_insert(text);
        }
    }
}
