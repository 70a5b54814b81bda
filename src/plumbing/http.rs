//! The one place where clients for outside services are made, so that none is without its limits.

use std::io::{self, Read};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::apart;

/// How long a connection waits for its next request; a stock nginx closes its own after 75 s.
const IDLE: Duration = Duration::from_secs(20);

/// A client for outside services: certificates verified, both timeouts set, and no second request made by itself.
///
/// `total_timeout` counts from the first try to connect to the last byte of the body; a request may set a shorter one of
/// its own. There is none for the wait between two bytes: a slow drip ends at the total, and a large answer that takes
/// its time to begin is not cut before it.
///
/// Redirects are answers, not errands: following one would carry a token or an order to an address that nobody
/// configured. A connection that nobody used for a while is not used again: servers close theirs after a minute or so,
/// and a purchase that is sent into a closing one has an outcome that nobody knows. Retries are decided by those who
/// know whether a request may be repeated. Proxies of the environment are not used: what this program talks to stands in
/// its configuration alone.
///
/// # Errors
/// When the TLS machinery cannot be set up (no root certificates on this machine, for one).
#[expect(clippy::disallowed_methods, reason = "this is the right door that clippy.toml names")]
pub fn client(connect_timeout: Duration, total_timeout: Duration) -> anyhow::Result<reqwest::Client> {
    install_crypto();
    let client = reqwest::Client::builder()
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("simfront/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .timeout(total_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()?;
    Ok(client)
}

/// Makes ring the cryptography of this process. An error means that it is chosen already, which is as good.
fn install_crypto() {
    let _already_chosen = rustls::crypto::ring::default_provider().install_default();
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It holds more than the given number of bytes, counted after decompression.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection failed, or the time was over.
    #[error("the answer broke off")]
    Broken(#[source] reqwest::Error),
    /// There was no thread to read it on.
    #[error("the answer's reader failed")]
    Unread,
}

/// Reads a body of at most `limit` bytes. What comes beyond is never held in memory: a small compressed answer that
/// unpacks to gigabytes ends here too.
///
/// # Errors
/// [`ReadError`]
pub async fn read_bounded(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if chunk.len() > limit.saturating_sub(body.len()) {
            return Err(ReadError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Chunks that wait for their reader, a few kilobytes each.
const WAITING: usize = 8;

/// Reads a body of at most `limit` bytes while it comes: `take` is given it on a thread that answers nobody, and what it
/// has not read yet stays with the sender. So the body is never in memory whole, whatever its size.
///
/// The time limit is the request's. Whoever drops this future, and a connection that breaks, end `take`'s reading with an
/// error; a `take` that has read enough ends the transfer.
///
/// # Errors
/// [`ReadError`], whatever `take` made of the part that it saw.
pub async fn read_streamed<T: Send + 'static>(
    mut response: reqwest::Response,
    limit: usize,
    take: impl FnOnce(&mut dyn Read) -> T + Send + 'static,
) -> Result<T, ReadError> {
    let (chunks, arriving) = mpsc::channel(WAITING);
    let taking = apart::compute(move || {
        let mut body = Arriving { arriving, chunk: Bytes::new(), ended: false };
        take(&mut body)
    });
    let mut left = limit;
    let cut = loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.len() > left => break Some(ReadError::TooLarge(limit)),
            Ok(Some(chunk)) => {
                left -= chunk.len();
                if chunks.send(Some(chunk)).await.is_err() {
                    break None;
                }
            }
            Ok(None) => {
                let _enough_was_read = chunks.send(None).await;
                break None;
            }
            Err(error) => break Some(ReadError::Broken(error)),
        }
    };
    // Without the end's mark the reader is told that the body broke off.
    drop(chunks);
    let taken = taking.await.map_err(|_| ReadError::Unread)?;
    cut.map_or(Ok(taken), Err)
}

/// A body as its reader sees it; `None` is its end.
struct Arriving {
    arriving: mpsc::Receiver<Option<Bytes>>,
    chunk: Bytes,
    ended: bool,
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            match self.arriving.blocking_recv() {
                Some(Some(chunk)) => self.chunk = chunk,
                Some(None) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let taken = self.chunk.split_to(self.chunk.len().min(into.len()));
        into.iter_mut().zip(&taken).for_each(|(place, byte)| *place = *byte);
        Ok(taken.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Answers each connection with the same bytes; gives its address.
    async fn answering(answer: &'static [u8]) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0_u8; 2048];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer).await;
            }
        });
        address
    }

    fn test_client() -> reqwest::Client {
        client(Duration::from_secs(2), Duration::from_secs(5)).unwrap()
    }

    #[tokio::test]
    async fn a_body_of_the_limit_passes_and_one_byte_more_does_not() {
        let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        let answer = || async { test_client().get(&url).send().await.unwrap() };
        assert_eq!(read_bounded(answer().await, 5).await.unwrap(), b"hello");
        assert!(matches!(read_bounded(answer().await, 4).await, Err(ReadError::TooLarge(4))));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_a_short_one() {
        let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
        let answer = test_client().get(&url).send().await.unwrap();
        assert!(matches!(read_bounded(answer, 100).await, Err(ReadError::Broken(_))));
    }

    /// What a reader was given, and whether it saw the end.
    fn gather(body: &mut dyn Read) -> (usize, bool) {
        let mut bytes = Vec::new();
        let ended = body.read_to_end(&mut bytes).is_ok();
        (bytes.len(), ended)
    }

    #[tokio::test]
    async fn a_streamed_body_ends_where_it_ends_and_is_cut_where_one_too_large_is() {
        let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        let answer = || async { test_client().get(&url).send().await.unwrap() };
        assert_eq!(read_streamed(answer().await, 5, gather).await.unwrap(), (5, true));
        assert!(matches!(read_streamed(answer().await, 4, gather).await, Err(ReadError::TooLarge(4))));
        // A reader that has seen enough.
        assert!(read_streamed(answer().await, 5, |_| ()).await.is_ok());
    }

    #[tokio::test]
    async fn the_reader_of_a_streamed_body_is_told_when_it_breaks_off() {
        let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
        let (told, hears) = std::sync::mpsc::channel();
        let answer = test_client().get(&url).send().await.unwrap();
        let read = read_streamed(answer, 100, move |body| told.send(gather(body))).await;
        assert!(matches!(read, Err(ReadError::Broken(_))));
        assert_eq!(hears.recv().unwrap(), (5, false));
    }

    #[tokio::test]
    async fn whoever_goes_away_ends_the_reading() {
        let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
        let (told, hears) = std::sync::mpsc::channel();
        let answer = test_client().get(&url).send().await.unwrap();
        let reading = read_streamed(answer, 100, move |body| told.send(gather(body)));
        drop(tokio::time::timeout(Duration::ZERO, reading).await);
        let ended = tokio::task::spawn_blocking(move || hears.recv_timeout(Duration::from_secs(5)));
        assert!(ended.await.unwrap().is_ok_and(|(_, ended)| !ended));
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer() {
        let url = answering(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(test_client().get(&url).send().await.unwrap().status(), 302);
    }
}
