//! Lists that may come in pages: plain in `data`, with `meta` or `links` beside it, or as a paginator in `data`.
//! The documents show plain lists; Laravel, which the upstream seems to be built on, offers the other two forms.

use serde_json::value::RawValue;

use super::fields::PageFields;
use super::undocumented::Undocumented;
use super::wire::{Envelope, Unreadable, integer, rows, text};

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

/// Reads page `number` (from 1). The address of the next page is never taken from the answer: it could lead
/// anywhere, and our token with it.
///
/// # Errors
/// When it is no success with a list in it.
pub fn page<'a>(body: &'a [u8], number: u32, seen: &mut Undocumented) -> Result<Page<'a>, Unreadable> {
    let envelope = Envelope::success(body, seen)?;
    let data = Some(envelope.data()?);
    let plain = rows(data);
    let inner = PageFields::read(data, seen).unwrap_or_default();
    let rows = plain.or_else(|| rows(inner.data)).ok_or(Unreadable("an answer without a list"))?;
    let beside = envelope.beside().map(|token| PageFields::read(token, seen).unwrap_or_default());
    let more = [&inner].into_iter().chain(&beside).find_map(|place| more_after(place, number));
    Ok(Page { rows, more: more.unwrap_or(false) })
}

fn more_after(page: &PageFields<'_>, number: u32) -> Option<bool> {
    let next = || text(page.next_page_url).or_else(|| text(page.next)).map(|url| !url.is_empty());
    integer(page.last_page).map(|last| i64::from(number) < last).or_else(next)
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
            let page = page(body.as_bytes(), 1, &mut Undocumented::default()).unwrap();
            assert_eq!((page.rows.len(), page.more), (rows, more), "{body}");
        }
        for bad in
            [r#"{"data":null}"#, r#"{"data":{}}"#, r#"{"data":"x"}"#, "[]", r#"{"status":false,"data":[]}"#]
        {
            assert!(page(bad.as_bytes(), 1, &mut Undocumented::default()).is_err(), "{bad}");
        }
    }
}
