//! HTTP over WASI's own interface: requests out, bodies piece by piece, answers in the other direction.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future;
use http::{HeaderMap, Method, header::CONTENT_LENGTH, uri::PathAndQuery};
use spin_sdk::wasip3::{
    self,
    http::{
        client,
        types::{ErrorCode, Request, RequestOptions, Response, Trailers},
    },
    http_compat::BodyWriter,
    wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamResult},
    wit_future,
};

use super::{Spin, a_turn};
use crate::{
    answer::Answered,
    platform::{Clock, HttpOut, MAX_ANSWER_BYTES, SendError, Stream, read_whole},
};

/// So many bytes are taken of a body at a time, at most.
const PIECE: usize = 64 * 1024;

impl HttpOut for Spin {
    type Stream = Incoming;

    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, SendError> {
        // The time-outs of what it opens are for each phase; this one is for all of it.
        let whole = async {
            let (head, mut body) = self.open(request, timeout).await?.into_parts();
            Ok(http::Response::from_parts(head, read_whole(&mut body, MAX_ANSWER_BYTES).await?))
        };
        self.within(timeout, whole).await.unwrap_or(Err(SendError::TimedOut))
    }

    async fn open(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Incoming>, SendError> {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let options = RequestOptions::new();
        // A host that does not know a time-out keeps its own.
        _ = options.set_connect_timeout(Some(nanos));
        _ = options.set_first_byte_timeout(Some(nanos));
        _ = options.set_between_bytes_timeout(Some(nanos));
        let opened = self.within(timeout, exchange(request, options, timeout)).await;
        opened.unwrap_or(Err(SendError::TimedOut))
    }
}

async fn exchange(
    request: http::Request<Bytes>,
    options: RequestOptions,
    pause: Duration,
) -> Result<http::Response<Incoming>, SendError> {
    let is_head = request.method() == Method::HEAD;
    let (request, sent) = outgoing(request, options).map_err(|code| send_error(&code))?;
    let (response, ()) = future::join(client::send(request), a_turn()).await;
    let response = response.map_err(|code| send_error(&code))?;
    let status = response.get_status_code();
    let headers = HeaderMap::try_from(response.get_headers()).map_err(|code| send_error(&code))?;
    // An answer without a body may say how long the body would be.
    let is_empty = is_head || matches!(status, 204 | 304);
    let promised = headers.get(CONTENT_LENGTH).filter(|_| !is_empty);
    let promised = promised.and_then(|length| length.to_str().ok()?.parse().ok());
    let (taken, how_taken) = wit_future::new(|| Ok(()));
    let (stream, end) = Response::consume_body(response, how_taken);
    let body = Incoming { stream, end: Some(end), promised, pause, _sent: sent, _taken: taken };
    let mut answer = http::Response::new(body);
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// An answer's body on its way from another host.
pub struct Incoming {
    stream: StreamReader<u8>,
    /// How it ended; none once that is known.
    end: Option<FutureReader<Result<Option<Trailers>, ErrorCode>>>,
    /// What of its Content-Length is still to come.
    promised: Option<u64>,
    pause: Duration,
    /// Wasmtime 49 ends the exchange when nobody waits any more for how the sending went, in the middle of the answer:
    /// the SDK's own `send` does not wait for it.
    _sent: FutureReader<Result<(), ErrorCode>>,
    _taken: FutureWriter<Result<(), ErrorCode>>,
}

impl Stream for Incoming {
    async fn next(&mut self) -> Option<Result<Bytes, SendError>> {
        let end = self.end.take()?;
        let (result, bytes) = loop {
            let read = self.stream.read(Vec::with_capacity(PIECE));
            match Spin.within(self.pause, read).await {
                None => return Some(Err(SendError::TimedOut)),
                Some((StreamResult::Complete(_), bytes)) if bytes.is_empty() => {}
                Some(read) => break read,
            }
        };
        if !bytes.is_empty() {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.promised = self.promised.map(|promised| promised.saturating_sub(length));
            self.end = Some(end);
            return Some(Ok(Bytes::from(bytes)));
        }
        match Spin.within(self.pause, async { end.await }).await {
            None => Some(Err(SendError::TimedOut)),
            Some(Err(code)) => Some(Err(send_error(&code))),
            // Not every host looks whether it is whole.
            Some(Ok(_))
                if result == StreamResult::Cancelled || self.promised.is_some_and(|left| left > 0) =>
            {
                Some(Err(SendError::Lost("it broke off")))
            }
            Some(Ok(_)) => None,
        }
    }
}

/// The answer as the host takes it.
///
/// # Errors
/// [`ErrorCode`] where the host does not take its head.
pub fn into_wasi(answered: Answered<Incoming>) -> Result<Response, ErrorCode> {
    let (head, body) = match answered {
        Answered::Whole(answer) => {
            let (head, body) = answer.into_parts();
            (head, Outgoing::Whole(body))
        }
        Answered::Streamed(answer) => {
            let (head, body) = answer.into_parts();
            (head, Outgoing::Streamed(body))
        }
    };
    let headers = head.headers.try_into().map_err(|_| ErrorCode::HttpProtocolError)?;
    let (writer, contents, trailers) = BodyWriter::new();
    let (response, _sent) = Response::new(headers, Some(contents), trailers);
    _ = response.set_status_code(head.status.as_u16());
    wasip3::spawn(write(writer, body));
    Ok(response)
}

/// A body that goes out.
enum Outgoing {
    Whole(Bytes),
    Streamed(Incoming),
}

/// Writes a body, one that is on its way itself no faster than it is taken. One that breaks off is broken off here too:
/// nobody shall take a part for the whole.
async fn write(mut writer: BodyWriter, body: Outgoing) {
    // Who does not take it has gone, or has an answer to say why.
    match body {
        Outgoing::Whole(bytes) => {
            if !bytes.is_empty() && !writer.stream_writer.write_all(bytes.into()).await.is_empty() {
                return;
            }
        }
        Outgoing::Streamed(mut stream) => {
            while let Some(piece) = stream.next().await {
                let Ok(piece) = piece else {
                    _ = writer.result_writer.write(Err(ErrorCode::InternalError(None))).await;
                    return;
                };
                if !writer.stream_writer.write_all(piece.into()).await.is_empty() {
                    return;
                }
            }
        }
    }
    drop(writer.stream_writer);
    _ = writer.result_writer.write(Ok(None)).await;
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
    wasip3::spawn(write(writer, Outgoing::Whole(body)));
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
