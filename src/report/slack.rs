//! The receiver in Slack: an incoming webhook of an app, which takes blocks.
//!
//! Source: Slack's reference of Block Kit. All that comes from outside stands in `plain_text`, which knows neither markup
//! nor mentions; only the fallback `text` is markup, and there the three characters that begin any are escaped.

use serde_json::{Value, json};

use super::{message::Message, object};
use crate::text::fit;

/// A header's text.
const HEADER: usize = 150;
/// A section's text.
const SECTION: usize = 3_000;
/// Fields of a section, and the text of each.
const FIELDS: (usize, usize) = (10, 2_000);
/// A text in a context block: Slack sets no limit of its own to it.
const CONTEXT: usize = 1_000;
/// The fallback, of which a notification shows less anyway.
const FALLBACK: usize = 1_000;

/// What the webhook's URL is sent.
#[must_use]
pub fn body(message: &Message) -> Value {
    let section = |text: &str| object("section", vec![("text", plain(text, SECTION))]);
    let mut blocks =
        vec![object("header", vec![("text", plain(&message.title, HEADER))]), section(&message.summary)];
    blocks.extend(message.headlines.iter().map(|words| section(&format!("• {words}"))));
    if let Some(advice) = &message.advice {
        blocks.push(section(&format!("What to do: {advice}")));
    }
    for facts in message.facts.chunks(FIELDS.0) {
        let field = |(name, value): &(&str, String)| plain(&format!("{name}\n{value}"), FIELDS.1);
        let fields: Vec<Value> = facts.iter().map(field).collect();
        blocks.push(object("section", vec![("fields", fields.into())]));
    }
    if let (Some(file), Some(_)) = (&message.file, message.shared_until) {
        blocks.push(link(file.as_str()));
    }
    for note in message.notes.iter().chain([&message.id]) {
        blocks.push(object("context", vec![("elements", vec![plain(note, CONTEXT)].into())]));
    }
    json!({
        "text": escape(&fit(&message.summary, FALLBACK)),
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

/// A link is an element of its own: neither markup nor a button, which Slack would report a click of.
fn link(url: &str) -> Value {
    let link = object("link", vec![("url", url.into()), ("text", "Open the file".into())]);
    let section = object("rich_text_section", vec![("elements", vec![link].into())]);
    object("rich_text", vec![("elements", vec![section].into())])
}

/// Colons stay colons: no emoji is made of them.
fn plain(text: &str, most: usize) -> Value {
    object("plain_text", vec![("text", fit(text, most).into()), ("emoji", false.into())])
}

/// Slack's own three escapes: links and mentions begin with `<`, escapes with `&`.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
#[path = "slack_tests.rs"]
mod tests;
