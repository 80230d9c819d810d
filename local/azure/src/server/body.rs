//! An answer's body on its way: at once, in pieces with pauses, or broken off.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::faults::Fault;

/// The connection is closed in place of an answer, or of its rest.
#[derive(Debug)]
pub(super) struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed on request")
    }
}

impl std::error::Error for Aborted {}

impl From<Infallible> for Aborted {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A body.
pub(super) struct Paced {
    left: Bytes,
    /// How long a piece is, and the pause before each.
    piece: usize,
    pause: Option<Duration>,
    waits: Option<Pin<Box<Sleep>>>,
    /// Of what is left, so much is sent before it breaks off.
    breaks_after: Option<usize>,
    /// It breaks off at the next look: what came before is on its way by then.
    breaks: bool,
}

impl Paced {
    /// The body, with its fault.
    pub(super) fn new(bytes: Bytes, fault: Option<&Fault>) -> Self {
        let mut body = Self {
            piece: bytes.len().max(1),
            left: bytes,
            pause: None,
            waits: None,
            breaks_after: None,
            breaks: false,
        };
        match fault {
            Some(Fault::BodyBreaks { after_bytes }) => body.breaks_after = Some(*after_bytes),
            Some(Fault::SlowBody { bytes, ms }) => {
                body.piece = (*bytes).max(1);
                body.pause = Some(Duration::from_millis(*ms));
            }
            _ => {}
        }
        body
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let this = &mut *self;
        if this.left.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(pause) = this.pause {
            ready!(this.waits.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(cx));
            this.waits = None;
        }
        let mut length = this.piece.min(this.left.len());
        if let Some(left) = &mut this.breaks_after {
            if *left == 0 {
                if this.breaks {
                    return Poll::Ready(Some(Err(Aborted)));
                }
                this.breaks = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            length = length.min(*left);
            *left -= length;
        }
        Poll::Ready(Some(Ok(Frame::data(this.left.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
