//! The Rust toolchain in use, and what it has of the target.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::workspace::{WASM_TARGET, Workspace};

/// Crates without which nothing of ours links.
const CRATES: [&str; 5] = ["core", "alloc", "std", "panic_abort", "compiler_builtins"];
/// What the linker takes from wasi-libc.
pub(super) const OBJECTS: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];
/// Stands beside what we installed and says for which rustc: rustup replaces a toolchain in place.
pub(super) const STAMP: &str = "built-by-alertcap-xtask";

/// One rustc and its folder.
pub(super) struct Toolchain {
    /// How to call it.
    pub(super) rustc: PathBuf,
    /// `1.95.0`
    pub(super) release: String,
    /// `rustc 1.95.0 (59807616e 2026-04-14)`
    pub(super) banner: String,
    /// Where it keeps its libraries.
    pub(super) sysroot: PathBuf,
}

/// What a toolchain has of the target.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Everything a component is linked from.
    Complete,
    /// Not all of it.
    Missing,
    /// Built by us for another rustc than the one now in the same folder.
    Stale {
        /// That rustc.
        built_for: String,
    },
}

impl Toolchain {
    /// The rustc that cargo will use in the workspace.
    pub(super) fn find(workspace: &Workspace) -> Result<Self> {
        let rustc = PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let ask = |question: &[&str]| {
            let mut command = Command::new(&rustc);
            command
                .args(question)
                .current_dir(&workspace.root)
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit());
            command.spawn().with_context(|| format!("cannot run {}; is Rust installed?", rustc.display()))
        };
        // Side by side: each call costs some 20 ms, and this check stands before every build.
        let answers = [ask(&["--version"])?, ask(&["--print", "sysroot"])?];
        let [banner, sysroot] = answers.map(|child| -> Result<String> {
            let out = child.wait_with_output()?;
            if !out.status.success() {
                bail!("{} failed ({})", rustc.display(), out.status);
            }
            Ok(String::from_utf8(out.stdout)?.trim().to_owned())
        });
        let (banner, sysroot) = (banner?, PathBuf::from(sysroot?));
        let release =
            banner.split_whitespace().nth(1).context("`rustc --version` names no version")?.to_owned();
        Ok(Self { rustc, release, banner, sysroot })
    }

    /// `lib/rustlib` of the toolchain.
    pub(super) fn rustlib(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib")
    }

    /// The target's folder in it.
    pub(super) fn target_folder(&self) -> PathBuf {
        self.rustlib().join(WASM_TARGET)
    }

    /// The library sources' folder in it, which is where cargo looks for them.
    pub(super) fn sources_folder(&self) -> PathBuf {
        self.rustlib().join("src/rust")
    }

    /// Looks; a few directory reads.
    pub(super) fn state(&self) -> State {
        let folder = self.target_folder();
        match stamp_in(&folder) {
            Some(built_for) if built_for != self.banner => State::Stale { built_for },
            _ if is_complete(&folder) => State::Complete,
            _ => State::Missing,
        }
    }

    /// Whether rustup installed this component; its parts are rustup's business.
    pub(super) fn has_component(&self, name: &str) -> bool {
        let list = fs::read_to_string(self.rustlib().join("components")).unwrap_or_default();
        list.lines().any(|line| line == name || line.starts_with(&format!("{name}-")))
    }
}

/// The rustc for which we installed `folder`; nothing if it is not ours.
pub(super) fn stamp_in(folder: &Path) -> Option<String> {
    Some(fs::read_to_string(folder.join(STAMP)).ok()?.lines().next().unwrap_or_default().to_owned())
}

/// Whether a target's folder holds every library and object that we link.
pub(super) fn is_complete(folder: &Path) -> bool {
    let lib = folder.join("lib");
    let Ok(files) = fs::read_dir(&lib) else { return false };
    let names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".rlib"))
        .collect();
    CRATES.iter().all(|name| names.iter().any(|file| file.starts_with(&format!("lib{name}-"))))
        && OBJECTS.iter().all(|object| lib.join("self-contained").join(object).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain_with(files: &[&str], stamp: Option<&str>) -> (tempfile::TempDir, Toolchain) {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = Toolchain {
            rustc: "rustc".into(),
            release: "1.95.0".to_owned(),
            banner: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
            sysroot: folder.path().to_owned(),
        };
        let lib = toolchain.target_folder().join("lib");
        fs::create_dir_all(lib.join("self-contained")).unwrap();
        for file in files {
            fs::write(lib.join(file), "").unwrap();
        }
        if let Some(stamp) = stamp {
            fs::write(toolchain.target_folder().join(STAMP), stamp).unwrap();
        }
        (folder, toolchain)
    }

    const ALL: [&str; 8] = [
        "libcore-1.rlib",
        "liballoc-1.rlib",
        "libstd-1.rlib",
        "libpanic_abort-1.rlib",
        "libcompiler_builtins-1.rlib",
        "self-contained/crt1-command.o",
        "self-contained/crt1-reactor.o",
        "self-contained/libc.a",
    ];

    #[test]
    fn a_target_with_all_its_parts_is_complete() {
        assert_eq!(toolchain_with(&ALL, None).1.state(), State::Complete);
    }

    #[test]
    fn any_missing_part_makes_the_target_missing() {
        for gone in ALL {
            let rest: Vec<&str> = ALL.into_iter().filter(|file| *file != gone).collect();
            let (_folder, toolchain) = toolchain_with(&rest, None);
            assert_eq!(toolchain.state(), State::Missing, "without {gone}");
        }
    }

    #[test]
    fn a_std_detect_does_not_pass_for_std() {
        let mut files = ALL;
        files[2] = "libstd_detect-1.rlib";
        assert_eq!(toolchain_with(&files, None).1.state(), State::Missing);
    }

    #[test]
    fn what_was_built_for_another_rustc_is_stale() {
        let (_folder, toolchain) = toolchain_with(&ALL, Some("rustc 1.94.0 (abc 2026-01-01)\n"));
        assert_eq!(toolchain.state(), State::Stale { built_for: "rustc 1.94.0 (abc 2026-01-01)".to_owned() });
        let (_folder, toolchain) =
            toolchain_with(&ALL, Some("rustc 1.95.0 (59807616e 2026-04-14)\nfrom Debian\n"));
        assert_eq!(toolchain.state(), State::Complete);
    }
}
