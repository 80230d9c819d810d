//! Scapy, the Python library that tests make capture files with.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;

use super::wheels::Wheels;
use crate::run::{Show, run};

const WHEELS: Wheels =
    Wheels { name: "scapy", requirements: include_str!("scapy.txt"), files: &["scapy/__init__.py"] };

/// The folder that goes into PYTHONPATH, fetched if it is not there.
pub(super) fn ensure(tools: &Path) -> Result<PathBuf> {
    WHEELS.ensure(tools, |fetched, step| {
        let mut python = Command::new("python3");
        python.args(["-c", "import scapy.layers.inet"]).env("PYTHONPATH", fetched);
        run(&mut python, step, Show::Note, Duration::from_secs(60)).map(drop)
    })
}
