//! The component's own code as a native program: `cargo xtask rules` and `cargo xtask summary` are its subcommands.

use std::{ffi::OsString, fmt, process::Command};

use anyhow::{Context, Result};

use crate::{build, workspace::Workspace};

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
pub(crate) fn run(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    build::tools(workspace, &[build::TOOL])?;
    let mut command = Command::new(workspace.tool(build::TOOL));
    let status = command.args(arguments).status().context("cannot run the tool")?;
    // None: a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2);
    if code == 0 { Ok(()) } else { Err(Ended(code).into()) }
}
