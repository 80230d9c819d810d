//! The front door: HTTP/1.1 in, one answer out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::worker::Component;

/// How long requests in flight may still take once the host is told to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// The component, ready to be asked.
pub type Handler = ProxyHandler<Component>;

/// Listens, and returns where.
pub async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Answers requests until `stop` is done, then lets those in flight finish for a moment.
pub async fn serve(listener: TcpListener, handler: Handler, stop: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match stream {
            Ok((stream, _)) => spawn_connection(stream, &handler, &connections),
            Err(error) => {
                // Most often too many open files: others have to end first.
                eprintln!("alertcap-host: accepting a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, connections.shutdown()).await;
}

fn spawn_connection(stream: TcpStream, handler: &Handler, connections: &GracefulShutdown) {
    // Without it, an answer's body waits up to 40 ms for the client to acknowledge the head.
    let _ = stream.set_nodelay(true);
    let handler = handler.clone();
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(answer(&handler, request).await) }
    });
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away is no event.
        let _ = connection.await;
    });
}

async fn answer(handler: &Handler, mut request: Request<Incoming>) -> Response<WasiBody> {
    let Some(uri) = absolute(&request) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let what = format!("{} {}", request.method(), uri.path());
    *request.uri_mut() = uri;
    match handler.handle((), request.map(|body| body.map_err(Error::from).boxed_unsync())).await {
        Ok(response) => response,
        Err(error) => {
            eprintln!("alertcap-host: {what}: 500: {error:#}");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// The request's URI with scheme and authority, as Spin hands it to the component; none if they are not known or
/// contradict each other.
fn absolute(request: &Request<Incoming>) -> Option<Uri> {
    let host = match request.headers().get(header::HOST) {
        Some(host) => Some(host.to_str().ok()?.parse::<Authority>().ok()?),
        None => None,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.authority = match (host, parts.authority) {
        (Some(host), Some(authority)) if host != authority => return None,
        (host, authority) => Some(host.or(authority)?),
    };
    parts.scheme = Some(Scheme::HTTP);
    Uri::from_parts(parts).ok()
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(http_body_util::Empty::new().map_err(Error::from).boxed_unsync());
    *response.status_mut() = status;
    response
}
