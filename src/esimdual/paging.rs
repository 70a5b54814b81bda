//! Lists that may come in pages: plain in `data`, with signs of pages beside it, as a paginator that is the answer or
//! stands in its `data`, or as a resource collection there. The documents show plain lists; Laravel, which the upstream
//! seems to be built on, offers the others. A list that looks like one of several pages and does not say how to go on is
//! never taken for a whole one: what is missing from a list of orders is bought again.

use serde_json::value::RawValue;

use super::fields::PageFields;
use super::undocumented::Undocumented;
use super::wire::{Envelope, Token, Unreadable, boolean, integer, rows, text, there};

/// More pages than any honest list has; a list that goes on is refused.
pub const PAGES_LIMIT: u32 = 1_000;

/// How deep signs of pages are looked for: the answer, its `data`, the `meta` there, the `pagination` in that.
const DEPTH: u32 = 3;

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
/// When it is no success with a list in it, or one of several pages that cannot be followed.
pub fn page<'a>(body: &'a [u8], number: u32, seen: &mut Undocumented) -> Result<Page<'a>, Unreadable> {
    let (rows, signs) = parts(body, seen)?;
    let more = more_after(&signs, number, rows.len())?;
    Ok(Page { rows, more })
}

/// Whether another page follows page `number`, whose `taken` rows were taken out of the body before.
///
/// # Errors
/// The same as [`page`]'s.
pub fn more_behind(
    body: &[u8],
    number: u32,
    taken: usize,
    seen: &mut Undocumented,
) -> Result<bool, Unreadable> {
    let (rows, signs) = parts(body, seen)?;
    more_after(&signs, number, taken + rows.len())
}

/// The rows of a list, and everything around them that may speak of pages.
fn parts<'a>(
    body: &'a [u8],
    seen: &mut Undocumented,
) -> Result<(Vec<&'a RawValue>, Vec<PageFields<'a>>), Unreadable> {
    let data = Some(Envelope::success(body, seen)?.data()?);
    let mut signs = Vec::new();
    let inner = PageFields::read(data, seen);
    let listed = rows(data).or_else(|| rows(inner.as_ref()?.data));
    let listed = listed.ok_or(Unreadable("an answer without a list"))?;
    // What is odd in the answer itself was noted when its envelope was read.
    let whole = std::str::from_utf8(body).unwrap_or_default().trim();
    let outer = PageFields::read_json(whole, &mut Undocumented::default());
    outer.into_iter().chain(inner).for_each(|place| gather(place, DEPTH, &mut signs, seen));
    Ok((listed, signs))
}

fn gather<'a>(place: PageFields<'a>, depth: u32, signs: &mut Vec<PageFields<'a>>, seen: &mut Undocumented) {
    if depth > 0 {
        for token in [place.meta, place.links, place.pagination] {
            if let Some(inside) = PageFields::read(token, seen) {
                gather(inside, depth - 1, signs, seen);
            }
        }
    }
    signs.push(place);
}

/// What one field says about pages. Of several, the greatest counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    /// There may be others, unless something says that this is the last.
    Doubtful,
    /// This is the last.
    Last,
    /// There are others, and this does not say where.
    Others,
    /// Another follows.
    Next,
    /// It cannot be followed: a cursor, another page than was asked for, or what nobody understands.
    Lost,
}

fn more_after(places: &[PageFields<'_>], number: u32, rows: usize) -> Result<bool, Unreadable> {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    match places.iter().flat_map(|place| signs(place, i64::from(number), rows)).flatten().max() {
        None | Some(Sign::Last) => Ok(false),
        Some(Sign::Next) => Ok(true),
        Some(Sign::Doubtful | Sign::Others | Sign::Lost) => {
            Err(Unreadable("a list in pages that cannot be followed"))
        }
    }
}

fn signs(place: &PageFields<'_>, number: i64, rows: i64) -> [Option<Sign>; 10] {
    // Of a later page, nobody here knows how many rows came before it.
    let others = if number == 1 { Sign::Others } else { Sign::Doubtful };
    let last = |token| counted(token, |last| if number < last { Sign::Next } else { Sign::Last });
    [
        there(place.current_page).filter(|token| integer(Some(token)) != Some(number)).map(|_| Sign::Lost),
        last(place.last_page),
        last(place.total_pages),
        next(place.next_page_url),
        next(place.next_page),
        next(place.next),
        next(place.next_cursor).map(|sign| if sign == Sign::Next { Sign::Lost } else { sign }),
        there(place.has_more)
            .map(|more| if boolean(Some(more)) == Some(false) { Sign::Last } else { others }),
        counted(place.total, |total| if total > rows { others } else { Sign::Last }).or_else(|| {
            counted(place.per_page, |full| if rows < full { Sign::Last } else { Sign::Doubtful })
        }),
        there(place.pagination).map(|_| Sign::Doubtful),
    ]
}

