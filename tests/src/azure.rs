//! What the stand-in for Azure has seen, and what it is asked to do.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    http::{get, post},
    stack::Stack,
};

impl Stack {
    /// Everything the stand-in received, or of it what belongs to `operation`.
    #[must_use]
    pub fn requests(&self, operation: Option<&str>) -> Vec<Value> {
        let all = get(&format!("{}/_standin/requests", self.azure_url()), &[]).json;
        let all = all["requests"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|request| operation.is_none_or(|name| request["operation"] == name)).collect()
    }

    /// How many calls the session of `name` cost, by operation, from its PUT on.
    #[must_use]
    pub fn calls(&self, name: &str) -> BTreeMap<String, u64> {
        let answer = get(&format!("{}/_standin/calls?capture={name}", self.azure_url()), &[]).json;
        let calls = answer["calls"].as_object().cloned().unwrap_or_default();
        calls.into_iter().map(|(operation, count)| (operation, count.as_u64().unwrap_or_default())).collect()
    }

    /// The sessions as they really are.
    #[must_use]
    pub fn sessions(&self) -> Vec<Value> {
        let all = get(&format!("{}/_standin/captures", self.azure_url()), &[]).json;
        all["captures"].as_array().cloned().unwrap_or_default()
    }

    /// Lets something happen behind the component's back: `happen("sessionDeleted", name)`.
    pub fn happen(&self, what: &str, id: &str) {
        self.control("happen", &json!({ "what": what, "id": id }));
    }

    /// Forgets what the stand-in received.
    pub fn forget_requests(&self) {
        let keep = json!({ "keep": ["captures", "happenings"] }).to_string();
        let answer = post(&format!("{}/_standin/reset", self.azure_url()), &[], keep.as_bytes());
        assert!(answer.status < 300, "{answer:?}");
    }

    /// The events that people were sent, in order.
    #[must_use]
    pub fn told(&self) -> Vec<Value> {
        let all = get(&format!("{}/_standin/notifications", self.azure_url()), &[]).json;
        all["notifications"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until people are told that the capture of `name` is over: the stand-in says it as soon as it is so.
    ///
    /// # Panics
    /// After `seconds`.
    pub fn wait_until_told(&self, name: &str, seconds: u64, what: &str) {
        let ids = [format!("{name}.ended"), format!("{name}.failed")];
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let mut since = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited {seconds} s for: {what}");
            let wait = left.as_millis().min(10_000);
            let url = format!("{}/_standin/notifications?since={since}&wait_ms={wait}", self.azure_url());
            let news = get(&url, &[]).json["notifications"].as_array().cloned().unwrap_or_default();
            if news.iter().any(|one| ids.iter().any(|id| one["body"]["id"] == **id)) {
                return;
            }
            since = news.iter().filter_map(|one| one["seq"].as_u64()).max().unwrap_or(since);
        }
    }

    /// Asks the stand-in for something unusual: `fault("packetCaptures.put", json!({"kind": "drop"}), 1)`.
    pub fn fault(&self, operation: &str, fault: &Value, times: u32) {
        self.control("faults", &json!({ "operation": operation, "times": times, "fault": fault }));
    }

    /// The same for requests about a machine or a capture only: its name is in their path, their session's name or their
    /// body.
    pub fn fault_where(&self, operation: &str, about: &str, fault: &Value, times: u64) {
        let place = match operation {
            "notify" => "body_contains",
            "operations.get" | "operationResults.get" => "capture_contains",
            _ => "path_contains",
        };
        let matches = json!({ place: about });
        self.control(
            "faults",
            &json!({ "operation": operation, "times": times, "match": matches, "fault": fault }),
        );
    }

    /// Makes the stand-in take a while over the operations before a capture, so that what is asked side by side shows.
    pub fn slow_azure(&self) {
        for operation in [
            "token",
            "virtualMachines.get",
            "networkWatchers.list",
            "packetCaptures.list",
            "packetCaptures.put",
        ] {
            self.fault(operation, &json!({ "kind": "delay", "ms": 150 }), 1);
        }
    }

    /// Calls one of the stand-in's control routes.
    pub fn control(&self, route: &str, body: &Value) {
        let url = format!("{}/_standin/{route}", self.azure_url());
        let answer = post(&url, &[("content-type", "application/json")], body.to_string().as_bytes());
        assert!(answer.status < 300, "{route}: {answer:?}");
    }
}
