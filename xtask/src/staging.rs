//! Where things are prepared before they are installed: one folder beside the destination, one run at a time.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::ui::Step;

const FOLDER: &str = ".alertcap-xtask-staging";
const LOCK: &str = ".alertcap-xtask-lock";

/// The folder, held by this run, removed at its end. On the same file system as what is installed, so that
/// installing is one rename.
pub(crate) struct Staging {
    /// All of it, leftovers included.
    root: PathBuf,
    /// This run's part: what a killed run's compiler may still be writing goes elsewhere.
    folder: PathBuf,
    // Unlocked when it is closed, also by the end of a killed process.
    _lock: File,
}

impl Staging {
    /// Waits for a run that is under way `beside` it, clears what an aborted one left, and takes over.
    pub(crate) fn claim(beside: &Path) -> Result<Self> {
        let lock = File::options().create(true).append(true).open(beside.join(LOCK));
        let lock = lock.with_context(|| format!("cannot create a lock in {}", beside.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let step = Step::start("Wait for another run that is setting this up");
                lock.lock().context("cannot wait for the lock")?;
                step.done("The other run has ended");
            }
            Err(TryLockError::Error(error)) => return Err(error).context("cannot take the lock"),
        }
        let root = beside.join(FOLDER);
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
    pub(crate) fn subfolder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// Puts a finished folder where it belongs, in one step; what was there goes the way of the staging folder.
    pub(crate) fn install(&self, finished: &Path, to: &Path) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_aborted_run_left_is_cleared_and_nothing_stays_behind() {
        let beside = tempfile::tempdir().unwrap();
        let left = beside.path().join(FOLDER).join("half");
        fs::create_dir_all(&left).unwrap();
        let staging = Staging::claim(beside.path()).unwrap();
        assert!(!left.exists());
        drop(staging);
        assert!(!beside.path().join(FOLDER).exists());
    }

    #[test]
    fn installing_replaces_what_was_there_as_a_whole() {
        let beside = tempfile::tempdir().unwrap();
        let to = beside.path().join("installed");
        fs::create_dir_all(to.join("lib")).unwrap();
        fs::write(to.join("lib/old"), "").unwrap();
        let staging = Staging::claim(beside.path()).unwrap();
        let finished = staging.subfolder("finished").unwrap();
        fs::write(finished.join("new"), "").unwrap();
        staging.install(&finished, &to).unwrap();
        assert!(to.join("new").exists() && !to.join("lib").exists());
    }

    #[test]
    fn a_second_run_waits_for_the_first() {
        let beside = tempfile::tempdir().unwrap();
        let first = Staging::claim(beside.path()).unwrap();
        let path = beside.path().to_owned();
        let second = std::thread::spawn(move || Staging::claim(&path).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    }
}
