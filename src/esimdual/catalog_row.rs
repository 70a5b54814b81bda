//! A package as the upstream wrote it: readable fields, nothing judged yet. The catalog judges.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::extra::Extra;
use super::fields::{PackageFields, QuoteFields};
use super::interned::Interned;
use super::undocumented::Undocumented;
use super::wire::{Envelope, Token, Unreadable, boolean, decimal, integer, short_text, shown_text, there};

/// The whole catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogRows {
    /// One for each row of the list, in its order, usable or not.
    pub rows: Vec<PackageRow>,
}

/// An amount as it stands in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amount {
    /// Not there, or null.
    #[default]
    Missing,
    /// There, but no amount that can be read exactly.
    Unreadable,
    /// Exactly as written.
    Exact(Decimal),
}

impl Amount {
    fn read(token: Token<'_>) -> Self {
        match there(token) {
            None => Self::Missing,
            Some(_) => decimal(token).map_or(Self::Unreadable, Self::Exact),
        }
    }
}

/// Why nothing of a row could be read, in words for staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// `NaN`, a raw control character, bytes that are no text …
    #[error("it is not JSON")]
    NotJson,
    /// More than any honest row has; what it said was let go.
    #[error("it is larger than 16 MB")]
    TooLarge,
    /// JSON, but nothing that names its fields once.
    #[error("it is no object, or names a field twice")]
    NoObject,
}

/// One row of `GET /packages`. Texts are cut at 1,000 characters and not cleaned. It is kept small, because a catalog
/// has many: words and places that rows share are shared here too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageRow {
    /// Why it could not be read at all; nothing else is there then.
    pub unread: Option<Unread>,
    /// The id as written, where it is not simply the digits of `id`.
    pub id_text: Option<Box<str>>,
    /// The id, where it is a whole number.
    pub id: Option<i64>,
    /// `name`
    pub name: Option<Box<str>>,
    /// Whether a name is there that is no text.
    pub name_unreadable: bool,
    /// `slug`
    pub slug: Option<Box<str>>,
    /// `package_type`
    pub package_type: Option<Arc<str>>,
    /// `data_quantity`, in `data_unit`
    pub data_quantity: Option<Decimal>,
    /// `GB`, `MB` …
    pub data_unit: Option<Arc<str>>,
    /// Bytes; −1 for unlimited.
    pub data_volume: Option<i64>,
    /// Minutes.
    pub voice_quantity: Option<i64>,
    /// Messages.
    pub sms_quantity: Option<i64>,
    /// `package_validity`, in `package_validity_unit`
    pub validity: Option<i64>,
    /// `Day`, `Month` …
    pub validity_unit: Option<Arc<str>>,
    /// `5G` …
    pub network_speed: Option<Arc<str>>,
    /// `reloadable`
    pub reloadable: Option<bool>,
    /// `Local`, `Regional`, `Global`, in any case
    pub area_coverage: Option<Arc<str>>,
    /// The region, where there is one.
    pub region: Option<Arc<RegionRow>>,
    /// The countries.
    pub countries: Box<[Arc<CountryRow>]>,
    /// `price_for_reseller` at the top level.
    pub price_for_reseller: Amount,
    /// `pricing.price_for_reseller`
    pub pricing_price_for_reseller: Amount,
    /// `pricing.reseller_price`
    pub pricing_reseller_price: Amount,
    /// `pricing.currency`; empty where it is there but no text.
    pub pricing_currency: Option<Arc<str>>,
    /// `currency` at the top level; empty where it is there but no text.
    pub currency: Option<Arc<str>>,
    /// Fields that no document names; never for customers.
    pub extra: Extra,
}

/// A country of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountryRow {
    /// The upstream's id.
    pub id: Option<i64>,
    /// `France`
    pub name: Option<String>,
    /// `fr`
    pub code: Option<String>,
    /// `france`
    pub slug: Option<String>,
}

