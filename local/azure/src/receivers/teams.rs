//! A little Teams: the webhook trigger of a Workflow that posts an adaptive card. It answers before the card is posted,
//! so what is wrong with the card would show nowhere; here it is refused. The words are invented.

use http::StatusCode;
use serde_json::{Value, json};

use super::Taken;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::request::Req;

/// The largest message that Teams takes.
const MOST_BYTES: usize = 28 * 1024;
const CARD: &str = "application/vnd.microsoft.card.adaptive";

/// `POST /teams/{name}`: 202 with an empty body, or an error as Power Automate lays it out.
pub(crate) fn take(app: &App, req: &Req, name: &str) -> Answer {
    let refused = if req.body.len() > MOST_BYTES {
        let why = format!("{} bytes, {MOST_BYTES} at most", req.body.len());
        Some((StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", why))
    } else {
        check(&req.body).err().map(|why| (StatusCode::BAD_REQUEST, "TriggerInputSchemaMismatch", why))
    };
    let status = refused.as_ref().map_or(StatusCode::ACCEPTED, |(status, ..)| *status);
    let why = refused.as_ref().map(|(_, code, why)| format!("{code}: {why}"));
    app.record.notified("teams", name, req, Taken { status, refused: why, signature: None });
    match refused {
        None => answer::empty(status),
        Some((_, code, why)) => answer::json(
            status,
            &json!({ "error": { "code": code, "message": format!("The input body is not valid: {why}.") } }),
        ),
    }
}

fn check(body: &[u8]) -> Result<(), String> {
    let message: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if message["type"] != "message" {
        return Err("type is not \"message\"".into());
    }
    let attachments = message["attachments"].as_array().ok_or("there are no attachments")?;
    let [attachment] = attachments.as_slice() else {
        return Err(format!("{} attachments, one is taken", attachments.len()));
    };
    if attachment["contentType"] != CARD {
        return Err(format!("the attachment's contentType is not {CARD}"));
    }
    let card = &attachment["content"];
    if card["type"] != "AdaptiveCard" {
        return Err("the content's type is not AdaptiveCard".into());
    }
    if !card["version"].as_str().is_some_and(|version| version.starts_with("1.")) {
        return Err("the card has no version 1.x".into());
    }
    let elements = card["body"].as_array().ok_or("the card has no body")?;
    let is_element = |element: &Value| element["type"].as_str().is_some_and(|kind| !kind.is_empty());
    if elements.is_empty() || !elements.iter().all(is_element) {
        return Err("the card's body is empty, or an element of it has no type".into());
    }
    Ok(())
}
