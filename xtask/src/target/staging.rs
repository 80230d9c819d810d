//! Where things are prepared before they are installed: one folder beside the destination, one run at a time.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};

use super::toolchain::{Toolchain, stamp_in};
use crate::{ui::Step, workspace::WASM_TARGET};

const FOLDER: &str = ".alertcap-xtask-staging";
const LOCK: &str = ".alertcap-xtask-lock";

/// The folder, held by this run, removed at its end. On the same file system as what is installed, so that
/// installing is one rename.
pub(super) struct Staging {
    /// All of it, leftovers included.
    root: PathBuf,
    /// This run's part: what a killed run's compiler may still be writing goes elsewhere.
    folder: PathBuf,
    // Unlocked when it is closed, also by the end of a killed process.
    _lock: File,
}

impl Staging {
    /// Waits for a run that is under way, clears what an aborted one left, and takes over.
    pub(super) fn claim(toolchain: &Toolchain) -> Result<Self> {
        let rustlib = toolchain.rustlib();
        let lock = File::options().create(true).append(true).open(rustlib.join(LOCK));
        let lock = lock.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => anyhow!(
                "{} is not writable for you. A Rust of the distribution needs the distribution's own package \
                 (on Debian: libstd-rust-dev-wasm32); a Rust of your own from rustup can be set up here",
                rustlib.display()
            ),
            _ => anyhow!(error).context(format!("cannot create a lock in {}", rustlib.display())),
        })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let step = Step::start("Wait for another run that is setting up the target");
                lock.lock().context("cannot wait for the lock")?;
                step.done("The other run has ended");
            }
            Err(TryLockError::Error(error)) => return Err(error).context("cannot take the lock"),
        }
        let root = rustlib.join(FOLDER);
        if root.exists() {
            let step = Step::start("Clear away what an aborted run has left");
            fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))?;
            step.done("Cleared away what an aborted run had left");
        }
        let folder = root.join(std::process::id().to_string());
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { root, folder, _lock: lock })
    }

    /// A folder for one purpose.
    pub(super) fn subfolder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// Puts a finished folder where it belongs, in one step; what was there goes the way of the staging folder.
    pub(super) fn install(&self, finished: &Path, to: &Path) -> Result<()> {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        if to.exists() {
            let aside = self.subfolder("replaced")?.join(to.file_name().unwrap_or_default());
            fs::rename(to, aside).with_context(|| format!("cannot move {} aside", to.display()))?;
        }
        fs::rename(finished, to)
            .with_context(|| format!("cannot move the finished folder to {}", to.display()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Thousands of files: on a busy disk that takes its time. What stays is cleared by the next run.
        let is_empty = fs::read_dir(&self.folder).is_ok_and(|mut files| files.next().is_none());
        let step = (!is_empty).then(|| Step::start("Clear away what is no longer needed"));
        let cleared = fs::remove_dir_all(&self.root);
        if let (Some(step), Ok(())) = (step, cleared) {
            step.done("Cleared away what is no longer needed");
        }
    }
}

/// Takes back what we once installed, and only that: folders without our stamp are somebody else's.
pub(super) fn remove_what_we_installed(toolchain: &Toolchain) -> Result<()> {
    let staging = Staging::claim(toolchain)?;
    for folder in [toolchain.target_folder(), toolchain.sources_folder()] {
        if stamp_in(&folder).is_some() {
            let name = folder.file_name().unwrap_or(WASM_TARGET.as_ref());
            let aside = staging.subfolder("removed")?.join(name);
            fs::rename(&folder, aside).with_context(|| format!("cannot remove {}", folder.display()))?;
            // The folder above it, if it was there for ours only.
            fs::remove_dir(toolchain.rustlib().join("src")).ok();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::toolchain::STAMP;

    fn toolchain(folder: &Path) -> Toolchain {
        fs::create_dir_all(folder.join("lib/rustlib")).unwrap();
        Toolchain {
            rustc: "rustc".into(),
            release: "1.95.0".to_owned(),
            banner: "rustc 1.95.0".to_owned(),
            sysroot: folder.to_owned(),
        }
    }

    #[test]
    fn what_an_aborted_run_left_is_cleared_and_nothing_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = toolchain(folder.path());
        let left = toolchain.rustlib().join(FOLDER).join("half");
        fs::create_dir_all(&left).unwrap();
        let staging = Staging::claim(&toolchain).unwrap();
        assert!(!left.exists());
        drop(staging);
        assert!(!toolchain.rustlib().join(FOLDER).exists());
    }

    #[test]
    fn installing_replaces_what_was_there_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = toolchain(folder.path());
        let to = toolchain.target_folder();
        fs::create_dir_all(to.join("lib")).unwrap();
        fs::write(to.join("lib/old"), "").unwrap();
        let staging = Staging::claim(&toolchain).unwrap();
        let finished = staging.subfolder("finished").unwrap();
        fs::write(finished.join("new"), "").unwrap();
        staging.install(&finished, &to).unwrap();
        assert!(to.join("new").exists() && !to.join("lib").exists());
    }

    #[test]
    fn only_what_carries_our_stamp_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = toolchain(folder.path());
        for place in [toolchain.target_folder(), toolchain.sources_folder()] {
            fs::create_dir_all(place).unwrap();
        }
        fs::write(toolchain.target_folder().join(STAMP), "rustc 1.94.0").unwrap();
        remove_what_we_installed(&toolchain).unwrap();
        assert!(!toolchain.target_folder().exists() && toolchain.sources_folder().exists());
    }

    #[test]
    fn a_second_run_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = Staging::claim(&toolchain(folder.path())).unwrap();
        let path = folder.path().to_owned();
        let second = std::thread::spawn(move || Staging::claim(&toolchain(&path)).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    }
}
