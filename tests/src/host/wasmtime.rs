//! `wasmtime serve`, told to keep one instance for everything: each instance has a store of its own, in its memory.

use std::{path::PathBuf, process::Command};

use super::{Launch, Running, START, composed, set_variables, when_it_answers};
use crate::{built, child::Process, until};

/// As deploy/wasmtime has them.
const FLAGS: [&str; 11] = [
    "serve",
    "-S",
    "cli,p3,http,keyvalue,config,inherit-env",
    "-W",
    "component-model-async",
    "--max-instance-reuse-count=4294967295",
    "--max-instance-concurrent-reuse-count=65535",
    "--idle-instance-timeout=1000000s",
    "--no-logging-prefix",
    "--addr",
    "127.0.0.1:0",
];

pub(super) fn program() -> PathBuf {
    built("ALERTCAP_WASMTIME_BIN", "tools/hosts/wasmtime")
}

pub(super) fn start(launch: &Launch) -> Result<Running, String> {
    let mut command = Command::new(program());
    command.args(FLAGS);
    for key in launch.kept {
        command.arg("-S").arg(format!("keyvalue-in-memory-data={key}={{}}"));
    }
    command.arg(composed());
    set_variables(&mut command, launch.variables);
    let mut process = Process::start(&mut command);
    let url = until(START.as_secs(), "wasmtime to say where it listens", || {
        let log = process.log();
        let url = log.split_once("Serving HTTP on ")?.1.split_once("/\n")?.0.to_owned();
        Some(Some(url)).or_else(|| process.has_ended().then_some(None))
    });
    when_it_answers(process, url.ok_or("it ended")?)
}
