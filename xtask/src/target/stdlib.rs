//! Rust's standard library, compiled for the target and laid out as rustup would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::toolchain::{OBJECTS, Toolchain};
use crate::{
    run::{Show, run},
    ui::Step,
    workspace::{WASM_TARGET, cargo_program},
};

/// The crate that makes cargo build the library; its own file is left out of the result.
const PRETEXT: &str = "alertcap_xtask_pretext";

/// Compiles the library from the toolchain's sources and returns the folder of its `.rlib` files.
pub(super) fn compile(toolchain: &Toolchain, folder: &Path, step: &Step) -> Result<PathBuf> {
    let manifest = format!(
        "[package]\nname = \"{PRETEXT}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[profile.release]\ncodegen-units = 1\n"
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "")?;

    let mut cargo = Command::new(cargo_program());
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_for_other_builds(&name.to_string_lossy())) {
        cargo.env_remove(name);
    }
    cargo.current_dir(folder).env("RUSTC", &toolchain.rustc).env("RUSTC_BOOTSTRAP", "1");
    // As Rust's own build does: a component linked with `lto` reaches into the library too.
    cargo.env("RUSTFLAGS", "-C embed-bitcode=yes");
    cargo.args(["build", "--release", "-Z", "build-std=std,panic_abort"]);
    cargo.args(["--target", WASM_TARGET, "--target-dir"]);
    let built = folder.join("target");
    cargo.arg(&built);
    run(&mut cargo, step, Show::Note, Duration::from_secs(1800))
        .context("the standard library did not compile (its own dependencies come from cargo's registry)")?;
    Ok(built.join(WASM_TARGET).join("release/deps"))
}

/// What the user sets for other builds, which would make another library than rustup's. How to reach the registry stays.
fn is_for_other_builds(variable: &str) -> bool {
    let how_to_reach = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];
    let of_cargo =
        variable.starts_with("CARGO") && !how_to_reach.iter().any(|start| variable.starts_with(start));
    of_cargo || variable.starts_with("RUSTC_") || variable.starts_with("RUSTFLAGS")
}

/// Lays out `lib/` and `lib/self-contained/` in `folder`; returns how many libraries there are.
pub(super) fn assemble(rlibs: &Path, wasi_libc: &Path, folder: &Path) -> Result<usize> {
    let objects = folder.join("lib/self-contained");
    fs::create_dir_all(&objects)?;
    let mut count = 0;
    for file in fs::read_dir(rlibs)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with(&format!("lib{PRETEXT}")) {
            copy(&file.path(), &folder.join("lib").join(name))?;
            count += 1;
        }
    }
    let from = wasi_libc.join("usr/lib").join(WASM_TARGET);
    if !from.is_dir() {
        bail!("this wasi-libc has no {WASM_TARGET}: there is no {}", from.display());
    }
    for object in OBJECTS {
        copy(&from.join(object), &objects.join(object))?;
    }
    Ok(count)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_other_builds_are_left_out_and_the_way_to_the_registry_stays() {
        for name in [
            "CARGO_TARGET_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "CARGO_PROFILE_RELEASE_LTO",
        ] {
            assert!(is_for_other_builds(name), "{name}");
        }
        for name in
            ["CARGO_HOME", "CARGO_HTTP_PROXY", "CARGO_REGISTRIES_MINE_TOKEN", "RUSTUP_TOOLCHAIN", "PATH"]
        {
            assert!(!is_for_other_builds(name), "{name}");
        }
    }
}
