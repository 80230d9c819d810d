//! The capture files that Debian ships with the sources of a Go library: pcapng in all its forms and both byte orders, which
//! others wrote.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    debian::{self, unpack},
    staging::Staging,
    ui::{self, Step},
};

const PACKAGE: &str = "golang-github-google-gopacket-dev";
const INSIDE: &str = "./usr/share/gocode/src/github.com/google/gopacket";

/// The folder with them, fetched if it is not there; nothing where this is no Debian or its mirror is out of reach.
pub(super) fn ensure(tools: &Path) -> Option<PathBuf> {
    let folder = tools.join("debian/gopacket");
    if !folder.is_dir()
        && let Err(error) = fetch(tools, &folder)
    {
        ui::warn(format!("no capture files of Debian's gopacket, the tests go on without them: {error:#}"));
        return None;
    }
    ui::done("Debian's gopacket is there");
    Some(folder)
}

fn fetch(tools: &Path, folder: &Path) -> Result<()> {
    let archives = debian::archives()?;
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let staging = Staging::claim(tools)?;
    if folder.is_dir() {
        // Another run has fetched them meanwhile.
        return Ok(());
    }
    let apt = debian::open(&archives, debian::codename(&os_release), &staging)?;
    let step = Step::start(format!("Fetch {PACKAGE}"));
    let version = apt.versions(PACKAGE, &step)?.into_iter().next().context("the suite does not have it")?;
    let root = staging.subfolder("gopacket")?;
    unpack(&apt.download(PACKAGE, &version, &step)?, &root, INSIDE)?;
    staging.install(&root.join(INSIDE), folder)?;
    step.done(format!("Fetched {PACKAGE} {version}"));
    Ok(())
}
