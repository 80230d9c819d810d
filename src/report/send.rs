//! One try to tell one receiver, and what its answer means.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use serde_json::Value;

use super::{Outcome, Receiver, Report, cloudevents, message::Message, share, slack, teams};
use crate::{
    app::App,
    capture::Record,
    log::Level,
    platform::Platform,
    retry,
    settings::{Settings, people::Destination},
    standard_webhooks,
    time::Timestamp,
};

/// Receivers have so long to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A receiver's own word for what is wrong is no longer.
const LONGEST_WORD: usize = 64;

/// Sends the report at `index` of the record and writes the outcome into it.
pub async fn send<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record, index: usize) {
    let Some(report) = record.reports.get(index) else { return };
    let outcome = match settings.people.iter().find(|destination| destination.to == report.to) {
        Some(destination) => post(app, settings, destination, record, report).await,
        None => {
            not_taken(format!("{} is not set, or wrong: GET /readyz says which", report.to.variables().0))
        }
    };
    let now = app.platform.now();
    let Some(report) = record.reports.get_mut(index) else { return };
    let known = report.error.take();
    report.tried(now, outcome);
    let told = report.clone();
    note(record, &told, known.as_deref(), now);
    if told.dead_lettered_at.is_some() {
        let fields = [
            ("capture", record.name.as_str().into()),
            ("event", told.event.word().into()),
            ("receiver", told.to.name().into()),
            ("attempts", told.attempts.into()),
            ("error", told.error.into()),
        ];
        app.log(Level::Error, "a report is a dead letter: people were not told", &fields);
    }
}

/// The report itself counts tries; the history has only what is news, or it would hold nothing else.
fn note(record: &mut Record, report: &Report, known: Option<&str>, now: Timestamp) {
    let (to, word) = (report.to.name(), report.event.word());
    let note = match &report.error {
        None => format!("told {to}: {word}"),
        Some(why) if report.dead_lettered_at.is_some() => {
            format!("gave up telling {to} ({word}) after {} tries: {why}", report.attempts)
        }
        Some(why) if known != Some(why) => format!("could not tell {to} ({word}): {why}"),
        Some(_) => return,
    };
    record.note(now, note);
}

async fn post<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    to: &Destination,
    record: &Record,
    report: &Report,
) -> Outcome {
    let mut message = Message::of(record, report.event, &report.id);
    message.share(share::link(app, settings, record, report.event).await);
    let (content_type, body) = match to.to {
        Receiver::Webhook => (cloudevents::CONTENT_TYPE, cloudevents::body(record, &message)),
        Receiver::Teams => ("application/json", teams::body(&message)),
        Receiver::Slack => ("application/json", slack::body(&message)),
    };
    let body = Bytes::from(body.to_string());
    let now = app.platform.now();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(to.url())
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::USER_AGENT, concat!("alertcap/", env!("CARGO_PKG_VERSION")));
    for (name, value) in standard_webhooks::headers(&to.secrets, &report.id, now, &body) {
        request = request.header(name, value);
    }
    // Not the error's own words: they could hold the URL, and the URL is a secret.
    let Ok(request) = request.body(body) else {
        return not_taken(format!("{} cannot be called", to.to.variables().0));
    };
    match app.platform.send(request, TIMEOUT).await {
        Ok(answer) => outcome(to, answer.status().as_u16(), answer.headers(), answer.body(), now),
        Err(error) => not_taken(error.to_string()),
    }
}

fn not_taken(why: String) -> Outcome {
    Outcome::NotTaken { why, rest: None }
}

fn outcome(to: &Destination, status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Outcome {
    let word = word(to, body).map(|word| format!(": {word}")).unwrap_or_default();
    let why = format!("the receiver answered {status}{word}");
    match status {
        200..300 => Outcome::Taken,
        // Standard Webhooks: it is no longer interested. Slack says so of a channel that is archived.
        410 => Outcome::Gone { why },
        _ => Outcome::NotTaken { why, rest: retry::retry_after(headers, now) },
    }
}

/// A chat's word for what is wrong, such as `invalid_blocks` or `channel_is_archived`; nothing else of its answer, which
/// could repeat what was sent and where to.
fn word(to: &Destination, body: &[u8]) -> Option<String> {
    let word = match to.to {
        Receiver::Webhook => return None,
        Receiver::Slack => std::str::from_utf8(body).ok()?.trim().to_owned(),
        Receiver::Teams => {
            let error = serde_json::from_slice::<Value>(body).ok()?;
            error.pointer("/error/code")?.as_str()?.to_owned()
        }
    };
    let is_word = (1..=LONGEST_WORD).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_word && !to.url().contains(&word)).then_some(word)
}
