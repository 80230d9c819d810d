//! Programs that some tasks need: fetched or built below the target folder, at versions of ours, never system-wide.

mod binaryen;
mod browser;
mod cargo;
mod debs;
mod gopacket;
mod hosts;
mod libraries;
mod scapy;
mod servers;
mod start;
mod wheels;
mod wireshark;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::workspace::Workspace;

pub(crate) use binaryen::WasmOpt;
pub(crate) use cargo::Tool;

/// What the black-box tests start and is not built here: hosts, the servers that hosts keep records in, what makes and
/// reads capture files, and a browser.
pub(crate) struct Foreign {
    hosts: hosts::Hosts,
    redis: PathBuf,
    nats: PathBuf,
    wireshark: wireshark::Wireshark,
    scapy: PathBuf,
    gopacket: Option<PathBuf>,
    browser: browser::Browser,
}

impl Foreign {
    /// All of them, fetched where they are not there.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let tools = workspace.target_dir.join("tools");
        fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
        Ok(Self {
            hosts: hosts::Hosts::ensure(&tools)?,
            redis: servers::REDIS.ensure(&tools)?,
            nats: servers::NATS.ensure(&tools)?,
            wireshark: wireshark::Wireshark::ensure(&tools)?,
            scapy: scapy::ensure(&tools)?,
            gopacket: gopacket::ensure(&tools),
            browser: browser::Browser::ensure(&tools)?,
        })
    }

    /// Wireshark's, and the host of the Bytecode Alliance.
    pub(crate) fn tshark(&self) -> &Path {
        &self.wireshark.tshark
    }

    pub(crate) fn capinfos(&self) -> &Path {
        &self.wireshark.capinfos
    }

    pub(crate) fn wasmtime(&self) -> &Path {
        &self.hosts.wasmtime
    }

    /// Tells the tests where they are.
    pub(crate) fn tell(&self, tests: &mut Command) {
        tests.env("ALERTCAP_WASH_BIN", &self.hosts.wash).env("ALERTCAP_WASMTIME_BIN", &self.hosts.wasmtime);
        tests.env("ALERTCAP_REDIS_BIN", &self.redis).env("ALERTCAP_NATS_BIN", &self.nats);
        tests.env("ALERTCAP_TSHARK_BIN", &self.wireshark.tshark);
        tests.env("ALERTCAP_CAPINFOS_BIN", &self.wireshark.capinfos);
        tests.env("ALERTCAP_SCAPY", &self.scapy);
        if let Some(folder) = &self.gopacket {
            tests.env("ALERTCAP_GOPACKET", folder);
        }
        self.browser.tell(tests);
    }
}
