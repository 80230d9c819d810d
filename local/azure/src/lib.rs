//! A stand-in for Azure on a laptop: Entra's token endpoint, ARM's packet captures, and the blobs they end in.
//!
//! It plays what Microsoft's specifications, documents and recorded traffic tell of Azure, so that alertcap, and
//! Microsoft's own clients, can be run against it unmodified. Where Azure's behaviour is not known, a comment says
//! `invented`. It imports nothing from alertcap: a guess must not prove itself.
//!
//! # Layout
//!
//! A request comes in at `server`, becomes a typed `Route`, is recorded and given its fault, and goes to `entra`, `arm`,
//! `blob`, `receivers` or `control`. `captures` lives the sessions' lives on a `clock` that can be moved, `traffic` makes their files,
//! [`inventory`] says what there is, `tls` makes the authority.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use azure_standin::{Config, Inventory, Standin};
//!
//! let standin = Standin::start(Config::new(Inventory::built_in()?)).await?;
//! println!("{}", standin.http_url());
//! # Ok(())
//! # }
//! ```

mod answer;
mod app;
mod arm;
mod blob;
mod captures;
mod clock;
mod control;
mod entra;
mod faults;
mod happen;
mod imds;
pub mod inventory;
mod keys;
mod receivers;
mod record;
mod request;
mod route;
mod server;
mod tls;
mod traffic;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use faults::{Fault, Match, Rule};
pub use inventory::Inventory;
pub use route::OPERATIONS;

/// How to start a stand-in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen for http; port 0 is any free one.
    pub listen: SocketAddr,
    /// Where to listen for https; port 0 is any free one.
    pub listen_https: SocketAddr,
    /// Where the authority, the signing keys and the blobs are kept; `None` is a folder that goes with the stand-in.
    pub state_dir: Option<PathBuf>,
    /// What there is.
    pub inventory: Inventory,
    /// Whether each request is told on stderr.
    pub log: bool,
}

impl Config {
    /// Free ports of this machine, state that goes with the stand-in, this inventory, and silence.
    pub fn new(inventory: Inventory) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { listen: any, listen_https: any, state_dir: None, inventory, log: false }
    }
}

/// A running stand-in; dropping it ends it.
pub struct Standin {
    app: Arc<app::App>,
    http: SocketAddr,
    https: SocketAddr,
    ca_file: PathBuf,
    listeners: [JoinHandle<()>; 2],
    /// Deleted with the stand-in, if the state was to be kept nowhere.
    _temporary: Option<tempfile::TempDir>,
}

impl Standin {
    /// Starts one; when this returns, it listens.
    pub async fn start(config: Config) -> Result<Self> {
        let (state_dir, temporary) = state_dir(config.state_dir.as_deref())?;
        let tls = tls::open(&state_dir)?;
        let clock = clock::Clock::default();
        let app = Arc::new(app::App {
            inventory: config.inventory,
            log: config.log,
            keys: keys::Keys::open(&state_dir)?,
            signing_keys: entra::signing::SigningKeys::open()?,
            record: record::Record::new(clock.clone()),
            faults: faults::Faults::default(),
            captures: captures::Captures::default(),
            operations: arm::operations::Operations::default(),
            blobs: blob::Blobs::new(state_dir.join("blobs")),
            gone: happen::Gone::default(),
            throttle: arm::throttle::Throttle::default(),
            webhook_secrets: receivers::Secrets::default(),
            identities: imds::Assigned::default(),
            clock,
        });
        let (plain, http) = bind(config.listen).await?;
        let (secure, https) = bind(config.listen_https).await?;
        let listeners = [
            tokio::spawn(server::listen(Arc::clone(&app), plain, None)),
            tokio::spawn(server::listen(Arc::clone(&app), secure, Some(tls.acceptor))),
        ];
        Ok(Self { app, http, https, ca_file: tls.ca_file, listeners, _temporary: temporary })
    }

    /// `http://127.0.0.1:PORT`
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// `https://localhost:PORT`; trust [`Standin::ca_file`] to reach it.
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}", self.https.port())
    }

    /// The certificate authority's certificate, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The line the binary prints when it listens.
    pub fn listening(&self) -> Value {
        json!({
            "event": "listening",
            "http": self.http_url(),
            "https": self.https_url(),
            "ca_file": self.ca_file,
            "sample": self.app.inventory.sample(),
        })
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.abort();
        }
        // Sessions that still run must not write into a folder that is gone.
        self.app.captures.clear();
    }
}

fn state_dir(wanted: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>)> {
    let Some(wanted) = wanted else {
        let folder =
            tempfile::Builder::new().prefix("azure-standin-").tempdir().context("no temporary folder")?;
        return Ok((folder.path().to_owned(), Some(folder)));
    };
    std::fs::create_dir_all(wanted)
        .with_context(|| format!("cannot make the state folder {}", wanted.display()))?;
    let absolute = wanted.canonicalize().with_context(|| format!("cannot find {}", wanted.display()))?;
    Ok((absolute, None))
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is the port taken? Port 0 takes any free one")
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
