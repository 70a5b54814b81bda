//! The catalog as a stream: `GET /packages` may be 150 MB, and only what a row says is kept, in a small form.

use std::collections::HashSet;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::catalog_row::{CatalogRows, PackageRow, Unread, shared_row};
use super::frames::{Found, Frames};
use super::interned::Interned;
use super::paging::more_behind;
use super::undocumented::Undocumented;
use super::wire::Unreadable;

/// More packages than any honest catalog has.
pub const ROWS_LIMIT: usize = 500_000;
/// Bytes read at once from a blocking source.
const CHUNK: usize = 64 * 1024;

/// Reads a catalog page by page, each page in chunks as they arrive. A page counts only when it was read to its end
/// and what stands around its rows is JSON; of one that was cut, no row is taken. A row that cannot be read is one bad
/// row, for the catalog to set aside.
#[derive(Default)]
pub struct CatalogReader {
    rows: Vec<PackageRow>,
    /// How many rows belong to pages that were read to their end.
    complete: usize,
    /// Pages that were read to their end, by a hash of their packages' ids.
    known: HashSet<[u8; 32]>,
    shared: Interned,
    frames: Frames,
}

/// Why a catalog could not be read from a blocking source.
#[derive(Debug, thiserror::Error)]
pub enum CatalogFault {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] io::Error),
    /// What it gave is no catalog.
    #[error("{}", .0.0)]
    Unreadable(Unreadable),
}

impl CatalogReader {
    /// Forgets what was read of a page that did not come to its end.
    pub fn begin_page(&mut self) {
        self.rows.truncate(self.complete);
        self.frames = Frames::default();
    }

    /// Takes the next bytes of a page.
    ///
    /// # Errors
    /// When they cannot belong to a page of packages; the page is then to be begun again.
    pub fn feed(&mut self, bytes: &[u8], seen: &mut Undocumented) -> Result<(), Unreadable> {
        let Self { rows, complete, shared, frames, .. } = self;
        frames.feed(bytes, |row| {
            if rows.len() >= ROWS_LIMIT {
                return Err(Unreadable("more packages than any honest catalog has"));
            }
            let position = rows.len() + 1 - *complete;
            rows.push(read_row(row, position, shared, seen));
            Ok(())
        })
    }

    /// Ends page `number` (from 1), takes its rows, and says whether another page follows.
    ///
    /// # Errors
    /// When the page was cut, is no JSON around its list, says no, has no list, or has the packages of an earlier one.
    pub fn end_page(&mut self, number: u32, seen: &mut Undocumented) -> Result<bool, Unreadable> {
        let skeleton = std::mem::take(&mut self.frames).finish()?;
        let page = self.rows.get(self.complete..).unwrap_or_default();
        let more = more_behind(&skeleton, number, page.len(), seen)?;
        let hash = ids_hash(page);
        if !self.known.insert(hash) {
            return Err(Unreadable("a list that repeats itself"));
        }
        self.complete = self.rows.len();
        Ok(more)
    }

    /// The rows of all pages that were read to their end, in their order.
    pub fn into_rows(mut self) -> CatalogRows {
        self.rows.truncate(self.complete);
        CatalogRows { rows: self.rows }
    }

