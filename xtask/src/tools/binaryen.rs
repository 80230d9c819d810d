//! wasm-opt, which makes a component an eighth smaller: npm's `binaryen`, the project's own build of it to WebAssembly. So it
//! is the same program on every machine, and leaves the same bytes; a native one of the same version need not.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    run::{Show, run},
    staging::Staging,
    ui::Step,
    workspace::{Workspace, on_path},
};

const PACKAGE: &str = include_str!("binaryen/package.json");
/// Version and hash. Kept beside the program, it says whether that is still what is wanted.
const LOCK: &str = include_str!("binaryen/package-lock.json");
const LOCK_FILE: &str = "package-lock.json";
/// wasm-opt, and what tells Node how to read it.
const FILES: [&str; 2] = ["wasm-opt", "package.json"];
const INSTALL_NODE: &str =
    "install Node.js (Debian: `apt-get install nodejs npm`, macOS: `brew install node`)";
const LIMIT: Duration = Duration::from_secs(600);

/// wasm-opt in the version that is pinned.
pub(crate) struct WasmOpt {
    program: PathBuf,
}

impl WasmOpt {
    /// Its version, as npm has it.
    pub(crate) fn version() -> Result<String> {
        pinned("version")
    }

    /// What npm checks its package by, as `package-lock.json` has it: `sha512-…`, in base64.
    pub(crate) fn integrity() -> Result<String> {
        pinned("integrity")
    }

    /// The program, fetched if it is not there in this version.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let tools = workspace.target_dir.join("tools");
        let folder = tools.join("binaryen");
        if on_path("node").is_none() {
            bail!("there is no node on the PATH, which runs wasm-opt: {INSTALL_NODE}");
        }
        if !is_in(&folder) {
            fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
            fetch(&tools, &folder).context("wasm-opt could not be fetched")?;
        }
        Ok(Self { program: folder.join(FILES[0]) })
    }

    /// Runs it, for at most ten minutes.
    pub(crate) fn run(&self, arguments: &[&OsStr], step: &Step) -> Result<()> {
        run(node(&self.program).args(arguments), step, Show::Note, LIMIT).map(drop)
    }
}

fn is_in(folder: &Path) -> bool {
    fs::read_to_string(folder.join(LOCK_FILE)).is_ok_and(|kept| kept == LOCK)
        && FILES.iter().all(|file| folder.join(file).is_file())
}

fn fetch(tools: &Path, folder: &Path) -> Result<()> {
    if on_path("npm").is_none() {
        bail!("there is no npm on the PATH: {INSTALL_NODE}");
    }
    let staging = Staging::claim(tools)?;
    if is_in(folder) {
        // Another run has fetched it meanwhile.
        return Ok(());
    }
    let step = Step::start(format!("Fetch wasm-opt of binaryen {} with npm", WasmOpt::version()?));
    let fetched = staging.subfolder("npm")?;
    fs::write(fetched.join("package.json"), PACKAGE)?;
    fs::write(fetched.join(LOCK_FILE), LOCK)?;
    let mut npm = Command::new("npm");
    // Which registry and through which proxy is the machine's affair. The hash is npm's to check; no script is run.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    run(npm.current_dir(&fetched), &step, Show::Note, LIMIT)?;
    // Nine programs of 10 MB each are in the package.
    let finished = staging.subfolder("binaryen")?;
    for file in FILES {
        let from = fetched.join("node_modules/binaryen/bin").join(file);
        fs::rename(&from, finished.join(file)).with_context(|| format!("the package has no bin/{file}"))?;
    }
    fs::rename(fetched.join(LOCK_FILE), finished.join(LOCK_FILE))?;
    let said = run(node(&finished.join(FILES[0])).arg("--version"), &step, Show::Note, LIMIT)
        .context("what was fetched does not run: a newer Node.js may do (20 was tried)")?;
    staging.install(&finished, folder)?;
    step.done(format!("Fetched {}, hash checked", said.trim()));
    Ok(())
}

fn node(program: &Path) -> Command {
    let mut node = Command::new("node");
    node.arg(program);
    node
}

fn pinned(key: &str) -> Result<String> {
    let lock: serde_json::Value = serde_json::from_str(LOCK).context("package-lock.json")?;
    let value = lock["packages"]["node_modules/binaryen"][key].as_str();
    Ok(value.with_context(|| format!("package-lock.json has no {key} of binaryen"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasm_opt_is_pinned_by_version_and_hash_and_by_no_registrys_address() {
        let version = WasmOpt::version().unwrap();
        assert!(PACKAGE.contains(&format!("\"binaryen\": \"{version}\"")), "{version}");
        let integrity = WasmOpt::integrity().unwrap();
        assert!(integrity.starts_with("sha512-") && integrity.len() == "sha512-".len() + 88, "{integrity}");
        assert!(!LOCK.contains("://"), "npm would ask there, whatever the machine's registry is");
    }

    #[test]
    fn what_was_fetched_by_another_lock_file_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_in(folder.path()));
        for file in FILES {
            fs::write(folder.path().join(file), "").unwrap();
        }
        fs::write(folder.path().join(LOCK_FILE), LOCK).unwrap();
        assert!(is_in(folder.path()));
        fs::write(folder.path().join(LOCK_FILE), LOCK.replace("132.", "131.")).unwrap();
        assert!(!is_in(folder.path()));
    }
}
