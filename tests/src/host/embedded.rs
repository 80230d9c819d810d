//! This repository's own host.

use std::process::Command;

use super::{Launch, Running, manifest, seed};
use crate::{built, child::Process, component};

pub(super) fn start(launch: &Launch) -> Result<Running, String> {
    if !launch.kept.is_empty() {
        seed::sqlite(launch.shared, launch.kept);
    }
    let mut command = Command::new(built("ALERTCAP_HOST_BIN", "debug/alertcap-host"));
    command.arg("--manifest").arg(manifest(launch)).arg("--component").arg(component());
    command.args(["--listen", "127.0.0.1:0"]).arg("--state-dir").arg(launch.shared);
    if let Some(file) = launch.clock {
        command.arg("--clock-file").arg(file);
    }
    launch.dress(&mut command);
    let (process, ready) = Process::start_and_hear(&mut command);
    let url = ready["url"].as_str().ok_or("it does not say where it listens")?.to_owned();
    Ok(Running { process, url })
}
