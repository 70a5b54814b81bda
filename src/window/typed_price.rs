//! Prices as visitors type them into the filter, and as they stand in an address.

use rust_decimal::Decimal;

use crate::ground::Language;

/// Nobody sells dearer; a larger number is nonsense.
const DEAREST: u32 = 1_000_000;

/// A price as people type one: `10`, `9.99`, `1,500` where commas part thousands. What makes no sense in the page's
/// language and makes some in another's is read as that one: `9,99`.
pub fn read(text: &str, language: Language) -> Option<Decimal> {
    let readings = match language {
        Language::En => [('.', ','), (',', '.')],
        Language::It => [(',', '.'), ('.', ',')],
    };
    let price = readings.into_iter().find_map(|(point, group)| number(text, point, group))?;
    (price > Decimal::ZERO && price <= Decimal::from(DEAREST) && price.scale() <= 4)
        .then_some(price.normalize())
}

/// Digits, with or without groups of three (a nought begins none), and at most one point with digits behind it.
fn number(text: &str, point: char, group: char) -> Option<Decimal> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once(point).map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut groups = whole.split(group);
    let first = groups.next().filter(|first| digits(first))?;
    let rest: Vec<&str> = groups.collect();
    let grouped = first.len() <= 3 && !first.starts_with('0') && rest.iter().all(|part| part.len() == 3);
    if !rest.iter().all(|part| digits(part)) || !(rest.is_empty() || grouped) || !fraction.is_none_or(digits)
    {
        return None;
    }
    let whole = whole.replace(group, "");
    Decimal::from_str_exact(&fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}"))).ok()
}

/// A price in an address: with a dot, and never with three digits behind it, which another language would take for a
/// thousand.
pub fn in_address(mut price: Decimal) -> String {
    if price.scale() == 3 {
        price.rescale(4);
    }
    price.to_string()
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded;

    use super::super::sift::Sift;
    use super::*;

    #[test]
    fn a_price_is_read_and_shown_as_the_language_writes_it_and_stands_with_a_dot_in_the_address() {
        for (typed, english, italian) in [
            ("10", "10", "10"),
            ("10.99", "10.99", "10.99"),
            ("10,99", "10.99", "10.99"),
            ("1,500", "1500", "1.5"),
            ("1.500", "1.5", "1500"),
            ("1,500.50", "1500.5", "1500.5"),
            ("1.500,50", "1500.5", "1500.5"),
            ("1,234", "1234", "1.2340"),
            ("1.234", "1.2340", "1234"),
            ("100,000", "100000", "100"),
            ("0,500", "0.5", "0.5"),
            ("0.500", "0.5", "0.5"),
            ("2.345.678", "", ""),
            ("1.000.000", "1000000", "1000000"),
            ("1,0000", "1", "1"),
            ("1,23,456", "", ""),
            ("1.5.5", "", ""),
            ("1,5,5", "", ""),
            ("1.", "", ""),
            (",5", "", ""),
            ("1e3", "", ""),
            ("-5", "", ""),
            ("$5", "", ""),
            ("1.23456", "", ""),
            ("99999999999999999999999999999999", "", ""),
            ("٣", "", ""),
        ] {
            for (language, meant) in [(Language::En, english), (Language::It, italian)] {
                let query =
                    form_urlencoded::Serializer::new(String::new()).append_pair("price", typed).finish();
                let sift = Sift::read(&query, language);
                let address = if meant.is_empty() { String::new() } else { format!("?price={meant}") };
                assert_eq!(sift.query(), address, "{typed} in {language:?}");
                for other in Language::ALL {
                    let again = Sift::read(sift.query().trim_start_matches('?'), other);
                    assert_eq!(again, sift, "{typed}: the address means the same in {other:?}");
                    let form = form_urlencoded::Serializer::new(String::new())
                        .append_pair("price", &sift.most_in(other))
                        .finish();
                    assert_eq!(
                        Sift::read(&form, other),
                        sift,
                        "{typed}: the form means the same in {other:?}"
                    );
                }
            }
        }
        let shown = |language| Sift::read("price=12345.5", language).most_in(language);
        assert_eq!(
            (shown(Language::En), shown(Language::It)),
            ("12,345.5".to_owned(), "12.345,5".to_owned())
        );
        let shown = |language| Sift::read("price=10.99", language).most_in(language);
        assert_eq!((shown(Language::En), shown(Language::It)), ("10.99".to_owned(), "10,99".to_owned()));
    }
}
