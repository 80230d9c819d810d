//! What is built from this repository: the component, the one composed with the WASI adapter, and the native tools
//! around them.

mod component;
mod optimise;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

pub(crate) use optimise::Optimise;

use crate::{
    run::{Show, pass_through, run},
    tools::WasmOpt,
    ui,
    workspace::{WASM_TARGET, Workspace},
};

/// The package of the embedded host.
pub(crate) const HOST: &str = "alertcap-host";
/// The package of the stand-in for Azure.
pub(crate) const STANDIN: &str = "azure-standin";
/// The package of the component's own code as a native program.
pub(crate) const TOOL: &str = "alertcap-tool";

/// The package of what composes components.
const COMPOSE: &str = "alertcap-compose";
/// Composing takes a second.
const COMPOSE_LIMIT: Duration = Duration::from_secs(60);

/// Builds the component as it is shipped. cargo shows its own progress.
pub(crate) fn component(workspace: &Workspace, optimise: Optimise) -> Result<()> {
    component_with(workspace, optimise.tool(workspace)?.as_ref())
}

fn component_with(workspace: &Workspace, optimiser: Option<&WasmOpt>) -> Result<()> {
    wasm(workspace, "alertcap", "component", &workspace.component(), optimiser)
}

/// Builds the component and plugs the adapter under it: what runs on hosts that are not Spin.
pub(crate) fn composed(workspace: &Workspace, optimise: Optimise) -> Result<()> {
    composed_beside(workspace, optimise, &[])
}

/// The same, with other native tools that are needed as well: built in one go with what composes, they share its crates.
pub(crate) fn composed_beside(workspace: &Workspace, optimise: Optimise, others: &[&str]) -> Result<()> {
    let optimiser = optimise.tool(workspace)?;
    component_with(workspace, optimiser.as_ref())?;
    // Spin's stores and variables on the standard WASI interfaces.
    wasm(workspace, "wasi-adapter", "WASI adapter", &workspace.adapter(), optimiser.as_ref())?;
    tools(workspace, &[others, &[COMPOSE]].concat())?;
    let step = ui::Step::start("composing");
    let file = workspace.composed();
    let mut compose = Command::new(workspace.tool(COMPOSE));
    compose.arg(workspace.component()).arg(workspace.adapter()).arg(&file);
    run(&mut compose, &step, Show::Note, COMPOSE_LIMIT)?;
    step.done(format!("component for every WASI host, {}: {}", ui::size(size(&file)?), file.display()));
    Ok(())
}

fn wasm(
    workspace: &Workspace,
    package: &str,
    what: &str,
    file: &Path,
    optimiser: Option<&WasmOpt>,
) -> Result<()> {
    let started = Instant::now();
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "--target", WASM_TARGET, "-p", package]);
    if let Some(folder) = cargo_home() {
        cargo.arg("--config").arg(without(&folder));
    }
    pass_through(&mut cargo).with_context(|| format!("the {what} could not be built"))?;
    if let Some(optimiser) = optimiser {
        optimise::optimise(workspace, optimiser, what, file)?;
    }
    ui::done_in(format!("{what}, {}: {}", ui::size(size(file)?), file.display()), started.elapsed());
    Ok(())
}

/// Where cargo keeps the sources of crates.
fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").filter(|set| !set.is_empty()).map(PathBuf::from);
    set.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// The messages of panics name source files: on whose machine it was built is nobody's business, and the same sources
/// give the same bytes in whatever folders they are.
fn without(folder: &Path) -> String {
    let flag = format!("--remap-path-prefix={}=/cargo", folder.display());
    format!("target.{WASM_TARGET}.rustflags = [{}]", toml::Value::String(flag))
}

fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| format!("there is no {}", file.display()))?.len())
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
    } else if packages.contains(&COMPOSE) && !workspace.tool(COMPOSE).exists() {
        ui::line(format!("  {names}: the first time takes a minute"));
    }
    pass_through(&mut cargo).with_context(|| format!("{names} could not be built"))?;
    ui::done_in(names, started.elapsed());
    Ok(())
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;

    #[test]
    fn the_folder_of_crates_is_named_otherwise_in_what_is_built_whatever_it_is_called() {
        let config: Table = without(Path::new("/home/o\"neil\\s/.cargo")).parse().unwrap();
        let flags = &config["target"][WASM_TARGET]["rustflags"];
        assert_eq!(flags[0].as_str(), Some("--remap-path-prefix=/home/o\"neil\\s/.cargo=/cargo"));
    }
}
