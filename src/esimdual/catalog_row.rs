//! A package as the upstream wrote it: readable fields, nothing judged yet. The catalog judges.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Envelope, Token, Unreadable, boolean, decimal, integer, object, text};

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
        match token {
            None => Self::Missing,
            Some(_) => decimal(token).map_or(Self::Unreadable, Self::Exact),
        }
    }
}

/// One row of `GET /packages`. Texts are cut at 1,000 characters and not cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageRow {
    /// The id as written, which may be no number.
    pub id_text: Option<String>,
    /// The id, where it is a whole number.
    pub id: Option<i64>,
    /// `name`
    pub name: Option<String>,
    /// `slug`
    pub slug: Option<String>,
    /// `package_type`
    pub package_type: Option<String>,
    /// `data_quantity`, in `data_unit`
    pub data_quantity: Option<Decimal>,
    /// `GB`, `MB` …
    pub data_unit: Option<String>,
    /// Bytes; −1 for unlimited.
    pub data_volume: Option<i64>,
    /// Minutes.
    pub voice_quantity: Option<i64>,
    /// Messages.
    pub sms_quantity: Option<i64>,
    /// `package_validity`, in `package_validity_unit`
    pub validity: Option<i64>,
    /// `Day`, `Month` …
    pub validity_unit: Option<String>,
    /// `5G` …
    pub network_speed: Option<String>,
    /// `reloadable`
    pub reloadable: Option<bool>,
    /// `Local`, `Regional`, `Global`, in any case
    pub area_coverage: Option<String>,
    /// The region, where there is one.
    pub region: Option<RegionRow>,
    /// The countries.
    pub countries: Vec<CountryRow>,
    /// `price_for_reseller` at the top level.
    pub price_for_reseller: Amount,
    /// `pricing.price_for_reseller`
    pub pricing_price_for_reseller: Amount,
    /// `pricing.reseller_price`
    pub pricing_reseller_price: Amount,
    /// `pricing.currency`; empty where it is there but no text.
    pub pricing_currency: Option<String>,
    /// `currency` at the top level; empty where it is there but no text.
    pub currency: Option<String>,
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Token<'a>,
    #[serde(borrow)]
    name: Token<'a>,
    #[serde(borrow)]
    slug: Token<'a>,
    #[serde(borrow)]
    package_type: Token<'a>,
    #[serde(borrow)]
    data_quantity: Token<'a>,
    #[serde(borrow)]
    data_unit: Token<'a>,
    #[serde(borrow)]
    data_volume: Token<'a>,
    #[serde(borrow)]
    voice_quantity: Token<'a>,
    #[serde(borrow)]
    sms_quantity: Token<'a>,
    #[serde(borrow)]
    package_validity: Token<'a>,
    #[serde(borrow)]
    package_validity_unit: Token<'a>,
    #[serde(borrow)]
    network_speed: Token<'a>,
    #[serde(borrow)]
    reloadable: Token<'a>,
    #[serde(borrow)]
    area_coverage: Token<'a>,
    #[serde(borrow)]
    region: Token<'a>,
    #[serde(borrow)]
    countries: Token<'a>,
    #[serde(borrow)]
    pricing: Token<'a>,
    #[serde(borrow)]
    price_for_reseller: Token<'a>,
    #[serde(borrow)]
    currency: Token<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PricingFields<'a> {
    #[serde(borrow)]
    price_for_reseller: Token<'a>,
    #[serde(borrow)]
    reseller_price: Token<'a>,
    #[serde(borrow)]
    currency: Token<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlaceFields<'a> {
    #[serde(borrow)]
    id: Token<'a>,
    #[serde(borrow)]
    name: Token<'a>,
    #[serde(borrow)]
    code: Token<'a>,
    #[serde(borrow)]
    slug: Token<'a>,
}

/// Reads one row; one that is no object has no field, so that the catalog sets it aside.
pub fn package_row(row: &RawValue) -> PackageRow {
    let fields: Fields<'_> = object(Some(row)).unwrap_or_default();
    let pricing: PricingFields<'_> = object(fields.pricing).unwrap_or_default();
    PackageRow {
        id_text: text(fields.id),
        id: integer(fields.id),
        name: text(fields.name),
        slug: text(fields.slug),
        package_type: text(fields.package_type),
        data_quantity: decimal(fields.data_quantity),
        data_unit: text(fields.data_unit),
        data_volume: integer(fields.data_volume),
        voice_quantity: integer(fields.voice_quantity),
        sms_quantity: integer(fields.sms_quantity),
        validity: integer(fields.package_validity),
        validity_unit: text(fields.package_validity_unit),
        network_speed: text(fields.network_speed),
        reloadable: boolean(fields.reloadable),
        area_coverage: text(fields.area_coverage),
        region: object(fields.region).map(region_row),
        countries: country_rows(fields.countries),
        price_for_reseller: Amount::read(fields.price_for_reseller),
        pricing_price_for_reseller: Amount::read(pricing.price_for_reseller),
        pricing_reseller_price: Amount::read(pricing.reseller_price),
        pricing_currency: present_text(pricing.currency),
        currency: present_text(fields.currency),
    }
}

/// What is there but no text must not look as if it were missing.
fn present_text(token: Token<'_>) -> Option<String> {
    token.map(|_| text(token).unwrap_or_default())
}

fn region_row(fields: PlaceFields<'_>) -> RegionRow {
    RegionRow { id: integer(fields.id), name: text(fields.name), slug: text(fields.slug) }
}

fn country_rows(list: Token<'_>) -> Vec<CountryRow> {
    let rows: Vec<&RawValue> =
        list.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
    rows.into_iter().map(|row| country_row(object(Some(row)).unwrap_or_default())).collect()
}

fn country_row(fields: PlaceFields<'_>) -> CountryRow {
    CountryRow {
        id: integer(fields.id),
        name: text(fields.name),
        code: text(fields.code),
        slug: text(fields.slug),
    }
}

/// The answer to `GET /packages/{id}`.
pub fn package(body: &[u8]) -> Result<PackageRow, Unreadable> {
    let data = Envelope::success(body)?.data.ok_or(Unreadable("an answer without data"))?;
    match data.get().starts_with('{') {
        true => Ok(package_row(data)),
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

    #[test]
    fn a_row_that_is_no_object_is_empty_and_a_huge_name_is_cut() {
        let raw: Box<RawValue> = serde_json::from_str("[1,2]").unwrap();
        assert_eq!(package_row(&raw), PackageRow::default());
        let json = format!(r#"{{"name":"{}"}}"#, "é".repeat(10_000));
        let raw: Box<RawValue> = serde_json::from_str(&json).unwrap();
        assert_eq!(package_row(&raw).name.unwrap().chars().count(), 1_000);
    }
}
