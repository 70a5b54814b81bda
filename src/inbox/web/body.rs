//! Reads a webhook's body: bounded in size and in time, and never a part of it taken for the whole.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;

/// The most that a webhook may carry.
pub(super) const LARGEST: usize = 256 * 1024;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBody {
    /// It is larger than may be.
    TooLarge,
    /// It ended before its end.
    BrokenOff,
    /// It did not come in time.
    TooSlow,
}

/// The whole body, if it comes within `patience`. What is too large by its own account is not read at all.
pub(super) async fn read(headers: &HeaderMap, body: Body, patience: Duration) -> Result<Vec<u8>, NoBody> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST) {
        return Err(NoBody::TooLarge);
    }
    tokio::time::timeout(patience, whole(body)).await.unwrap_or(Err(NoBody::TooSlow))
}

async fn whole(body: Body) -> Result<Vec<u8>, NoBody> {
    // Grows with what really comes: a promise of bytes takes no memory.
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| NoBody::BrokenOff)?;
        if bytes.len() + chunk.len() > LARGEST {
            return Err(NoBody::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    const PATIENCE: Duration = Duration::from_millis(50);

    async fn read_chunks(chunks: Vec<Result<Vec<u8>, std::io::Error>>) -> Result<usize, NoBody> {
        let body = Body::from_stream(stream::iter(chunks));
        read(&HeaderMap::new(), body, PATIENCE).await.map(|bytes| bytes.len())
    }

    #[tokio::test]
    async fn a_body_is_whole_or_none() {
        assert_eq!(read_chunks(vec![Ok(vec![0; LARGEST - 1]), Ok(vec![0])]).await, Ok(LARGEST));
        assert_eq!(read_chunks(vec![Ok(vec![0; LARGEST]), Ok(vec![0])]).await, Err(NoBody::TooLarge));
        let broken = vec![Ok(vec![0; 10]), Err(std::io::ErrorKind::UnexpectedEof.into())];
        assert_eq!(read_chunks(broken).await, Err(NoBody::BrokenOff));
        let endless = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert_eq!(read(&HeaderMap::new(), endless, PATIENCE).await, Err(NoBody::TooSlow));
    }
}
