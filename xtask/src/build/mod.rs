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
use toml::Value;

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
/// What only the shipped WebAssembly is compiled with: no file and line with each place that could panic, and nothing for
/// `{:?}`, with which it says nothing to people (`text::quoted`). The compiler has no stable name for either; it takes these where
/// [`UNSTABLE`] is set. Whoever builds with cargo alone has a larger one that says the same.
const SHORTER: [&str; 2] = ["-Zlocation-detail=none", "-Zfmt-debug=none"];
/// Lets a stable compiler take them.
const UNSTABLE: &str = "RUSTC_BOOTSTRAP";
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

/// Builds what is measured, optimised as the component is.
pub(crate) fn release(workspace: &Workspace, what: &[&str], target: Option<&str>) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release"]).args(what);
    if let Some(target) = target {
        cargo.args(["--target", target]);
    }
    pass_through(&mut cargo).with_context(|| format!("{} could not be built", what.join(" ")))
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
    let renamed = cargo_home().map(|folder| without(&folder)).transpose()?.unwrap_or_default();
    let flags = SHORTER.map(str::to_owned).into_iter().chain(renamed);
    cargo.arg("--config").arg(config(flags)).env(UNSTABLE, "1");
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

/// The messages of panics name source files: on whose machine it was built, and from which registry or mirror, is nobody's
/// business. The same sources give the same bytes in whatever folders they are, and shorter names fewer.
fn without(cargo_home: &Path) -> Result<Vec<String>> {
    let mut folders = vec![(cargo_home.to_owned(), "/cargo")];
    // One for each registry; what this program is made of is there already. The last that fits is the one that counts.
    let registries = cargo_home.join("registry/src");
    if let Ok(entries) = fs::read_dir(&registries) {
        for entry in entries {
            folders.push((entry.context("registry/src")?.path(), ""));
        }
    }
    folders[1..].sort();
    let flags = folders.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    Ok(flags.collect())
}

/// The compiler's flags as cargo takes them.
fn config(flags: impl Iterator<Item = String>) -> String {
    format!("target.{WASM_TARGET}.rustflags = {}", Value::Array(flags.map(Value::String).collect()))
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

    fn flags(cargo_home: &Path) -> Vec<String> {
        let config: Table = config(without(cargo_home).unwrap().into_iter()).parse().unwrap();
        let flags = config["target"][WASM_TARGET]["rustflags"].as_array().unwrap();
        flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_folder_of_crates_is_named_otherwise_in_what_is_built_whatever_it_is_called() {
        let flags = flags(Path::new("/home/o\"neil\\s/.cargo"));
        assert_eq!(flags, ["--remap-path-prefix=/home/o\"neil\\s/.cargo=/cargo"]);
    }

    #[test]
    fn a_crates_file_is_called_the_same_whichever_registry_it_came_from() {
        let home = tempfile::tempdir().unwrap();
        for registry in ["mirror-2", "index-1"] {
            fs::create_dir_all(home.path().join("registry/src").join(registry)).unwrap();
        }
        let home = home.path();
        let of = |path: &str, to| format!("--remap-path-prefix={}={to}", home.join(path).display());
        let registries = ["index-1", "mirror-2"].map(|name| of(&format!("registry/src/{name}"), ""));
        assert_eq!(flags(home)[1..], registries);
        assert_eq!(flags(home)[0], format!("--remap-path-prefix={}=/cargo", home.display()));
    }
}
