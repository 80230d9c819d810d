//! The receiver in Microsoft Teams: a workflow that is triggered by a webhook and posts the adaptive card it is given.
//!
//! Sources: Teams' pages on workflows and webhooks (a message with one attachment, up to 28 KB), Adaptive Cards 1.4. A
//! `TextBlock` or a `FactSet` would render Markdown; a `TextRun` does not, so that nothing in an alert becomes a link.

use serde_json::{Value, json};
use url::Url;

use super::{Event, message::Message, object};
use crate::text::fit;

/// The card itself stays below this; Teams takes 28 KB with all that is around it.
const MOST_BYTES: usize = 24 * 1024;
/// What stands out.
const BOLD: (&str, &str) = ("weight", "Bolder");
/// How long a text may be, tried from the longest on: the last fits whatever the text is.
const TEXT_UNITS: [usize; 3] = [1_000, 300, 80];

/// What the workflow's URL is sent.
#[must_use]
pub fn body(message: &Message) -> Value {
    let mut card = Value::Null;
    for most in TEXT_UNITS {
        card = card_within(message, most);
        if card.to_string().len() <= MOST_BYTES {
            break;
        }
    }
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": card,
    });
    object("message", vec![("attachments", vec![attachment].into())])
}

fn card_within(message: &Message, most: usize) -> Value {
    let run = |words: &str, style: &[(&'static str, &'static str)]| run(&plain(&fit(words, most)), style);
    let title = [BOLD, ("size", "Large"), ("color", color(message.event))];
    let mut body = vec![block(vec![run(&message.title, &title)]), block(vec![run(&message.summary, &[])])];
    body.extend(message.headlines.iter().map(|words| block(vec![run(&format!("• {words}"), &[])])));
    if let Some(advice) = &message.advice {
        body.push(block(vec![run("What to do: ", &[BOLD]), run(advice, &[])]));
    }
    for (name, value) in &message.facts {
        body.push(block(vec![run(&format!("{name}: "), &[BOLD]), run(value, &[])]));
    }
    for note in message.notes.iter().chain([&message.id]) {
        body.push(block(vec![run(note, &[("size", "Small")])]));
    }
    // An address that was cut would lead elsewhere.
    let file = message.file.as_ref().map(Url::as_str).filter(|file| file.len() <= most);
    let open =
        |file: &str| object("Action.OpenUrl", vec![("title", "Open the file".into()), ("url", file.into())]);
    let actions: Vec<Value> = file.map(open).into_iter().collect();
    object(
        "AdaptiveCard",
        vec![
            ("$schema", "http://adaptivecards.io/schemas/adaptive-card.json".into()),
            ("version", "1.4".into()),
            ("body", body.into()),
            ("actions", actions.into()),
        ],
    )
}

fn block(inlines: Vec<Value>) -> Value {
    object("RichTextBlock", vec![("inlines", inlines.into()), ("spacing", "Small".into())])
}

fn run(text: &str, style: &[(&'static str, &'static str)]) -> Value {
    let mut fields = vec![("text", text.into())];
    fields.extend(style.iter().map(|(name, value)| (*name, (*value).into())));
    object("TextRun", fields)
}

fn color(event: Event) -> &'static str {
    match event {
        Event::Started => "Accent",
        Event::Ended => "Good",
        Event::Failed => "Attention",
        Event::HeldBack => "Warning",
    }
}

/// A text run knows no Markdown, but `{{DATE(…)}}` everywhere and, where others read cards, tags such as `<at>`. Both
/// are parted.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        let is_function = matches!((last, c), ('{', '{') | ('$', '{'));
        let is_tag = last == '<' && (c.is_alphabetic() || c == '/' || c == '!');
        if is_function || is_tag {
            plain.push(' ');
        }
        plain.push(c);
        last = c;
    }
    plain
}

#[cfg(test)]
#[path = "teams_tests.rs"]
mod tests;
