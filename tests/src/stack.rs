//! The stand-in and the host, together.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Answer, built,
    child::Process,
    host::{Host, Launch, Running},
    http::{get, post},
    inventory::quick_inventory,
    until,
};

/// The key for alerts.
pub const WEBHOOK_KEY: &str = "webhook/key+for=tests";
/// The key for reading.
pub const OPERATOR_KEY: &str = "operator-key-for-tests";
/// The key for the sweep.
pub const SWEEP_KEY: &str = "sweep-key-for-tests";

/// The client secret of [`Options::roles`].
pub const ROLE_SECRET: &str = "standin-secret-role~1";

/// How a stack differs from the ordinary.
#[derive(Default)]
pub struct Options<'a> {
    /// The host.
    pub host: Host,
    /// How many of them share the store and the stand-in: one more than this.
    pub more_hosts: usize,
    /// Variables whose addresses the host is not told to let requests out to.
    pub forbidden: &'a [&'a str],
    /// Keys that are in the store before the component asks for any.
    pub kept: &'a [String],
    /// Variables, over the ordinary ones. `{http}` and `{https}` in them are where the stand-in listens.
    pub variables: &'a [(&'a str, &'a str)],
    /// Timings and limits of the inventory, over the ordinary ones: `("timings", "provisioning_ms", 50)`.
    pub inventory: &'a [(&'a str, &'a str, i64)],
    /// The machine of the inventory whose captures leave a copy of a file that the test writes.
    pub recorded: Option<&'a str>,
    /// Machines beside the inventory's own, like `db-01`.
    pub machines: &'a [String],
    /// Applications beside the inventory's own: client ids, and the actions that their roles have. [`ROLE_SECRET`] is
    /// the secret of each.
    pub roles: &'a [(String, Vec<String>)],
    /// Whether the clocks of host and stand-in can be moved: [`Stack::advance`]. On the embedded host only.
    pub clocks: bool,
}

/// A stand-in for Azure and a host with the component on it.
pub struct Stack {
    _azure: Process,
    /// What the stand-in says of itself.
    said: Value,
    kind: Host,
    hosts: Vec<Option<Running>>,
    variables: Vec<(String, String)>,
    forbidden: Vec<String>,
    /// Where the host keeps what it has compiled, if not where it always does.
    cache: Option<TempDir>,
    /// Keys for the store, until the first host is started.
    kept: Vec<String>,
    state: TempDir,
    earlier_logs: String,
    /// How far the clocks are ahead, where they can be.
    ahead: Option<Mutex<u64>>,
}

