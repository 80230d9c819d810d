//! The hosts that the component runs on here: the embedded one, wasmCloud's `wash`, `wasmtime serve`, and Spin where it
//! is on the PATH. All but the two that have Spin's interfaces run the composed component.

mod embedded;
mod seed;
mod spin;
mod wash;
mod wasmtime;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

pub use spin::version as spin_version;

use crate::{Server, built, child::Process, http::try_get};

/// Which host.
#[derive(Debug, Clone, Default)]
pub enum Host {
    /// This repository's own, `local/host`.
    #[default]
    Embedded,
    /// wasmCloud's `wash dev`.
    Wash(Store),
    /// `wasmtime serve`, with one instance for all requests: its store is that instance's memory.
    Wasmtime,
    /// `spin up`.
    Spin(Store),
}

/// Where a host's key-value store is.
#[derive(Debug, Clone, Default)]
pub enum Store {
    /// In the host's state folder: files with `wash`, `SQLite` with Spin.
    #[default]
    Own,
    /// A Redis.
    Redis(Arc<Server>),
    /// A NATS with `JetStream`.
    Nats(Arc<Server>),
}

impl Store {
    /// A Redis of one's own.
    #[must_use]
    pub fn redis() -> Self {
        Self::Redis(Arc::new(Server::redis()))
    }

    /// A NATS of one's own.
    #[must_use]
    pub fn nats() -> Self {
        Self::Nats(Arc::new(Server::nats()))
    }
}

impl Host {
    /// As people call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Wash(_) => "wash",
            Self::Wasmtime => "wasmtime",
            Self::Spin(_) => "spin",
        }
    }

    /// Whether it keeps what is written when it is killed.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        !matches!(self, Self::Wasmtime)
    }

    /// Whether what a request leaves behind goes on after the answer.
    #[must_use]
    pub fn goes_on_after_the_answer(&self) -> bool {
        !matches!(self, Self::Wash(_))
    }

    /// Its name and version, as it says them.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn version(&self) -> String {
        let program = match self {
            Self::Embedded => return "embedded host".to_owned(),
            Self::Wash(_) => wash::program(),
            Self::Wasmtime => wasmtime::program(),
            Self::Spin(_) => PathBuf::from("spin"),
        };
        let said = Command::new(&program).arg("--version").output().expect("the host is there");
        let said = String::from_utf8_lossy(&said.stdout);
        said.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// Whether it lets requests out only to named addresses.
    #[must_use]
    pub fn has_an_allow_list(&self) -> bool {
        !matches!(self, Self::Wasmtime)
    }

    /// Starts it and waits until the component answers.
    pub(crate) fn start(&self, launch: &Launch) -> Running {
        let running = match self {
            Self::Embedded => embedded::start(launch),
            Self::Wash(store) => on_a_free_port(|port| wash::start(launch, store, port)),
            Self::Wasmtime => wasmtime::start(launch),
            Self::Spin(store) => on_a_free_port(|port| spin::start(launch, store, port)),
        };
        running.unwrap_or_else(|why| panic!("{} did not start: {why}", self.name()))
    }
}

/// What a host is started with.
pub(crate) struct Launch<'a> {
    /// The component's variables.
    pub(crate) variables: &'a [(String, String)],
    /// What the hosts of a test share: the store, where it is the host's own.
    pub(crate) shared: &'a Path,
    /// A folder for this host alone; it exists.
    pub(crate) own: &'a Path,
    /// Keys that are in the store before the component asks for any.
    pub(crate) kept: &'a [String],
    /// A file with how far the clock is ahead; of the embedded host's only.
    pub(crate) clock: Option<&'a Path>,
}

/// A host that runs.
pub(crate) struct Running {
    /// Its process.
    pub(crate) process: Process,
    /// Where the component answers.
    pub(crate) url: String,
}

/// The longest that a host takes to compile the component on a busy machine.
const START: Duration = Duration::from_secs(90);

/// Waits until the component answers: a host may listen before it can.
fn when_it_answers(mut process: Process, url: String) -> Result<Running, String> {
    let deadline = Instant::now() + START;
    while try_get(&format!("{url}/healthz"), &[]).is_none_or(|answer| answer.status != 200) {
        if process.has_ended() || Instant::now() > deadline {
            return Err(process.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Running { process, url })
}

/// For hosts that do not say which port they took: another process may take a free one in between, so thrice.
fn on_a_free_port(mut start: impl FnMut(u16) -> Result<Running, String>) -> Result<Running, String> {
    let mut why = String::new();
    for _ in 0..3 {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        match start(port.map_err(|error| error.to_string())?.port()) {
            Ok(running) => return Ok(running),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// The component composed with the adapter.
fn composed() -> PathBuf {
    built("ALERTCAP_WASI_WASM", "wasm32-wasip2/release/alertcap-wasi.wasm")
}

/// The command's environment without the variables of whoever runs the tests, and with `variables`.
fn set_variables(command: &mut Command, variables: &[(String, String)]) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SPIN_VARIABLE_") {
            command.env_remove(name);
        }
    }
    for (name, value) in variables {
        command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
    }
}
