//! `cargo xtask compose`: the component for hosts that have the standard WASI interfaces and none of Spin's.

use std::time::Instant;

use anyhow::Result;

use crate::{
    build::{self, Optimise},
    target, ui,
    workspace::Workspace,
};

/// Builds the component and the adapter, and composes them.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    target::ensure(workspace)?;
    build::composed(workspace, Optimise::IfPossible)?;
    ui::done_in("composed", started.elapsed());
    Ok(())
}
