//! Lists that may come in pages: plain in `data`, with `meta` or `links` beside it, or as a paginator in `data`.
//! The documents show plain lists; Laravel, which the upstream seems to be built on, offers the other two forms.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Envelope, Token, Unreadable, integer, object, text};

/// More pages than any honest list has; a list that goes on is refused.
pub const PAGES_LIMIT: u32 = 1_000;

/// One page of a list.
#[derive(Debug)]
pub struct Page<'a> {
    /// Its rows, each as it was written.
    pub rows: Vec<&'a RawValue>,
    /// Whether another page follows.
    pub more: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Paginator<'a> {
    #[serde(borrow)]
    data: Token<'a>,
    #[serde(borrow)]
    last_page: Token<'a>,
    #[serde(borrow)]
    next_page_url: Token<'a>,
    #[serde(borrow)]
    next: Token<'a>,
}

impl Paginator<'_> {
    fn more_after(&self, number: u32) -> Option<bool> {
        let next = || text(self.next_page_url).or_else(|| text(self.next)).map(|url| !url.is_empty());
        integer(self.last_page).map(|last| i64::from(number) < last).or_else(next)
    }
}

/// Reads page `number` (from 1). The address of the next page is never taken from the answer: it could lead
/// anywhere, and our token with it.
pub fn page(body: &[u8], number: u32) -> Result<Page<'_>, Unreadable> {
    let envelope = Envelope::success(body)?;
    let inner: Paginator<'_> = object(envelope.data).unwrap_or_default();
    let meta: Paginator<'_> = object(envelope.meta).unwrap_or_default();
    let links: Paginator<'_> = object(envelope.links).unwrap_or_default();
    let list =
        list(envelope.data).or_else(|| list(inner.data)).ok_or(Unreadable("an answer without a list"))?;
    let more = [&inner, &meta, &links].into_iter().find_map(|place| place.more_after(number));
    Ok(Page { rows: list, more: more.unwrap_or(false) })
}

fn list(token: Token<'_>) -> Option<Vec<&RawValue>> {
    let json = token?.get();
    json.starts_with('[').then(|| serde_json::from_str(json).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_list() {
        let table = [
            (r#"{"status":true,"data":[{"id":1},{"id":2}]}"#, 2, false),
            (r#"{"data":[]}"#, 0, false),
            (r#"{"data":[{"id":1}],"meta":{"current_page":1,"last_page":2}}"#, 1, true),
            (r#"{"data":[{"id":1}],"meta":{"current_page":1,"last_page":1}}"#, 1, false),
            (r#"{"data":[{"id":1}],"links":{"next":"http://elsewhere/?page=2"}}"#, 1, true),
            (r#"{"data":[{"id":1}],"links":{"next":null}}"#, 1, false),
            (r#"{"data":{"current_page":1,"data":[{"id":1}],"last_page":"3","links":[]}}"#, 1, true),
            (r#"{"data":{"data":[{"id":1},7],"next_page_url":null}}"#, 2, false),
        ];
        for (body, rows, more) in table {
            let page = page(body.as_bytes(), 1).unwrap();
            assert_eq!((page.rows.len(), page.more), (rows, more), "{body}");
        }
        for bad in
            [r#"{"data":null}"#, r#"{"data":{}}"#, r#"{"data":"x"}"#, "[]", r#"{"status":false,"data":[]}"#]
        {
            assert!(page(bad.as_bytes(), 1).is_err(), "{bad}");
        }
    }
}
