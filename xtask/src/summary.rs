//! `cargo xtask summary`: what a capture file shows, read by the component's own code.

use std::{ffi::OsString, path::PathBuf};

use anyhow::Result;
use clap::Args;

use crate::{tool, workspace::Workspace};

/// What `summary` takes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The file as it was downloaded, pcap or pcapng; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The whole summary as JSON, as the component keeps it
    #[arg(long)]
    json: bool,
    /// What the alert measures ("Network In Total"): what speaks of it comes first
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
}

/// Tells it by the tool.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let mut all: Vec<OsString> = vec!["summary".into()];
    if arguments.json {
        all.push("--json".into());
    }
    if let Some(metric) = &arguments.metric {
        all.extend(["--metric".into(), metric.into()]);
    }
    all.extend(["--".into(), arguments.file.clone().into()]);
    tool::run(workspace, &all)
}
