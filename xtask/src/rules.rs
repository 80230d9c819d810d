//! `cargo xtask rules`: what the rules say, read by the component's own code.

use std::{fmt, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::{build, workspace::Workspace};

/// Tasks of `rules`.
#[derive(Subcommand)]
pub(crate) enum Task {
    /// Say every problem of the rules with line and column (exit 1), or what they say (exit 0)
    Check {
        /// The rules, TOML; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The receivers that `tell` may name, separated by commas
        #[arg(long, value_name = "NAMES")]
        receivers: Option<String>,
    },
}

/// The tool has ended and said why: its exit code is ours.
#[derive(Debug)]
pub(crate) struct Ended(pub(crate) u8);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the tool ended with exit code {}", self.0)
    }
}

impl std::error::Error for Ended {}

/// Builds the tool and runs it where the user is: paths are theirs.
pub(crate) fn run(workspace: &Workspace, task: &Task) -> Result<()> {
    let Task::Check { file, receivers } = task;
    build::tools(workspace, &[build::TOOL])?;
    let mut command = Command::new(workspace.tool(build::TOOL));
    command.args(["rules", "check"]);
    if let Some(names) = receivers {
        command.args(["--receivers", names]);
    }
    let status = command.arg("--").arg(file).status().context("cannot run the tool")?;
    // None: a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2);
    if code == 0 { Ok(()) } else { Err(Ended(code).into()) }
}
