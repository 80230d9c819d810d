//! A little Slack: an incoming webhook that refuses, in Slack's own words, what Slack refuses.

use http::StatusCode;
use serde_json::Value;

use super::Taken;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::request::Req;

/// `POST /slack/{name}`: 200 `ok`, or 400 and a word.
pub(crate) fn take(app: &App, req: &Req, name: &str) -> Answer {
    let (status, word, why) = match serde_json::from_slice::<Value>(&req.body) {
        Ok(message) => match check(&message) {
            Ok(()) => (StatusCode::OK, "ok", None),
            Err((word, why)) => (StatusCode::BAD_REQUEST, word, Some(why)),
        },
        Err(error) => (StatusCode::BAD_REQUEST, "invalid_payload", Some(error.to_string())),
    };
    let refused = why.map(|why| format!("{word}: {why}"));
    app.record.notified("slack", name, req, Taken { status, refused, signature: None });
    answer::text(status, word)
}

type Refusal = (&'static str, String);

/// Slack's limits for Block Kit, of the blocks that a webhook's message is likely to hold.
fn check(message: &Value) -> Result<(), Refusal> {
    let Some(message) = message.as_object() else {
        return Err(("invalid_payload", "it is no object".into()));
    };
    let has_text = message.get("text").is_some_and(|text| text.as_str().is_some_and(|text| !text.is_empty()));
    let Some(blocks) = message.get("blocks") else {
        let has_attachments =
            message.get("attachments").and_then(Value::as_array).is_some_and(|a| !a.is_empty());
        return if has_text || has_attachments { Ok(()) } else { Err(("no_text", "nothing to show".into())) };
    };
    let Some(blocks) = blocks.as_array() else { return Err(("invalid_blocks", "blocks is no list".into())) };
    if blocks.is_empty() && !has_text {
        return Err(("no_text", "nothing to show".into()));
    }
    if blocks.len() > 50 {
        return Err(("invalid_blocks", format!("{} blocks, 50 at most", blocks.len())));
    }
    for (number, block) in blocks.iter().enumerate() {
        check_block(block).map_err(|why| ("invalid_blocks", format!("blocks[{number}]: {why}")))?;
    }
    Ok(())
}

fn check_block(block: &Value) -> Result<(), String> {
    let list = |field: &str| block[field].as_array().cloned().unwrap_or_default();
    if let Some(id) = block.get("block_id") {
        length(id, 255).map_err(|why| format!("block_id: {why}"))?;
    }
    match block["type"].as_str().unwrap_or_default() {
        "divider" => Ok(()),
        "rich_text" => list("elements").iter().try_for_each(|section| {
            if section["type"] != "rich_text_section" {
                return Err(format!("{} is not played here", section["type"]));
            }
            section["elements"].as_array().into_iter().flatten().try_for_each(|element| match element["type"]
                .as_str()
            {
                Some("text") => length(&element["text"], 3_000),
                Some("link") => length(&element["url"], 3_000).map_err(|why| format!("url: {why}")),
                other => Err(format!("{other:?} is not played here")),
            })
        }),
        "header" => check_text(&block["text"], &["plain_text"], 150),
        "section" => {
            let fields = list("fields");
            if block.get("text").is_none() && fields.is_empty() {
                return Err("a section needs text or fields".into());
            }
            if block.get("text").is_some() {
                check_text(&block["text"], &["plain_text", "mrkdwn"], 3_000)?;
            }
            at_most(10, &fields, "fields")?;
            fields.iter().try_for_each(|field| check_text(field, &["plain_text", "mrkdwn"], 2_000))
        }
        "context" => {
            let elements = list("elements");
            if elements.is_empty() {
                return Err("elements is empty".into());
            }
            at_most(10, &elements, "elements")?;
            let texts = elements.iter().filter(|element| element["type"] != "image");
            texts.into_iter().try_for_each(|text| check_text(text, &["plain_text", "mrkdwn"], 3_000))
        }
        "actions" => {
            let elements = list("elements");
            if elements.is_empty() {
                return Err("elements is empty".into());
            }
            at_most(25, &elements, "elements")?;
            elements.iter().try_for_each(|element| {
                if element["type"] != "button" {
                    return Err(format!("{} is not played here", element["type"]));
                }
                if let Some(url) = element.get("url") {
                    length(url, 3_000).map_err(|why| format!("url: {why}"))?;
                }
                check_text(&element["text"], &["plain_text"], 75)
            })
        }
        other => Err(format!("there is no block {other:?}, or it is not played here")),
    }
}

fn at_most(most: usize, list: &[Value], what: &str) -> Result<(), String> {
    if list.len() > most { Err(format!("{} {what}, {most} at most", list.len())) } else { Ok(()) }
}

fn check_text(text: &Value, kinds: &[&str], most: usize) -> Result<(), String> {
    if !text["type"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
        return Err(format!("a text's type must be one of {kinds:?}"));
    }
    length(&text["text"], most)
}

fn length(text: &Value, most: usize) -> Result<(), String> {
    match text.as_str().map(|text| text.chars().count()) {
        None => Err("a text is missing".into()),
        Some(0) => Err("a text is empty".into()),
        Some(count) if count > most => Err(format!("a text of {count} characters, {most} at most")),
        Some(_) => Ok(()),
    }
}
