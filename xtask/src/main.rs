//! `cargo xtask`: the one tool of this project, for Linux and macOS.
//!
//! `target` gets what cargo lacks, `build` makes the component, `compose` the one for hosts that are not Spin, `release`
//! what is given away; [`stack`] starts the component beside the stand-in for Azure: `up` leaves that running, `demo`
//! plays one alert through it. `test` and `ci` prove the whole, `hosts` on every host there is, `screenshots` shows the
//! page; `rules` checks the operator's rules, `summary` reads a capture file, `fuzz` attacks the readers of what comes
//! from outside, `simulate` everything behind them; `azure`
//! prints what Azure's side takes, `deny` and `sbom` look at the crates.

mod api;
mod azure;
mod bench;
mod build;
mod children;
mod compose;
mod debian;
mod demo;
mod deny;
mod fuzz;
mod host;
mod hosts;
mod keys;
#[cfg(test)]
mod pages;
mod release;
mod rules;
mod run;
mod sample;
mod sbom;
mod screenshots;
mod simulate;
mod stack;
mod staging;
mod summary;
mod target;
mod test;
mod tool;
mod tools;
mod ui;
mod up;
mod variables;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use build::Optimise;
use children::Interrupted;
use workspace::Workspace;

/// alertcap's tool: what is missing is set up, what is old is built, and each step says so.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run alertcap on this machine, against the stand-in for Azure or the real one, until Ctrl-C
    Up(up::Arguments),
    /// Play one alert from beginning to end, showing each step as it happens; exit 0 only if all of them did
    Demo(demo::Arguments),
    /// Build what is missing and run every test; arguments go to `cargo test`, bare words filter by name
    Test {
        /// Names to filter by, or any arguments of `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILTER")]
        arguments: Vec<String>,
    },
    /// Check the format, run clippy with warnings denied, run every test; arguments go to `cargo test`
    Ci {
        /// Names to filter by, or any arguments of `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILTER")]
        arguments: Vec<String>,
    },
    /// Run the same scenarios on every WASI host and write what works where into docs/hosts.md
    Hosts(hosts::Arguments),
    /// Take the pictures of the page that docs/page.md shows
    Screenshots,
    /// Check the rules: which alerts lead to which captures
    #[command(subcommand)]
    Rules(rules::Task),
    /// Say what a capture file shows; exit 1 if it could be read in part or not at all, exit 2 if there is none
    Summary(summary::Arguments),
    /// Measure how fast capture files are read, natively and in wasm, side by side with tshark and capinfos
    Bench,
    /// Fuzz the readers of what comes from outside
    Fuzz(fuzz::Arguments),
    /// Run the component's functions in a simulated, hostile world, thousands of times
    Simulate(simulate::Arguments),
    /// Check licences, sources, duplicates and known vulnerabilities of all crates (deny.toml)
    Deny(deny::Arguments),
    /// Write what the components are made of to target/alertcap.cdx.json and target/alertcap-wasi.cdx.json, as `CycloneDX`
    /// bills of materials
    Sbom,
    /// Print what has to be set up on Azure's side: the role, the action group, alert rules
    #[command(subcommand)]
    Azure(azure::Task),
    /// Build the component and say how large it is
    Build,
    /// Build the component for WASI hosts other than Spin: the same one, with the WASI adapter plugged under it
    Compose,
    /// Put all that a user without Rust needs into target/dist: both components, checksums, bills of materials,
    /// configuration for each host
    Release,
    /// Make sure that cargo can build for wasm32-wasip2
    Target,
    /// Runs a program that ends with its parent; what `up` starts its children through
    #[command(name = children::SHIM, hide = true)]
    Child {
        parent: i32,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        // As the shell says of what Ctrl-C ended.
        Err(error) if error.is::<Interrupted>() => ExitCode::from(130),
        Err(error) => match error.downcast_ref::<tool::Ended>() {
            Some(ended) => ExitCode::from(ended.0),
            None => {
                ui::error(&error);
                ExitCode::FAILURE
            }
        },
    }
}

fn dispatch(task: Task) -> Result<()> {
    if let Task::Child { parent, command } = &task {
        return children::become_child(*parent, command);
    }
    let workspace = Workspace::find()?;
    match task {
        Task::Up(arguments) => up::run(&workspace, arguments),
        Task::Demo(arguments) => demo::run(&workspace, &arguments),
        Task::Test { arguments } => test::test(&workspace, &arguments),
        Task::Ci { arguments } => test::ci(&workspace, &arguments),
        Task::Hosts(arguments) => hosts::run(&workspace, &arguments),
        Task::Screenshots => screenshots::run(&workspace),
        Task::Rules(task) => rules::run(&workspace, &task),
        Task::Summary(arguments) => summary::run(&workspace, &arguments),
        Task::Bench => bench::run(&workspace),
        Task::Fuzz(arguments) => fuzz::run(&workspace, &arguments),
        Task::Simulate(arguments) => simulate::run(&workspace, &arguments),
        Task::Deny(arguments) => deny::run(&workspace, &arguments),
        Task::Sbom => sbom::run(&workspace),
        Task::Azure(task) => azure::run(&task),
        Task::Build => {
            target::ensure(&workspace).and_then(|()| build::component(&workspace, Optimise::IfPossible))
        }
        Task::Compose => compose::run(&workspace),
        Task::Release => release::run(&workspace),
        Task::Target => target::ensure(&workspace),
        Task::Child { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_stands_after_test_goes_to_cargo_test_as_it_is() {
        let arguments =
            Arguments::parse_from(["cargo xtask", "test", "-p", "tests", "twice", "--", "--nocapture"]);
        let Task::Test { arguments } = arguments.task else { panic!("not a test") };
        assert_eq!(arguments, ["-p", "tests", "twice", "--", "--nocapture"]);
    }
}
