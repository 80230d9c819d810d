//! `cargo xtask demo`: one alert, from the webhook to the file, each step shown as it happens and checked.

mod file;
mod steps;
mod timings;
mod watch;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    children::Interrupted,
    host::Host,
    stack::{Stack, Wanted},
    ui, up,
    workspace::Workspace,
};
use watch::Watch;

/// How long the demo captures, in real time.
const CAPTURE_SECONDS: &str = "5";

/// Options of `demo`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The host; without it, Spin 4.1 or newer if it is on the PATH, else the embedded one
    #[arg(long, value_enum)]
    host: Option<Host>,
    /// What the stand-in's Azure holds (a copy of local/azure/inventory.toml, changed); its timings are shortened
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
}

/// Plays the demo in a folder of its own, which stays only if it went wrong.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("alertcap-demo-").tempdir();
    let folder = folder.context("cannot create a temporary folder")?;
    let ours = workspace.root.join("local/azure/inventory.toml");
    let inventory = folder.path().join("inventory.toml");
    timings::shorten(arguments.inventory.as_deref().unwrap_or(&ours), &inventory)?;
    let wanted = Wanted {
        host: arguments.host,
        port: 0,
        azure_port: Some(0),
        inventory: Some(&inventory),
        state: folder.path(),
        defaults: Vec::new(),
        alone: true,
        show: false,
    };
    let outcome = play(workspace, wanted);
    // Something ran, and it was not the user who ended it.
    if let Err(error) = &outcome
        && !error.is::<Interrupted>()
        && folder.path().join("azure").exists()
    {
        ui::warn(format!("everything is kept for you to look at: {}", folder.keep().display()));
    }
    outcome
}

fn play(workspace: &Workspace, mut wanted: Wanted<'_>) -> Result<()> {
    wanted.defaults = vec![("time_limit_seconds", CAPTURE_SECONDS.to_owned())];
    let state = wanted.state.to_owned();
    let stack = Stack::start(workspace, wanted)?;
    up::keep_sweeping(&stack);
    ui::line(format!(
        "\nA metric alert, a capture of {CAPTURE_SECONDS} s in real time, Azure's own waits shortened; times since the alert:\n"
    ));
    let started = Instant::now();
    let mut watch = Watch::new(stack)?;
    let outcome = steps::play(&mut watch, &state, &workspace.target_dir.join("demo"));
    if let Err(error) = outcome {
        return Err(watch.explain(error));
    }
    ui::line("");
    ui::done_in(watch.summary(), started.elapsed());
    Ok(())
}
