//! `cargo xtask hosts`: the same scenarios on every host, and what works where into docs/hosts.md.

use anyhow::Result;
use clap::Args;

use crate::{run::pass_through, test, ui, workspace::Workspace};

/// What of it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Measure instead: time to the first answer and requests per second, side by side
    #[arg(long)]
    figures: bool,
    /// Kill one of two hosts on one store while so many alerts are sent to both, instead
    #[arg(long, value_name = "ALERTS", conflicts_with = "figures", value_parser = clap::value_parser!(u32).range(6..=1200))]
    machines: Option<u32>,
}

/// Builds and fetches what is missing, and runs it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let mut cargo = test::prepared(workspace, true)?;
    cargo.args(["test", "-p", test::BLACK_BOX, "--test"]);
    match arguments.machines {
        Some(alerts) => cargo.arg("machines").env("ALERTCAP_MACHINES_ALERTS", alerts.to_string()),
        None => cargo.arg("hosts"),
    };
    let variable = if arguments.figures { "ALERTCAP_FIGURES" } else { "ALERTCAP_WRITE_TABLE" };
    pass_through(cargo.env(variable, "1"))?;
    if arguments.machines.is_none() {
        ui::done("what was seen stands in docs/hosts.md");
    }
    Ok(())
}
