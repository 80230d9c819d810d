//! The hosts that come prebuilt on `PyPI`: `wash` of wasmCloud and `wasmtime`, at the versions and with the hashes that
//! stand in `hosts.txt`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};

use super::wheels::Wheels;
use crate::run::{Show, run};

const WASH: &str = "wash_cli/wash";
const WASMTIME: &str = "wasmtime_cli/wasmtime";
const WHEELS: Wheels =
    Wheels { name: "hosts", requirements: include_str!("hosts.txt"), files: &[WASH, WASMTIME] };

/// The hosts' programs.
pub(crate) struct Hosts {
    pub(crate) wash: PathBuf,
    pub(crate) wasmtime: PathBuf,
}

impl Hosts {
    /// The programs, fetched if they are not there in these versions.
    pub(super) fn ensure(tools: &Path) -> Result<Self> {
        let folder = WHEELS.ensure(tools, |fetched, step| {
            for program in [WASH, WASMTIME].map(|program| fetched.join(program)) {
                // Not every wheel says that its program is one.
                fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
                    .with_context(|| format!("the wheel holds no {}", program.display()))?;
                run(Command::new(&program).arg("--version"), step, Show::Note, Duration::from_secs(60))?;
            }
            Ok(())
        })?;
        Ok(Self { wash: folder.join(WASH), wasmtime: folder.join(WASMTIME) })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wheels::hashes, *};

    #[test]
    fn every_host_is_pinned_by_the_hashes_of_six_wheels() {
        let hashes = hashes(WHEELS.requirements);
        assert_eq!(hashes.len(), 2);
        assert!(hashes.iter().all(|of_one| of_one.len() == 6), "{hashes:?}");
        assert!(hashes.iter().flatten().all(|hash| hash.len() == 64), "{hashes:?}");
    }
}
