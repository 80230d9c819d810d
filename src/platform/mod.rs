//! The world, as traits: everything alertcap touches outside its own memory goes through one of these.
//!
//! The component implements them over Spin's interfaces ([`spin`]), which hosts that lack them have from `wasi-adapter/`;
//! docs/hosts.md says where hosts differ. Tests implement them in memory. All code left of this module is pure or generic
//! over [`Platform`], so that it runs natively.

#[cfg(target_family = "wasm")]
pub mod spin;

use std::{fmt, future::Future, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{self, Either};

use crate::time::Timestamp;

/// Answers larger than this are refused; the largest is a page of the list of capture sessions.
pub const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Outbound HTTP.
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait HttpOut {
    /// An answer's body on its way.
    type Stream: Stream;

    /// Sends one request and reads the whole answer; redirects are not followed.
    ///
    /// # Errors
    /// [`SendError`] says whether the request can have had an effect.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, SendError>;

    /// Sends one request and returns as soon as the answer's head is there, which has so long to come; so long may each
    /// piece of its body take too. Redirects are not followed.
    ///
    /// # Errors
    /// [`SendError`] says whether the request can have had an effect.
    async fn open(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Self::Stream>, SendError>;
}

/// A body, piece by piece. Whoever drops it takes no more of it.
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait Stream: 'static {
    /// The next piece, never an empty one; none where the body has come to its end. One that breaks off has an error
    /// first: shorter than its Content-Length, too slow, or the connection broke.
    async fn next(&mut self) -> Option<Result<Bytes, SendError>>;
}

/// All of a body.
///
/// # Errors
/// [`SendError::Lost`] where it is longer than `most`; otherwise the stream's own.
pub async fn read_whole(body: &mut impl Stream, most: usize) -> Result<Bytes, SendError> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        if bytes.len().saturating_add(piece.len()) > most {
            return Err(SendError::Lost("it is too large"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Bytes::from(bytes))
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The host's outbound allow-list has no entry for the address. Nothing was sent.
    NotAllowed,
    /// No connection: name not found, refused, TLS failed. Nothing was sent.
    NotConnected(&'static str),
    /// Sent, perhaps; no answer in time.
    TimedOut,
    /// Sent, perhaps; the connection broke, or the answer was larger than [`MAX_ANSWER_BYTES`].
    Lost(&'static str),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => f.write_str("the host does not allow this address (allowed_outbound_hosts)"),
            Self::NotConnected(why) => write!(f, "no connection: {why}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Lost(why) => write!(f, "the answer was lost: {why}"),
        }
    }
}

/// The key-value store. Keys: at most 255 characters of `A-Z a-z 0-9 . _ -`; values: at most 400 KB. There is no
/// compare-and-swap anywhere: correctness must not need one.
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait KeyValue {
    /// The value of `key`, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes `value`; once this returns it is durable.
    ///
    /// # Errors
    /// [`StoreError`] when it may not have been written.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes `key`; removing what is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`] when it may still be there.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// All keys, in no order. Slow where history is long: never on the alert's path.
    ///
    /// # Errors
    /// [`StoreError`] when the list is not complete.
    async fn keys(&self) -> Result<Vec<String>, StoreError>;
}

/// The store could not be used; holds the host's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key-value store: {}", self.0)
    }
}

/// Time.
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait Clock {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Waits for `duration`.
    async fn sleep(&self, duration: Duration);
    /// What `work` comes to, if it does so within `duration`; otherwise it is dropped.
    fn within<T>(
        &self,
        duration: Duration,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        // Boxed: an async function keeps what it is given twice, and these stand inside one another.
        let work = Box::pin(work);
        async move {
            match future::select(work, pin!(self.sleep(duration))).await {
                Either::Left((outcome, _)) => Some(outcome),
                Either::Right(_) => None,
            }
        }
    }
}

/// Random bytes of cryptographic quality.
pub trait Random {
    /// Sixteen of them: a GUID.
    fn bytes16(&self) -> [u8; 16];
    /// Twenty-four of them: a nonce.
    fn bytes24(&self) -> [u8; 24];
}

/// The operator's variables.
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait Variables {
    /// The value of a variable, if it is set.
    ///
    /// # Errors
    /// [`VariablesError`] when its provider does not answer: nothing is known of it.
    async fn variable(&self, name: &str) -> Result<Option<String>, VariablesError>;
}

/// The provider of the variables does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariablesError;

/// Work that goes on after the answer, where the host lets it (Spin and Wasmtime do; wasmCloud drops it).
///
/// So an answer waits for the steps that its request began: [`App::until_at_rest`](crate::app::App::until_at_rest).
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait Background {
    /// Starts `work`; it has had its first turn when this returns, or has it right after.
    async fn spawn(&self, work: impl Future<Output = ()> + 'static);
}

/// Where log lines go.
pub trait LogSink {
    /// Writes one line, without its end.
    fn log_line(&self, line: &str);
}

/// All of the world at once.
pub trait Platform:
    HttpOut + KeyValue + Clock + Random + Variables + Background + LogSink + Clone + 'static
{
}

impl<T: HttpOut + KeyValue + Clock + Random + Variables + Background + LogSink + Clone + 'static> Platform
    for T
{
}
