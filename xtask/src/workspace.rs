//! Where things are: the repository, cargo's target folder, the tools.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The target triple of the component.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

/// The repository as cargo sees it.
pub(crate) struct Workspace {
    /// The folder of the workspace's Cargo.toml, and of spin.toml.
    pub(crate) root: PathBuf,
    /// Where cargo builds; `CARGO_TARGET_DIR` and cargo's configuration are already in it.
    pub(crate) target_dir: PathBuf,
}

impl Workspace {
    /// Asks cargo, which knows every setting that moves its folders.
    pub(crate) fn find() -> Result<Self> {
        // cargo sets this for what it runs; the compiled-in value serves a binary started by hand.
        let here = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let mut command = Command::new(cargo_program());
        command.args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"]);
        command.arg(Path::new(&here).join("Cargo.toml"));
        let out = command.output().context("cannot run `cargo metadata`")?;
        if !out.status.success() {
            bail!("`cargo metadata` failed:\n{}", String::from_utf8_lossy(&out.stderr));
        }
        let metadata: Value =
            serde_json::from_slice(&out.stdout).context("`cargo metadata` printed no JSON")?;
        let folder = |key: &str| {
            let value = metadata[key].as_str().with_context(|| format!("`cargo metadata` names no {key}"))?;
            anyhow::Ok(PathBuf::from(value))
        };
        Ok(Self { root: folder("workspace_root")?, target_dir: folder("target_directory")? })
    }

    /// A cargo command that runs in the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root);
        // Set by cargo for xtask itself; the crates built from here have their own.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// The component's file.
    pub(crate) fn component(&self) -> PathBuf {
        self.target_dir.join(WASM_TARGET).join("release/alertcap.wasm")
    }

    /// The adapter's file.
    pub(crate) fn adapter(&self) -> PathBuf {
        self.target_dir.join(WASM_TARGET).join("release/wasi_adapter.wasm")
    }

    /// The file of the component that has the adapter plugged under it.
    pub(crate) fn composed(&self) -> PathBuf {
        self.target_dir.join(WASM_TARGET).join("release/alertcap-wasi.wasm")
    }

    /// A native tool's file, as `cargo build` leaves it.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.target_dir.join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// The Spin application.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("spin.toml")
    }
}

/// The cargo that runs us, so that one toolchain does everything.
pub(crate) fn cargo_program() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The file a program's name leads to, by PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
