//! Every test, and what else has to hold before a change goes in.

use anyhow::Result;

use crate::{
    build,
    run::pass_through,
    target, ui,
    workspace::{WASM_TARGET, Workspace},
};

/// Builds everything the tests start, then runs them.
pub(crate) fn test(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    target::ensure(workspace)?;
    build::composed(workspace)?;
    build::tools(workspace, &[build::HOST, build::STANDIN])?;
    let mut cargo = workspace.cargo();
    cargo.arg("test").args(cargo_test_arguments(arguments));
    // The tests start these, or load them.
    cargo.env("ALERTCAP_WASM", workspace.component());
    cargo.env("ALERTCAP_WASI_WASM", workspace.composed());
    cargo.env("ALERTCAP_ADAPTER_WASM", workspace.adapter());
    cargo.env("ALERTCAP_HOST_BIN", workspace.tool(build::HOST));
    cargo.env("ALERTCAP_STANDIN_BIN", workspace.tool(build::STANDIN));
    cargo.env("ALERTCAP_MANIFEST", workspace.manifest());
    pass_through(&mut cargo)
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
    let names_packages = arguments.iter().take_while(|argument| *argument != "--").any(|argument| {
        ["-p", "--package", "--workspace"].contains(&argument.as_str()) || argument.starts_with("--package=")
    });
    let mut all = Vec::new();
    if !names_packages {
        all.push("--workspace".to_owned());
    }
    if !has_options && !arguments.is_empty() {
        all.push("--".to_owned());
    }
    all.extend_from_slice(arguments);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> String {
        cargo_test_arguments(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).join(" ")
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
}
