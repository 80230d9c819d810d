//! `wasmtime serve`.

use std::{fs, path::PathBuf, process::Command};

use super::{Launch, Running, START, Store, composed, seed, when_it_answers};
use crate::{built, child::Process, until};

/// As deploy/wasmtime has them.
const FLAGS: [&str; 8] = [
    "serve",
    "-S",
    "cli,p3,http,keyvalue,config,inherit-env",
    "-W",
    "component-model-async",
    "--no-logging-prefix",
    "--addr",
    "127.0.0.1:0",
];

pub(super) fn program() -> PathBuf {
    built("ALERTCAP_WASMTIME_BIN", "tools/hosts/wasmtime")
}

pub(super) fn start(launch: &Launch, store: &Store) -> Result<Running, String> {
    let mut command = Command::new(program());
    command.args(FLAGS);
    match store {
        Store::Own => {
            let folder = launch.shared.join("store");
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            seed::files(launch.shared, launch.kept);
            command.arg("--dir").arg(format!("{}::/key-value", folder.display()));
        }
        Store::Memory => {
            for key in launch.kept {
                command.arg("-S").arg(format!("keyvalue-in-memory-data={key}={{}}"));
            }
        }
        Store::Redis(_) | Store::Nats(_) => return Err("Wasmtime has no such store".to_owned()),
    }
    command.arg(composed());
    launch.dress(&mut command);
    let mut process = Process::start(&mut command);
    let url = until(START.as_secs(), "wasmtime to say where it listens", || {
        let log = process.log();
        let url = log.split_once("Serving HTTP on ").and_then(|(_, rest)| rest.split_once("/\n"));
        let url = url.map(|(url, _)| url.to_owned());
        (url.is_some() || process.has_ended()).then_some(url)
    });
    when_it_answers(process, url.ok_or("it ended")?)
}
