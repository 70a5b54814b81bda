//! What the fuzz targets hold against the readers: a second opinion on money that shares no code with them.

use serde_json::value::RawValue;
use simfront::esimdual::reading::Undocumented;

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
    let power = exponent - i64::try_from(fraction.len()).ok()? + i64::try_from(digits.len() - shown.len()).ok()?;
    match shown.trim_start_matches('0') {
        "" => Some((false, String::new(), 0)),
        shown => Some((negative, shown.to_owned(), power)),
    }
}

/// Fails where an amount is not exactly what its JSON token says.
pub fn same_money(token: &RawValue, amount: &str) {
    let text: String = serde_json::from_str(token.get()).unwrap_or_else(|_| token.get().to_owned());
    assert_eq!(value(text.trim()), value(amount), "{text:?} was read as {amount}");
}

/// Fails where what was noted is not bounded, or could not be kept.
pub fn notes_are_fit_to_keep(seen: &Undocumented) {
    assert!(seen.sightings().count() <= 500);
    for sighting in seen.sightings() {
        assert!(sighting.field.chars().count() <= 64 && sighting.example.chars().count() <= 64, "{sighting:?}");
        assert!(!sighting.field.contains(char::is_control) && !sighting.example.contains(char::is_control));
        assert!(sighting.count > 0);
    }
}
