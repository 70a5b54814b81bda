//! How much: data, days, minutes, messages and cost, out of a row's fields. Pure.

use rust_decimal::Decimal;

use super::package::Data;
use crate::esimdual::{Amount, PackageRow};
use crate::ground::{Cost, Currency};

/// The longest validity that is believed: ten years.
const DAYS_LIMIT: u32 = 3_653;

/// The most data that is believed: a hundred terabytes. More is a slip, and would take the best value per GB.
const BYTES_LIMIT: u64 = 100 << 40;
/// The most minutes or messages that are believed.
const COUNT_LIMIT: u32 = 1_000_000;

/// Why a row has no cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCost {
    /// None of the three fields is there.
    #[error("it has no price_for_reseller and no reseller_price")]
    Missing,
    /// The first one that is there is no amount: the next is not asked, for it may be an older price.
    #[error("its price cannot be read")]
    Unreadable,
    /// Zero or negative.
    #[error("its price is zero or negative")]
    NotPositive,
    /// The currency that is there is none.
    #[error("its currency is not known")]
    UnknownCurrency,
    /// Neither the row nor the account names one.
    #[error("it has no currency, and neither has the account")]
    NoCurrency,
}

/// What eSIMDual charges (CONTRACT section 5): `price_for_reseller`, at the top level, else inside `pricing`; else
/// `pricing.reseller_price`. In the currency of `pricing.currency`, else of `currency`, else of the account.
pub fn cost(row: &PackageRow, account: Option<Currency>) -> Result<Cost, NoCost> {
    let prices = [row.price_for_reseller, row.pricing_price_for_reseller, row.pricing_reseller_price];
    let amount = match prices.into_iter().find(|price| *price != Amount::Missing) {
        None | Some(Amount::Missing) => return Err(NoCost::Missing),
        Some(Amount::Unreadable) => return Err(NoCost::Unreadable),
        Some(Amount::Exact(amount)) if amount <= Decimal::ZERO => return Err(NoCost::NotPositive),
        Some(Amount::Exact(amount)) => amount,
    };
    let written = row.pricing_currency.as_deref().or(row.currency.as_deref());
    let currency = match written {
        Some(code) => Currency::parse(code).ok_or(NoCost::UnknownCurrency)?,
        None => account.ok_or(NoCost::NoCurrency)?,
    };
    Ok(Cost { amount, currency })
}

/// How much data: `data_volume` in bytes, −1 for unlimited; where it is missing or zero, the quantity in its unit. A zero
/// that stands there is none, as the documents' example says of voice and messages; where nothing stands, plans for calls
/// or messages alone carry none, and others do not state it. More than a hundred terabytes says nothing.
pub fn data(row: &PackageRow) -> Data {
    let volume = row.data_volume.unwrap_or(0);
    let is_zero = row.data_volume == Some(0) || row.data_quantity.is_some_and(|quantity| quantity.is_zero());
    match (volume, row.data_quantity) {
        (-1, _) => Data::Unlimited,
        (1.., _) => believed(volume.unsigned_abs()),
        (_, Some(quantity)) if quantity == Decimal::NEGATIVE_ONE => Data::Unlimited,
        (_, Some(quantity)) if quantity > Decimal::ZERO => in_bytes(quantity, row.data_unit.as_deref()),
        _ if row.data_unit.as_deref().is_some_and(|unit| unit.eq_ignore_ascii_case("unlimited")) => {
            Data::Unlimited
        }
        _ if is_zero => Data::Bytes(0),
        _ if units(row.voice_quantity).is_some() || units(row.sms_quantity).is_some() => Data::Bytes(0),
        _ => Data::NotStated,
    }
}

fn believed(bytes: u64) -> Data {
    if bytes <= BYTES_LIMIT { Data::Bytes(bytes) } else { Data::NotStated }
}

/// How many minutes or messages: a zero that stands there is none, which is not the same as an upstream that does not
/// say; a negative number, or one above a million, says nothing.
pub fn counted(number: Option<i64>) -> Option<u32> {
    if number == Some(0) { Some(0) } else { units(number).filter(|number| *number <= COUNT_LIMIT) }
}

