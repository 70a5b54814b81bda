//! What must hold of the readers whatever bytes come back. The fuzz targets call it with what they think of, and
//! `tests/fuzz_seeds.rs` with the committed seeds and slips of them. Money is judged by a second opinion that shares no
//! code with the readers.

use serde::Deserialize;
use serde_json::value::RawValue;
use simfront::esimdual::reading::{
    Undocumented, Unreadable, account, esim, order, page, placed_order, priced_countries, root, usage, wallet,
};
use simfront::esimdual::{Amount, CatalogReader, NewOrder, PackageRow, Unread, event};

const PACKAGE: i64 = 1120;
const UNIT: &str = "NOANET-20260315-0001";

/// The value of a decimal as it was written: its sign, its digits without zeros around them, and the power of ten of
/// the last one. `None` for what is no plain decimal.
fn value(text: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat().chars().filter(|c| *c != '_').collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let shown = digits.trim_end_matches('0');
    let power =
        exponent - i64::try_from(fraction.len()).ok()? + i64::try_from(digits.len() - shown.len()).ok()?;
    match shown.trim_start_matches('0') {
        "" => Some((false, String::new(), 0)),
        shown => Some((negative, shown.to_owned(), power)),
    }
}

/// Fails where an amount is not exactly what its JSON token says.
fn same_money(token: &RawValue, amount: &str) {
    let text: String = serde_json::from_str(token.get()).unwrap_or_else(|_| token.get().to_owned());
    assert_eq!(value(text.trim()), value(amount), "{text:?} was read as {amount}");
}

/// Fails where what was noted is not bounded, or could not be kept.
fn notes_are_fit_to_keep(seen: &Undocumented) {
    assert!(seen.sightings().count() <= 500);
    for sighting in seen.sightings() {
        assert!(
            sighting.field.chars().count() <= 64 && sighting.example.chars().count() <= 64,
            "{sighting:?}"
        );
        assert!(!sighting.field.contains(char::is_control) && !sighting.example.contains(char::is_control));
        assert!(sighting.count > 0);
    }
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Priced<'a> {
    #[serde(borrow, default)]
    price_for_reseller: Option<&'a RawValue>,
    #[serde(borrow, default)]
    price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    balance: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Single<'a> {
    #[serde(borrow)]
    data: Priced<'a>,
}

fn read_page(body: &[u8], chunk: usize) -> Result<(Vec<PackageRow>, bool), Unreadable> {
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

/// `GET /packages`: a page is the same in one piece and in any chunks; the reader that holds the whole body agrees on
/// what is a page, unless a row of it is no JSON, which the stream alone sets aside; money is what its token says.
pub fn packages(body: &[u8]) {
    let whole = read_page(body, body.len().max(1));
    let odd = usize::from(body.last().copied().unwrap_or(0) % 61) + 1;
    assert_eq!(whole.is_ok(), read_page(body, 1).is_ok());
    let Ok((rows, more)) = whole else { return };
    for size in [1, odd] {
        assert_eq!(read_page(body, size).as_ref(), Ok(&(rows.clone(), more)), "in chunks of {size}");
    }
    let listed = match page(body, 1, &mut Undocumented::default()) {
        Ok(listed) => listed,
        Err(_) => {
            let unread = |row: &PackageRow| matches!(row.unread, Some(Unread::NotJson | Unread::TooLarge));
            assert!(rows.iter().any(unread), "a page of a stream whose rows are JSON is a page");
            return;
        }
    };
    assert_eq!((listed.rows.len(), listed.more), (rows.len(), more));
    let Ok(written) = serde_json::from_slice::<Listed<'_>>(body) else { return };
    assert_eq!(rows.len(), written.data.len());
    for (row, written) in rows.iter().zip(written.data) {
        let Ok(written) = serde_json::from_str::<Priced<'_>>(written.get()) else { continue };
        if let Amount::Exact(amount) = row.price_for_reseller {
            same_money(written.price_for_reseller.expect("an amount has a token"), &amount.to_string());
        }
    }
}

/// Answers of one object: an order that is taken names its id, and as proof of a purchase its unit and package too; its
/// price and a wallet's balance are what their tokens say.
pub fn orders(body: &[u8]) {
    let mut seen = Undocumented::default();
    let written: Option<Single<'_>> = serde_json::from_slice(body).ok();
    if let Ok(order) = order(body, &mut seen) {
        assert!(order.id > 0);
        let token = written.as_ref().and_then(|body| body.data.price);
        if let (Some(token), Some(price)) = (token, order.price) {
            same_money(token, &price.to_string());
        }
    }
    let wanted = NewOrder {
        package_id: PACKAGE,
        external_order_id: UNIT,
        idempotency_key: "k",
        device_imei: None,
        doubted: false,
    };
    if let Ok(order) = placed_order(body, &wanted, &mut seen) {
        assert!(order.id > 0);
        assert_eq!((order.external_order_id.as_deref(), order.package_id), (Some(UNIT), Some(PACKAGE)));
    }
    if let Ok(wallet) = wallet(body, &mut seen) {
        if let Some(token) = written.as_ref().and_then(|body| body.data.balance) {
            same_money(token, &wallet.balance.to_string());
        }
        assert!(!wallet.currency.trim().is_empty());
    }
    let _any =
        (account(body, &mut seen), esim(body, &mut seen), usage(body, &mut seen), root(body, &mut seen));
    let _any = priced_countries(body, &mut seen);
    notes_are_fit_to_keep(&seen);
}

/// The body of a webhook: an event has a name that can be stored, an order in it has its id, and what stands around the
/// JSON changes nothing.
pub fn webhooks(body: &[u8]) {
    let mut seen = Undocumented::default();
    let event = event::read_noting(body, &mut seen);
    notes_are_fit_to_keep(&seen);
    assert_eq!(event, event::read(body), "the same body is the same event");
    let Some(event) = event else { return };
    let length = event.name.chars().count();
    assert!((1..=64).contains(&length) && !event.name.contains(char::is_control));
    if let Some(order) = &event.order {
        assert!(order.id > 0);
        let name = order.external_order_id.as_deref();
        assert!(name != Some("") && !name.unwrap_or_default().contains('\0'));
    }
    // A mark before a mark is no JSON any more.
    if body.starts_with("\u{feff}".as_bytes()) {
        return;
    }
    let wrapped = ["\u{feff}".as_bytes(), b" \r\n", body, b"\n\t "].concat();
    assert_eq!(event::read(&wrapped).as_ref(), Some(&event));
}