/// The region of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionRow {
    /// The upstream's id.
    pub id: Option<i64>,
    /// `Europe`
    pub name: Option<String>,
    /// `europe`
    pub slug: Option<String>,
}

/// Reads a row, of which any field may be missing or of another type.
///
/// # Errors
/// When it is no object, or names a field twice.
pub fn package_row(row: &RawValue, seen: &mut Undocumented) -> Result<PackageRow, Unreadable> {
    shared_row(row.get(), &mut Interned::default(), seen)
}

/// Reads a row, with what it shares with the rows before it.
pub(super) fn shared_row(
    json: &str,
    shared: &mut Interned,
    seen: &mut Undocumented,
) -> Result<PackageRow, Unreadable> {
    let fields =
        PackageFields::read_json(json, seen).ok_or(Unreadable("it is no object, or names a field twice"))?;
    let (quote, broken) = quote(fields.pricing, seen);
    let quoted = |token| if broken { Amount::Unreadable } else { Amount::read(token) };
    let pricing_currency = if broken { Some("".into()) } else { present(quote.currency, shared) };
    shared.check_provider(fields.provider, seen);
    let (id, name) = (integer(fields.id), shown_text(fields.name));
    Ok(PackageRow {
        unread: None,
        id,
        id_text: odd_id(fields.id, id),
        name_unreadable: name.is_none() && there(fields.name).is_some(),
        name: name.map(Cow::into),
        slug: short_text(fields.slug).map(Cow::into),
        package_type: shared.word(fields.package_type),
        data_quantity: decimal(fields.data_quantity),
        data_unit: shared.word(fields.data_unit),
        data_volume: integer(fields.data_volume),
        voice_quantity: integer(fields.voice_quantity),
        sms_quantity: integer(fields.sms_quantity),
        validity: integer(fields.package_validity),
        validity_unit: shared.word(fields.package_validity_unit),
        network_speed: shared.word(fields.network_speed),
        reloadable: boolean(fields.reloadable),
        area_coverage: shared.word(fields.area_coverage),
        region: shared.region(fields.region, seen),
        countries: shared.countries(fields.countries, seen),
        price_for_reseller: Amount::read(fields.price_for_reseller),
        pricing_price_for_reseller: quoted(quote.price_for_reseller),
        pricing_reseller_price: quoted(quote.reseller_price),
        pricing_currency,
        currency: present(fields.currency, shared),
        extra: shared.within_budget(fields.extra),
    })
}

/// `pricing`, and whether it is there but cannot be read: then its prices are no missing ones. PHP writes an empty
/// object as an empty list.
fn quote<'a>(token: Token<'a>, seen: &mut Undocumented) -> (QuoteFields<'a>, bool) {
    let read = QuoteFields::read(token, seen);
    let broken = read.is_none() && there(token).is_some_and(|token| token.get() != "[]");
    (read.unwrap_or_default(), broken)
}

fn odd_id(token: Token<'_>, id: Option<i64>) -> Option<Box<str>> {
    let text = short_text(token)?;
    let plain =
        id.is_some_and(|id| id > 0) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    (!plain).then(|| text.into())
}

/// What is there but no text must not look as if it were missing.
fn present(token: Token<'_>, shared: &mut Interned) -> Option<Arc<str>> {
    there(token).map(|_| shared.word(token).unwrap_or_default())
}