/// 1 GB is 1024³ bytes, as in the documents' example (5 GB is 5,368,709,120).
fn in_bytes(quantity: Decimal, unit: Option<&str>) -> Data {
    let kilos: u32 = match unit.map(|unit| unit.trim().to_ascii_uppercase()).as_deref() {
        Some("KB") => 1,
        Some("MB") => 2,
        Some("GB") => 3,
        Some("TB") => 4,
        _ => return Data::NotStated,
    };
    let bytes = quantity.checked_mul(Decimal::from(1024_i64.pow(kilos))).map(|bytes| bytes.trunc());
    match bytes.and_then(|bytes| i64::try_from(bytes).ok()) {
        Some(bytes) => believed(bytes.unsigned_abs()),
        None => Data::NotStated,
    }
}

/// How many days it is valid; `None` for none, for an unknown unit and beyond ten years.
pub fn days(row: &PackageRow) -> Option<u32> {
    let number = units(row.validity)?;
    let unit = row.validity_unit.as_deref().unwrap_or("day").trim().to_ascii_lowercase();
    let days = match unit.trim_end_matches('s') {
        "day" | "d" | "" => number,
        "hour" => number.div_ceil(24),
        "week" => number.checked_mul(7)?,
        "month" => number.checked_mul(30)?,
        "year" => number.checked_mul(365)?,
        _ => return None,
    };
    (days <= DAYS_LIMIT).then_some(days)
}

