//! `azure-standin`: the stand-in for Azure as a program of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use azure_standin::{Config, Inventory, Standin};
use clap::Parser;

/// A stand-in for Azure: Entra's token endpoint, ARM's packet captures, blob storage.
///
/// Prints one line of JSON when it listens; what happens then is told on stderr.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where to listen for http; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where to listen for https, which Microsoft's SDKs insist on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen_https: SocketAddr,
    /// Where the certificate authority and the capture files are kept; without it, nowhere for long.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// What there is, TOML; without it, the built-in shop. See inventory.toml.
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let inventory = match &args.inventory {
        Some(path) => Inventory::read(path)?,
        None => Inventory::built_in()?,
    };
    let standin = Standin::start(Config {
        listen: args.listen,
        listen_https: args.listen_https,
        state_dir: args.state_dir,
        inventory,
        log: true,
    })
    .await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", standin.listening())?;
    stdout.flush()?;
    until_told_to_end().await
}

#[cfg(unix)]
async fn until_told_to_end() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => Ok(ended?),
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn until_told_to_end() -> Result<()> {
    Ok(tokio::signal::ctrl_c().await?)
}
