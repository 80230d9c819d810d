//! `cargo xtask deny`: licences, sources, duplicates and known vulnerabilities of all crates, by `deny.toml`.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{run::pass_through, tools::Tool, ui, workspace::Workspace};

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", takes: "three to five minutes" };

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the database of advisories: what is known of crates from one day to the next must not decide whether a
    /// change is right
    #[arg(long)]
    offline: bool,
}

/// Checks everything; without the advisories where their database cannot be had.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let program = CARGO_DENY.ensure(workspace)?;
    let deny = |arguments: &[&str]| {
        let mut deny = Command::new(&program);
        deny.current_dir(&workspace.root).args(["--workspace", "--locked"]).args(arguments);
        deny
    };
    let mut checks = vec!["check", "licenses", "bans", "sources"];
    if !arguments.offline {
        match fetched(&mut deny(&["fetch", "db"]))? {
            Ok(()) => checks.push("advisories"),
            Err(why) => ui::warn(format!(
                "known vulnerabilities are not looked for: the database of advisories cannot be had ({why})"
            )),
        }
    }
    pass_through(&mut deny(&checks)).context("deny.toml says what is allowed, and with which exceptions")?;
    ui::done(checks.split_off(1).join(", "));
    Ok(())
}

/// Whether the database of advisories is there now, or why not.
fn fetched(fetch: &mut Command) -> Result<Result<(), String>> {
    let said = fetch.output().context("cannot run cargo-deny")?;
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    Ok(match said.status.success() {
        true => Ok(()),
        false => Err(last_line(&words).to_owned()),
    })
}

fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it does not say why")
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;

    #[test]
    fn every_exception_in_deny_toml_has_a_reason() {
        let rules: Table = include_str!("../../deny.toml").parse().unwrap();
        for (table, list) in [("advisories", "ignore"), ("bans", "skip")] {
            let exceptions = rules[table][list].as_array().unwrap();
            assert!(!exceptions.is_empty());
            for exception in exceptions {
                assert!(exception.get("reason").is_some_and(|reason| reason.is_str()), "{exception}");
            }
        }
    }

    #[test]
    fn the_last_words_of_a_failure_are_told() {
        assert_eq!(last_line("Cloning …\nfatal: no route\n\n"), "fatal: no route");
        assert_eq!(last_line(" \n"), "it does not say why");
    }
}
