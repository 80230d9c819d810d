//! Connections to the outside: TCP, TLS, and what went wrong in WASI's words.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tower_service::Service;
use wasmtime_wasi_http::Error;

use crate::allow::Destination;

tokio::task_local! {
    /// How long the request that is being sent may wait for a new connection. The pooled client has no other way to
    /// tell its connector.
    pub(crate) static CONNECT_TIMEOUT: Duration;
}

/// Opens connections for the pooled client, TLS or not.
pub type Connector = HttpsConnector<Tcp>;

/// A connector that trusts the machine's certificates (or those of `SSL_CERT_FILE`) and those in `ca_files`.
pub fn connector(ca_files: &[PathBuf]) -> Result<Connector> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in native.errors {
        eprintln!("alertcap-host: trusted certificates: {error}");
    }
    // The machine's folder may hold what rustls does not take; a file that was named must not.
    roots.add_parsable_certificates(native.certs);
    for file in ca_files {
        let what = || format!("--ca-file {}", file.display());
        let mut count = 0;
        for certificate in CertificateDer::pem_file_iter(file).with_context(what)? {
            roots.add(certificate.with_context(what)?).with_context(what)?;
            count += 1;
        }
        ensure!(count > 0, "{}: no certificate in it", what());
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| anyhow!("TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(Tcp))
}

/// Opens TCP connections.
#[derive(Clone)]
pub struct Tcp;

/// Why there is no TCP connection.
#[derive(Debug)]
pub enum NoConnection {
    /// The URI names no host.
    NoHost,
    /// The name could not be looked up.
    Name(io::Error),
    /// Nobody answered in time.
    Timeout,
    /// Nobody listens, or there is no way there.
    Refused(io::Error),
}

impl Tcp {
    async fn connect(uri: Uri, patience: Option<Duration>) -> Result<TokioIo<TcpStream>, NoConnection> {
        let host = uri.host().ok_or(NoConnection::NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let connect = async {
            let addresses: Vec<_> = lookup_host((host, port)).await.map_err(NoConnection::Name)?.collect();
            TcpStream::connect(&addresses[..]).await.map_err(NoConnection::Refused)
        };
        let stream = match patience {
            Some(patience) => {
                tokio::time::timeout(patience, connect).await.map_err(|_| NoConnection::Timeout)?
            }
            None => connect.await,
        }?;
        // Without it, a request's small body can wait 40 ms for the acknowledgement of its head.
        stream.set_nodelay(true).map_err(NoConnection::Refused)?;
        Ok(TokioIo::new(stream))
    }
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = NoConnection;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NoConnection>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), NoConnection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Read here: the client may move the connecting itself to a task that has no task-local.
        let patience = CONNECT_TIMEOUT.try_with(|patience| *patience).ok();
        Box::pin(Self::connect(uri, patience))
    }
}

impl Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => f.write_str("the URI has no host"),
            Self::Name(error) => write!(f, "looking up the name: {error}"),
            Self::Timeout => f.write_str("no connection in time"),
            Self::Refused(error) => write!(f, "connecting: {error}"),
        }
    }
}

impl StdError for NoConnection {}

/// What the component is told about a request that got no answer.
pub(crate) fn explain(to: &Destination, error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<NoConnection>() {
            return match error {
                NoConnection::NoHost => Error::HttpRequestUriInvalid,
                NoConnection::Name(error) => {
                    Error::DnsError { rcode: Some(error.to_string()), info_code: None }
                }
                NoConnection::Timeout => Error::ConnectionTimeout,
                NoConnection::Refused(_) => Error::ConnectionRefused,
            };
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            eprintln!(
                "alertcap-host: TLS with {to}: {error}; --ca-file or SSL_CERT_FILE name further authorities"
            );
            return match error {
                rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                    Error::TlsCertificateError
                }
                rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
                    alert_id: Some((*alert).into()),
                    alert_message: Some(format!("{alert:?}")),
                },
                _ => Error::TlsProtocolError,
            };
        }
        // An io::Error's source() is the source of the error inside it, which would skip that one.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    // A connection that broke after it stood: both Spin and Wasmtime say no more than this.
    Error::HttpProtocolError
}
