//! Every test, and what else has to hold before a change goes in.

use std::process::Command;

use anyhow::Result;

use crate::{
    build::{self, Optimise},
    run::pass_through,
    target,
    tools::Foreign,
    ui,
    workspace::{WASM_TARGET, Workspace},
};

/// The package of the black-box tests.
pub(crate) const BLACK_BOX: &str = "alertcap-tests";

/// Builds everything the tests start, then runs them.
pub(crate) fn test(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut cargo = prepared(workspace, needs_foreign(arguments))?;
    pass_through(cargo.arg("test").args(cargo_test_arguments(arguments)))
}

/// A cargo that knows everything the tests start: built and, with `foreign`, fetched.
pub(crate) fn prepared(workspace: &Workspace, foreign: bool) -> Result<Command> {
    let foreign = if foreign { Some(Foreign::ensure(workspace)?) } else { None };
    target::ensure(workspace)?;
    // The black-box tests say how large the component is.
    let optimise = if foreign.is_some() { Optimise::Surely } else { Optimise::IfPossible };
    build::composed_beside(workspace, optimise, &[build::HOST, build::STANDIN, build::TOOL])?;
    let mut cargo = workspace.cargo();
    // The tests start these, or load them.
    cargo.env("ALERTCAP_WASM", workspace.component());
    cargo.env("ALERTCAP_WASI_WASM", workspace.composed());
    cargo.env("ALERTCAP_ADAPTER_WASM", workspace.adapter());
    cargo.env("ALERTCAP_HOST_BIN", workspace.tool(build::HOST));
    cargo.env("ALERTCAP_STANDIN_BIN", workspace.tool(build::STANDIN));
    cargo.env("ALERTCAP_TOOL_BIN", workspace.tool(build::TOOL));
    cargo.env("ALERTCAP_MANIFEST", workspace.manifest());
    if let Some(foreign) = foreign {
        foreign.tell(&mut cargo);
    }
    Ok(cargo)
}

/// Format, clippy, tests: the fastest to fail first.
pub(crate) fn ci(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    pass_through(workspace.cargo().args(["fmt", "--all", "--check"]))?;
    ui::done("format");
    target::ensure(workspace)?;
    let deny = ["--", "-D", "warnings"];
    pass_through(workspace.cargo().args(["clippy", "--workspace", "--all-targets"]).args(deny))?;
    // What is the host's half is compiled for wasm only.
    for package in ["alertcap", "wasi-adapter"] {
        pass_through(workspace.cargo().args(["clippy", "-p", package, "--target", WASM_TARGET]).args(deny))?;
    }
    ui::done("clippy, natively and for the components");
    test(workspace, arguments)
}

/// `FILTER…` as the test programs take it, everything else as cargo takes it.
fn cargo_test_arguments(arguments: &[String]) -> Vec<String> {
    let has_options = arguments.iter().any(|argument| argument.starts_with('-'));
    let mut all = Vec::new();
    if !names_packages(arguments) {
        all.push("--workspace".to_owned());
    }
    if !has_options && !arguments.is_empty() {
        all.push("--".to_owned());
    }
    all.extend_from_slice(arguments);
    all
}

fn names_packages(arguments: &[String]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| {
        ["-p", "--package", "--workspace"].contains(&argument.as_str()) || argument.starts_with("--package=")
    })
}

/// Only the black-box tests start what is not built here; another package tested alone need not wait for it.
fn needs_foreign(arguments: &[String]) -> bool {
    let named = |argument: &String| argument == "--workspace" || argument.ends_with(BLACK_BOX);
    !names_packages(arguments) || arguments.iter().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[&str]) -> Vec<String> {
        arguments.iter().map(|word| (*word).to_owned()).collect()
    }

    fn given(arguments: &[&str]) -> String {
        cargo_test_arguments(&words(arguments)).join(" ")
    }

    #[test]
    fn without_arguments_every_test_of_every_package_runs() {
        assert_eq!(given(&[]), "--workspace");
    }

    #[test]
    fn several_names_filter_together() {
        assert_eq!(given(&["twice", "limit"]), "--workspace -- twice limit");
    }

    #[test]
    fn options_go_to_cargo_and_a_named_package_is_tested_alone() {
        assert_eq!(given(&["--no-fail-fast", "twice"]), "--workspace --no-fail-fast twice");
        assert_eq!(given(&["-p", "alertcap", "--", "--nocapture"]), "-p alertcap -- --nocapture");
        assert_eq!(given(&["--", "-p"]), "--workspace -- -p");
    }

    #[test]
    fn hosts_and_servers_are_fetched_for_the_tests_that_start_them() {
        for arguments in
            [&[][..], &["twice"], &["--workspace"], &["-p", BLACK_BOX], &["--package=alertcap-tests"]]
        {
            assert!(needs_foreign(&words(arguments)), "{arguments:?}");
        }
        assert!(!needs_foreign(&words(&["-p", "alertcap", "name", "--", "--nocapture"])));
    }
}
