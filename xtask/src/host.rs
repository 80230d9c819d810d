//! Which WASI host runs the component: Spin where there is one that can, else the embedded one.

use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;
use semver::Version;

/// The first Spin that runs WASI 0.3 as it was released, which is what spin-sdk 7 builds for.
const OLDEST: (u64, u64) = (4, 1);

/// A host for the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Host {
    /// The `spin` on the PATH.
    Spin,
    /// This repository's own small host, compiled when first used.
    Embedded,
}

/// What asking for `spin --version` brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spin {
    /// There is none on the PATH.
    Absent,
    /// There is one.
    Version(Version),
    /// There is something that does not tell its version.
    Unclear(String),
}

impl Spin {
    /// Asks.
    pub(crate) fn look() -> Self {
        match Command::new("spin").arg("--version").output() {
            Err(_) => Self::Absent,
            Ok(out) => Self::read(&String::from_utf8_lossy(&out.stdout)),
        }
    }

    /// Reads `spin 4.1.0-pre0 (abc 2026-08-01)`.
    fn read(said: &str) -> Self {
        let version = said.strip_prefix("spin ").and_then(|rest| rest.split_whitespace().next());
        match version.map(Version::parse) {
            Some(Ok(version)) => Self::Version(version),
            _ => Self::Unclear(said.lines().next().unwrap_or("nothing").trim().to_owned()),
        }
    }

    /// Why this Spin cannot run the component; nothing if it can. A pre-release counts as its release.
    fn obstacle(&self) -> Option<String> {
        let (major, minor) = OLDEST;
        match self {
            Self::Version(version) if (version.major, version.minor) >= OLDEST => None,
            Self::Version(version) => {
                Some(format!("Spin {version} is too old, the component needs {major}.{minor} or newer"))
            }
            Self::Absent => Some("there is no `spin` on the PATH".to_owned()),
            Self::Unclear(said) => {
                Some(format!("`spin --version` does not name a version (it said {said:?})"))
            }
        }
    }
}

/// Decides, and says why in words that fit behind "on …".
pub(crate) fn choose(asked: Option<Host>, spin: &Spin) -> Result<(Host, String)> {
    match (asked, spin.obstacle()) {
        (Some(Host::Spin), Some(obstacle)) => bail!(
            "--host spin: {obstacle}. Install Spin {}.{} or newer, or leave --host out to use the embedded host",
            OLDEST.0,
            OLDEST.1
        ),
        (Some(Host::Embedded), _) => Ok((Host::Embedded, "the embedded host (--host embedded)".to_owned())),
        (asked, None) => {
            let Spin::Version(version) = spin else { bail!("no version of Spin") };
            let why = if asked.is_some() { "--host spin" } else { "found on the PATH" };
            Ok((Host::Spin, format!("Spin {version} ({why})")))
        }
        (None, Some(obstacle)) => Ok((Host::Embedded, format!("the embedded host ({obstacle})"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Spin {
        Spin::Version(Version::parse(text).unwrap())
    }

    #[test]
    fn spins_version_is_read_from_what_it_prints() {
        assert_eq!(Spin::read("spin 4.1.0-pre0 (abc 2026-08-01)\n"), version("4.1.0-pre0"));
        assert_eq!(Spin::read("spin 3.6.2 (74c5a91 2026-02-01)\n"), version("3.6.2"));
        assert_eq!(Spin::read("spin 4.1.0\n"), version("4.1.0"));
    }

    #[test]
    fn another_program_called_spin_is_not_taken_for_it() {
        assert_eq!(
            Spin::read("Spin Version 6.5.2 -- 6 December 2019\n"),
            Spin::Unclear("Spin Version 6.5.2 -- 6 December 2019".to_owned())
        );
        assert_eq!(Spin::read(""), Spin::Unclear("nothing".to_owned()));
    }

    #[test]
    fn a_spin_that_can_run_the_component_is_used_also_as_a_pre_release() {
        for text in ["4.1.0-pre0", "4.1.0", "4.2.3", "5.0.0"] {
            assert_eq!(
                choose(None, &version(text)).unwrap(),
                (Host::Spin, format!("Spin {text} (found on the PATH)"))
            );
        }
    }

    #[test]
    fn an_older_spin_is_named_and_the_embedded_host_used() {
        let (host, why) = choose(None, &version("4.0.2")).unwrap();
        assert_eq!(host, Host::Embedded);
        assert!(why.contains("Spin 4.0.2 is too old"), "{why}");
    }

    #[test]
    fn without_a_spin_the_embedded_host_is_used() {
        let (host, why) = choose(None, &Spin::Absent).unwrap();
        assert_eq!(host, Host::Embedded);
        assert!(why.contains("no `spin` on the PATH"), "{why}");
    }

    #[test]
    fn a_spin_that_was_asked_for_and_cannot_do_it_is_an_error_that_says_what_to_do() {
        for spin in [Spin::Absent, version("4.0.2"), Spin::Unclear("?".to_owned())] {
            let error = choose(Some(Host::Spin), &spin).unwrap_err().to_string();
            assert!(error.contains("Install Spin 4.1 or newer"), "{error}");
        }
    }

    #[test]
    fn the_embedded_host_can_be_asked_for_although_there_is_a_spin() {
        assert_eq!(choose(Some(Host::Embedded), &version("4.1.0")).unwrap().0, Host::Embedded);
    }
}
