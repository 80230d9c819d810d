//! Receivers of what people are told: what came to each of them, and what of it was taken.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What came to a receiver under one id.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// How often it came.
    pub(crate) came: u32,
    /// How often the answer was one of success, whether it arrived or not.
    pub(crate) taken: u32,
    /// The capture and what is told of it; not known of receivers whose messages are for people only.
    pub(crate) about: Option<(String, String)>,
    text: String,
}

/// All receivers, by host.
#[derive(Default)]
pub(crate) struct People {
    told: BTreeMap<String, BTreeMap<String, Told>>,
    /// Hosts that are down at the moment.
    pub(crate) down: BTreeSet<String>,
}

/// One message as it came.
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: Value,
    text: String,
}

impl Message {
    /// Reads a request: by the event's id, a header that holds one, or the text itself.
    pub(crate) fn read(request: &http::Request<bytes::Bytes>) -> Self {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let header = ["webhook-id", "idempotency-key"]
            .iter()
            .find_map(|name| request.headers().get(*name)?.to_str().ok());
        let id =
            body.get("id").and_then(Value::as_str).or(header).map_or_else(|| text.clone(), str::to_owned);
        Self { id, body, text }
    }

    /// The capture and the event, where the message says so.
    pub(crate) fn about(&self) -> Option<(String, String)> {
        let text = |name: &str| self.body.get(name)?.as_str();
        let event = text("type")?.strip_prefix("alertcap.capture.")?.strip_suffix(".v1")?;
        Some((text("subject")?.to_owned(), event.to_owned()))
    }
}

impl People {
    /// Takes note of a message; an error if one event came under two ids, or two under one.
    pub(crate) fn comes(&mut self, host: &str, message: &Message, is_taken: bool) -> Result<(), String> {
        let about = message.about();
        let here = self.told.entry(host.to_owned()).or_default();
        let is_other = |(id, told): &(&String, &Told)| (*id == &message.id) != (told.about == about);
        if about.is_some()
            && let Some((id, told)) = here.iter().find(is_other)
        {
            return Err(format!("{host}: {about:?} came as {}, and {:?} as {id}", message.id, told.about));
        }
        let told = here.entry(message.id.clone()).or_default();
        told.came += 1;
        told.taken += u32::from(is_taken);
        told.about = about;
        told.text.clone_from(&message.text);
        Ok(())
    }

    /// Whether a receiver took what is told under `id`, or a message that names the capture.
    pub(crate) fn took(&self, host: &str, id: &str, capture: &str) -> bool {
        let Some(here) = self.told.get(host) else { return false };
        match here.get(id) {
            Some(told) => told.taken > 0,
            None => here
                .values()
                .any(|told| told.about.is_none() && told.taken > 0 && told.text.contains(capture)),
        }
    }

    /// How many messages came, and how many different ones.
    pub(crate) fn count(&self) -> (u32, usize) {
        let all = self.told.values().flat_map(BTreeMap::values);
        (all.clone().map(|told| told.came).sum(), all.count())
    }
}
