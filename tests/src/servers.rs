//! Stores that several hosts share, as users run them: Redis, and NATS with `JetStream`. Each on a free port, with its
//! data in a folder of its own; killed when dropped.

use std::{fs, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::{built, child::Process, host::free_port, until};

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    _process: Process,
    url: String,
    _data: TempDir,
}

impl Server {
    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A Redis that writes each change to its file before it answers: what alertcap's 202 promises.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn redis() -> Self {
        // Another process may take the port in between.
        (0..3).find_map(|_| Self::try_redis()).expect("redis-server starts")
    }

    fn try_redis() -> Option<Self> {
        let data = TempDir::new().expect("a folder");
        let port = free_port().to_string();
        let mut command = Command::new(built("ALERTCAP_REDIS_BIN", "tools/servers/bin/redis-server"));
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--dir"]).arg(data.path());
        let mut process = Process::start(&mut command);
        until(30, "redis-server", || {
            let ready = process.log().contains("Ready to accept connections");
            (ready || process.has_ended()).then_some(ready)
        })
        .then(|| Self { _process: process, url: format!("redis://127.0.0.1:{port}"), _data: data })
    }

    /// A NATS with `JetStream`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn nats() -> Self {
        let data = TempDir::new().expect("a folder");
        let mut command = Command::new(built("ALERTCAP_NATS_BIN", "tools/servers/bin/nats-server"));
        command.args(["--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir"]);
        command.arg(data.path().join("store")).arg("--ports_file_dir").arg(data.path());
        let mut process = Process::start(&mut command);
        // It writes down which port it took.
        let url = until(30, "nats-server", || {
            assert!(!process.has_ended(), "nats-server ended: {}", process.log());
            let files = fs::read_dir(data.path()).ok()?.filter_map(|file| Some(file.ok()?.path()));
            let ports = files.filter(|file| file.extension().is_some_and(|is| is == "ports")).last()?;
            let ports: Value = serde_json::from_slice(&fs::read(ports).ok()?).ok()?;
            Some(ports["nats"][0].as_str()?.to_owned())
        });
        Self { _process: process, url, _data: data }
    }
}
