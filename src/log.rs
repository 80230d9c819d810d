//! Log lines: one JSON object each, with `time`, `level`, `message` and the fields of the event.
//!
//! The message reads well by itself; the values stand beside it to filter on. A failure is logged once, where it is
//! handled. Never logged: keys, secrets, tokens, request bodies (but for a word of one that cannot be understood, cleaned and
//! cut), URLs with a query.

use serde_json::{Map, Value};

use crate::time::Timestamp;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something happened as it should.
    Info,
    /// Something is not as it should be; alertcap goes on.
    Warn,
    /// A capture failed or an alert could not be taken.
    Error,
}

/// One line.
#[must_use]
pub fn line(now: Timestamp, level: Level, message: &str, fields: &[(&str, Value)]) -> String {
    let mut object = Map::new();
    object.insert("time".to_owned(), now.to_string().into());
    let level = match level {
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    object.insert("level".to_owned(), level.into());
    object.insert("message".to_owned(), message.into());
    object.extend(fields.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| ((*k).to_owned(), v.clone())));
    Value::Object(object).to_string()
}
