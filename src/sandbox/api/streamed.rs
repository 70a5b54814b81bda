//! Long lists, written while they are sent: a catalog of 100,000 packages is some 100 MB of JSON, of which no more
//! than a piece stands in memory.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

/// How long a piece is before it is sent, in bytes.
const PIECE: usize = 48 * 1024;

/// 200 with `head`, the items with commas between them, and `tail`. `write` appends one item's JSON text.
pub(in crate::sandbox) fn list<I, W>(head: String, items: I, write: W, tail: String) -> Response
where
    I: Iterator + Send + 'static,
    W: Fn(&mut Vec<u8>, I::Item) -> Result<(), serde_json::Error> + Send + 'static,
{
    // A reader that never makes us wait would keep a worker until the last piece, and whatever else waits for that
    // worker, be it a ping, until then: so each piece lets the others have their turn.
    let pieces = futures_util::stream::iter(pieces(head, items, write, tail)).then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], Body::from_stream(pieces)).into_response()
}

fn pieces<I, W>(head: String, mut items: I, write: W, tail: String) -> impl Iterator<Item = io::Result<Bytes>>
where
    I: Iterator,
    W: Fn(&mut Vec<u8>, I::Item) -> Result<(), serde_json::Error>,
{
    let (mut piece, mut first, mut ended) = (head.into_bytes(), true, false);
    std::iter::from_fn(move || {
        while !ended && piece.len() < PIECE {
            let Some(item) = items.next() else {
                piece.extend_from_slice(tail.as_bytes());
                ended = true;
                break;
            };
            if !std::mem::take(&mut first) {
                piece.push(b',');
            }
            if let Err(error) = write(&mut piece, item) {
                return Some(Err(io::Error::other(error)));
            }
        }
        (!piece.is_empty()).then(|| Ok(Bytes::from(std::mem::take(&mut piece))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_make_one_json_text_and_none_is_much_longer_than_a_piece() {
        let items = (0..200_000_u32).map(|n| format!("item {n}"));
        let write = |text: &mut Vec<u8>, item: String| crate::sandbox::answers::write_php_json(text, &item);
        let made: Vec<Bytes> =
            pieces("{\"data\":[".to_owned(), items, write, "]}".to_owned()).map(Result::unwrap).collect();
        assert!(made.len() > 20 && made.iter().all(|piece| piece.len() < PIECE + 64));
        let read: serde_json::Value = serde_json::from_slice(&made.concat()).unwrap();
        assert_eq!(read["data"].as_array().unwrap().len(), 200_000);
        assert_eq!(read["data"][7], "item 7");
    }

    #[test]
    fn an_empty_list_is_a_list() {
        let write = |_: &mut Vec<u8>, (): ()| Ok(());
        let made: Vec<Bytes> =
            pieces("[".to_owned(), std::iter::empty(), write, "]".to_owned()).map(Result::unwrap).collect();
        assert_eq!(made.concat(), b"[]");
    }
}
