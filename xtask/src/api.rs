//! Plain HTTP to what runs on this machine.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::{Agent, http::Response};

/// The header that carries a key, as users of Azure Functions expect.
const KEY_HEADER: &str = "x-functions-key";

/// A client with one time limit for everything.
#[derive(Clone)]
pub(crate) struct Client(Agent);

/// What was answered.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body; null if it is no JSON.
    pub(crate) json: Value,
    /// The body as it came.
    pub(crate) text: String,
}

impl Client {
    /// A client that waits so long at most.
    pub(crate) fn new(limit: Duration) -> Self {
        let config = Agent::config_builder().timeout_global(Some(limit)).http_status_as_error(false);
        // What runs here is not behind the machine's proxy.
        Self(config.proxy(None).max_redirects(0).build().into())
    }

    /// GET, with a key if there is one.
    pub(crate) fn get(&self, url: &str, key: Option<&str>) -> Result<Answer> {
        let mut request = self.0.get(url);
        if let Some(key) = key {
            request = request.header(KEY_HEADER, key);
        }
        answer(request.call().with_context(|| format!("GET {url}"))?)
    }

    /// GET that must be answered with 200 and JSON.
    pub(crate) fn get_json(&self, url: &str, key: Option<&str>) -> Result<Value> {
        let answer = self.get(url, key)?;
        if answer.status != 200 || answer.json.is_null() {
            bail!("GET {url} was answered {}: {}", answer.status, answer.text);
        }
        Ok(answer.json)
    }

    /// POST of a JSON text, with a key.
    pub(crate) fn post(&self, url: &str, key: &str, body: &str) -> Result<Answer> {
        let request = self.0.post(url).header(KEY_HEADER, key).header("content-type", "application/json");
        answer(request.send(body).with_context(|| format!("POST {url}"))?)
    }

    /// POST of a form.
    pub(crate) fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer> {
        let fields = form.iter().map(|(name, value)| (*name, *value));
        answer(self.0.post(url).send_form(fields).with_context(|| format!("POST {url}"))?)
    }

    /// GET of a file in blob storage, whole.
    pub(crate) fn get_blob(&self, url: &str, token: &str) -> Result<Vec<u8>> {
        let request = self.0.get(url).header("authorization", format!("Bearer {token}"));
        let mut response =
            request.header("x-ms-version", "2023-11-03").call().with_context(|| format!("GET {url}"))?;
        let status = response.status().as_u16();
        let limit = response.body_mut().with_config().limit(1 << 30);
        let bytes = limit.read_to_vec().with_context(|| format!("GET {url}"))?;
        if status != 200 {
            bail!("GET {url} was answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }
}

fn answer(mut response: Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().context("the answer's body broke off")?;
    Ok(Answer { status, json: serde_json::from_str(&text).unwrap_or_default(), text })
}