/// A positive number that the database's integer can hold; `None` for zero, negative and absurd ones.
fn units(number: Option<i64>) -> Option<u32> {
    number.and_then(|number| i32::try_from(number).ok()).filter(|number| *number > 0).map(i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Amount {
        Amount::Exact(text.parse().unwrap())
    }

    fn row(top: Amount, inside: Amount, quote: Amount) -> PackageRow {
        PackageRow {
            price_for_reseller: top,
            pricing_price_for_reseller: inside,
            pricing_reseller_price: quote,
            pricing_currency: Some("USD".into()),
            ..PackageRow::default()
        }
    }

    #[test]
    fn the_first_price_that_is_there_counts_and_none_is_fallen_back_to() {
        use Amount::{Missing, Unreadable};
        let read = |row: &PackageRow| cost(row, None).map(|cost| cost.amount.to_string());
        let table = [
            (row(exact("4.2"), exact("9"), exact("8")), Ok("4.2")),
            (row(Missing, exact("4.1"), exact("8")), Ok("4.1")),
            (row(Missing, Missing, exact("4.0000000000000002")), Ok("4.0000000000000002")),
            (row(Missing, Missing, Missing), Err(NoCost::Missing)),
            (row(Unreadable, exact("4.1"), exact("8")), Err(NoCost::Unreadable)),
            (row(Missing, Unreadable, exact("8")), Err(NoCost::Unreadable)),
            (row(exact("0"), exact("4.1"), exact("8")), Err(NoCost::NotPositive)),
            (row(exact("-4.2"), Missing, Missing), Err(NoCost::NotPositive)),
        ];
        for (row, wanted) in table {
            assert_eq!(read(&row), wanted.map(str::to_owned), "{row:?}");
        }
    }

    #[test]
    fn the_currency_is_the_quotes_then_the_rows_then_the_accounts() {
        let of = |quote: Option<&str>, top: Option<&str>, account: Option<&str>| {
            let row = PackageRow {
                pricing_currency: quote.map(Into::into),
                currency: top.map(Into::into),
                ..row(exact("1"), Amount::Missing, Amount::Missing)
            };
            cost(&row, account.and_then(Currency::parse)).map(|cost| cost.currency.code())
        };
        assert_eq!(of(Some("eur"), Some("USD"), Some("GBP")), Ok("EUR"));
        assert_eq!(of(None, Some("USD"), Some("GBP")), Ok("USD"));
        assert_eq!(of(None, None, Some("GBP")), Ok("GBP"));
        assert_eq!(of(None, None, None), Err(NoCost::NoCurrency));
        assert_eq!(of(Some("dollars"), Some("USD"), Some("GBP")), Err(NoCost::UnknownCurrency));
        assert_eq!(of(Some(""), Some("USD"), None), Err(NoCost::UnknownCurrency));
    }

    #[test]
    fn data_in_every_way_to_say_it() {
        let of = |volume: Option<i64>, quantity: Option<&str>, unit: Option<&str>, minutes: i64| {
            data(&PackageRow {
                data_volume: volume,
                data_quantity: quantity.map(|text| text.parse().unwrap()),
                data_unit: unit.map(Into::into),
                voice_quantity: Some(minutes),
                ..PackageRow::default()
            })
        };
        assert_eq!(of(Some(5_368_709_120), Some("5"), Some("GB"), 0), Data::Bytes(5_368_709_120));
        assert_eq!(of(Some(-1), Some("5"), Some("GB"), 0), Data::Unlimited);
        assert_eq!(of(None, Some("5"), Some(" gb"), 0), Data::Bytes(5_368_709_120));
        assert_eq!(of(None, Some("0.5"), Some("MB"), 0), Data::Bytes(524_288));
        assert_eq!(of(Some(0), Some("-1"), Some("GB"), 0), Data::Unlimited);
        assert_eq!(of(None, None, Some("Unlimited"), 0), Data::Unlimited);
        assert_eq!(of(Some(0), Some("0"), Some("GB"), 60), Data::Bytes(0));
        assert_eq!(of(Some(0), Some("0"), Some("GB"), 0), Data::Bytes(0), "none is stated");
        assert_eq!(of(Some(0), None, None, 0), Data::Bytes(0));
        assert_eq!(of(None, Some("0"), Some("GB"), 0), Data::Bytes(0));
        assert_eq!(of(None, None, Some("GB"), 0), Data::NotStated);
        assert_eq!(of(None, None, None, 60), Data::Bytes(0), "for calls alone");
        assert_eq!(of(Some(-7), None, None, 0), Data::NotStated);
        assert_eq!(of(None, Some("99999999999999999999"), Some("TB"), 0), Data::NotStated);
    }

    #[test]
    fn absurd_amounts_are_not_believed() {
        let of = |volume: Option<i64>, terabytes: Option<i64>| {
            data(&PackageRow {
                data_volume: volume,
                data_quantity: terabytes.map(Decimal::from),
                data_unit: Some("TB".into()),
                ..PackageRow::default()
            })
        };
        assert_eq!(of(Some(100 << 40), None), Data::Bytes(100 << 40));
        assert_eq!(of(None, Some(100)), Data::Bytes(100 << 40));
        for (volume, terabytes) in [
            (Some((100 << 40) + 1), None),
            (Some(i64::MAX), Some(5)),
            (None, Some(101)),
            (None, Some(8_388_607)),
        ] {
            assert_eq!(of(volume, terabytes), Data::NotStated, "{volume:?} {terabytes:?}");
        }
        assert_eq!((counted(Some(1_000_000)), counted(Some(1_000_001))), (Some(1_000_000), None));
    }

    #[test]
    fn a_stated_none_is_none_and_an_unsaid_number_is_unknown() {
        let table = [
            (Some(0), Some(0)),
            (Some(60), Some(60)),
            (None, None),
            (Some(-1), None),
            (Some(i64::MAX), None),
        ];
        for (stated, wanted) in table {
            assert_eq!(counted(stated), wanted, "{stated:?}");
        }
    }

    #[test]
    fn days_in_every_unit() {
        let of = |number: i64, unit: Option<&str>| {
            days(&PackageRow {
                validity: Some(number),
                validity_unit: unit.map(Into::into),
                ..PackageRow::default()
            })
        };
        assert_eq!(of(30, Some("Day")), Some(30));
        assert_eq!(of(30, None), Some(30));
        assert_eq!(of(36, Some("Hours")), Some(2));
        assert_eq!(of(2, Some("MONTHS")), Some(60));
        for (number, unit) in [(0, "Day"), (-1, "Day"), (30, "moons"), (99_999, "Days"), (i64::MAX, "Year")] {
            assert_eq!(of(number, Some(unit)), None, "{number} {unit}");
        }
    }
}
