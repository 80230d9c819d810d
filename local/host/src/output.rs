//! What the component prints: whole lines on the host's stderr, never two mixed into one.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A line without an end is cut here, so that it cannot fill the memory.
const LONGEST_LINE: usize = 64 * 1024;

/// One output of one instance; clones write to the same lines.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Unfinished>>);

/// The line that has no end yet.
#[derive(Default)]
struct Unfinished(Vec<u8>);

impl Lines {
    fn print(&self, bytes: &[u8]) {
        let line = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0;
        line.extend_from_slice(bytes);
        let whole = match line.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if line.len() > LONGEST_LINE => line.len(),
            None => return,
        };
        // One call under stderr's lock is what keeps lines whole. If stderr is gone, nobody is left to tell.
        let _ = io::stderr().write_all(&line[..whole]);
        line.drain(..whole);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            self.0.push(b'\n');
            let _ = io::stderr().write_all(&self.0);
        }
    }
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.print(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
