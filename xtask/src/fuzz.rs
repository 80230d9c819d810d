//! `cargo xtask fuzz`: looks for bytes from outside that break what must hold for any (`src/fuzzed.rs`).
//!
//! The fuzzer is cargo-fuzz, built once below the target folder. Its instrumentation is not stable in rustc yet, which
//! is the one thing that `RUSTC_BOOTSTRAP` is set for.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::{run::pass_through, tools::Tool, ui, workspace::Workspace};

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", takes: "half a minute" };
/// What can be fuzzed: one file each in `fuzz/fuzz_targets/`.
const TARGETS: [&str; 9] =
    ["alert", "rules", "resource_id", "token", "key_set", "signature", "pem", "problem", "capture"];

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `alert`, `rules`, `resource_id`, `token`, `key_set`, `signature`, `pem`, `problem` or `capture`; all of them, one
    /// after the other, if none is named
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// How long each
    #[arg(long, default_value_t = 10, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Keep what was found: the smallest set of inputs that reaches all of it goes into fuzz/corpus
    #[arg(long)]
    keep: bool,
}

/// Fuzzes; fails on the first finding, which cargo-fuzz leaves under `fuzz/artifacts`.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let targets: Vec<&str> = match &arguments.target {
        None => TARGETS.to_vec(),
        Some(name) => match TARGETS.iter().find(|known| *known == name) {
            Some(known) => vec![known],
            None => bail!("there is no fuzz target {name}; there are {}", TARGETS.join(", ")),
        },
    };
    let program = CARGO_FUZZ.ensure(workspace)?;
    for target in targets {
        let found = workspace.target_dir.join("fuzz-found").join(target);
        let corpus = workspace.root.join("fuzz/corpus").join(target);
        fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
        let seconds = u64::from(arguments.minutes) * 60;
        let mut fuzz = cargo_fuzz(workspace, &program, target);
        fuzz.args([&found, &corpus])
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg("-print_final_stats=1");
        pass_through(&mut fuzz).with_context(|| format!("{target}: a finding, or no fuzzer"))?;
        if arguments.keep {
            let mut merge = cargo_fuzz(workspace, &program, target);
            merge.args([&corpus, &found]).args(["--", "-set_cover_merge=1", "-use_counters=0"]);
            pass_through(&mut merge).with_context(|| format!("{target}: the corpus could not be merged"))?;
        }
        ui::done(format!("{target}: {} min without a finding", arguments.minutes));
    }
    Ok(())
}

fn cargo_fuzz(workspace: &Workspace, program: &Path, target: &str) -> Command {
    let mut fuzz = Command::new(program);
    fuzz.current_dir(&workspace.root).env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run", target]);
    fuzz
}
