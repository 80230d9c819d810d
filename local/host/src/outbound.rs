//! The component's requests to the outside: checked against the allow-list, sent over pooled connections.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Sleep, sleep, timeout};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::allow::{AllowList, Destination};
use crate::connect::{CONNECT_TIMEOUT, Connector};

/// What Spin waits at most where the component sets no time-out.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The way out; clones share the connections.
#[derive(Clone)]
pub struct Outbound {
    client: Client<Connector, WasiBody>,
    allowed: Arc<AllowList>,
}

type Sent = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl Outbound {
    /// A way out to what `allowed` lists.
    pub fn new(connector: Connector, allowed: AllowList) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self { client, allowed: Arc::new(allowed) }
    }

    fn check(&self, request: &Request<WasiBody>) -> Result<Destination, Error> {
        let destination = Destination::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        if !self.allowed.allows(&destination) {
            eprintln!(
                "alertcap-host: denied a request to {destination}: to allow it, \
                 add \"{destination}\" to allowed_outbound_hosts of the component in spin.toml"
            );
            return Err(Error::HttpRequestDenied);
        }
        Ok(destination)
    }
}

impl WasiHttpHooks for Outbound {
    fn set_host_header(&mut self) -> bool {
        // The client sets it from the URI, and leaves it out where HTTP/2 does.
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let this = self.clone();
        let options = options.unwrap_or_default();
        Box::new(async move {
            let destination = this.check(&request)?;
            let send = CONNECT_TIMEOUT
                .scope(options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT), this.client.request(request));
            // Redirects are answers like any other: the component decides.
            let response = timeout(options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT), send)
                .await
                .map_err(|_| Error::ConnectionReadTimeout)?
                .map_err(|error| crate::connect::explain(&destination, &error))?;
            let patience = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
            let response = response.map(|body| TimedBody { body, patience, sleep: None }.boxed_unsync());
            let nothing_left: Sent = (response, Box::new(std::future::ready(Ok(()))));
            Ok(nothing_left)
        })
    }
}

/// A response body that does not wait forever for its next bytes.
struct TimedBody {
    body: Incoming,
    patience: Duration,
    /// Runs only while someone waits.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.sleep = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        let patience = this.patience;
        ready!(this.sleep.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
