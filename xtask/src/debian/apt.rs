//! apt with a state of its own: it downloads and checks signatures for us, and the system never notices.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::sources::without_password;
use crate::{
    run::{Show, run},
    ui::Step,
};

/// Debian's public keys, where its package `debian-archive-keyring` puts them.
const KEYRINGS: [&str; 2] =
    ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];
/// What is installed on the machine.
const INSTALLED: &str = "/var/lib/dpkg/status";
const LIMIT: Duration = Duration::from_secs(600);

/// A private apt, for one suite of one archive.
pub(crate) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Sets it up in an empty folder.
    pub(super) fn new(folder: &Path, archive: &str, suite: &str) -> Result<Self> {
        let keyring =
            KEYRINGS.into_iter().find(|keyring| Path::new(keyring).is_file()).with_context(|| {
                format!(
                    "Debian's keys are not there ({}): install the package debian-archive-keyring",
                    KEYRINGS.join(", ")
                )
            })?;
        for part in ["lists/partial", "cache/archives/partial", "downloads"] {
            fs::create_dir_all(folder.join(part))?;
        }
        fs::write(folder.join("status"), "")?;
        let source = format!("deb [signed-by={keyring}] {archive} {suite} main\n");
        fs::write(folder.join("sources.list"), source)?;
        fs::write(folder.join("apt.conf"), configuration(folder))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Fetches the archive's signed list of packages.
    pub(super) fn update(&self, step: &Step) -> Result<()> {
        run(self.tool("apt-get").arg("update"), step, Show::Note, LIMIT).map(drop)
    }

    /// The versions that the suite has of a package, newest first.
    pub(crate) fn versions(&self, package: &str, step: &Step) -> Result<Vec<String>> {
        let said = run(self.tool("apt-cache").args(["madison", package]), step, Show::Note, LIMIT)?;
        Ok(versions_in(&said))
    }

    /// Downloads one package and returns its file; apt has compared it with the signed list.
    pub(crate) fn download(&self, package: &str, version: &str, step: &Step) -> Result<PathBuf> {
        let downloads = self.folder.join("downloads");
        let mut command = self.tool("apt-get");
        command.arg("download").arg(format!("{package}={version}")).current_dir(&downloads);
        run(&mut command, step, Show::Note, LIMIT)?;
        let starts = format!("{package}_");
        let files = fs::read_dir(&downloads)?.filter_map(|file| Some(file.ok()?.path()));
        let mut files = files
            .filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&starts)));
        match files.next() {
            Some(file) => Ok(file),
            None => bail!("apt-get downloaded no file of {package} {version}"),
        }
    }

    /// Downloads packages with all that they depend on and the machine has not installed; returns the files.
    pub(crate) fn download_missing(&self, packages: &[&str], step: &Step) -> Result<Vec<PathBuf>> {
        // A copy: apt locks what stands beside it, and the system's is not ours to lock.
        fs::copy(INSTALLED, self.folder.join("status"))
            .with_context(|| format!("cannot read which packages are installed ({INSTALLED})"))?;
        let mut command = self.tool("apt-get");
        command.args(["install", "--download-only", "--yes", "--no-install-recommends"]);
        // Also where they are installed, but their program is not the one that is wanted.
        command.args(["--reinstall", "--allow-change-held-packages"]).args(packages);
        let said = run(&mut command, step, Show::Note, LIMIT);
        fs::write(self.folder.join("status"), "")?;
        said?;
        let files = fs::read_dir(self.folder.join("cache/archives"))?;
        let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "deb"));
        files.sort();
        Ok(files)
    }

    fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.folder.join("apt.conf")).env("LC_ALL", "C");
        command
    }
}

/// The machine's own settings stay in force (it may need its proxy), with these over them.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"// Everything in this folder, nothing of the system's.
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
// Nothing unsigned, whatever the machine allows.
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
// A list that cannot be fetched is an error, not a warning.
APT::Update::Error-Mode "any";
// Run as root, apt would download as _apt, who cannot write here.
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
// What the system does around its own updates is not for ours.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"#
    )
}

/// ` rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://… trixie-backports/main amd64 Packages`
fn versions_in(madison: &str) -> Vec<String> {
    let binary = madison.lines().filter(|line| line.trim_end().ends_with("Packages"));
    binary.filter_map(|line| Some(line.split('|').nth(1)?.trim().to_owned())).collect()
}

/// What upstream calls a Debian version: `1.95.0` of `1:1.95.0+dfsg1-2~bpo13+1`.
pub(crate) fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_epoch, version)| version);
    version.split(['+', '-', '~']).next().unwrap_or(version)
}

/// An archive for people's eyes.
pub(super) fn shown(archive: &str, suite: &str) -> String {
    format!("{suite} of {}", without_password(archive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archives_versions_are_read_and_source_packages_passed_over() {
        let said = "  rust-src | 1.96.1+dfsg1-2~bpo13+1 | http://mirror.invalid/debian trixie-backports/main amd64 Packages\n\
                    \x20 rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://mirror.invalid/debian trixie-backports/main amd64 Packages\n\
                    \x20    rustc | 1.95.0+dfsg1-2 | http://mirror.invalid/debian trixie-backports/main Sources\n";
        assert_eq!(versions_in(said), ["1.96.1+dfsg1-2~bpo13+1", "1.95.0+dfsg1-2~bpo13+1"]);
    }

    #[test]
    fn debians_additions_to_a_version_are_not_upstreams() {
        assert_eq!(upstream("1.95.0+dfsg1-2~bpo13+1"), "1.95.0");
        assert_eq!(upstream("1:1.95.0-1"), "1.95.0");
        assert_eq!(upstream("1.95.0~beta.3+dfsg1-1"), "1.95.0");
    }

    #[test]
    fn nothing_unsigned_is_ever_asked_for() {
        let text = configuration(Path::new("/somewhere"));
        assert!(!text.contains("trusted") && text.contains("AllowInsecureRepositories \"false\""));
    }
}
