//! The wasm target: there, or fetched by rustup, or built from Debian's sources; never silently, never by halves.

mod debian;
mod rustup;
mod staging;
mod stdlib;
mod toolchain;
mod verify;

use std::{fs, time::Instant};

use anyhow::{Context, Result, bail};

use crate::{
    ui::{self, Step},
    workspace::{WASM_TARGET, Workspace},
};
use toolchain::{State, Toolchain};

/// Makes sure that cargo can build for [`WASM_TARGET`]; costs two calls of rustc when it already can.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let toolchain = Toolchain::find(workspace)?;
    let started = Instant::now();
    match toolchain.state() {
        State::Complete => {
            ui::done(format!("{WASM_TARGET} is there, rustc {}", toolchain.release));
            return Ok(());
        }
        State::Missing => ui::line(format!(
            "{WASM_TARGET} is missing: setting it up for {} in {}",
            toolchain.banner,
            toolchain.sysroot.display()
        )),
        State::Stale { built_for } => {
            ui::line(format!(
                "{WASM_TARGET} was built here for {built_for}, rustc is now {}: setting it up again",
                toolchain.release
            ));
            // rustup does not install over files it does not know.
            staging::remove_what_we_installed(&toolchain)?;
        }
    }

    let rustup_said = match rustup::add(&toolchain) {
        Ok(()) => return finish(workspace, &toolchain, started, "rustup"),
        Err(error) => error,
    };
    let debian_said = match debian::install(&toolchain) {
        Ok(()) => return finish(workspace, &toolchain, started, "the Debian archive"),
        Err(error) => error,
    };
    bail!(
        "{WASM_TARGET} could not be set up for rustc {release}; nothing was left half-installed.\n\n\
         1. rustup, from Rust's download server:\n{}\n\n\
         2. Debian's rust-src and wasi-libc, from the mirror in this machine's apt sources:\n{}\n\n\
         What to do, whichever is easiest:\n  \
         - let this machine reach Rust's download server (or a mirror of it: RUSTUP_DIST_SERVER) and run `rustup target add {WASM_TARGET}`;\n  \
         - on a Debian machine, mend what point 2 names;\n  \
         - copy {lib} from a machine with the same rustc {release} on which `cargo xtask target` is content.",
        indented(&format!("{rustup_said:#}")),
        indented(&format!("{debian_said:#}")),
        release = toolchain.release,
        lib = toolchain.target_folder().display(),
    );
}

/// The rustc that builds for it: `rustc 1.95.0 (59807616e 2026-04-14)`.
pub(crate) fn rustc(workspace: &Workspace) -> Result<String> {
    Ok(Toolchain::find(workspace)?.banner)
}

fn finish(workspace: &Workspace, toolchain: &Toolchain, started: Instant, from: &str) -> Result<()> {
    // cargo knows rustc's version, not which library lies beside it: what an earlier one went into would not link.
    // (`cargo clean --target` is no help, it removes the other targets' files as well.)
    let built = workspace.target_dir.join(WASM_TARGET);
    if built.exists() {
        let step = Step::start("Remove what was built with another library");
        fs::remove_dir_all(&built).with_context(|| format!("cannot remove {}", built.display()))?;
        step.done(format!("Removed what was built with another library: {}", built.display()));
    }
    let what = format!("{WASM_TARGET} for rustc {}, from {from}: set up", toolchain.release);
    ui::done_in(what, started.elapsed());
    Ok(())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("     {line}")).collect::<Vec<_>>().join("\n")
}
