//! `GET /packages`: a page is the same in one piece and in any chunks; a page that is no JSON gives nothing; money is
//! what its token says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::value::RawValue;
use simfront::esimdual::reading::{Undocumented, Unreadable, page};
use simfront::esimdual::{Amount, CatalogReader, PackageRow};
use simfront_fuzz::{notes_are_fit_to_keep, same_money};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow, default)]
    price_for_reseller: Option<&'a RawValue>,
}

fn read(body: &[u8], chunk: usize) -> Result<(Vec<PackageRow>, bool), Unreadable> {
    let mut seen = Undocumented::default();
    let mut catalog = CatalogReader::default();
    let mut whole = || {
        body.chunks(chunk).try_for_each(|chunk| catalog.feed(chunk, &mut seen))?;
        catalog.end_page(1, &mut seen)
    };
    let more = whole();
    notes_are_fit_to_keep(&seen);
    let rows = catalog.into_rows().rows;
    assert!(more.is_ok() || rows.is_empty(), "a page that was refused leaves no row");
    more.map(|more| (rows, more))
}

fuzz_target!(|body: &[u8]| {
    let whole = read(body, body.len().max(1));
    let odd = usize::from(body.last().copied().unwrap_or(0) % 61) + 1;
    assert_eq!(whole.is_ok(), read(body, 1).is_ok());
    if let Ok(whole) = &whole {
        assert_eq!(read(body, 1).as_ref(), Ok(whole));
        assert_eq!(read(body, odd).as_ref(), Ok(whole));
        // The other reader of lists holds the whole body; they must not disagree about what is a page.
        let listed = page(body, 1, &mut Undocumented::default()).unwrap();
        assert_eq!((listed.rows.len(), listed.more), (whole.0.len(), whole.1));
    }
    let (Ok((rows, _)), Ok(body)) = (whole, serde_json::from_slice::<Body<'_>>(body)) else { return };
    assert_eq!(rows.len(), body.data.len());
    for (row, written) in rows.iter().zip(body.data) {
        let Ok(written) = serde_json::from_str::<Row<'_>>(written.get()) else { continue };
        match (row.price_for_reseller, written.price_for_reseller) {
            (Amount::Exact(amount), token) => same_money(token.expect("an amount of nothing"), &amount.to_string()),
            (Amount::Missing | Amount::Unreadable, _) => {}
        }
    }
});