    /// Reads one page to its end from a blocking source, and says whether another page follows.
    ///
    /// # Errors
    /// The source's, and those of `feed` and `end_page`; no row of this page is kept then.
    pub fn read_page(
        &mut self,
        mut source: impl Read,
        number: u32,
        seen: &mut Undocumented,
    ) -> Result<bool, CatalogFault> {
        self.begin_page();
        let mut chunk = vec![0; CHUNK];
        loop {
            match source.read(&mut chunk) {
                Ok(0) => return self.end_page(number, seen).map_err(CatalogFault::Unreadable),
                Ok(length) => self
                    .feed(chunk.get(..length).unwrap_or_default(), seen)
                    .map_err(CatalogFault::Unreadable)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Reads a row. One that cannot be read is noted and leaves an empty row, for the catalog to set aside.
fn read_row(row: Found<'_>, position: usize, shared: &mut Interned, seen: &mut Undocumented) -> PackageRow {
    let read = match row {
        Found::TooLarge => Err(Unread::TooLarge),
        Found::Row(row) => match std::str::from_utf8(row) {
            Err(_) => Err(Unread::NotJson),
            Ok(json) => shared_row(json, shared, seen).map_err(|_| no_package(json)),
        },
    };
    read.unwrap_or_else(|why| {
        seen.unreadable_row("package", position, &why.to_string());
        PackageRow { unread: Some(why), ..PackageRow::default() }
    })
}

fn no_package(json: &str) -> Unread {
    match serde_json::from_str::<&serde_json::value::RawValue>(json) {
        Ok(_) => Unread::NoObject,
        Err(_) => Unread::NotJson,
    }
}

fn ids_hash(rows: &[PackageRow]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.id.unwrap_or(0).to_le_bytes());
        hash.update(row.id_text.as_deref().unwrap_or_default());
        hash.update([0]);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> Result<(Vec<PackageRow>, bool), String> {
        let mut catalog = CatalogReader::default();
        let more =
            catalog.read_page(body, 1, &mut Undocumented::default()).map_err(|fault| fault.to_string())?;
        Ok((catalog.into_rows().rows, more))
    }

    fn in_chunks(body: &[u8], size: usize) -> Result<(Vec<PackageRow>, bool), String> {
        let mut catalog = CatalogReader::default();
        let mut seen = Undocumented::default();
        let mut more = || {
            body.chunks(size).try_for_each(|chunk| catalog.feed(chunk, &mut seen))?;
            catalog.end_page(1, &mut seen)
        };
        let more = more().map_err(|why| why.0.to_owned())?;
        Ok((catalog.into_rows().rows, more))
    }

    const PAGE: &str = r#"{"status":true,"message":"Success","data":[
        {"id":1120,"name":"France \u00e9 5 GB","countries":[{"id":75,"name":"France","code":"fr","slug":"france"}],
         "pricing":{"reseller_price":4.20,"currency":"USD"},"provider":{"id":1,"name":"x","slug":"x"}},
        7, {"id":"2","id":3}, {"id":"1121","countries":[{"id":75,"name":"France","code":"fr","slug":"france"}]}
        ],"meta":{"current_page":1,"last_page":2}}"#;

    #[test]
    fn a_page_is_the_same_in_one_piece_and_in_chunks_of_any_size() {
        let whole = read(PAGE.as_bytes()).unwrap();
        assert_eq!((whole.0.len(), whole.1), (4, true));
        assert_eq!(whole.0[0].pricing_reseller_price, super::super::Amount::Exact("4.20".parse().unwrap()));
        let no_object = PackageRow { unread: Some(Unread::NoObject), ..PackageRow::default() };
        assert_eq!((&whole.0[1], &whole.0[2]), (&no_object, &no_object));
        assert!(
            std::sync::Arc::ptr_eq(&whole.0[0].countries[0], &whole.0[3].countries[0]),
            "France is kept once"
        );
        for size in [1, 2, 3, 7, 64, 4096] {
            assert_eq!(in_chunks(PAGE.as_bytes(), size).unwrap(), whole, "in chunks of {size}");
        }
    }

    #[test]
    fn no_beginning_of_a_page_gives_a_row_and_neither_does_one_with_rubbish_after_it() {
        for end in 0..PAGE.len() {
            assert!(read(&PAGE.as_bytes()[..end]).is_err(), "cut at {end}");
        }
        for bad in ["x", "{", ",", "\"", "\u{feff}"] {
            assert!(read(format!("{PAGE}{bad}").as_bytes()).is_err(), "{bad}");
        }
        assert!(read(format!("{PAGE} \r\n\t").as_bytes()).is_ok());
        for bad in [
            r#"{"data":[{"id":1}],"meta":{]}"#,
            r#"{"data":[{"id":1}],"data":[{"id":2}]}"#,
            r#"{"status":false,"data":[{"id":1}]}"#,
            r#"{"data":{"data":[{"id":1}],"data":[]}}"#,
            r#"{"data":[{"id":1}]]"#,
            r#"{"data":[{"id":[1}]}"#,
            r#"{"data":[{"id":1}}]}"#,
            r#"{"data":null}"#,
            r#"[{"data":[]}]"#,
            r#"{"data":[{"id":1}],"meta":NaN}"#,
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(read(b"{\"data\":[{\"id\":1}],\"message\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_row_that_cannot_be_read_is_one_bad_row_and_the_rest_is_used() {
        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(17 * 1024 * 1024));
        let table: [(&[u8], Unread); 9] = [
            (br#"{"price_for_reseller":NaN}"#, Unread::NotJson),
            (br#"{"id":01}"#, Unread::NotJson),
            (br#"{"id":[1}}"#, Unread::NotJson),
            (b"{\"name\":\"\x01\"}", Unread::NotJson),
            (b"{\"name\":\"a\0b\"}", Unread::NotJson),
            (b"{\"name\":\"\xff\"}", Unread::NotJson),
            (b"Infinity", Unread::NotJson),
            (b"[1,2]", Unread::NoObject),
            (long.as_bytes(), Unread::TooLarge),
        ];
        for (bad, why) in table {
            let body = [br#"{"data":[{"id":4},"#, bad, br#",{"id":5}]}"#].concat();
            let rows = in_chunks(&body, 64 * 1024).unwrap_or_else(|error| panic!("{why}: {error}")).0;
            let read: Vec<_> = rows.iter().map(|row| (row.id, row.unread)).collect();
            assert_eq!(read, [(Some(4), None), (None, Some(why)), (Some(5), None)]);
            assert_eq!(read, in_one_piece(&body), "{why}");
        }
        let mut seen = Undocumented::default();
        CatalogReader::default().read_page(&b"{\"data\":[{\"id\":1},NaN]}"[..], 1, &mut seen).unwrap();
        let told: Vec<_> = seen.sightings().map(|one| (one.field, one.example)).collect();
        assert!(told.contains(&("it is not JSON".to_owned(), "row 2".to_owned())), "{told:?}");
    }

    fn in_one_piece(body: &[u8]) -> Vec<(Option<i64>, Option<Unread>)> {
        read(body).unwrap().0.iter().map(|row| (row.id, row.unread)).collect()
    }

    #[test]
    fn a_page_that_was_cut_leaves_no_row_and_may_be_read_again() {
        let mut catalog = CatalogReader::default();
        let mut seen = Undocumented::default();
        assert!(
            catalog.read_page(&br#"{"data":[{"id":1}],"meta":{"last_page":2}}"#[..], 1, &mut seen).unwrap()
        );
        assert!(catalog.read_page(&br#"{"data":[{"id":2},{"id":3}"#[..], 2, &mut seen).is_err());
        assert!(
            !catalog.read_page(&br#"{"data":[{"id":2}],"meta":{"last_page":2}}"#[..], 2, &mut seen).unwrap()
        );
        let ids: Vec<_> = catalog.into_rows().rows.iter().map(|row| row.id).collect();
        assert_eq!(ids, [Some(1), Some(2)]);
    }

    #[test]
    fn any_earlier_page_that_comes_again_is_a_list_that_repeats_itself() {
        let mut catalog = CatalogReader::default();
        let mut seen = Undocumented::default();
        let mut read = |body: &str, number| catalog.read_page(body.as_bytes(), number, &mut seen);
        assert!(read(r#"{"data":[{"id":1}],"links":{"next":"?page=2"}}"#, 1).unwrap());
        assert!(read(r#"{"data":[{"id":2}],"links":{"next":"?page=3"}}"#, 2).unwrap());
        let again = read(r#"{"data":[{"id":1}],"links":{"next":"?page=4"},"message":"other bytes"}"#, 3);
        assert_eq!(again.unwrap_err().to_string(), "a list that repeats itself");
        assert_eq!(catalog.into_rows().rows.len(), 2);
    }

    #[test]
    fn poison_in_a_row_is_read_or_set_aside_and_the_rest_is_used() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let lone = r#""\ud800""#;
        for value in
            [&deep, lone, "1e308", "\"\"", "\"NaN\"", "\"\\u0000\"", "-0", "0.0", "[[]]", "{\"a\":{}}"]
        {
            for field in
                ["id", "name", "countries", "pricing", "region", "data_volume", "novel", "reloadable"]
            {
                let body = format!(r#"{{"data":[{{"{field}":{value}}},{{"id":5}}]}}"#);
                let rows = read(body.as_bytes()).unwrap_or_else(|why| panic!("{field}: {why}")).0;
                assert_eq!((rows.len(), rows[1].id), (2, Some(5)), "{field}");
            }
        }
        let odd_key = r#"{"data":[{"\ud800":1},{"id":5}]}"#;
        assert_eq!(read(odd_key.as_bytes()).unwrap().0[1].id, Some(5));
    }
}
