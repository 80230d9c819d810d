//! The receiver that takes `CloudEvents` 1.0: one JSON POST per event, structured mode.
//!
//! Source: `CloudEvents` 1.0.2 and its HTTP protocol binding. `id` is the same each time an event is sent.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, header};
use serde_json::{Value, json};

use super::Event;
use crate::{app::App, capture::Record, plan::MachineKind, platform::Platform, settings::Settings};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends the report at `index` of the record and writes the outcome into it.
pub async fn send<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record, index: usize) {
    let Some(report) = record.reports.get(index) else { return };
    let event = event(record, report.event, &report.id);
    let outcome = match &settings.notify {
        Some(url) => post(app, url.as_str(), &event).await,
        None => Err("notify_url is not set".to_owned()),
    };
    let now = app.platform.now();
    let Some(report) = record.reports.get_mut(index) else { return };
    let word = report.event.word();
    report.tried(now, outcome);
    let note = match &report.error {
        None => format!("told: {word}"),
        Some(why) => format!("could not tell ({word}): {why}"),
    };
    record.note(now, note);
}

async fn post<P: Platform>(app: &App<P>, url: &str, event: &Value) -> Result<(), String> {
    let body = Bytes::from(event.to_string());
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::USER_AGENT, concat!("alertcap/", env!("CARGO_PKG_VERSION")))
        .body(body)
        // Not the error's own words: they could hold the URL, and the URL is a secret.
        .map_err(|_| "notify_url cannot be called".to_owned())?;
    let response = app.platform.send(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("the receiver answered {}", response.status().as_u16()))
    }
}

/// The event: what happened in a sentence, and the record.
fn event(record: &Record, event: Event, id: &str) -> Value {
    let time = match event {
        Event::Started => record.started_at,
        Event::Ended | Event::Failed => record.ended_at,
    };
    let machine = record.machine.id.name();
    let summary = match (event, &record.error, &record.stop_reason) {
        (Event::Started, ..) => format!("A packet capture runs on {machine}"),
        (_, Some(error), _) if record.machine.kind == MachineKind::Unresolved => {
            format!("An alert on {machine} led to no packet capture: {error}")
        }
        (_, Some(error), _) => format!("The packet capture on {machine} failed: {error}"),
        (_, None, Some(reason)) => format!("The packet capture on {machine} ended: {reason}"),
        (_, None, None) => format!("The packet capture on {machine} ended"),
    };
    let agent = record.agent_missing.as_ref().map(|command| {
        format!(". The machine was seen without the Network Watcher agent; install it: {command}")
    });
    let summary = summary + agent.as_deref().unwrap_or_default();
    json!({
        "specversion": "1.0",
        "id": id,
        "type": format!("alertcap.capture.{}.v1", event.word()),
        "source": record.machine.id,
        "subject": record.name,
        "time": time.unwrap_or(record.accepted_at).to_string(),
        "datacontenttype": "application/json",
        "data": { "summary": summary, "capture": record.public() },
    })
}

#[cfg(test)]
#[path = "cloudevents_tests.rs"]
mod tests;
