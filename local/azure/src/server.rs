//! Connections: each request is read whole, recorded, given its fault, answered, and the answer recorded.

mod body;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::body::{Aborted, Paced};
use crate::answer::{self, Answer};
use crate::app::App;
use crate::faults::{Fault, Seen};
use crate::request::{Req, Scheme};
use crate::route::Route;

/// More than ARM takes.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// Accepts connections for ever.
pub(crate) async fn listen(app: Arc<App>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    // Whoever aborts this task ends its connections too.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: it passes.
                eprintln!("azure-standin: cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (app, tls) = (Arc::clone(&app), tls.clone());
        connections.spawn(async move {
            match tls {
                None => connection(app, stream, Scheme::Http).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => connection(app, stream, Scheme::Https).await,
                    Err(error) => {
                        eprintln!("azure-standin: https refused: {error} (does the client trust ca.pem?)")
                    }
                },
            }
        });
    }
}

async fn connection(app: Arc<App>, stream: impl AsyncRead + AsyncWrite + Unpin, scheme: Scheme) {
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { serve(&app, scheme, request).await }
    });
    // An error is either a client that went away or an Aborted of ours: neither is news.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn serve(
    app: &Arc<App>,
    scheme: Scheme,
    request: http::Request<Incoming>,
) -> Result<http::Response<Paced>, Aborted> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await;
    let complete = body.is_ok();
    let body = body.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
    let mut req =
        Req { method: parts.method, scheme, uri: parts.uri, headers: parts.headers, body, outcome: None };
    let route = Route::of(&req);
    if let Route::Control { path } = &route {
        return Ok(crate::control::handle(app, &req, path).await.map(|body| Paced::new(body, None)));
    }

    let operation = route.operation();
    let capture = route.capture(|operation| app.operations.capture(operation));
    let seen =
        Seen { path: req.uri.path(), capture: capture.as_deref().unwrap_or_default(), body: &req.body };
    let fault = app.faults.take(operation, seen);
    let seq = app.record.received(operation, &req, capture, fault.as_ref().map(Fault::kind));
    let shaped = match &fault {
        Some(Fault::Drop) => {
            log(app, &req, "connection closed on request");
            return Err(Aborted);
        }
        Some(Fault::Delay { ms }) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            None
        }
        Some(fault) => {
            req.outcome = fault.outcome();
            // An error on request carries the ids that a real one would.
            fault.answer(operation, app.clock.now()).map(|mut answer| {
                if route.is_arm() {
                    crate::arm::decorate(app, &req, &mut answer);
                }
                fault.set_headers(&mut answer);
                answer
            })
        }
        None => None,
    };
    let answer = match shaped {
        Some(answer) => answer,
        None if complete => app.handle(&req, &route),
        None => too_large(),
    };
    if matches!(fault, Some(Fault::LostAnswer)) {
        log(app, &req, "done, and its answer lost on request");
        return Err(Aborted);
    }
    log(app, &req, answer.status().as_str());
    app.record.answered(seq, answer.status());
    Ok(answer.map(|body| Paced::new(body, fault.as_ref())))
}

fn too_large() -> Answer {
    let error = json!({ "error": { "code": "RequestContentTooLarge", "message": "The request content size exceeds the maximum size." } });
    answer::json(StatusCode::PAYLOAD_TOO_LARGE, &error)
}

/// One line per request; the query is left out, for operation URLs are signed and long.
fn log(app: &App, req: &Req, what: &str) {
    if !app.log {
        return;
    }
    eprintln!("{} {} {} -> {what}", crate::clock::micros(app.clock.now()), req.method, req.uri.path());
}
