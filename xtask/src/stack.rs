//! Everything that has to run together: the stand-in for Azure (or the real one), and a host with the component on it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    api::Client,
    build::{self, Optimise},
    children::Children,
    host::{self, Host, Spin},
    keys::Keys,
    target,
    ui::{self, Step},
    variables::{self, Variables},
    workspace::Workspace,
};

/// A host compiles the component at its first start.
const START: Duration = Duration::from_secs(60);

/// What is wanted.
pub(crate) struct Wanted<'a> {
    /// The host that was asked for.
    pub(crate) host: Option<Host>,
    /// Where alertcap shall listen; 0 is any free port.
    pub(crate) port: u16,
    /// Where the stand-in shall listen; none: the real Azure.
    pub(crate) azure_port: Option<u16>,
    /// The stand-in's inventory, if not its own.
    pub(crate) inventory: Option<&'a Path>,
    /// Everything that is kept.
    pub(crate) state: &'a Path,
    /// Variables that hold where the environment does not set them.
    pub(crate) defaults: Variables,
    /// Whether `SPIN_VARIABLE_*` of the environment do not count.
    pub(crate) alone: bool,
    /// Whether the children's lines go to the terminal.
    pub(crate) show: bool,
}

/// What runs.
pub(crate) struct Stack {
    /// Its processes.
    pub(crate) children: Children,
    /// alertcap's address.
    pub(crate) base: String,
    /// The host, and why that one.
    pub(crate) host: String,
    /// The stand-in, if there is one.
    pub(crate) azure: Option<Value>,
    /// Who may call.
    pub(crate) keys: Keys,
}

impl Stack {
    /// The stand-in's address over plain HTTP.
    pub(crate) fn azure_base(&self) -> Option<&str> {
        self.azure.as_ref()?["http"].as_str()
    }

    /// Builds what is missing and starts all of it.
    pub(crate) fn start(workspace: &Workspace, wanted: Wanted<'_>) -> Result<Self> {
        let (host, why) = host::choose(wanted.host, &Spin::look())?;
        ui::line(format!("alertcap runs on {why}"));
        fs::create_dir_all(wanted.state)
            .with_context(|| format!("cannot create {}", wanted.state.display()))?;
        let state = wanted.state.canonicalize()?;
        let mut keys = Keys::of(&state)?;
        // Before minutes of building.
        let real = if wanted.azure_port.is_none() { Some(variables::for_azure(&mut keys)?) } else { None };
        let port = free(wanted.port, "--port")?;
        let azure_port = wanted.azure_port.map(|port| free(port, "--azure-port")).transpose()?;

        target::ensure(workspace)?;
        build::component(workspace, Optimise::IfPossible)?;
        match (host, azure_port) {
            // Also where the stand-in is not started: cargo unifies features over what it builds together, and the host
            // built alone would be compiled anew, runtime and all.
            (Host::Embedded, _) => build::tools(workspace, &[build::HOST, build::STANDIN])?,
            (Host::Spin, Some(_)) => build::tools(workspace, &[build::STANDIN])?,
            (Host::Spin, None) => {}
        }

        let mut children = Children::new(wanted.show)?;
        let azure = match azure_port {
            Some(port) => Some(start_standin(workspace, &mut children, port, wanted.inventory, &state)?),
            None => None,
        };
        let mut variables = match (&azure, real) {
            (Some(azure), _) => {
                let base = azure["http"].as_str().context("the stand-in does not say where it listens")?;
                variables::for_standin(base, &azure["sample"], &keys)?
            }
            (None, real) => real.unwrap_or_default(),
        };
        variables.extend(
            wanted.defaults.into_iter().filter(|(name, _)| wanted.alone || variables::value(name).is_none()),
        );

        let base = format!("http://127.0.0.1:{port}");
        let mut command = match host {
            Host::Spin => spin(workspace, port, &state)?,
            Host::Embedded => embedded(workspace, port, &state),
        };
        if wanted.alone {
            for name in variables::in_environment() {
                command.env_remove(name);
            }
        }
        for (name, value) in variables {
            command.env(variables::environment_name(name), value);
        }
        let step = Step::start("Start alertcap");
        children.start("the host", &command)?;
        wait_until_ready(&mut children, &base)?;
        step.done(format!("alertcap listens on {base}"));
        Ok(Self { children, base, host: why, azure, keys })
    }
}

