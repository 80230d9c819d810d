//! `alertcap-tool`: the component's own code, asked natively.

mod check;
mod summary;
mod tables;
mod words;

use std::{path::PathBuf, process::ExitCode};

use alertcap::report::Receiver;
use clap::{Parser, Subcommand};

/// Answers what operators want to know of alertcap without starting it.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// The rules, which alerts lead to which captures
    #[command(subcommand)]
    Rules(Rules),
    /// Say what a capture file shows; exit 1 if it could be read in part or not at all, exit 2 if there is none
    Summary {
        /// The file as it was downloaded, pcap or pcapng; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The whole summary as JSON, as the component keeps it
        #[arg(long)]
        json: bool,
        /// What the alert measures ("Network In Total"): what speaks of it comes first
        #[arg(long, value_name = "NAME")]
        metric: Option<String>,
    },
}

#[derive(Subcommand)]
enum Rules {
    /// Say every problem with its place (exit 1), or what the rules say (exit 0); exit 2 if they cannot be read
    Check {
        /// The rules, TOML; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The receivers that `tell` may name
        #[arg(long, value_delimiter = ',', default_values = Receiver::NAMES, value_name = "NAMES")]
        receivers: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().subject {
        Subject::Rules(Rules::Check { file, receivers }) => check::run(&file, &receivers),
        Subject::Summary { file, json, metric } => summary::run(&file, json, metric),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
