//! The receiver that takes `CloudEvents` 1.0: one JSON POST per event, structured mode.
//!
//! Source: `CloudEvents` 1.0.2 and its HTTP protocol binding. `id` is the same each time an event is sent.

use serde_json::{Value, json};

use super::message::{Message, agent_missing};
use crate::capture::Record;

/// What the body is.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// The event: what happened in a sentence, what was on the wire in at most three, and the record.
#[must_use]
pub fn body(record: &Record, message: &Message) -> Value {
    let agent = agent_missing(record).map(|words| format!(". {words}")).unwrap_or_default();
    let headlines = json!(message.headlines);
    let mut event = json!({
        "specversion": "1.0",
        "id": message.id,
        "type": format!("alertcap.capture.{}.v1", message.event.word()),
        "source": record.machine.id,
        "subject": record.name,
        "time": message.at.to_string(),
        "datacontenttype": "application/json",
        "data": {
            "summary": format!("{}{agent}", message.summary),
            "headlines": headlines,
            "capture": record.public(),
        },
    });
    if let Some(data) = event.get_mut("data").and_then(Value::as_object_mut) {
        if let (Some(url), Some(until)) = (&message.file, message.shared_until) {
            let link = json!({ "url": url.as_str(), "expiresAt": until.to_string() });
            data.insert("shareLink".to_owned(), link);
        }
        data.extend(message.unshared.iter().map(|why| ("noShareLink".to_owned(), why.as_str().into())));
    }
    event
}

#[cfg(test)]
#[path = "cloudevents_tests.rs"]
mod tests;
