//! Wireshark's programs for the command line, which the summaries of capture files are held against: the machine's own
//! if they are new enough, else Debian's below the target folder.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::debs::Packages;
use crate::{ui, workspace::on_path};

/// Older ones count some things otherwise, and have other names for fields.
const AT_LEAST: (u32, u32) = (4, 0);

const PACKAGES: Packages = Packages {
    name: "wireshark",
    // `capinfos` is in the second.
    packages: &["tshark", "wireshark-common"],
    programs: &["usr/bin/tshark", "usr/bin/capinfos"],
    variables: &[
        ("WIRESHARK_DATA_DIR", "usr/share/wireshark"),
        ("WIRESHARK_PLUGIN_DIR", "usr/lib/wireshark"),
    ],
};

/// Where they are.
pub(crate) struct Wireshark {
    pub(crate) tshark: PathBuf,
    pub(crate) capinfos: PathBuf,
}

impl Wireshark {
    /// Those of the PATH, or fetched ones.
    pub(super) fn ensure(tools: &Path) -> Result<Self> {
        if let (Some(tshark), Some(capinfos)) = (on_path("tshark"), on_path("capinfos"))
            && let Some((major, minor)) = version_of(&tshark)
            && (major, minor) >= AT_LEAST
        {
            ui::done(format!("tshark {major}.{minor} is there: {}", tshark.display()));
            return Ok(Self { tshark, capinfos });
        }
        let (major, minor) = AT_LEAST;
        let bin = PACKAGES.ensure(tools).with_context(|| {
            format!(
                "there is no tshark {major}.{minor} or newer with capinfos on the PATH, and Debian's could not be fetched: \
                 install it (Debian: `apt-get install tshark`, macOS: `brew install wireshark`)"
            )
        })?;
        ui::done(format!("tshark is there: {}", bin.display()));
        Ok(Self { tshark: bin.join("tshark"), capinfos: bin.join("capinfos") })
    }
}

fn version_of(tshark: &Path) -> Option<(u32, u32)> {
    let said = Command::new(tshark).arg("--version").output().ok().filter(|said| said.status.success())?;
    version_in(&String::from_utf8_lossy(&said.stdout))
}

/// `TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u1).`
fn version_in(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_once("(Wireshark) ")?.1.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tshark_says_of_its_version_is_understood() {
        let said = "TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u1).\n\nCopyright 1998";
        assert_eq!(version_in(said), Some((4, 0)));
        assert_eq!(version_in("TShark (Wireshark) 4.4.6."), Some((4, 4)));
        assert_eq!(version_in("something else"), None);
    }
}
