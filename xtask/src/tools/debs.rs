//! Programs of Debian's that need much beside them: their packages, with all that these depend on and the machine has
//! not installed, unpacked into one folder below the target folder and run from there. apt downloads them and checks
//! their signatures; nothing is installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{libraries, start};
use crate::{
    debian::{self, unpack},
    run::{Show, run},
    staging::Staging,
    ui::{self, Step},
};

/// What the packages were, kept beside what came of them.
const KEPT_AS: &str = "packages.txt";
/// Starting a program to see whether it runs.
const LIMIT: Duration = Duration::from_secs(60);

/// Some programs, and the packages that they are in.
pub(super) struct Packages {
    /// The folder's name below `target/tools/debian`.
    pub(super) name: &'static str,
    /// The packages asked for; apt finds what they need.
    pub(super) packages: &'static [&'static str],
    /// The programs' files in them, relative to the root. Each has to answer `--version`.
    pub(super) programs: &'static [&'static str],
    /// Variables that tell the programs where their data is, relative to the root.
    pub(super) variables: &'static [(&'static str, &'static str)],
}

impl Packages {
    /// The folder with a script for each program, under the program's own name; fetched if it is not there.
    ///
    /// # Errors
    /// Where the machine is no Debian, or has no mirror within reach.
    pub(super) fn ensure(&self, tools: &Path) -> Result<PathBuf> {
        let folder = tools.join("debian").join(self.name);
        if !self.is_in(&folder) {
            self.fetch(tools, &folder)?;
        }
        Ok(folder.join("bin"))
    }

    /// The scripts' names.
    fn scripts(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.programs.iter().map(|program| (*program, program.rsplit('/').next().unwrap_or(program)))
    }

    fn is_in(&self, folder: &Path) -> bool {
        // Another list of packages than this is another thing.
        let asked_for = format!("{}\n", self.packages.join(" "));
        fs::read_to_string(folder.join(KEPT_AS)).is_ok_and(|kept| kept.starts_with(&asked_for))
            && self.scripts().all(|(_, name)| folder.join("bin").join(name).is_file())
    }

    fn fetch(&self, tools: &Path, folder: &Path) -> Result<()> {
        let archives = debian::archives()?;
        let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let suite = debian::codename(&os_release);
        if suite.is_empty() {
            bail!("/etc/os-release does not say which Debian this machine is");
        }
        let staging = Staging::claim(tools)?;
        if self.is_in(folder) {
            // Another run has fetched it meanwhile.
            return Ok(());
        }
        let apt = debian::open(&archives, suite, &staging)?;
        let step = Step::start(format!("Fetch {} of {suite}", self.packages.join(" and ")));
        let root = staging.subfolder(self.name)?;
        let mut kept = format!("{}\n", self.packages.join(" "));
        let mut bytes = 0;
        let files = apt.download_missing(self.packages, &step)?;
        for file in &files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            step.note(&format!("unpack {name}"));
            unpack(file, &root, ".")?;
            bytes += fs::metadata(file)?.len();
            kept.push_str(&format!("{name}\n"));
        }
        let libraries = libraries::folders_with_libraries(&root)?;
        for (program, name) in self.scripts() {
            let script = root.join("bin").join(name);
            start::write(&script, program, &libraries, self.variables)?;
            run(Command::new(&script).arg("--version"), &step, Show::Note, LIMIT)
                .with_context(|| format!("{name} of {suite} does not run on this machine"))?;
        }
        fs::write(root.join(KEPT_AS), kept)?;
        staging.install(&root, folder)?;
        let count = files.len();
        step.done(format!("Fetched {} of {suite}: {count} packages, {}", self.name, ui::size(bytes)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Packages = Packages {
        name: "some",
        packages: &["some-one", "some-other"],
        programs: &["usr/bin/one", "usr/lib/some/other"],
        variables: &[],
    };

    #[test]
    fn what_was_unpacked_from_other_packages_or_not_whole_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(KEPT_AS), "some-one some-other\nsome-one_1_amd64.deb\n").unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::write(folder.path().join("bin/one"), "").unwrap();
        assert!(!SOME.is_in(folder.path()), "without one of its programs");
        fs::write(folder.path().join("bin/other"), "").unwrap();
        assert!(SOME.is_in(folder.path()));
        fs::write(folder.path().join(KEPT_AS), "some-one\nsome-one_1_amd64.deb\n").unwrap();
        assert!(!SOME.is_in(folder.path()), "of other packages");
    }
}