/// The answer to `GET /packages/{id}`.
///
/// # Errors
/// When it is no success with a package in it.
pub fn package(body: &[u8], seen: &mut Undocumented) -> Result<PackageRow, Unreadable> {
    let data = Envelope::success(body, seen)?.data()?;
    match data.get().starts_with('{') {
        true => package_row(data, seen),
        false => Err(Unreadable("a package that is no object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_whatever_their_types() {
        let row = package(
            br#"{"data":{"id":"1120","name":7,"data_volume":"-1","reloadable":1,"package_validity":30.0,
            "region":[],"countries":[{"code":"fr","id":75},5,null],"pricing":{"reseller_price":4.2,"currency":"USD"},
            "price_for_reseller":"abc","currency":12}}"#,
            &mut Undocumented::default(),
        )
        .unwrap();
        assert_eq!((row.id, row.name.as_deref(), row.data_volume), (Some(1120), Some("7"), Some(-1)));
        assert_eq!((row.reloadable, row.validity, row.region.clone()), (Some(true), Some(30), None));
        assert_eq!(row.countries.len(), 3);
        assert_eq!(row.price_for_reseller, Amount::Unreadable);
        assert_eq!(row.pricing_price_for_reseller, Amount::Missing);
        assert_eq!(row.pricing_reseller_price, Amount::Exact("4.2".parse().unwrap()));
        assert_eq!(row.currency.as_deref(), Some("12"));
    }

    fn read(json: &str) -> Result<PackageRow, Unreadable> {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        package_row(&raw, &mut Undocumented::default())
    }

    #[test]
    fn a_row_that_is_no_object_is_unreadable_and_a_huge_name_is_cut() {
        for bad in ["[1,2]", "7", "null", "\"x\"", r#"{"id":1,"id":2}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let json = format!(r#"{{"name":"{}"}}"#, "é".repeat(10_000));
        assert_eq!(read(&json).unwrap().name.unwrap().chars().count(), 1_000);
    }

    #[test]
    fn a_name_that_is_no_text_is_no_missing_one_and_a_nul_in_it_is_left_out() {
        let name = |json: &str| {
            let row = read(&format!(r#"{{"id":1,"name":{json}}}"#)).unwrap();
            (row.name.map(String::from), row.name_unreadable)
        };
        for broken in [r#"{"en":"France"}"#, "[1]", "true", r#""\ud800""#] {
            assert_eq!(name(broken), (None, true), "{broken}");
        }
        assert_eq!(name("null"), (None, false));
        assert_eq!(name(r#""Fra\u0000nce""#), (Some("France".to_owned()), false));
    }

    #[test]
    fn a_pricing_that_cannot_be_read_is_not_a_missing_one() {
        for broken in ["7", "\"4.2\"", "[4.2]", r#"{"reseller_price":1,"reseller_price":2}"#] {
            let row = read(&format!(r#"{{"id":1,"pricing":{broken},"currency":"EUR"}}"#)).unwrap();
            assert_eq!(row.pricing_reseller_price, Amount::Unreadable, "{broken}");
            assert_eq!(row.pricing_currency.as_deref(), Some(""), "{broken}");
        }
        for missing in ["null", "[]", "{}"] {
            let row = read(&format!(r#"{{"id":1,"pricing":{missing}}}"#)).unwrap();
            assert_eq!(
                (row.pricing_reseller_price, row.pricing_currency),
                (Amount::Missing, None),
                "{missing}"
            );
        }
    }

    #[test]
    fn an_id_is_kept_as_written_where_its_number_does_not_tell_it() {
        let text = |json: &str| read(&format!(r#"{{"id":{json}}}"#)).unwrap().id_text;
        assert_eq!((text("1120"), text("\"1120\"")), (None, None));
        assert_eq!((text("\"x1\"").as_deref(), text("\"007\"").as_deref()), (Some("x1"), Some("007")));
    }

    #[test]
    fn unknown_fields_are_kept_and_noted() {
        let mut seen = Undocumented::default();
        let row =
            package(br#"{"data":{"id":1,"fair_use":"1 GB a day","apn":{"name":"x"}}}"#, &mut seen).unwrap();
        assert_eq!(row.extra.get("fair_use"), Some("\"1 GB a day\""));
        assert_eq!(row.extra.get("apn"), Some(r#"{"name":"x"}"#));
        assert_eq!(seen.sightings().count(), 2, "{seen:?}");
    }
}
