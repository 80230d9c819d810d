//! Everything received, in order of arrival, with what was secret in it replaced.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::clock::{self, Clock};
use crate::receivers::{Signature, Taken};
use crate::request::Req;

/// One recorded request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) operation: &'static str,
    pub(crate) received_at: String,
    pub(crate) answered_at: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) url: String,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Value,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<&'static str>,
    /// The name of the session it is about.
    pub(crate) capture: Option<String>,
}

/// One recorded notification.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Notification {
    pub(crate) seq: u64,
    /// The service it was sent to, if not to a plain webhook: `slack`, `teams`.
    pub(crate) name: String,
    /// The receiver, as the URL names it.
    pub(crate) to: String,
    pub(crate) received_at: String,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Value,
    pub(crate) bytes: usize,
    /// What it was answered.
    pub(crate) status: u16,
    /// What was wrong with it.
    pub(crate) refused: Option<String>,
    /// Whether it is signed as Standard Webhooks say; not known where no secrets were told.
    pub(crate) signature: Option<Signature>,
}

#[derive(Debug, Default)]
struct Lists {
    /// Goes on counting over a reset, so that whoever waits for news never misses any.
    last_seq: u64,
    requests: Vec<Entry>,
    notifications: Vec<Notification>,
}

/// The record.
#[derive(Debug)]
pub(crate) struct Record {
    clock: Clock,
    lists: Mutex<Lists>,
    /// Changes whenever the record does.
    changed: watch::Sender<u64>,
}

impl Record {
    /// An empty one, whose times are this clock's.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, lists: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Writes down a request that has just come in; the number is for [`Record::answered`].
    pub(crate) fn received(
        &self,
        operation: &'static str,
        req: &Req,
        capture: Option<String>,
        fault: Option<&'static str>,
    ) -> u64 {
        let entry = Entry {
            seq: 0,
            operation,
            received_at: clock::micros(self.clock.now()),
            answered_at: None,
            method: req.method.to_string(),
            path: req.uri.path().to_owned(),
            query: req.uri.query().unwrap_or_default().to_owned(),
            url: format!("{}{}", req.base_url(), req.path_and_query()),
            headers: headers(req),
            body: body(req),
            status: None,
            fault,
            capture,
        };
        let mut lists = self.lists();
        lists.last_seq += 1;
        let seq = lists.last_seq;
        lists.requests.push(Entry { seq, ..entry });
        drop(lists);
        self.news();
        seq
    }

    /// Writes down what it was answered.
    pub(crate) fn answered(&self, seq: u64, status: StatusCode) {
        if let Some(entry) = self.lists().requests.iter_mut().rev().find(|entry| entry.seq == seq) {
            entry.answered_at = Some(clock::micros(self.clock.now()));
            entry.status = Some(status.as_u16());
        }
        self.news();
    }

    /// Writes down a notification.
    pub(crate) fn notified(&self, name: &str, to: &str, req: &Req, taken: Taken) {
        let mut lists = self.lists();
        lists.last_seq += 1;
        let seq = lists.last_seq;
        lists.notifications.push(Notification {
            seq,
            name: name.to_owned(),
            to: to.to_owned(),
            received_at: clock::micros(self.clock.now()),
            headers: headers(req),
            body: body(req),
            bytes: req.body.len(),
            status: taken.status.as_u16(),
            refused: taken.refused,
            signature: taken.signature,
        });
        drop(lists);
        self.news();
    }

    /// How many requests of each operation: those about the session of this name, from its PUT on, or all there were.
    pub(crate) fn calls(&self, capture: Option<&str>) -> BTreeMap<&'static str, u64> {
        let mut calls = BTreeMap::new();
        let of = |entry: &&Entry| {
            let named =
                |name: &str| entry.capture.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
            capture.is_none_or(named)
        };
        for entry in self.lists().requests.iter().filter(of) {
            *calls.entry(entry.operation).or_default() += 1;
        }
        calls
    }

    /// The requests after this number.
    pub(crate) fn requests(&self, since: u64) -> Vec<Entry> {
        self.lists().requests.iter().filter(|entry| entry.seq > since).cloned().collect()
    }

    /// The notifications after this number.
    pub(crate) fn notifications(&self, since: u64) -> Vec<Notification> {
        self.lists().notifications.iter().filter(|entry| entry.seq > since).cloned().collect()
    }

    /// Forgets the requests.
    pub(crate) fn clear_requests(&self) {
        self.lists().requests.clear();
    }

    /// Forgets the notifications.
    pub(crate) fn clear_notifications(&self) {
        self.lists().notifications.clear();
    }

    /// Something happened: wakes those who wait for it.
    pub(crate) fn news(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// To wait for news.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lists(&self) -> std::sync::MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A short digest: enough to see whether two are the same, useless to sign in with.
fn digest(secret: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    let hex: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn headers(req: &Req) -> Map<String, Value> {
    let mut map = Map::new();
    for name in req.headers.keys() {
        let values: Vec<String> = req
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let value = values.join(", ");
        let shown = match value.split_once(' ') {
            Some((scheme, token)) if name == http::header::AUTHORIZATION => {
                format!("{scheme} {}", digest(token))
            }
            None if name == http::header::AUTHORIZATION => digest(&value),
            _ => value,
        };
        map.insert(name.as_str().to_owned(), Value::String(shown));
    }
    map
}

fn body(req: &Req) -> Value {
    let kind = req.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let text = String::from_utf8_lossy(&req.body).into_owned();
    if kind.contains("json")
        && let Ok(value) = serde_json::from_slice(&req.body)
    {
        return value;
    }
    // Whatever the content type says: a form sent under a wrong one holds the same secrets.
    Value::String(redacted_form(&text))
}

fn redacted_form(text: &str) -> String {
    let fields: Vec<String> = text
        .split('&')
        .map(|field| match field.split_once('=') {
            Some((key @ ("client_secret" | "client_assertion"), value)) => format!("{key}={}", digest(value)),
            _ => field.to_owned(),
        })
        .collect();
    fields.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_form_become_digests_and_the_rest_stays() {
        let text = redacted_form("client_id=a&client_secret=top%7Esecret&client_assertion_type=urn%3Ax");
        assert!(text.starts_with("client_id=a&client_secret=sha256:"), "{text}");
        assert!(text.ends_with("&client_assertion_type=urn%3Ax"), "{text}");
        assert!(!text.contains("top"), "{text}");
    }
}
