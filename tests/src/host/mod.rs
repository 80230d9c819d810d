//! The hosts that the component runs on here: the embedded one, wasmCloud's `wash`, `wasmtime serve`, and Spin where it
//! is on the PATH. All but the two that have Spin's interfaces run the composed component.

mod embedded;
mod seed;
mod spin;
mod wash;
mod wasmtime;

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

pub use spin::version as spin_version;

use crate::{Server, built, child::Process, component, http::try_get};

/// Which host.
#[derive(Debug, Clone, Default)]
pub enum Host {
    /// This repository's own, `local/host`.
    #[default]
    Embedded,
    /// wasmCloud's `wash dev`.
    Wash(Store),
    /// `wasmtime serve`.
    Wasmtime(Store),
    /// `spin up`.
    Spin(Store),
}

/// Where a host's key-value store is.
#[derive(Debug, Clone, Default)]
pub enum Store {
    /// In a folder: files with `wash` and Wasmtime, `SQLite` with Spin.
    #[default]
    Own,
    /// In memory, each instance of the component with one of its own: what Wasmtime has by itself.
    Memory,
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
            Self::Wasmtime(_) => "wasmtime",
            Self::Spin(_) => "spin",
        }
    }

    /// Whether all instances see what one has written, also after the host was killed.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        !matches!(self, Self::Wasmtime(Store::Memory))
    }

    /// Whether what a request leaves behind goes on after the answer.
    #[must_use]
    pub fn goes_on_after_the_answer(&self) -> bool {
        !matches!(self, Self::Wash(_))
    }

    /// Its version, as it says it; none of the embedded host.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn version(&self) -> String {
        let program = match self {
            Self::Embedded => return String::new(),
            Self::Wash(_) => wash::program(),
            Self::Wasmtime(_) => wasmtime::program(),
            Self::Spin(_) => PathBuf::from("spin"),
        };
        let said = Command::new(&program).arg("--version").output().expect("the host is there");
        let said = String::from_utf8_lossy(&said.stdout);
        said.split_whitespace().nth(1).expect("its version").to_owned()
    }

    /// Whether it lets requests out only to named addresses.
    #[must_use]
    pub fn has_an_allow_list(&self) -> bool {
        !matches!(self, Self::Wasmtime(_))
    }

    /// Starts it and waits until the component answers.
    pub(crate) fn start(&self, launch: &Launch) -> Running {
        let running = match self {
            Self::Embedded => embedded::start(launch),
            Self::Wash(store) => on_a_free_port(|port| wash::start(launch, store, port)),
            Self::Wasmtime(store) => wasmtime::start(launch, store),
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
    /// Variables whose addresses the host is not told to let requests out to.
    pub(crate) forbidden: &'a [String],
    /// Keys that are in the store before the component asks for any.
    pub(crate) kept: &'a [String],
    /// A file with how far the clock is ahead; of the embedded host's only.
    pub(crate) clock: Option<&'a Path>,
    /// Where compiled components are kept, if not where the user's other programs keep theirs.
    pub(crate) cache: Option<&'a Path>,
}

impl Launch<'_> {
    /// Gives a host's command its environment: the component's variables, none of those of whoever runs the tests.
    fn dress(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SPIN_VARIABLE_") {
                command.env_remove(name);
            }
        }
        for (name, value) in self.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        if let Some(cache) = self.cache {
            command.env("XDG_CACHE_HOME", cache);
        }
    }
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
        match start(free_port()) {
            Ok(running) => return Ok(running),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// A port that is free and that nobody in this process was given before: two hosts that start at once would otherwise
/// answer for one another.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return port;
        }
    }
}

/// The component composed with the adapter.
///
/// # Panics
/// When it was not made.
#[must_use]
pub fn composed() -> PathBuf {
    built("ALERTCAP_WASI_WASM", "wasm32-wasip2/release/alertcap-wasi.wasm")
}

/// spin.toml as the component's host shall read it, in a folder of the host's: without the addresses that are forbidden.
fn manifest(launch: &Launch) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml");
    let manifest = fs::read_to_string(manifest).expect("spin.toml");
    // A JSON string is a TOML string.
    let here = serde_json::Value::from(component().to_string_lossy()).to_string();
    let manifest = manifest.replace("\"target/wasm32-wasip2/release/alertcap.wasm\"", &here);
    let forbidden: Vec<_> = launch.forbidden.iter().map(|name| format!("\"{{{{ {name} }}}}\",")).collect();
    let lines = manifest.lines().filter(|line| !forbidden.iter().any(|entry| line.trim() == entry));
    let file = launch.own.join("spin.toml");
    fs::write(&file, lines.map(|line| format!("{line}\n")).collect::<String>()).expect("it can be written");
    file
}