fn start_standin(
    workspace: &Workspace,
    children: &mut Children,
    port: u16,
    inventory: Option<&Path>,
    state: &Path,
) -> Result<Value> {
    let step = Step::start("Start the stand-in for Azure");
    let mut command = Command::new(workspace.tool(build::STANDIN));
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--listen-https", "127.0.0.1:0", "--state-dir"]);
    command.arg(state.join("azure"));
    if let Some(inventory) = inventory {
        command.arg("--inventory").arg(inventory);
    }
    let stdout = children.start("the stand-in for Azure", &command)?;
    let says = listening(children, &stdout)?;
    step.done(format!(
        "stand-in for Azure listens on {} and {}",
        shown(&says["http"]),
        shown(&says["https"])
    ));
    Ok(says)
}

fn embedded(workspace: &Workspace, port: u16, state: &Path) -> Command {
    let mut command = Command::new(workspace.tool(build::HOST));
    command.arg("--manifest").arg(workspace.manifest()).arg("--component").arg(workspace.component());
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--state-dir"]).arg(state);
    command
}

fn spin(workspace: &Workspace, port: u16, state: &Path) -> Result<Command> {
    let manifest = spin_manifest(workspace, state)?;
    let settings = state.join("runtime-config.toml");
    let store = Value::from(state.join("sqlite_key_value.db").to_string_lossy());
    // A JSON string is a TOML string.
    let text =
        format!("# Written by cargo xtask.\n[key_value_store.default]\ntype = \"spin\"\npath = {store}\n");
    fs::write(&settings, text).with_context(|| format!("cannot write {}", settings.display()))?;
    let mut command = Command::new("spin");
    command.arg("up").arg("--from").arg(manifest).args([
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--state-dir",
    ]);
    command.arg(state.join("spin")).arg("--runtime-config-file").arg(settings);
    Ok(command)
}

/// spin.toml names the component where cargo builds by default; built elsewhere, a copy names that place.
fn spin_manifest(workspace: &Workspace, state: &Path) -> Result<PathBuf> {
    if workspace.target_dir == workspace.root.join("target") {
        return Ok(workspace.manifest());
    }
    let text = fs::read_to_string(workspace.manifest()).context("cannot read spin.toml")?;
    let default = "\"target/wasm32-wasip2/release/alertcap.wasm\"";
    if !text.contains(default) {
        bail!(
            "spin.toml does not name {default}, so that it cannot be pointed at {}",
            workspace.component().display()
        );
    }
    let copy = state.join("spin.toml");
    let here = Value::from(workspace.component().to_string_lossy()).to_string();
    fs::write(&copy, text.replace(default, &here))
        .with_context(|| format!("cannot write {}", copy.display()))?;
    Ok(copy)
}

/// Waits for the line with which our own tools say that they listen.
fn listening(children: &mut Children, stdout: &Receiver<String>) -> Result<Value> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        match stdout.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => {
                let says: Value = serde_json::from_str(&line).unwrap_or_default();
                if says["event"] == "listening" {
                    return Ok(says);
                }
            }
            Err(RecvTimeoutError::Timeout) => children.check()?,
            Err(RecvTimeoutError::Disconnected) => {
                children.check()?;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
    bail!("it did not say within {} s that it listens{}", START.as_secs(), children.last_lines())
}

/// Waits until the component answers, on whatever host, and says what it lacks.
fn wait_until_ready(children: &mut Children, base: &str) -> Result<()> {
    let client = Client::new(Duration::from_secs(5));
    let deadline = Instant::now() + START;
    while !client.get(&format!("{base}/healthz"), None).is_ok_and(|answer| answer.status == 200) {
        children.check()?;
        if Instant::now() > deadline {
            bail!(
                "alertcap does not answer on {base}/healthz after {} s{}",
                START.as_secs(),
                children.last_lines()
            );
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    children.check()?;
    let ready = client.get(&format!("{base}/readyz"), None)?;
    if ready.status != 200 {
        ui::warn(format!("alertcap is not ready ({}): {}", ready.status, ready.text.trim()));
    }
    Ok(())
}

/// Makes sure of a port, before anything is built.
fn free(port: u16, option: &str) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .with_context(|| format!("port {port} of 127.0.0.1 cannot be used; name another with {option}"))?;
    Ok(listener.local_addr()?.port())
}

fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
