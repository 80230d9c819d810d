//! The stand-in and the host, together.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use toml::Table;

use crate::{
    Answer, built,
    child::Process,
    component,
    http::{get, post},
    until,
};

/// The key for alerts.
pub const WEBHOOK_KEY: &str = "webhook/key+for=tests";
/// The key for reading.
pub const OPERATOR_KEY: &str = "operator-key-for-tests";
/// The key for the sweep.
pub const SWEEP_KEY: &str = "sweep-key-for-tests";

/// How a stack differs from the ordinary.
#[derive(Default)]
pub struct Options<'a> {
    /// Variables, over the ordinary ones.
    pub variables: &'a [(&'a str, &'a str)],
    /// Timings and limits of the inventory, over the ordinary ones: `("timings", "provisioning_ms", 50)`.
    pub inventory: &'a [(&'a str, &'a str, i64)],
}

/// A stand-in for Azure and a host with the component on it.
pub struct Stack {
    azure: Process,
    host: Option<Process>,
    variables: Vec<(String, String)>,
    state: TempDir,
    earlier_logs: String,
}

/// The first host compiles the component for its cache; the others wait for that and then start at once.
static COMPILED: Mutex<()> = Mutex::new(());

impl Stack {
    /// Starts both.
    ///
    /// # Panics
    /// When one of them does not start.
    #[must_use]
    pub fn start(options: &Options) -> Self {
        let state = TempDir::new().expect("a temporary folder");
        let inventory = state.path().join("inventory.toml");
        std::fs::write(&inventory, quick_inventory(options)).expect("the inventory can be written");
        let azure = Process::start(
            Command::new(built("ALERTCAP_STANDIN_BIN", "debug/azure-standin"))
                .arg("--inventory")
                .arg(&inventory)
                .arg("--state-dir")
                .arg(state.path().join("azure")),
        );
        let base = text(&azure.ready["http"]);
        let sample = &azure.ready["sample"];
        let mut variables: Vec<(String, String)> = [
            ("webhook_key", WEBHOOK_KEY.to_owned()),
            ("operator_key", OPERATOR_KEY.to_owned()),
            ("sweep_key", SWEEP_KEY.to_owned()),
            ("tenant_id", text(&sample["tenant_id"])),
            ("client_id", text(&sample["client_id"])),
            ("client_secret", text(&sample["client_secret"])),
            ("login_endpoint", base.clone()),
            ("arm_endpoint", base.clone()),
            ("allowed_scopes", format!("/subscriptions/{}", text(&sample["subscription_id"]))),
            ("storage_account_id", text(&sample["storage_account_id"])),
            ("time_limit_seconds", "1".to_owned()),
            ("notify_url", format!("{base}/notify/tests?sig=canary-of-the-receiver")),
            ("notify_host", base),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        variables.extend(options.variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let mut stack = Self { azure, host: None, variables, state, earlier_logs: String::new() };
        stack.start_host();
        stack
    }

    /// Kills the host (SIGKILL).
    pub fn kill_host(&mut self) {
        self.earlier_logs = self.logs();
        self.host = None;
    }

    /// Starts the host on the state that is there.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_host(&mut self) {
        let _one_at_a_time = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml");
        let mut command = Command::new(built("ALERTCAP_HOST_BIN", "debug/alertcap-host"));
        command.arg("--manifest").arg(manifest).arg("--component").arg(component());
        command.args(["--listen", "127.0.0.1:0"]).arg("--state-dir").arg(self.host_state());
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SPIN_VARIABLE_"))
        {
            command.env_remove(name);
        }
        for (name, value) in &self.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        self.host = Some(Process::start(&mut command));
    }

    /// The host's state folder.
    #[must_use]
    pub fn host_state(&self) -> PathBuf {
        self.state.path().join("host")
    }

    /// The component's base URL.
    ///
    /// # Panics
    /// While the host is killed.
    #[must_use]
    pub fn url(&self) -> String {
        text(&self.host.as_ref().expect("the host runs").ready["url"])
    }

    /// The stand-in's base URL.
    #[must_use]
    pub fn azure_url(&self) -> String {
        text(&self.azure.ready["http"])
    }

    /// What the stand-in says of its inventory.
    #[must_use]
    pub fn sample(&self, field: &str) -> String {
        text(&self.azure.ready["sample"][field])
    }

    /// Sends an alert with the webhook key in the header.
    #[must_use]
    pub fn alert(&self, body: &str) -> Answer {
        let headers = [("x-functions-key", WEBHOOK_KEY), ("content-type", "application/json")];
        post(&format!("{}/api/alerts", self.url()), &headers, body.as_bytes())
    }

    /// GETs a path with the operator's key.
    #[must_use]
    pub fn read(&self, path: &str) -> Answer {
        get(&format!("{}{path}", self.url()), &[("x-functions-key", OPERATOR_KEY)])
    }

    /// Calls the sweep.
    #[must_use]
    pub fn sweep(&self) -> Answer {
        post(&format!("{}/api/sweep", self.url()), &[("x-functions-key", SWEEP_KEY)], b"")
    }

    /// The record of `name`.
    #[must_use]
    pub fn record(&self, name: &str) -> Value {
        self.read(&format!("/api/captures/{name}")).json
    }

    /// Waits until the record of `name` is in `state`, and returns it.
    #[allow(clippy::must_use_candidate, reason = "the waiting is what is wanted")]
    pub fn wait_for(&self, name: &str, state: &str) -> Value {
        until(30, &format!("{name} in state {state}"), || {
            Some(self.record(name)).filter(|record| record["state"] == state)
        })
    }

    /// Everything the stand-in received, or of it what belongs to `operation`.
    #[must_use]
    pub fn requests(&self, operation: Option<&str>) -> Vec<Value> {
        let all = get(&format!("{}/_standin/requests", self.azure_url()), &[]).json;
        let all = all["requests"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|request| operation.is_none_or(|name| request["operation"] == name)).collect()
    }

    /// Forgets what the stand-in received.
    pub fn forget_requests(&self) {
        let keep = json!({ "keep": ["captures"] }).to_string();
        let answer = post(&format!("{}/_standin/reset", self.azure_url()), &[], keep.as_bytes());
        assert!(answer.status < 300, "{answer:?}");
    }

    /// The events that people were sent, in order.
    #[must_use]
    pub fn told(&self) -> Vec<Value> {
        let all = get(&format!("{}/_standin/notifications", self.azure_url()), &[]).json;
        all["notifications"].as_array().cloned().unwrap_or_default()
    }

    /// Asks the stand-in for something unusual: `fault("packetCaptures.put", json!({"kind": "drop"}), 1)`.
    pub fn fault(&self, operation: &str, fault: &Value, times: u32) {
        self.control("faults", &json!({ "operation": operation, "times": times, "fault": fault }));
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

    /// What the host and the component have said, over all starts.
    #[must_use]
    pub fn logs(&self) -> String {
        let now = self.host.as_ref().map(Process::log).unwrap_or_default();
        format!("{}{now}", self.earlier_logs)
    }
}

/// The stand-in's own inventory with waits that a test can take.
fn quick_inventory(options: &Options) -> String {
    let text = include_str!("../../local/azure/inventory.toml");
    let mut inventory: Table = text.parse().expect("the inventory is TOML");
    let quick = [
        ("timings", "provisioning_ms", 300),
        ("timings", "retry_after_s", 1),
        ("timings", "status_stale_s", 1),
        ("timings", "status_operation_ms", 100),
        ("timings", "stop_ms", 100),
        ("timings", "delete_ms", 100),
        ("timings", "upload_delay_ms", 100),
    ];
    for (table, key, value) in quick.into_iter().chain(options.inventory.iter().copied()) {
        let table = inventory.get_mut(table).and_then(toml::Value::as_table_mut).expect("the table exists");
        table.insert(key.to_owned(), value.into());
    }
    toml::to_string(&inventory).expect("it can be written")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
