//! `cargo xtask rules`: what the rules say, read by the component's own code.

use std::{ffi::OsString, path::PathBuf};

use anyhow::Result;
use clap::Subcommand;

use crate::{tool, workspace::Workspace};

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

/// Checks them by the tool.
pub(crate) fn run(workspace: &Workspace, task: &Task) -> Result<()> {
    let Task::Check { file, receivers } = task;
    let mut arguments: Vec<OsString> = vec!["rules".into(), "check".into()];
    if let Some(names) = receivers {
        arguments.extend(["--receivers".into(), names.into()]);
    }
    arguments.extend(["--".into(), file.into()]);
    tool::run(workspace, &arguments)
}
