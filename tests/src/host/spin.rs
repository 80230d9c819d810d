//! `spin up`, where it is on the PATH.

use std::{fs, process::Command};

use super::{Launch, Running, Store, manifest, seed, when_it_answers};
use crate::child::Process;

/// Spin's version, if there is one on the PATH that can run the component: 4.1 or newer.
#[must_use]
pub fn version() -> Option<String> {
    let said = Command::new("spin").arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.strip_prefix("spin ")?.split_whitespace().next()?;
    let mut numbers = version.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next()?, numbers.next()?);
    ((major, minor) >= (4, 1)).then(|| version.to_owned())
}

pub(super) fn start(launch: &Launch, store: &Store, port: u16) -> Result<Running, String> {
    let settings = match store {
        Store::Own => {
            seed::sqlite(launch.shared, launch.kept);
            let path = launch.shared.join("sqlite_key_value.db");
            format!("[key_value_store.default]\ntype = \"spin\"\npath = {path:?}\n")
        }
        Store::Redis(server) => {
            seed::redis(&server.url(), "", launch.kept);
            format!("[key_value_store.default]\ntype = \"redis\"\nurl = {:?}\n", server.url())
        }
        Store::Nats(_) | Store::Memory => return Err("Spin has no such store".to_owned()),
    };
    let file = launch.own.join("runtime-config.toml");
    fs::write(&file, settings).map_err(|error| error.to_string())?;
    let mut command = Command::new("spin");
    command.args(["up", "--listen", &format!("127.0.0.1:{port}"), "--from"]).arg(manifest(launch));
    command.arg("--runtime-config-file").arg(file);
    command.arg("--state-dir").arg(launch.own.join("spin"));
    launch.dress(&mut command);
    when_it_answers(Process::start_group(&mut command), format!("http://127.0.0.1:{port}"))
}
