//! What is built from this repository: the component, and the native tools around it.

use std::{fs, time::Instant};

use anyhow::{Context, Result};

use crate::{
    run::pass_through,
    ui,
    workspace::{WASM_TARGET, Workspace},
};

/// The package of the embedded host.
pub(crate) const HOST: &str = "alertcap-host";
/// The package of the stand-in for Azure.
pub(crate) const STANDIN: &str = "azure-standin";
/// The package of the component's own code as a native program.
pub(crate) const TOOL: &str = "alertcap-tool";

/// Builds the component as it is shipped. cargo shows its own progress.
pub(crate) fn component(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "--target", WASM_TARGET, "-p", "alertcap"]);
    pass_through(&mut cargo).context("the component could not be built")?;
    let file = workspace.component();
    let size = fs::metadata(&file).with_context(|| format!("cargo built no {}", file.display()))?.len();
    ui::done_in(format!("component, {}: {}", ui::size(size), file.display()), started.elapsed());
    Ok(())
}

/// Builds native tools, all in one go.
pub(crate) fn tools(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let started = Instant::now();
    let mut cargo = workspace.cargo();
    cargo.arg("build");
    for package in packages {
        cargo.args(["-p", package]);
    }
    let names = packages.join(" and ");
    if packages.contains(&HOST) && !workspace.tool(HOST).exists() {
        ui::line(format!(
            "  {names}: the first time takes some minutes (a whole WebAssembly runtime is compiled)"
        ));
    }
    pass_through(&mut cargo).with_context(|| format!("{names} could not be built"))?;
    ui::done_in(names, started.elapsed());
    Ok(())
}
