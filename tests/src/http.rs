//! Plain HTTP, every status an answer.

use std::time::Duration;

use serde_json::Value;
use ureq::{
    Agent, Body,
    http::{HeaderMap, Response},
};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as JSON where it is.
    pub json: Value,
    /// Its body.
    pub bytes: Vec<u8>,
}

/// One that keeps its connections, and wants to know statuses only.
#[derive(Debug)]
pub struct Client(Agent);

impl Default for Client {
    fn default() -> Self {
        Self(agent())
    }
}

impl Client {
    /// GETs `url`: the status, 0 if there is no answer.
    #[must_use]
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> u16 {
        let request =
            headers.iter().fold(self.0.get(url), |request, (name, value)| request.header(*name, *value));
        request.call().ok().and_then(whole).map_or(0, |answer| answer.status)
    }

    /// POSTs `body` to `url`: the status, 0 if there is no answer.
    #[must_use]
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> u16 {
        let request =
            headers.iter().fold(self.0.post(url), |request, (name, value)| request.header(*name, *value));
        request.send(body).ok().and_then(whole).map_or(0, |answer| answer.status)
    }
}

fn agent() -> Agent {
    // Never through the machine's proxy, and never for ever.
    let config = Agent::config_builder().http_status_as_error(false).proxy(None).max_redirects(0);
    config.timeout_global(Some(Duration::from_secs(60))).build().into()
}

/// GETs `url` with `headers`.
///
/// # Panics
/// When there is no answer.
#[must_use]
pub fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    try_get(url, headers).unwrap_or_else(|| panic!("GET {url}: no answer"))
}

/// The same, where nobody may answer yet.
#[must_use]
pub fn try_get(url: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    let request =
        headers.iter().fold(agent().get(url), |request, (name, value)| request.header(*name, *value));
    whole(request.call().ok()?)
}

/// DELETEs `url` with `headers`.
///
/// # Panics
/// When there is no answer.
#[must_use]
pub fn delete(url: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(agent().delete(url), |request, (name, value)| request.header(*name, *value));
    request.call().ok().and_then(whole).unwrap_or_else(|| panic!("DELETE {url}: no answer"))
}

/// POSTs `body` to `url` with `headers`.
///
/// # Panics
/// When there is no answer.
#[must_use]
pub fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    try_post(url, headers, body).unwrap_or_else(|| panic!("POST {url}: no answer"))
}

/// The same, where nobody may answer: the host may be killed in the middle.
#[must_use]
pub fn try_post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
    let request =
        headers.iter().fold(agent().post(url), |request, (name, value)| request.header(*name, *value));
    whole(request.send(body).ok()?)
}

/// None for an answer that breaks off.
fn whole(mut response: Response<Body>) -> Option<Answer> {
    let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().ok()?;
    Some(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        json: serde_json::from_slice(&bytes).unwrap_or_default(),
        bytes,
    })
}
