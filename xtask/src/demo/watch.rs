//! Watching one capture from outside: its record at alertcap, and what the stand-in for Azure was asked and told.

use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Error, Result, bail};
use console::style;
use serde_json::Value;

use crate::{
    api::{Answer, Client},
    children::Interrupted,
    stack::Stack,
    ui::{self, Step},
};

const LOOK_EVERY: Duration = Duration::from_millis(150);
/// So many requests are shown when something went wrong.
const SHOWN_REQUESTS: usize = 8;

/// What can be seen at one moment.
#[derive(Default)]
pub(super) struct Sight {
    /// The capture's record.
    pub(super) record: Value,
    /// Everything that the stand-in was asked.
    pub(super) requests: Vec<Value>,
    /// Everything that people were told.
    pub(super) notifications: Vec<Value>,
}

/// Something that has happened.
pub(super) struct Seen {
    /// When, as RFC 3339; now, if nothing says it.
    pub(super) at: Option<String>,
    /// What.
    pub(super) what: String,
}

/// The watcher.
pub(super) struct Watch {
    stack: Stack,
    client: Client,
    azure: String,
    fired: SystemTime,
    name: String,
    /// What was seen last.
    pub(super) sight: Sight,
}

impl Watch {
    /// A watcher of a stack with a stand-in.
    pub(super) fn new(stack: Stack) -> Result<Self> {
        let azure = stack.azure_base().context("the demo needs the stand-in")?.to_owned();
        // The answer to an alert takes 8 s at most.
        let client = Client::new(Duration::from_secs(12));
        let (fired, name) = (SystemTime::now(), String::new());
        Ok(Self { stack, client, azure, fired, name, sight: Sight::default() })
    }

    /// What the stand-in said of itself and its sample.
    pub(super) fn azure(&self) -> &Value {
        self.stack.azure.as_ref().unwrap_or(&Value::Null)
    }

    /// The client, for what only one step needs.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Fires an alert; time counts from here.
    pub(super) fn fire(&mut self, body: &str) -> Result<Answer> {
        let url = format!("{}/api/alerts", self.stack.base);
        self.fired = SystemTime::now();
        self.client.post(&url, &self.stack.keys.webhook, body)
    }

    /// Which capture is watched from now on.
    pub(super) fn follow(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Waits until `look` finds what is waited for, and shows it. A failed capture, a dead child and Ctrl-C end the wait.
    pub(super) fn wait(
        &mut self,
        what: &str,
        within: Duration,
        mut look: impl FnMut(&Sight) -> Result<Option<Seen>>,
    ) -> Result<()> {
        let step = Step::start(format!("waiting: {what}"));
        let deadline = Instant::now() + within;
        loop {
            self.look()?;
            if let Some(seen) = look(&self.sight).with_context(|| format!("step \"{what}\""))? {
                drop(step);
                self.show(&seen);
                return Ok(());
            }
            if self.capture_error().is_some() {
                bail!("step \"{what}\" will not happen");
            }
            if Instant::now() > deadline {
                bail!("step \"{what}\" did not happen within {} s", within.as_secs());
            }
            step.note(self.sight.last_note());
            self.stack.children.check()?;
            thread::sleep(LOOK_EVERY);
        }
    }

    /// One line for something that has happened.
    pub(super) fn show(&self, seen: &Seen) {
        let at = seen
            .at
            .as_deref()
            .and_then(|at| humantime::parse_rfc3339(at).ok())
            .unwrap_or_else(SystemTime::now);
        let after = at.duration_since(self.fired).unwrap_or_default().as_secs_f32();
        let after = style(format!("{after:5.1} s")).dim().for_stderr();
        ui::done(format!("{after}  {}", seen.what));
    }

    /// The closing line.
    pub(super) fn summary(&self) -> String {
        let arm = self.sight.requests.iter().filter(|request| {
            let operation = request["operation"].as_str().unwrap_or_default();
            operation != "token" && operation.contains('.') && !operation.starts_with("blob.")
        });
        format!("all of it happened; ARM was asked {} times", arm.count())
    }

    /// Prints everything that may explain an error, and names the capture's own error in it.
    pub(super) fn explain(mut self, error: Error) -> Error {
        if error.is::<Interrupted>() {
            return error;
        }
        self.look().ok();
        let record = &self.sight.record;
        if !record.is_null() {
            ui::line(format!("\nThe capture's record: {record:#}"));
        }
        ui::line("\nThe last requests to the stand-in:");
        let from = self.sight.requests.len().saturating_sub(SHOWN_REQUESTS);
        for request in self.sight.requests.iter().skip(from) {
            let of = |name: &str| request[name].as_str().unwrap_or_default();
            let (at, operation, method, path) =
                (of("received_at"), of("operation"), of("method"), of("path"));
            ui::line(format!("    {at} {operation} {method} {path} → {}", request["status"]));
        }
        ui::line(format!("\nThe last lines of each program:{}\n", self.stack.children.last_lines()));
        match self.capture_error() {
            Some(own) => error.context(format!("the capture failed with {own}")),
            None => error,
        }
    }

    /// The capture's error in a line; none if it has none.
    fn capture_error(&self) -> Option<String> {
        let error = &self.sight.record["error"];
        let of = |name: &str| error[name].as_str().unwrap_or_default();
        (!error.is_null()).then(|| format!("{}: {} {}", of("code"), of("message"), of("advice")))
    }

    fn look(&mut self) -> Result<()> {
        let list = |what: &str| -> Result<Vec<Value>> {
            let mut answer = self.client.get_json(&format!("{}/_standin/{what}", self.azure), None)?;
            match answer[what].take() {
                Value::Array(entries) => Ok(entries),
                _ => bail!("the stand-in's answer has no {what}"),
            }
        };
        let (requests, notifications) = (list("requests")?, list("notifications")?);
        let record = if self.name.is_empty() {
            Value::Null
        } else {
            let url = format!("{}/api/captures/{}", self.stack.base, self.name);
            self.client.get_json(&url, Some(&self.stack.keys.operator))?
        };
        self.sight = Sight { record, requests, notifications };
        Ok(())
    }
}

impl Sight {
    /// The first answered request of one operation.
    pub(super) fn request(&self, operation: &str) -> Option<&Value> {
        self.requests.iter().find(|request| request["operation"] == operation && request["status"].is_u64())
    }

    /// How many there were of one operation.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.requests.iter().filter(|request| request["operation"] == operation).count()
    }

    /// The step of the record's history that led to a state.
    pub(super) fn entered(&self, state: &str) -> Option<&Value> {
        self.record["history"].as_array()?.iter().find(|step| step["state"] == state)
    }

    fn last_note(&self) -> &str {
        let history = self.record["history"].as_array();
        history.and_then(|steps| steps.last()?["note"].as_str()).unwrap_or_default()
    }
}
