//! A stand-in for Azure and a host with the component on it, as a test starts, asks, kills and restarts them.

mod azure;
mod browser;
mod child;
mod follow;
mod host;
mod http;
mod inventory;
mod raw;
mod servers;
mod stack;
mod store;
mod trials;

pub use browser::play;
pub use host::{Host, Store, composed, spin_version};
pub use http::{Answer, Client, delete, get, post, try_get, try_post};
pub use raw::raw;
pub use servers::Server;
pub use stack::{OPERATOR_KEY, Options, ROLE_SECRET, SWEEP_KEY, Stack, WEBHOOK_KEY};
pub use trials::trial_arguments;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The metric alert of the fixtures, which names the inventory's first machine.
pub const METRIC: &str = include_str!("../fixtures/metric-fired.json");
/// The tutorial's body of the fixtures.
pub const TUTORIAL: &str = include_str!("../fixtures/tutorial.json");

/// Asks `question` until it is answered, for at most `seconds`.
///
/// # Panics
/// When the time is over; says what was waited for.
pub fn until<T>(seconds: u64, what: &str, mut question: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {seconds} s for: {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// Says something that a passing test's output shows too: `println!` would be swallowed.
pub fn note(text: &str) {
    use std::io::Write;
    _ = writeln!(std::io::stderr(), "{text}");
}

/// The states in a record's history, in order, each once.
#[must_use]
pub fn states(record: &Value) -> Vec<String> {
    let history = record["history"].as_array().cloned().unwrap_or_default();
    let mut states: Vec<String> =
        history.iter().map(|step| step["state"].as_str().unwrap_or_default().to_owned()).collect();
    states.dedup();
    states
}

/// A file that `cargo xtask test` builds first, by its environment variable or where cargo puts it.
pub(crate) fn built(variable: &str, default: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = std::env::var_os(variable).map_or_else(|| root.join("target").join(default), PathBuf::from);
    assert!(path.exists(), "{} is not there: run these tests by `cargo xtask test`", path.display());
    path
}

/// The component's own code as a native program: `alertcap-tool`.
#[must_use]
pub fn tool() -> PathBuf {
    built("ALERTCAP_TOOL_BIN", "debug/alertcap-tool")
}

/// The component's wasm file.
#[must_use]
pub fn component() -> PathBuf {
    built("ALERTCAP_WASM", "wasm32-wasip2/release/alertcap.wasm")
}