/// The first embedded host compiles the component for its cache; the others wait for that and then start at once.
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
        std::fs::write(&inventory, quick_inventory(options, &recording_in(state.path())))
            .expect("the inventory can be written");
        let (azure, said) = Process::start_and_hear(
            Command::new(built("ALERTCAP_STANDIN_BIN", "debug/azure-standin"))
                .arg("--inventory")
                .arg(&inventory)
                .arg("--state-dir")
                .arg(state.path().join("azure")),
        );
        let base = text(&said["http"]);
        let sample = &said["sample"];
        let mut variables: Vec<(String, String)> = [
            ("webhook_key", WEBHOOK_KEY.to_owned()),
            ("operator_key", OPERATOR_KEY.to_owned()),
            ("sweep_key", SWEEP_KEY.to_owned()),
            ("tenant_id", text(&sample["tenant_id"])),
            ("client_id", text(&sample["client_id"])),
            ("client_secret", text(&sample["client_secret"])),
            ("login_endpoint", base.clone()),
            ("arm_endpoint", base.clone()),
            ("storage_endpoint", base.clone()),
            ("allowed_scopes", format!("/subscriptions/{}", text(&sample["subscription_id"]))),
            ("storage_account_id", text(&sample["storage_account_id"])),
            ("time_limit_seconds", "1".to_owned()),
            ("notify_url", format!("{base}/notify/tests?sig=canary-of-the-receiver")),
            ("notify_host", base),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let where_it_listens = |value: &str| {
            value.replace("{http}", &text(&said["http"])).replace("{https}", &text(&said["https"]))
        };
        variables.extend(options.variables.iter().map(|(n, v)| ((*n).to_owned(), where_it_listens(v))));
        let ahead = options.clocks.then(Mutex::default);
        let (kind, earlier_logs) = (options.host.clone(), String::new());
        let hosts = (0..=options.more_hosts).map(|_| None).collect();
        let mut stack = Self {
            _azure: azure,
            said,
            kind,
            hosts,
            variables,
            cache: None,
            forbidden: options.forbidden.iter().map(|name| (*name).to_owned()).collect(),
            kept: options.kept.to_vec(),
            state,
            earlier_logs,
            ahead,
        };
        (0..=options.more_hosts).for_each(|number| stack.start_one(number));
        stack
    }

    /// Sets a variable of the component's; the host has to be started again.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// From its next start on the host has compiled nothing yet.
    ///
    /// # Panics
    /// When there is no folder to be had.
    pub fn forget_what_was_compiled(&mut self) {
        self.cache = Some(TempDir::new().expect("a folder"));
    }

    /// Kills the host (SIGKILL).
    pub fn kill_host(&mut self) {
        self.kill_one(0);
    }

    /// Kills one of several hosts (SIGKILL).
    pub fn kill_one(&mut self, number: usize) {
        if let Some(host) = self.hosts[number].take() {
            self.earlier_logs += &host.process.log();
        }
    }

    /// Starts the host on the state that is there.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_host(&mut self) {
        self.start_one(0);
    }

    /// Starts one of several hosts on the state that is there.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_one(&mut self, number: usize) {
        let _one_at_a_time = matches!(self.kind, Host::Embedded)
            .then(|| COMPILED.lock().unwrap_or_else(PoisonError::into_inner));
        let clock = self.ahead.is_some().then(|| self.clock_file());
        let own = self.state.path().join(format!("host-{number}"));
        std::fs::create_dir_all(&own).expect("a folder");
        self.hosts[number] = Some(self.kind.start(&Launch {
            variables: &self.variables,
            shared: &self.host_state(),
            own: &own,
            forbidden: &self.forbidden,
            kept: std::mem::take(&mut self.kept).as_slice(),
            clock: clock.as_deref(),
            cache: self.cache.as_ref().map(TempDir::path),
        }));
    }

    /// The file that says how far the clock of the hosts is ahead, where it can be moved.
    pub(crate) fn clock_file(&self) -> PathBuf {
        self.state.path().join("ahead")
    }

    /// The file that the captures of `recorded` leave a copy of.
    pub(crate) fn recording_file(&self) -> PathBuf {
        recording_in(self.state.path())
    }

    /// Moves the clocks of the stand-in and the host, in this order: who looks then finds that it has happened.
    ///
    /// # Panics
    /// If the stack was started without `clocks`.
    pub fn advance(&self, seconds: u64) {
        self.control("clock", &json!({ "advance_s": seconds }));
        let mut ahead = self.ahead.as_ref().expect("a stack with clocks").lock().expect("no panic before");
        *ahead += seconds;
        std::fs::write(self.clock_file(), ahead.to_string()).expect("the clock can be written");
    }

    /// What the hosts share.
    #[must_use]
    pub fn host_state(&self) -> PathBuf {
        self.state.path().join("host")
    }

    /// Which host it is.
    #[must_use]
    pub fn kind(&self) -> &Host {
        &self.kind
    }

    /// The component's base URL.
    ///
    /// # Panics
    /// While the host is killed.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(0)
    }

    /// The component's base URL on one of several hosts.
    ///
    /// # Panics
    /// While that one is killed.
    #[must_use]
    pub fn url_of(&self, number: usize) -> String {
        self.hosts[number].as_ref().expect("the host runs").url.clone()
    }

    /// The stand-in's base URL.
    #[must_use]
    pub fn azure_url(&self) -> String {
        text(&self.said["http"])
    }

    /// What the stand-in says of its inventory.
    #[must_use]
    pub fn sample(&self, field: &str) -> String {
        text(&self.said["sample"][field])
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

    /// The most memory that the host has had at a time, in bytes; none where the system does not tell.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        self.hosts.iter().flatten().next()?.process.peak_memory()
    }

    /// What the host and the component have said, over all starts.
    #[must_use]
    pub fn logs(&self) -> String {
        let running = self.hosts.iter().flatten().map(|host| host.process.log());
        std::iter::once(self.earlier_logs.clone()).chain(running).collect()
    }
}

fn recording_in(state: &Path) -> PathBuf {
    state.join("recording.cap")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
