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
    json!({
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
    })
}

#[cfg(test)]
#[path = "cloudevents_tests.rs"]
mod tests;
