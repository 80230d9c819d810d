//! Packages of the Debian archive, from the mirror in the machine's own apt sources: fetched by an apt that keeps to a
//! folder of ours, its signatures checked, unpacked where they are wanted. Nothing is installed on the system.

mod apt;
mod sources;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

pub(crate) use apt::{Apt, upstream};

use crate::{staging::Staging, ui::Step, workspace::on_path};

/// The archives in the machine's apt sources; an error where this is no Debian.
pub(crate) fn archives() -> Result<Vec<String>> {
    let missing: Vec<_> = ["apt-get", "apt-cache", "dpkg-deb", "tar"]
        .into_iter()
        .filter(|tool| on_path(tool).is_none())
        .collect();
    if !missing.is_empty() {
        bail!("this is no Debian: there is no {} on the PATH", missing.join(", no "));
    }
    let archives = sources::debian_archives(Path::new("/etc/apt"));
    if archives.is_empty() {
        bail!(
            "/etc/apt/sources.list and /etc/apt/sources.list.d name no Debian archive (a `deb` entry of `main`)"
        );
    }
    Ok(archives)
}

/// What a machine's release is called, by its os-release; empty where that does not say.
pub(crate) fn codename(os_release: &str) -> &str {
    let own = os_release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    own.unwrap_or_default().trim_matches('"')
}

/// A private apt on the first of the archives that has the suite.
pub(crate) fn open(archives: &[String], suite: &str, staging: &Staging) -> Result<Apt> {
    let mut refusals = Vec::new();
    for (number, archive) in archives.iter().enumerate() {
        let what = format!("list of {}", apt::shown(archive, suite));
        let step = Step::start(format!("Fetch the {what}"));
        let apt = Apt::new(&staging.subfolder(&format!("apt-{suite}-{number}"))?, archive, suite)?;
        match apt.update(&step) {
            Ok(()) => {
                step.done(format!("Fetched the {what}, signature checked"));
                return Ok(apt);
            }
            Err(error) => {
                step.failed(format!("No {what}"));
                refusals.push(format!("{error:#}"));
            }
        }
    }
    bail!("no archive in the apt sources has {suite}:\n{}", refusals.join("\n"));
}

/// Unpacks one folder of a package (`./usr/lib`), or all of it (`.`).
pub(crate) fn unpack(package: &Path, to: &Path, inside: &str) -> Result<()> {
    let mut archive = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run dpkg-deb")?;
    let stream = archive.stdout.take().context("dpkg-deb has no output")?;
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--no-same-owner", "--directory"]).arg(to).arg(inside);
    let tar = tar.stdin(stream).status().context("cannot run tar")?;
    let dpkg = archive.wait().context("cannot wait for dpkg-deb")?;
    if !tar.success() || !dpkg.success() {
        bail!("cannot unpack {inside} of {} (dpkg-deb: {dpkg}; tar: {tar})", package.display());
    }
    Ok(())
}
