//! Where Rust's download server cannot be reached: the library's sources and wasi-libc from the Debian archive,
//! signed, unpacked beside the toolchain, compiled once. Nothing is installed on the system.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{
    staging, stdlib,
    toolchain::{STAMP, State, Toolchain, is_complete, stamp_in},
    verify,
};
use crate::{
    debian::{self, Apt, unpack, upstream},
    staging::Staging,
    ui::{self, Step},
    workspace::WASM_TARGET,
};

/// The suite that carries recent Rust for stable Debian.
const SUITE: &str = "trixie-backports";

/// Sets up the target from the Debian archive.
pub(super) fn install(toolchain: &Toolchain) -> Result<()> {
    let archives = debian::archives()?;
    let staging = staging::claim(toolchain)?;
    if toolchain.state() == State::Complete {
        // Another run has set it up meanwhile; or rustup has, and what it brought does not work.
        return verify::compiles(toolchain);
    }

    let apt = debian::open(&archives, SUITE, &staging)?;
    let mut origin = vec![toolchain.banner.clone()];
    let libc = wasi_libc(&apt, &staging, &mut origin)?;
    library_sources(&apt, &staging, toolchain, &mut origin)?;

    let step = Step::start(format!("Compile Rust's standard library for {WASM_TARGET}"));
    let rlibs = stdlib::compile(toolchain, &staging.subfolder("build")?, &step)?;
    step.done(format!("Compiled Rust's standard library for {WASM_TARGET}"));

    let step = Step::start("Put it in its place");
    let finished = staging.subfolder("finished")?;
    let count = stdlib::assemble(&rlibs, &libc, &finished)?;
    if !is_complete(&finished) {
        bail!("of the standard library {count} files were built, but not all that are needed");
    }
    write_stamp(&finished, &origin)?;
    staging.install(&finished, &toolchain.target_folder())?;
    step.done(format!("{count} libraries in {}", toolchain.target_folder().display()));

    if let Err(error) = verify::compiles(toolchain) {
        // Better none than one that fails in somebody's build.
        fs::rename(toolchain.target_folder(), staging.subfolder("replaced")?.join("broken")).ok();
        return Err(error.context("what was built does not work, and was taken away again"));
    }
    Ok(())
}

/// Fetches and unpacks wasi-libc; returns the folder that stands for `/`.
fn wasi_libc(apt: &Apt, staging: &Staging, origin: &mut Vec<String>) -> Result<PathBuf> {
    let step = Step::start("Fetch wasi-libc");
    let versions = apt.versions("wasi-libc", &step)?;
    let version = versions.first().with_context(|| format!("{} has no wasi-libc", SUITE))?;
    let folder = staging.subfolder("wasi-libc")?;
    unpack(&apt.download("wasi-libc", version, &step)?, &folder, &format!("./usr/lib/{WASM_TARGET}"))?;
    origin.push(format!("wasi-libc {version}"));
    step.done(format!("Fetched wasi-libc {version}"));
    Ok(folder)
}

/// Makes sure that the toolchain has the library's sources, of exactly its own version.
fn library_sources(
    apt: &Apt,
    staging: &Staging,
    toolchain: &Toolchain,
    origin: &mut Vec<String>,
) -> Result<()> {
    let to = toolchain.sources_folder();
    let there = to.join("library/Cargo.lock").is_file();
    match stamp_in(&to) {
        Some(built_for) if there && built_for == toolchain.banner => {
            ui::done(format!("Library sources of {} are there, from an earlier run", toolchain.release));
            return Ok(());
        }
        // Ours, for another rustc: replaced below.
        Some(_) => {}
        None if there => {
            let whose = if toolchain.has_component("rust-src") { "from rustup" } else { "of unknown origin" };
            ui::done(format!("Library sources are there, {whose}: {}", to.display()));
            origin.push(format!("library sources {whose}"));
            return Ok(());
        }
        None => {}
    }

    let release = &toolchain.release;
    let step = Step::start(format!("Fetch rust-src {release}"));
    let versions = apt.versions("rust-src", &step)?;
    let Some(version) = versions.iter().find(|version| upstream(version) == release) else {
        bail!(
            "{} has rust-src {}, but rustc is {release}, and they must be equal: use one of these versions \
             (`rustup default VERSION`, if you have it)",
            SUITE,
            if versions.is_empty() { "in no version".to_owned() } else { versions.join(", ") }
        );
    };
    let package = apt.download("rust-src", version, &step)?;
    let size = fs::metadata(&package)?.len();
    step.done(format!("Fetched rust-src {version}, {}", ui::size(size)));

    let step = Step::start("Unpack the library sources");
    let folder = staging.subfolder("rust-src")?;
    // Only this folder: the package as a whole is six times as large.
    let inside = format!("usr/src/rustc-{release}/library");
    unpack(&package, &folder, &format!("./{inside}"))?;
    let finished = staging.subfolder("sources")?;
    fs::rename(folder.join(&inside), finished.join("library"))
        .with_context(|| format!("rust-src {version} has no {inside}"))?;
    if !finished.join("library/Cargo.lock").is_file() {
        bail!("rust-src {version} has no library/Cargo.lock");
    }
    origin.push(format!("rust-src {version}"));
    write_stamp(&finished, origin)?;
    staging.install(&finished, &to)?;
    step.done(format!("Unpacked the library sources to {}", to.display()));
    Ok(())
}

/// Says whose the folder is and what it was made from.
fn write_stamp(folder: &Path, origin: &[String]) -> Result<()> {
    let text = format!(
        "{}\n\nPut here by `cargo xtask target` of alertcap, from the Debian archive. rustup does not know it: remove this\n\
         folder before `rustup target add {WASM_TARGET}` or `rustup component add rust-src`.\n",
        origin.join("\n")
    );
    fs::write(folder.join(STAMP), text).context("cannot write the stamp")
}
