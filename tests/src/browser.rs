//! Scenarios in a real browser: played by the Python of tests/browser, told where everything is.

use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Map, Value, json};

use crate::{OPERATOR_KEY, SWEEP_KEY, Stack, WEBHOOK_KEY, built};

/// Plays the scenario of this name on these stacks, which have to have clocks that can be moved. What it leaves behind,
/// such as pictures, goes into `scratch`.
///
/// # Errors
/// When it does not go as it should: what the scenario said, what the browser complained of, and where pictures of what
/// was seen are.
///
/// # Panics
/// Without a browser, its driver or Python.
pub fn play(scenario: &str, stacks: &[Stack], scratch: &Path) -> Result<(), String> {
    let (modules, chromium) =
        (built("ALERTCAP_PLAYWRIGHT", "tools/playwright"), built("ALERTCAP_CHROMIUM_BIN", CHROMIUM));
    let screenshots =
        env::var_os("ALERTCAP_SCREENSHOTS").map_or_else(|| scratch.join("screenshots"), PathBuf::from);
    let task = json!({
        "scenario": scenario,
        "stacks": stacks.iter().map(described).collect::<Vec<_>>(),
        "chromium": chromium,
        "axe": modules.join("axe_playwright_python/axe.min.js"),
        "fonts": env::var("ALERTCAP_FONTS").ok(),
        "artefacts": scratch,
        "screenshots": screenshots,
    });
    let mut python = Command::new("python3");
    python.args(["-m", "browser"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // What Python compiles is not left among the sources.
    python.env("PYTHONPATH", modules).env("PYTHONPYCACHEPREFIX", scratch.join("compiled"));
    let mut child = python
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is on the PATH");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(task.to_string().as_bytes()).expect("it reads its task");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    let logs: String = stacks.iter().map(Stack::logs).collect();
    if output.status.success() { Ok(()) } else { Err(format!("{said}\n--- the host's log\n{logs}")) }
}

/// Where `cargo xtask test` puts Debian's.
const CHROMIUM: &str = "tools/debian/chromium/bin/chromium";

fn described(stack: &Stack) -> Value {
    let sample = |name: &str| (name.to_owned(), Value::from(stack.sample(name)));
    let sample: Map<_, _> = ["tenant_id", "client_id", "client_secret"].into_iter().map(sample).collect();
    json!({
        "url": stack.url(),
        "azure": stack.azure_url(),
        "operator_key": OPERATOR_KEY,
        "webhook_key": WEBHOOK_KEY,
        "sweep_key": SWEEP_KEY,
        "clock": stack.clock_file(),
        "recording": stack.recording_file(),
        "sample": sample,
    })
}
