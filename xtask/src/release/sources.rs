//! What of the repository goes into a release: what git knows, and nothing that lies beside it. An operator's secrets may
//! (`deploy/` has files to be filled in).

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// Whether files that git knows differ from what was committed last.
pub(super) fn changed(workspace: &Workspace) -> Result<bool> {
    git(&workspace.root, &["status", "--porcelain", "--untracked-files=no"]).map(|said| !said.is_empty())
}

/// Copies files and folders of these names.
pub(super) fn copy(workspace: &Workspace, names: &[&str], to: &Path) -> Result<()> {
    copy_from(&workspace.root, names, to)
}

fn copy_from(root: &Path, names: &[&str], to: &Path) -> Result<()> {
    let files = git(root, &[&["ls-files", "-z", "--"], names].concat())?;
    for name in names {
        let is_known = |file: &str| file == *name || file.starts_with(&format!("{name}/"));
        ensure!(files.split('\0').any(is_known), "git knows no {name} in {}", root.display());
    }
    for file in files.split_terminator('\0') {
        let to = to.join(file);
        fs::create_dir_all(to.parent().unwrap_or(&to))?;
        fs::copy(root.join(file), &to).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(root).args(arguments);
    // Set in git's hooks, for another repository perhaps.
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        git.env_remove(variable);
    }
    let said = git.output().context("cannot run git, which says what belongs to a release")?;
    ensure!(
        said.status.success(),
        "a release is made from a git repository: {}",
        String::from_utf8_lossy(&said.stderr).trim()
    );
    String::from_utf8(said.stdout).context("a file's name is no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_does_not_know_is_not_released() {
        let (root, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(root.path().join("deploy/host")).unwrap();
        for file in ["LICENSE", "other", "deploy/host/README.md", "deploy/host/secrets.env"] {
            fs::write(root.path().join(file), file).unwrap();
        }
        git(root.path(), &["init", "--quiet"]).unwrap();
        git(root.path(), &["add", "LICENSE", "other", "deploy/host/README.md"]).unwrap();
        copy_from(root.path(), &["LICENSE", "deploy"], to.path()).unwrap();
        assert!(to.path().join("LICENSE").exists() && to.path().join("deploy/host/README.md").exists());
        assert!(!to.path().join("deploy/host/secrets.env").exists() && !to.path().join("other").exists());
        let error = copy_from(root.path(), &["LICENSE", "docs"], to.path()).unwrap_err().to_string();
        assert!(error.contains("git knows no docs"), "{error}");
    }
}
