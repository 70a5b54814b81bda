//! The one place where clients for outside services are made, so that none is without its limits.

use std::time::Duration;

/// A client for outside services: certificates verified, both timeouts set, and no second request made by itself.
///
/// `total_timeout` counts from the first try to connect to the last byte of the body; a request may set a shorter one of
/// its own. There is none for the wait between two bytes: a slow drip ends at the total, and a large answer that takes
/// its time to begin is not cut before it.
///
/// Redirects are answers, not errands: following one would carry a token or an order to an address that nobody
/// configured. Retries are decided by those who know whether a request may be repeated. Proxies of the environment
/// are not used: what this program talks to stands in its configuration alone.
///
/// # Errors
/// When the TLS machinery cannot be set up (no root certificates on this machine, for one).
#[expect(clippy::disallowed_methods, reason = "this is the right door that clippy.toml names")]
pub fn client(connect_timeout: Duration, total_timeout: Duration) -> anyhow::Result<reqwest::Client> {
    install_crypto();
    let client = reqwest::Client::builder()
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

    #[tokio::test]
    async fn a_redirect_is_an_answer() {
        let url = answering(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(test_client().get(&url).send().await.unwrap().status(), 302);
    }
}
