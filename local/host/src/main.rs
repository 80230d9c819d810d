//! `alertcap-host`: reads the arguments, puts the parts together, serves until told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use alertcap_host::allow::AllowList;
use alertcap_host::clock::MovedClock;
use alertcap_host::connect::connector;
use alertcap_host::instance::Shared;
use alertcap_host::manifest::Manifest;
use alertcap_host::memory::Peak;
use alertcap_host::outbound::Outbound;
use alertcap_host::serve::{Handler, listen, serve};
use alertcap_host::store::{Fail, Store};
use alertcap_host::variables::Variables;
use alertcap_host::worker::Component;
use anyhow::{Context as _, Result};
use clap::Parser;

/// Runs one Spin HTTP component, for laptops and tests.
///
/// Variables come from `SPIN_VARIABLE_<NAME>`, --variable, or spin.toml's defaults. When it serves, one JSON line
/// on stdout says where; everything else, the component's own output included, goes to stderr.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The Spin manifest.
    #[arg(long, default_value = "spin.toml", value_name = "FILE")]
    manifest: PathBuf,
    /// The component's wasm file, instead of the manifest's source.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Where to listen; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the key-value store is kept.
    #[arg(long, default_value = ".state", value_name = "DIR")]
    state_dir: PathBuf,
    /// Certificate authorities to trust in outbound requests, beside the machine's or those in `SSL_CERT_FILE`.
    #[arg(long, value_name = "PEM")]
    ca_file: Vec<PathBuf>,
    /// A variable's value; wins over the environment.
    #[arg(long, value_name = "NAME=VALUE")]
    variable: Vec<String>,
    /// How long a request may take until its answer begins, such as 30s or 500ms; else forever.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    request_timeout: Option<Duration>,
    /// For tests: these key-value operations fail. The file fail-store in the state folder, holding one of the two
    /// words, does the same while it is there.
    #[arg(long, value_enum, value_name = "WHICH")]
    fail_store: Option<Fail>,
    /// For tests: the component's clock is ahead by the seconds in this file, which may grow while the host runs.
    #[arg(long, value_name = "FILE")]
    clock_file: Option<PathBuf>,
    /// For measurements: the most bytes of memory that an instance has had are written here whenever they grow.
    #[arg(long, value_name = "FILE")]
    memory_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Guests that compute yield only every few milliseconds: look at timers and sockets between two of them.
        .event_interval(4)
        .build();
    match runtime.context("starting threads").and_then(|runtime| runtime.block_on(run(arguments))) {
        Ok(never) => match never {},
        Err(error) => {
            // Some of the engine's messages have several lines, and several hosts may share a terminal.
            let line: Vec<_> = format!("{error:#}").lines().map(|line| line.trim().to_owned()).collect();
            eprintln!("alertcap-host: {}", line.join(" "));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<Infallible> {
    let manifest = Manifest::load(&arguments.manifest)?;
    let variables = Variables::resolve(&manifest, &arguments.variable, |name| std::env::var_os(name))?;
    let allowed = AllowList::resolve(&manifest.component.allowed_outbound_hosts, &variables)?;
    let file = arguments
        .component
        .or_else(|| manifest.component.source.clone())
        .context("the component's source is not a file: name one with --component")?;
    let shared = Shared {
        variables,
        store: Store::new(&arguments.state_dir, arguments.fail_store)?,
        outbound: Outbound::new(connector(&arguments.ca_file)?, allowed),
        clock: arguments.clock_file.as_deref().map(MovedClock::new),
        memory: Arc::new(Peak::new(arguments.memory_file)),
        component: manifest.component,
    };
    eprintln!(
        "alertcap-host: for laptops and tests only; runs {}, which takes a while to compile the first time",
        file.display()
    );
    let component = Component::load(&file, Arc::new(shared), arguments.request_timeout)?;
    let (listener, address) = listen(arguments.listen).await?;
    // Only now: until there is something to drain, a signal ends the host at once.
    let stop = stop_signal()?;
    println!(r#"{{"event":"listening","url":"http://{address}"}}"#);
    serve(listener, Handler::new(component), stop).await;
    // Not by returning: the runtime would wait for work that is blocked.
    std::process::exit(0)
}

/// Done when the host is told to stop, by Ctrl-C or SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).context("listening for SIGTERM")?
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// A number of seconds, or one with `ms`, `s` or `m` behind it.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "expected a time such as 30s, 500ms or 2m".to_owned())?;
    match &text[digits.len()..] {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        unit => Err(format!("{unit:?} is no unit of time: ms, s or m")),
    }
}
