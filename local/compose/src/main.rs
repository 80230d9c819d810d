//! `alertcap-compose SOCKET PLUG OUT`

use std::{env, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};

const USAGE: &str = "usage: alertcap-compose SOCKET PLUG OUT\n\n\
    Plugs the component PLUG under the component SOCKET and writes what comes of it to OUT.\n\
    Its size in bytes goes to stdout. Refused is what would still need Spin.";

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [socket, plug, out] = &arguments[..] else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(socket, plug, out) {
        Ok(size) => {
            println!("{size}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(socket: &PathBuf, plug: &PathBuf, out: &PathBuf) -> Result<usize> {
    let read = |file: &PathBuf| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let composed = alertcap_compose::compose(&read(socket)?, &read(plug)?)
        .with_context(|| format!("cannot compose {} with {}", socket.display(), plug.display()))?;
    fs::write(out, &composed).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(composed.len())
}
