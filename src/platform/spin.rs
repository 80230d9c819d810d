//! [`Platform`](super::Platform) over Spin's and WASI's interfaces; thin enough to be right by reading.

use std::{
    future::{Future, poll_fn},
    io::Write,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future;
use http_body_util::BodyExt;
use spin_sdk::{
    http::FullBody,
    key_value::Store,
    wasip3::{
        self,
        http::types::{ErrorCode, RequestOptions},
        http_compat::RequestOptionsExtension,
        random::random::get_random_bytes,
    },
};

use super::{
    Background, Clock, HttpOut, KeyValue, LogSink, MAX_ANSWER_BYTES, Random, SendError, StoreError, Variables,
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

        let mut request = request.map(FullBody::new);
        request.extensions_mut().insert(RequestOptionsExtension(options));
        // The SDK spawns the writer of the request's body.
        let (response, ()) = future::join(spin_sdk::http::send(request), a_turn()).await;
        let response = response.map_err(send_error)?;

        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(send_error)?;
            if let Some(data) = frame.data_ref() {
                if bytes.len().saturating_add(data.len()) > MAX_ANSWER_BYTES {
                    return Err(SendError::Lost(format!("it is larger than {MAX_ANSWER_BYTES} bytes")));
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(http::Response::from_parts(head, Bytes::from(bytes)))
    }
}

fn send_error(code: ErrorCode) -> SendError {
    match code {
        ErrorCode::HttpRequestDenied => SendError::NotAllowed,
        ErrorCode::DnsTimeout | ErrorCode::ConnectionTimeout => SendError::NotConnected(code.to_string()),
        ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => SendError::NotConnected(code.to_string()),
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => SendError::TimedOut,
        other => SendError::Lost(other.to_string()),
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
        open().await?.get_keys().await.collect().await.map_err(store_error)
    }
}

async fn open() -> Result<Store, StoreError> {
    Store::open_default().await.map_err(store_error)
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
    async fn variable(&self, name: &str) -> Option<String> {
        spin_sdk::variables::get(name).await.ok()
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
