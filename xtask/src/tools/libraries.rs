//! Shared libraries that a program of Debian's needs and the machine does not have: fetched beside it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    debian::{Apt, unpack},
    ui::Step,
};

/// Libraries need libraries; no server is nested this deep.
const ROUNDS: usize = 8;

/// Unpacks what the program lacks into `root`; returns the folders in it that hold libraries.
pub(super) fn complete(
    apt: &Apt,
    root: &Path,
    program: &Path,
    origin: &mut Vec<String>,
    step: &Step,
) -> Result<Vec<PathBuf>> {
    for _ in 0..ROUNDS {
        let folders = folders_with_libraries(root)?;
        let missing = missing_in(&ldd(root, &folders, program)?);
        if missing.is_empty() {
            return Ok(folders);
        }
        for library in missing {
            let (package, version) = package_of(apt, &library, step)?;
            let name = format!("{package} {version}");
            if origin.contains(&name) {
                bail!("{name} does not hold {library}");
            }
            unpack(&apt.download(&package, &version, step)?, root, ".")?;
            origin.push(name);
        }
    }
    bail!("{} still lacks libraries", program.display());
}

/// What the loader would load. (Of a program without libraries ldd says so and fails.)
fn ldd(root: &Path, folders: &[PathBuf], program: &Path) -> Result<String> {
    let folders = std::env::join_paths(folders.iter().map(|folder| root.join(folder)))?;
    let said = Command::new("ldd").arg(program).env("LD_LIBRARY_PATH", folders).env("LC_ALL", "C").output();
    Ok(String::from_utf8_lossy(&said.context("cannot run ldd")?.stdout).into_owned())
}

/// `liblzf.so.1 => not found`
fn missing_in(ldd: &str) -> BTreeSet<String> {
    let lines = ldd.lines().filter_map(|line| line.trim().strip_suffix("=> not found"));
    lines.map(|library| library.trim().to_owned()).collect()
}

/// The package that has a library, with its newest version.
fn package_of(apt: &Apt, library: &str, step: &Step) -> Result<(String, String)> {
    for package in packages_for(library) {
        if let Some(version) = apt.versions(&package, step)?.into_iter().next() {
            return Ok((package, version));
        }
    }
    bail!("no package is known for {library}; install it")
}

/// Debian names a library's package after its soname: `liblzf1` for `liblzf.so.1`, `liblua5.1-0` for `liblua5.1.so.0`,
/// and some with `t64` since times have 64 bits everywhere.
fn packages_for(library: &str) -> Vec<String> {
    let Some((name, version)) = library.split_once(".so.") else { return Vec::new() };
    let dash = if name.ends_with(|last: char| last.is_ascii_digit()) { "-" } else { "" };
    let package = format!("{name}{dash}{version}").to_ascii_lowercase().replace('_', "-");
    vec![package.clone(), format!("{package}t64")]
}

/// Relative to `root`.
pub(super) fn folders_with_libraries(root: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (BTreeSet::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if is_library(&entry.file_name().to_string_lossy()) {
                found.insert(folder.strip_prefix(root)?.to_owned());
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// `liblzf.so.1`, and `libpulsecommon-16.1.so`, which has its version before.
fn is_library(name: &str) -> bool {
    name.contains(".so.") || (name.starts_with("lib") && name.ends_with(".so"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_loader_does_not_find_is_read_from_ldd() {
        let said = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibatomic.so.1 => /lib/x86_64-linux-gnu/libatomic.so.1 (0x0000)\n\
                    \tliblzf.so.1 => not found\n\tlibjemalloc.so.2 => not found\n\t/lib64/ld-linux-x86-64.so.2 (0x0000)\n";
        assert_eq!(missing_in(said).into_iter().collect::<Vec<_>>(), ["libjemalloc.so.2", "liblzf.so.1"]);
        assert!(missing_in("\tnot a dynamic executable\n").is_empty());
    }

    #[test]
    fn a_librarys_package_is_found_by_debians_naming() {
        assert_eq!(packages_for("libjemalloc.so.2"), ["libjemalloc2", "libjemalloc2t64"]);
        assert_eq!(packages_for("liblua5.1.so.0"), ["liblua5.1-0", "liblua5.1-0t64"]);
        assert_eq!(packages_for("libstdc++.so.6")[0], "libstdc++6");
        assert!(packages_for("ld-linux").is_empty());
    }

    #[test]
    fn folders_with_libraries_are_found_wherever_a_package_has_them() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "usr/lib/x/liba.so.1",
            "usr/lib/x/libb.so.2.0",
            "lib/x/libc.so.6",
            "lib/y/libd-16.1.so",
            "usr/bin/a.so",
        ] {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let found = folders_with_libraries(root.path()).unwrap();
        assert_eq!(found, ["lib/x", "lib/y", "usr/lib/x"].map(PathBuf::from));
    }
}
