//! `cargo xtask azure`: what has to be set up on Azure's side, as `az` and Bicep take it.
//!
//! Nothing here speaks with Azure or reads a secret: what is printed is read by a person, or piped into `az`.

mod actions;
mod alert;
mod bicep;
mod resource;
mod role;
mod shell;

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};
use clap::Subcommand;

/// Tasks of `azure`.
#[derive(Subcommand)]
pub(crate) enum Task {
    Role(role::Arguments),
    Alert(alert::Arguments),
}

/// The whole role as JSON, for whoever has no `cargo xtask`: the subscription in it is to be replaced.
pub(crate) fn role_to_fill_in() -> Result<String> {
    role::to_fill_in()
}

/// Prints what was asked for.
pub(crate) fn run(task: &Task) -> Result<()> {
    let text = match task {
        Task::Role(arguments) => role::text(arguments)?,
        Task::Alert(arguments) => alert::text(arguments)?,
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // `| head` has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}
