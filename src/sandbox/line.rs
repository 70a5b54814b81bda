//! One connection of the sandbox, as a fault can spoil it below HTTP: reset in place of a proper end, or slowed down to
//! a few bytes at a time.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What a fault has in store for a connection. Each request carries its connection's fate in its extensions.
#[derive(Debug, Default)]
pub(super) struct Fate {
    reset: AtomicBool,
    drip: Mutex<Option<Drip>>,
}

/// A few bytes, then a pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drip {
    pub bytes: usize,
    pub pause: Duration,
}

impl Fate {
    /// When the connection ends, it ends with a reset (RST): whoever reads from it gets an error, no end.
    pub(super) fn reset_at_end(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// From now on the connection sends a few bytes at a time only.
    pub(super) fn drip(&self, drip: Drip) {
        *self.drip.lock().unwrap_or_else(PoisonError::into_inner) = Some(drip);
    }

    fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }

    fn dripping(&self) -> Option<Drip> {
        *self.drip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection under its fate.
pub(super) struct Line {
    stream: TcpStream,
    fate: Arc<Fate>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Line {
    pub(super) fn new(stream: TcpStream, fate: Arc<Fate>) -> Self {
        Self { stream, fate, pause: None }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(drip) = self.fate.dripping() else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let few = &bytes[..bytes.len().min(drip.bytes.max(1))];
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, few))?;
        self.pause = Some(Box::pin(tokio::time::sleep(drip.pause)));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// A proper end would send a FIN before the reset.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.fate.is_reset() {
            true => Poll::Ready(Ok(())),
            false => Pin::new(&mut self.stream).poll_shutdown(cx),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.fate.is_reset() {
            // SO_LINGER of zero makes the kernel send RST when the socket closes, right after this.
            let _ = self.stream.set_zero_linger();
        }
    }
}
