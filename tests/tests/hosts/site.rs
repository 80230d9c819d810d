//! One host with all that a scenario needs of it.

use std::{
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{Answer, Host, METRIC, Options, Stack, Store, spin_version};
use serde_json::Value;

/// A host, in one way of keeping what is written.
pub(crate) struct Site {
    /// What the table calls it.
    pub(crate) name: &'static str,
    host: fn(Store) -> Host,
    store: fn() -> Store,
    shared: LazyLock<Stack, Box<dyn FnOnce() -> Stack + Send>>,
    alerts: AtomicU32,
}

/// Each host that there is.
pub(crate) fn all() -> Vec<Site> {
    let mut sites = vec![
        Site::new("embedded", |_| Host::Embedded, || Store::Own),
        Site::new("wash, files", Host::Wash, || Store::Own),
        Site::new("wash, Redis", Host::Wash, Store::redis),
        Site::new("wash, NATS", Host::Wash, Store::nats),
        Site::new("wasmtime, files", Host::Wasmtime, || Store::Own),
        Site::new("wasmtime, memory", Host::Wasmtime, || Store::Memory),
    ];
    if spin_version().is_some() {
        sites.push(Site::new("Spin, SQLite", Host::Spin, || Store::Own));
        sites.push(Site::new("Spin, Redis", Host::Spin, Store::redis));
    }
    sites
}

impl Site {
    fn new(name: &'static str, host: fn(Store) -> Host, store: fn() -> Store) -> Self {
        let start: Box<dyn FnOnce() -> Stack + Send> = Box::new(move || {
            // Some before and some after alertcap's own in the order of names. (On NATS, which lists by age, all before.)
            let keys: Vec<_> = (0..1_200).map(|n| format!("{}.{n:04}", ["a", "z"][n % 2])).collect();
            let machines = [SILENT.to_owned()];
            Stack::start(&Options {
                host: host(store()),
                kept: &keys,
                machines: &machines,
                ..Options::default()
            })
        });
        Self { name, host, store, shared: LazyLock::new(start), alerts: AtomicU32::new(0) }
    }

    /// Its name and its version.
    pub(crate) fn column(&self) -> (String, String) {
        (self.name.to_owned(), (self.host)(Store::Own).version())
    }

    /// A stack that several scenarios share, with 1,200 keys in its store.
    pub(crate) fn shared(&self) -> &Stack {
        &self.shared
    }

    /// A stack of one's own.
    pub(crate) fn own(&self, options: Options) -> Stack {
        Stack::start(&Options { host: (self.host)((self.store)()), ..options })
    }

    /// An alert that no scenario has sent yet.
    pub(crate) fn fresh_alert(&self) -> String {
        let number = self.alerts.fetch_add(1, Ordering::Relaxed);
        METRIC.replace("02:00:13", &format!("{:02}:{:02}:13", 3 + number / 60, number % 60))
    }
}

/// A machine of the shared stack's, for the scenario in which Azure is silent about it.
pub(crate) const SILENT: &str = "silent-01";

/// Waits until the capture of `name` is reported: by itself where the host lets it, else by sweeps. Its record; where an
/// instance has a store of its own, perhaps none.
pub(crate) fn reported(stack: &Stack, name: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let record = stack.record(name);
        if record["state"] == "reported" {
            return record;
        }
        if !stack.kind().is_durable() && told(stack, name).contains(&format!("{name}.ended")) {
            return Value::Null;
        }
        assert!(Instant::now() < deadline, "{name} is not reported: {record:#}\n{}", stack.logs());
        if !stack.kind().goes_on_after_the_answer() {
            let swept = stack.sweep();
            assert_eq!(swept.status, 200, "{swept:?}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The name of the one capture that an alert led to.
pub(crate) fn name(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json["captures"][0]["name"].as_str().expect("a capture's name").to_owned()
}

/// What people were told of a capture: the ids of the events, in order, each once.
pub(crate) fn told(stack: &Stack, name: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for event in stack.told() {
        let id = event["body"]["id"].as_str().unwrap_or_default().to_owned();
        if id.starts_with(name) && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// How many PUTs of a capture Azure took.
pub(crate) fn taken(stack: &Stack, name: &str) -> usize {
    let path = format!("/packetCaptures/{name}");
    let puts = stack.requests(Some("packetCaptures.put"));
    puts.iter().filter(|put| put["status"] == 201 && put["path"].as_str().unwrap().ends_with(&path)).count()
}

/// Hosts are slow to start: one scenario at a time has one of its own.
pub(crate) static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
