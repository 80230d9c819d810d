//! `cargo xtask simulate`: the component's own functions in a simulated, hostile world (`simulate/`).

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use crate::{
    run::{Show, display, pass_through, run as run_shown},
    ui::{self, Step},
    workspace::Workspace,
};

/// The package, its program, and the profile it is built with.
const SIMULATE: &str = "simulate";
/// A run takes milliseconds; this many would take weeks.
const LIMIT: Duration = Duration::from_hours(24 * 7);

/// Which runs to make.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many runs, each with a seed of its own
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    seeds: u64,
    /// The first one's seed
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    from: u64,
    /// One run only, with all that happens in it
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from", "keep_going"])]
    seed: Option<u64>,
    /// Go on after a violation, and say at the end how many runs broke what
    #[arg(long)]
    keep_going: bool,
}

/// Builds the simulation and makes the runs; fails with the seed that broke something.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    pass_through(workspace.cargo().args(["build", "--profile", SIMULATE, "-p", SIMULATE]))
        .context("the simulation could not be built")?;
    let program =
        workspace.target_dir.join(SIMULATE).join(format!("{SIMULATE}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
        return pass_through(&mut command);
    }
    command.args(["--from", &arguments.from.to_string(), "--seeds", &arguments.seeds.to_string()]);
    if arguments.keep_going {
        command.arg("--keep-going");
    }
    let step = Step::start(format!("{} runs from seed {}", arguments.seeds, arguments.from));
    match run_shown(&mut command, &step, Show::Note, LIMIT) {
        Ok(said) => {
            let last = said.lines().last().unwrap_or_default().to_owned();
            said.lines().filter(|line| line.starts_with("  ")).for_each(ui::line);
            step.done(last);
            Ok(())
        }
        Err(error) => {
            step.failed(format!("`{}`", display(&command)));
            bail!("{error:#}\n`cargo xtask simulate --seed <SEED>` shows all that happens in that run")
        }
    }
}
