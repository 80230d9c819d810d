//! `cargo xtask up`: alertcap on this machine, until Ctrl-C.

use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::Result;
use clap::Args;
use console::style;

use crate::{
    api::Client,
    children::Interrupted,
    host::Host,
    sample,
    stack::{Stack, Wanted},
    ui, variables,
    workspace::Workspace,
};

/// As a cron job would.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Azure's own default is five hours, which nobody at a laptop waits for.
const TIME_LIMIT: &str = "60";

/// Options of `up`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The host; without it, Spin 4.1 or newer if it is on the PATH, else the embedded one
    #[arg(long, value_enum)]
    host: Option<Host>,
    /// Where alertcap listens
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Where the stand-in for Azure listens
    #[arg(long, default_value_t = 3100, conflicts_with = "no_azure")]
    azure_port: u16,
    /// Where everything is kept: records, keys, the stand-in's files
    #[arg(long, default_value = ".state", value_name = "DIR")]
    state: PathBuf,
    /// The real Azure, by `SPIN_VARIABLE_*` of the environment, instead of the stand-in
    #[arg(long)]
    no_azure: bool,
    /// What the stand-in's Azure holds (a copy of local/azure/inventory.toml, changed)
    #[arg(long, value_name = "FILE", conflicts_with = "no_azure")]
    inventory: Option<PathBuf>,
}

/// Starts everything, says where, sweeps, and ends with Ctrl-C or with the first child that dies.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    // A relative folder is meant from the repository, wherever in it one stands; a file from where one stands.
    let state = workspace.root.join(&arguments.state);
    let wanted = Wanted {
        host: arguments.host,
        port: arguments.port,
        azure_port: (!arguments.no_azure).then_some(arguments.azure_port),
        inventory: arguments.inventory.as_deref(),
        state: &state,
        defaults: if arguments.no_azure {
            Vec::new()
        } else {
            vec![("time_limit_seconds", TIME_LIMIT.to_owned())]
        },
        alone: false,
        show: true,
    };
    let mut stack = Stack::start(workspace, wanted)?;
    explain(&stack, &state)?;
    keep_sweeping(&stack);
    let end = loop {
        if let Err(end) = stack.children.check() {
            break end;
        }
        thread::sleep(Duration::from_millis(100));
    };
    stack.children.stop();
    if end.is::<Interrupted>() {
        ui::line("\nended; what is kept stays in the state folder");
        return Ok(());
    }
    Err(end)
}

/// Where everything is and what to type now.
fn explain(stack: &Stack, state: &Path) -> Result<()> {
    let (base, keys) = (&stack.base, &stack.keys);
    println!();
    println!("{}  {base}  on {}", style("alertcap          ").bold(), stack.host);
    let mut fire = None;
    match &stack.azure {
        Some(azure) => {
            let of = |name: &str| azure[name].as_str().unwrap_or("?");
            println!("{}  {}", style("stand-in for Azure").bold(), of("http"));
            println!("                    {}  for Microsoft's SDKs; its CA: {}", of("https"), of("ca_file"));
            let machine = azure["sample"]["machine_id"].as_str().unwrap_or_default();
            fire = Some((sample::write(state, machine)?, machine.rsplit('/').next().unwrap_or(machine)));
        }
        None => println!("{}  the real one, as the environment says", style("Azure             ").bold()),
    }
    println!("{}  {}", style("kept in           ").bold(), state.display());
    println!();
    match fire {
        Some((file, machine)) => {
            let seconds = variables::value("time_limit_seconds").unwrap_or_else(|| TIME_LIMIT.to_owned());
            println!("Fire the sample alert (a capture of {seconds} s on {machine}):");
            let post = "curl -sS -X POST -H 'content-type: application/json' --data";
            println!(
                "  {post} @{} \"{base}/api/alerts?code={}\"",
                quoted(&file),
                shown("webhook_key", &keys.webhook)
            );
            println!(
                "  The same alert again is a duplicate and starts nothing: change its firedDateTime for another."
            );
        }
        None => println!("Alerts go to {base}/api/alerts?code=<webhook key, URL-encoded>"),
    }
    let operator = shown("operator_key", &keys.operator);
    println!("See the captures, and one with its history:");
    println!("  curl -sS -H \"x-functions-key: {operator}\" {base}/api/captures");
    println!("  curl -sS -H \"x-functions-key: {operator}\" {base}/api/captures/NAME");
    if let Some(azure) = stack.azure_base() {
        println!("See who was told what, and all that Azure was asked:");
        println!("  curl -sS {azure}/_standin/notifications");
        println!("  curl -sS {azure}/_standin/requests");
    }
    println!("\nOpen captures are swept every {} s. Ctrl-C ends all of it.\n", SWEEP_EVERY.as_secs());
    Ok(())
}

/// A key made for local use, or where one of the user's own stands: that is not ours to print.
fn shown(variable: &str, key: &str) -> String {
    if variables::value(variable).as_deref() == Some(key) {
        format!("${}", variables::environment_name(variable))
    } else {
        key.to_owned()
    }
}

/// POST /api/sweep, now and then, until the process ends. A failure is told once, until it works again.
pub(crate) fn keep_sweeping(stack: &Stack) {
    let (url, key) = (format!("{}/api/sweep", stack.base), stack.keys.sweep.clone());
    thread::spawn(move || {
        let client = Client::new(Duration::from_secs(30));
        let mut well = true;
        loop {
            thread::sleep(SWEEP_EVERY);
            let problem = match client.post(&url, &key, "") {
                Ok(answer) if answer.status < 300 => None,
                Ok(answer) => Some(format!("{}: {}", answer.status, answer.text.trim())),
                Err(error) => Some(format!("{error:#}")),
            };
            if let Some(problem) = &problem
                && well
            {
                ui::warn(format!("the sweep failed: {problem}"));
            }
            well = problem.is_none();
        }
    });
}

fn quoted(file: &Path) -> String {
    let file = file.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if file.chars().all(plain) { file } else { format!("'{}'", file.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("/home/me/alert.json")), "/home/me/alert.json");
        assert_eq!(quoted(Path::new("/home/me/my alert's.json")), r"'/home/me/my alert'\''s.json'");
    }
}
