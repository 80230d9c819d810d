//! [`Platform`](super::Platform) over Spin's and WASI's interfaces; thin enough to be right by reading.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io::Write,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future;
use http::{header::CONTENT_LENGTH, uri::PathAndQuery};
use http_body_util::BodyExt;
use spin_sdk::{
    http::FullBody,
    key_value::Store,
    wasip3::{
        self,
        http::{
            client,
            types::{ErrorCode, Request, RequestOptions},
        },
        http_compat::{BodyWriter, http_from_wasi_response},
        random::random::get_random_bytes,
        wit_bindgen::FutureReader,
    },
};

use super::{
    Background, Clock, HttpOut, KeyValue, LogSink, MAX_ANSWER_BYTES, Random, SendError, StoreError,
    Variables, VariablesError,
};

use crate::time::Timestamp;

/// The host this component runs on.
#[derive(Debug, Clone, Copy)]
pub struct Spin;

impl HttpOut for Spin {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, SendError> {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let options = RequestOptions::new();
        // A host that does not know a time-out keeps its own.
        _ = options.set_connect_timeout(Some(nanos));
        _ = options.set_first_byte_timeout(Some(nanos));
        _ = options.set_between_bytes_timeout(Some(nanos));

        // The host's time-outs are for each phase; this one is for all of it.
        self.within(timeout, exchange(request, options)).await.unwrap_or(Err(SendError::TimedOut))
    }
}

async fn exchange(
    request: http::Request<Bytes>,
    options: RequestOptions,
) -> Result<http::Response<Bytes>, SendError> {
    // Wasmtime 49 ends the exchange when nobody waits any more for how the sending went, in the middle of the answer:
    // the SDK's own `send` does not wait for it.
    let (request, _sent) = outgoing(request, options).map_err(|code| send_error(&code))?;
    let (response, ()) = future::join(client::send(request), a_turn()).await;
    let response = response.and_then(http_from_wasi_response).map_err(|code| send_error(&code))?;
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|code| send_error(&code))?;
        if let Some(data) = frame.data_ref() {
            if bytes.len().saturating_add(data.len()) > MAX_ANSWER_BYTES {
                return Err(SendError::Lost("it is too large"));
            }
            bytes.extend_from_slice(data);
        }
    }
    // Not every host looks whether it is whole.
    let promised = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if promised.is_some_and(|promised: usize| promised > bytes.len()) {
        return Err(SendError::Lost("it broke off"));
    }
    Ok(http::Response::from_parts(head, Bytes::from(bytes)))
}

/// The request as the host takes it, and how its sending will have gone. Its body is written by a task that begins when
/// a turn is given up.
fn outgoing(
    request: http::Request<Bytes>,
    options: RequestOptions,
) -> Result<(Request, FutureReader<Result<(), ErrorCode>>), ErrorCode> {
    let (head, body) = request.into_parts();
    let headers = head.headers.try_into().map_err(|_| ErrorCode::HttpProtocolError)?;
    let (writer, contents, trailers) = BodyWriter::new();
    let (request, sent) = Request::new(headers, Some(contents), trailers, Some(options));
    let invalid = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_method(&head.method.into()).map_err(|()| ErrorCode::HttpRequestMethodInvalid)?;
    request.set_scheme(head.uri.scheme().map(Into::into).as_ref()).map_err(invalid)?;
    request.set_authority(head.uri.authority().map(http::uri::Authority::as_str)).map_err(invalid)?;
    request.set_path_with_query(head.uri.path_and_query().map(PathAndQuery::as_str)).map_err(invalid)?;
    wasip3::spawn(async move {
        // Who does not take the body has an answer to say why.
        _ = writer.send_http_body(&mut FullBody::new(body)).await;
    });
    Ok((request, sent))
}

/// In words of our own: the host's may hold the URL, and URLs may be secret.
fn send_error(code: &ErrorCode) -> SendError {
    match code {
        ErrorCode::HttpRequestDenied => SendError::NotAllowed,
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) => SendError::NotConnected("the name was not found"),
        ErrorCode::ConnectionTimeout => SendError::NotConnected("the connection was not taken in time"),
        ErrorCode::ConnectionRefused => SendError::NotConnected("the connection was refused"),
        ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable => SendError::NotConnected("the address cannot be reached"),
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => {
            SendError::NotConnected("TLS failed; is the certificate one that the host trusts?")
        }
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => SendError::TimedOut,
        _ => SendError::Lost("the connection broke"),
    }
}

impl KeyValue for Spin {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        open().await?.get(key).await.map_err(store_error)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        open().await?.set(key, value).await.map_err(store_error)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        open().await?.delete(key).await.map_err(store_error)
    }

    async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let store = open().await?;
        let _listing = Listing::begin();
        store.get_keys().await.collect().await.map_err(store_error)
    }
}

/// Opens the store once no listing of keys is under way in this instance.
///
/// Spin's key-value store on `SQLite` (4.1.0-pre0, and before) holds its lock while it streams keys. Another call of the same instance
/// then waits for that lock in a way that keeps the instance from taking the keys: both wait for ever, and with them
/// every other instance.
async fn open() -> Result<Store, StoreError> {
    let store = Store::open_default().await.map_err(store_error)?;
    while LISTINGS.get() > 0 {
        spin_sdk::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(store)
}

thread_local! {
    static LISTINGS: Cell<u32> = const { Cell::new(0) };
}

/// A listing of keys under way, until dropped.
struct Listing;

impl Listing {
    fn begin() -> Self {
        LISTINGS.set(LISTINGS.get().saturating_add(1));
        Self
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        LISTINGS.set(LISTINGS.get().saturating_sub(1));
    }
}

fn store_error(error: spin_sdk::key_value::Error) -> StoreError {
    StoreError(error.to_string())
}

impl Clock for Spin {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::SystemTime::now())
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

impl Random for Spin {
    fn bytes16(&self) -> [u8; 16] {
        random()
    }

    fn bytes24(&self) -> [u8; 24] {
        random()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    // A host may give fewer than asked for.
    while filled < N {
        let more = get_random_bytes(N.saturating_sub(filled) as u64);
        for (slot, byte) in bytes.iter_mut().skip(filled).zip(&more) {
            *slot = *byte;
        }
        filled = filled.saturating_add(more.len());
    }
    bytes
}

impl Variables for Spin {
    async fn variable(&self, name: &str) -> Result<Option<String>, VariablesError> {
        match spin_sdk::variables::get(name).await {
            Ok(value) => Ok(Some(value)),
            Err(spin_sdk::variables::Error::Undefined(_)) => Ok(None),
            Err(_) => Err(VariablesError),
        }
    }
}

impl Background for Spin {
    async fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        wasip3::spawn(work);
        a_turn().await;
    }
}

/// Gives up a turn, so that what was just spawned gets one.
///
/// wit-bindgen's executor takes up what was spawned only after it has polled what was awake, and does not wake itself
/// for it: with another future asleep beside, the spawned one would begin when some other event comes.
async fn a_turn() {
    let mut given = false;
    poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl LogSink for Spin {
    fn log_line(&self, line: &str) {
        // One write per line, so that lines of concurrent requests do not mix. Nobody can be told of a failure.
        _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    }
}
