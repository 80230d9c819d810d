//! Programs of the ordinary registry of crates: built once.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{run::pass_through, ui, workspace::Workspace};

/// A program, and how long its making takes on two cores.
pub(crate) struct Tool {
    /// The crate's name and the program's.
    pub(crate) name: &'static str,
    /// Its version, with its own lock file.
    pub(crate) version: &'static str,
    /// What the user is told before it is built.
    pub(crate) takes: &'static str,
}

impl Tool {
    /// The program's file, built if it is not there in this version.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        let root = workspace.target_dir.join("tools");
        let program = root.join("bin").join(self.name);
        if !self.is_there(&program) {
            ui::line(format!("  {} {}: built once, {}", self.name, self.version, self.takes));
            let mut cargo = workspace.cargo();
            cargo.args([
                "install",
                // Made once and run for seconds: its making is what is waited for.
                "--debug",
                "--quiet",
                "--locked",
                "--force",
                self.name,
                "--version",
                self.version,
                "--root",
            ]);
            pass_through(cargo.arg(&root)).with_context(|| format!("{} could not be built", self.name))?;
        }
        Ok(program)
    }

    fn is_there(&self, program: &PathBuf) -> bool {
        let said = Command::new(program).arg("--version").output();
        said.is_ok_and(|said| {
            String::from_utf8_lossy(&said.stdout).split_whitespace().any(|word| word == self.version)
        })
    }
}
