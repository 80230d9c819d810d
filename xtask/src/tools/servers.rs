//! The servers in which hosts keep alertcap's records: Redis and NATS. One of the machine's own is used if it is new
//! enough; else Debian's is unpacked below the target folder, with the libraries that the machine lacks.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{libraries, start};
use crate::{
    debian::{self, Apt, unpack, upstream},
    staging::Staging,
    ui::{self, Step},
};

/// A server, and which of Debian's it is where the machine has none.
pub(super) struct Server {
    /// The program's name, which is the package's too.
    name: &'static str,
    /// Homebrew's name for it.
    brew: &'static str,
    /// The oldest that will do.
    at_least: Version,
    /// The packages that its program is in.
    packages: &'static [&'static str],
    /// Where in them.
    program: &'static str,
    /// Suites with upstream's version in them, which is the one that was tried.
    pins: &'static [(&'static str, &'static str)],
    /// Whether the suite has to be the machine's own, as the program needs its libraries.
    of_own_suite: bool,
}

pub(super) const REDIS: Server = Server {
    name: "redis-server",
    brew: "redis",
    at_least: Version(6, 0, 0),
    packages: &["redis-server", "redis-tools"],
    program: "usr/bin/redis-server",
    pins: &[("bookworm", "7.0.15"), ("trixie", "8.0.2")],
    of_own_suite: true,
};

/// Older ones refuse what wash asks of a bucket.
pub(super) const NATS: Server = Server {
    name: "nats-server",
    brew: "nats-server",
    at_least: Version(2, 10, 0),
    packages: &["nats-server"],
    program: "usr/sbin/nats-server",
    pins: &[("trixie", "2.10.27")],
    of_own_suite: false,
};

impl Server {
    /// The program's file, fetched if neither the machine nor an earlier run has one.
    pub(super) fn ensure(&self, tools: &Path) -> Result<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        // Debian has servers where only root's PATH leads.
        let folders = env::split_paths(&path).chain(["/usr/local/sbin", "/usr/sbin"].map(PathBuf::from));
        let fetched = self.folder(tools).join("bin").join(self.name);
        let mut too_old = None;
        for program in folders.map(|folder| folder.join(self.name)).chain([fetched.clone()]) {
            match version_of(&program) {
                Some(version) if version >= self.at_least => {
                    ui::done(format!("{} {version} is there: {}", self.name, program.display()));
                    return Ok(program);
                }
                Some(version) => too_old = Some((version, program)),
                None => {}
            }
        }
        let (name, at_least) = (self.name, self.at_least);
        let there = too_old.map_or_else(
            || format!("there is no {name}"),
            |(version, program)| format!("{} is {version}, too old", program.display()),
        );
        self.fetch(tools, &fetched).with_context(|| {
            format!(
                "{there}, and it could not be fetched: install {name} {at_least} or newer (macOS: `brew install {}`, \
                 elsewhere by the system's packages)",
                self.brew
            )
        })?;
        Ok(fetched)
    }

    fn folder(&self, tools: &Path) -> PathBuf {
        tools.join("servers").join(self.name)
    }

    fn fetch(&self, tools: &Path, fetched: &Path) -> Result<()> {
        let archives = debian::archives()?;
        let (suite, pinned) = self.pin(&fs::read_to_string("/etc/os-release").unwrap_or_default())?;
        let staging = Staging::claim(tools)?;
        if version_of(fetched).is_some_and(|version| version >= self.at_least) {
            // Another run has fetched it meanwhile.
            return Ok(());
        }
        let apt = debian::open(&archives, suite, &staging)?;
        let step = Step::start(format!("Fetch {} {pinned}", self.name));
        let root = staging.subfolder(self.name)?;
        let mut origin = Vec::new();
        for package in self.packages {
            origin.push(fetch_package(&apt, package, suite, pinned, &root, &step)?);
        }
        let folders = libraries::complete(&apt, &root, &root.join(self.program), &mut origin, &step)?;
        let script = root.join("bin").join(self.name);
        start::write(&script, self.program, &folders, &[])?;
        let Some(version) = version_of(&script) else {
            bail!("{} of {suite} does not run on this machine", origin.join(", "));
        };
        staging.install(&root, &self.folder(tools))?;
        step.done(format!("Fetched {} {version} ({})", self.name, origin.join(", ")));
        Ok(())
    }

    /// Suite and version for a machine, by its os-release.
    fn pin(&self, os_release: &str) -> Result<(&'static str, &'static str)> {
        let own = debian::codename(os_release);
        let fits = |(suite, _): &&(&str, &str)| !self.of_own_suite || *suite == own;
        self.pins.iter().find(fits).copied().with_context(|| {
            let suites: Vec<_> = self.pins.iter().map(|(suite, _)| *suite).collect();
            format!("this machine is no Debian {} (/etc/os-release)", suites.join(" or "))
        })
    }
}

/// Fetches and unpacks a package in the version that is pinned; returns what it was.
fn fetch_package(
    apt: &Apt,
    package: &str,
    suite: &str,
    pinned: &str,
    root: &Path,
    step: &Step,
) -> Result<String> {
    let versions = apt.versions(package, step)?;
    let Some(version) = versions.iter().find(|version| upstream(version) == pinned) else {
        bail!("{suite} has {package} {}, but {pinned} is the one that was tried", versions.join(", "));
    };
    unpack(&apt.download(package, version, step)?, root, ".")?;
    Ok(format!("{package} {version}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

fn version_of(program: &Path) -> Option<Version> {
    let said = Command::new(program).arg("--version").output().ok().filter(|said| said.status.success())?;
    version_in(&String::from_utf8_lossy(&said.stdout))
}

/// `Redis server v=7.0.15 sha=…`, `nats-server: v2.10.27`
fn version_in(said: &str) -> Option<Version> {
    let words = said.split_whitespace().filter_map(|word| word.strip_prefix('v'));
    words.map(|word| word.trim_start_matches('=')).find_map(|word| {
        let mut numbers = word.split(['.', '-', '+']).map(str::parse);
        Some(Version(numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_of_their_version_is_understood() {
        let redis =
            "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=e08dbad3e06f3fb";
        assert_eq!(version_in(redis), Some(Version(7, 0, 15)));
        assert_eq!(version_in("nats-server: v2.9.10\n"), Some(Version(2, 9, 10)));
        assert_eq!(version_in("nats-server: v2.12.0-RC.1"), Some(Version(2, 12, 0)));
        assert_eq!(version_in("very old"), None);
        assert!(Version(2, 9, 10) < NATS.at_least && Version(2, 10, 27) > NATS.at_least);
    }

    #[test]
    fn redis_is_taken_from_the_machines_own_debian_and_nats_from_one_that_has_a_new_one() {
        let bookworm = "NAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert_eq!(REDIS.pin(bookworm).unwrap(), ("bookworm", "7.0.15"));
        assert_eq!(NATS.pin(bookworm).unwrap(), ("trixie", "2.10.27"));
        let error = REDIS.pin("VERSION_CODENAME=noble\n").unwrap_err().to_string();
        assert!(error.contains("no Debian bookworm or trixie"), "{error}");
    }
}
