//! Reads a webhook's body: bounded in size and in time, and never a part of it taken for the whole.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most that a webhook may carry.
pub(super) const LARGEST: usize = 256 * 1024;

/// The most that all of them may hold together.
const HELD: usize = 32 << 20;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBody {
    /// It is larger than may be.
    TooLarge,
    /// It ended before its end.
    BrokenOff,
    /// It did not come in time.
    TooSlow,
    /// Too much of others is held already.
    NoRoom,
}

/// What the bodies that are being read or wait may hold together. Before a signature is checked anybody may send one.
#[derive(Clone, Debug)]
pub(in crate::inbox) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HELD)))
    }
}

/// A body, which takes its room as long as it is held.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Vec<u8>,
    pub(super) room: Option<OwnedSemaphorePermit>,
}

/// The whole body, if it comes within `patience`. What is too large by its own account is not read at all.
pub(super) async fn read(
    room: &Room,
    headers: &HeaderMap,
    body: Body,
    patience: Duration,
) -> Result<Whole, NoBody> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST) {
        return Err(NoBody::TooLarge);
    }
    tokio::time::timeout(patience, whole(room, body)).await.unwrap_or(Err(NoBody::TooSlow))
}

async fn whole(room: &Room, body: Body) -> Result<Whole, NoBody> {
    // Grows with what really comes: a promise of bytes takes no memory.
    let mut whole = Whole { bytes: Vec::new(), room: None };
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| NoBody::BrokenOff)?;
        if whole.bytes.len() + chunk.len() > LARGEST {
            return Err(NoBody::TooLarge);
        }
        let size = u32::try_from(chunk.len()).map_err(|_| NoBody::TooLarge)?;
        let more = room.0.clone().try_acquire_many_owned(size).map_err(|_| NoBody::NoRoom)?;
        match &mut whole.room {
            Some(taken) => taken.merge(more),
            None => whole.room = Some(more),
        }
        whole.bytes.extend_from_slice(&chunk);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    const PATIENCE: Duration = Duration::from_millis(50);

    async fn read_chunks(chunks: Vec<Result<Vec<u8>, std::io::Error>>) -> Result<usize, NoBody> {
        let body = Body::from_stream(stream::iter(chunks));
        read(&Room::default(), &HeaderMap::new(), body, PATIENCE).await.map(|whole| whole.bytes.len())
    }

    #[tokio::test]
    async fn a_body_is_whole_or_none() {
        assert_eq!(read_chunks(vec![Ok(vec![0; LARGEST - 1]), Ok(vec![0])]).await, Ok(LARGEST));
        assert_eq!(read_chunks(vec![Ok(vec![0; LARGEST]), Ok(vec![0])]).await, Err(NoBody::TooLarge));
        let broken = vec![Ok(vec![0; 10]), Err(std::io::ErrorKind::UnexpectedEof.into())];
        assert_eq!(read_chunks(broken).await, Err(NoBody::BrokenOff));
        let endless = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let slow = read(&Room::default(), &HeaderMap::new(), endless, PATIENCE).await;
        assert_eq!(slow.unwrap_err(), NoBody::TooSlow);
    }

    #[tokio::test]
    async fn all_bodies_together_hold_no_more_than_they_may() {
        let room = Room::default();
        let one = async || {
            let body = Body::from(vec![0; LARGEST]);
            read(&room, &HeaderMap::new(), body, PATIENCE).await
        };
        let mut held = Vec::new();
        for _ in 0..HELD / LARGEST {
            held.push(one().await.unwrap());
        }
        assert_eq!(one().await.unwrap_err(), NoBody::NoRoom);
        assert!(held.pop().unwrap().room.is_some());
        assert_eq!(one().await.unwrap().bytes.len(), LARGEST, "what was let go is free again");
    }
}
