//! `GET /esims/{id}/usage`: an open object. The documents show human words (`"3.2 GB"`); suppliers behind similar
//! upstreams send other names, bare numbers and words for unlimited.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{Undocumented, Unreadable};
use crate::esimdual::answer::{Usage, Volume};
use crate::esimdual::wire::{Envelope, Token, date, text};
use crate::ground::money::exact_decimal;

/// A larger object is not kept.
const RAW_LIMIT: usize = 16 * 1024;
/// Names of one meaning; the first that can be read counts.
const TOTAL: [&str; 6] =
    ["total", "total_data", "data_total", "initial_capacity", "total_capacity", "total_volume"];
const REMAINING: [&str; 6] =
    ["remaining", "remaining_data", "data_remaining", "remaining_capacity", "remaining_volume", "data_left"];
const USED: [&str; 6] = ["used", "used_data", "data_used", "used_capacity", "used_volume", "data_usage"];
const EXPIRY: [&str; 6] =
    ["expiry_date", "plan_expiry", "esim_expiry", "expires_at", "expired_at", "provider_expiry_at"];

/// The answer to `GET /esims/{id}/usage`.
///
/// # Errors
/// When it is no success with an object in it, names a field twice, or is the supplier's word for a failure: an
/// `error` and nothing else that can be read.
pub fn usage(body: &[u8], seen: &mut Undocumented) -> Result<Usage, Unreadable> {
    let data = Envelope::success(body, seen)?.data()?;
    let fields = fields(data.get()).ok_or(Unreadable("a usage that is no object"))?;
    let volume = |names: &[&str]| names.iter().find_map(|name| volume_of(fields.get(*name).copied()));
    let known = Usage {
        total: volume(&TOTAL),
        remaining: volume(&REMAINING),
        used: volume(&USED),
        expires_on: EXPIRY.iter().find_map(|name| date(fields.get(*name).copied())),
        raw: Some(data.get()).filter(|raw| raw.len() <= RAW_LIMIT).map(Box::from),
    };
    let nothing =
        (known.total, known.remaining, known.used) == (None, None, None) && known.expires_on.is_none();
    match nothing && fields.contains_key("error") {
        true => Err(Unreadable("a usage that only tells of an error")),
        false => Ok(known),
    }
}

fn fields(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
}

/// Bytes as a bare number, a number with its unit, or a word for unlimited. Anything else is nothing.
fn volume_of(token: Token<'_>) -> Option<Volume> {
    let words = text(token)?.trim().to_ascii_lowercase();
    if ["unlimited", "infinite", "∞", "-1"].iter().any(|word| words == *word) {
        return Some(Volume::Unlimited);
    }
    let end = words.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(words.len());
    let (number, unit) = words.split_at_checked(end)?;
    let factor = match unit.trim() {
        "" | "b" | "byte" | "bytes" => 1,
        "kb" | "kib" => 1 << 10,
        "mb" | "mib" => 1 << 20,
        "gb" | "gib" => 1 << 30,
        "tb" | "tib" => 1_i64 << 40,
        _ => return None,
    };
    let bytes = exact_decimal(number)?.checked_mul(Decimal::from(factor))?.floor();
    u64::try_from(bytes).ok().map(Volume::Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &str) -> Result<Usage, Unreadable> {
        usage(format!(r#"{{"status":true,"data":{data}}}"#).as_bytes(), &mut Undocumented::default())
    }

    #[test]
    fn the_documents_example_and_a_suppliers_own_names() {
        let known =
            read(r#"{"total":"5 GB","remaining":"3.2 GB","used":"1.8 GB","expiry_date":"2026-04-14"}"#);
        let known = known.unwrap();
        assert_eq!(known.total, Some(Volume::Bytes(5_368_709_120)));
        assert_eq!(known.remaining, Some(Volume::Bytes(3_435_973_836)));
        assert_eq!(known.expires_on.unwrap().to_string(), "2026-04-14");
        let other =
            read(r#"{"remaining_capacity":1048576,"plan_expiry":"2026-04-14 10:00:00","remaining_sms":3}"#);
        let other = other.unwrap();
        assert_eq!((other.remaining, other.total), (Some(Volume::Bytes(1_048_576)), None));
        assert!(other.expires_on.is_some() && other.raw.unwrap().contains("remaining_sms"));
    }

    #[test]
    fn volumes_are_understood_or_left_out() {
        let unlimited = Some(Volume::Unlimited);
        let table = [
            ("\"Unlimited\"", unlimited),
            ("-1", unlimited),
            ("\"500MB\"", Some(Volume::Bytes(524_288_000))),
            ("\" 1.5 gib \"", Some(Volume::Bytes(1_610_612_736))),
            ("\"0 B\"", Some(Volume::Bytes(0))),
            ("0", Some(Volume::Bytes(0))),
            ("\"-5 GB\"", None),
            ("\"5 apples\"", None),
            ("\"1.2.3 GB\"", None),
            ("1e308", None),
            ("\"99999999999999999999999 GB\"", None),
            ("\"\"", None),
            ("\"NaN\"", None),
            ("null", None),
            ("[]", None),
        ];
        for (json, volume) in table {
            assert_eq!(read(&format!(r#"{{"total":{json}}}"#)).unwrap().total, volume, "{json}");
        }
    }

    #[test]
    fn a_suppliers_error_is_no_usage() {
        assert!(read(r#"{"error":"eSIM not found"}"#).is_err());
        assert!(read(r#"{"error":null,"total":"1 GB"}"#).is_ok());
        assert!(read("{}").is_ok(), "an open object may say nothing");
        assert!(read("[]").is_err() && read("7").is_err());
        let huge = read(&format!(r#"{{"total":"1 GB","noise":"{}"}}"#, "x".repeat(20_000))).unwrap();
        assert_eq!((huge.raw, huge.total), (None, Some(Volume::Bytes(1 << 30))));
    }
}