fn counted(token: Token<'_>, sign: impl FnOnce(i64) -> Sign) -> Option<Sign> {
    there(token).map(|token| integer(Some(token)).map_or(Sign::Lost, sign))
}

/// An address or a number of the next page; null, `false` and nothing end the list.
fn next(token: Token<'_>) -> Option<Sign> {
    let told = token?.get();
    Some(match (told, text(token)) {
        ("null" | "false" | "\"\"", _) => Sign::Last,
        (_, Some(_)) => Sign::Next,
        (_, None) => Sign::Lost,
    })
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

    fn told(body: &str, number: u32) -> Result<bool, Unreadable> {
        page(body.as_bytes(), number, &mut Undocumented::default()).map(|page| page.more)
    }

    #[test]
    fn pages_are_followed_wherever_laravel_tells_of_them() {
        let laravel =
            r#""current_page":1,"last_page":3,"next_page_url":"http://elsewhere/?page=2","total":3"#;
        let links = r#""links":{"first":"x","next":"http://elsewhere/?page=2"}"#;
        for body in [
            format!(r#"{{"data":[{{"id":1}}],{laravel}}}"#),
            format!(r#"{{"status":true,"data":[{{"id":1}}],{laravel},"links":[{{"label":"1"}}]}}"#),
            format!(r#"{{"status":true,"data":{{"data":[{{"id":1}}],"meta":{{{laravel}}}}}}}"#),
            format!(r#"{{"status":true,"data":{{"data":[{{"id":1}}],{links}}}}}"#),
            format!(r#"{{"status":true,"data":[{{"id":1}}],"pagination":{{{laravel}}}}}"#),
            format!(r#"{{"status":true,"data":{{"data":[{{"id":1}}],"pagination":{{{laravel}}}}}}}"#),
            format!(
                r#"{{"data":[{{"id":1}}],"meta":{{"pagination":{{"total_pages":3,"total":3,{links}}}}}}}"#
            ),
            r#"{"data":[{"id":1}],"current_page":1,"per_page":1,"next_page_url":"?page=2"}"#.to_owned(),
        ] {
            assert_eq!(told(&body, 1), Ok(true), "{body}");
        }
        let last = r#"{"data":[{"id":3}],"current_page":3,"last_page":3,"next_page_url":null,"total":3,"per_page":1}"#;
        assert_eq!(told(last, 3), Ok(false));
        let simple = r#"{"data":[{"id":3}],"current_page":3,"next_page_url":null,"per_page":1}"#;
        assert_eq!(told(simple, 3), Ok(false));
    }

    #[test]
    fn what_looks_like_one_page_of_several_and_cannot_be_followed_is_no_list() {
        for around in [
            r#""total":3"#,
            r#""meta":{"total":3}"#,
            r#""meta":{"total":3,"last_page":1}"#,
            r#""per_page":1"#,
            r#""has_more":true"#,
            r#""next_cursor":"abc""#,
            r#""next_cursor":"abc","next_page_url":"?cursor=abc""#,
            r#""links":{"next":{"href":"?page=2"}}"#,
            r#""pagination":{"page":1,"pages":3}"#,
            r#""pagination":"1/3""#,
            r#""last_page":"many""#,
            r#""current_page":2,"last_page":2"#,
        ] {
            let beside = format!(r#"{{"status":true,"data":[{{"id":1}}],{around}}}"#);
            let inside = format!(r#"{{"status":true,"data":{{"data":[{{"id":1}}],{around}}}}}"#);
            for body in [beside, inside] {
                assert_eq!(
                    told(&body, 1),
                    Err(Unreadable("a list in pages that cannot be followed")),
                    "{body}"
                );
            }
        }
        for around in [
            r#""meta":{"took_ms":7}"#,
            r#""meta":{"total":1}"#,
            r#""meta":null,"links":null,"pagination":null"#,
            r#""total":1,"per_page":50"#,
            r#""per_page":50"#,
            r#""has_more":false,"per_page":1"#,
            r#""next_cursor":null,"next_page_url":null,"per_page":1"#,
            r#""links":{"self":"/orders"}"#,
            r#""pagination":{"total":1}"#,
        ] {
            let body = format!(r#"{{"status":true,"data":[{{"id":1}}],{around}}}"#);
            assert_eq!(told(&body, 1), Ok(false), "{body}");
        }
    }
}
