//! Numbers and money as a language writes them. The digits come from CLDR (`icu_decimal`); where the currency's
//! sign stands is our own small table, since ICU4X does not format currencies yet.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::{Locale, locale};

use crate::ground::{Currency, Language, Price};

/// Keeps a sign with its amount at the end of a line.
const NO_BREAK: char = '\u{a0}';

thread_local! {
    /// One a language; they cannot be shared between threads.
    static FORMATTERS: Vec<(Language, DecimalFormatter)> = {
        let of = |language| DecimalFormatter::try_new(locale(language).into(), Default::default()).ok();
        Language::ALL.into_iter().filter_map(|language| Some((language, of(language)?))).collect()
    };
}

fn locale(language: Language) -> Locale {
    match language {
        Language::En => locale!("en"),
        Language::It => locale!("it"),
    }
}

/// A plain decimal (`-1234.50`) with the language's digits, point and groups; as it came where it is no decimal.
pub fn decimal(language: Language, plain: &str) -> String {
    let Ok(number) = Decimal::try_from_str(plain) else { return plain.to_owned() };
    FORMATTERS.with(|formatters| {
        let formatter = formatters.iter().find(|(of, _)| *of == language).map(|(_, formatter)| formatter);
        formatter.map_or_else(|| plain.to_owned(), |formatter| formatter.format(&number).to_string())
    })
}

/// An amount with its sign: `$5.90` in English, `5,90 €` in Italian.
pub fn money(language: Language, price: &Price) -> String {
    let amount = decimal(language, &price.to_string());
    let sign = sign(price.currency);
    match language {
        Language::En => match amount.strip_prefix('-') {
            Some(amount) => format!("-{}{amount}", before(sign)),
            None => format!("{}{amount}", before(sign)),
        },
        Language::It => format!("{amount}{NO_BREAK}{sign}"),
    }
}

/// A sign made of letters needs a space before the amount: `CHF 5.90`.
fn before(sign: &str) -> String {
    match sign.ends_with(|last: char| last.is_alphabetic()) {
        true => format!("{sign}{NO_BREAK}"),
        false => sign.to_owned(),
    }
}

/// The sign that cannot be mistaken for another currency's; the code for all others.
fn sign(currency: Currency) -> &'static str {
    match currency.code() {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        "KRW" => "₩",
        "ILS" => "₪",
        "NGN" => "₦",
        "PHP" => "₱",
        "UAH" => "₴",
        "VND" => "₫",
        "TRY" => "₺",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "HKD" => "HK$",
        "SGD" => "S$",
        "MXN" => "MX$",
        "BRL" => "R$",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(code: &str, minor: i64) -> [String; 2] {
        let price = Price::new(minor, Currency::parse(code).unwrap());
        Language::ALL.map(|language| money(language, &price))
    }

    #[test]
    fn money_stands_as_each_language_writes_it() {
        assert_eq!(written("USD", 590), ["$5.90", "5,90\u{a0}$"]);
        assert_eq!(written("EUR", 590), ["€5.90", "5,90\u{a0}€"]);
        assert_eq!(written("EUR", 1_234_567), ["€12,345.67", "12.345,67\u{a0}€"]);
        assert_eq!(written("JPY", 590), ["¥590", "590\u{a0}¥"]);
        assert_eq!(written("KWD", 5_900), ["KWD\u{a0}5.900", "5,900\u{a0}KWD"]);
        assert_eq!(written("CHF", 5), ["CHF\u{a0}0.05", "0,05\u{a0}CHF"]);
        assert_eq!(written("CAD", 590), ["CA$5.90", "5,90\u{a0}CA$"]);
        assert_eq!(written("EUR", -590), ["-€5.90", "-5,90\u{a0}€"]);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(decimal(Language::En, "12345"), "12,345");
        assert_eq!(decimal(Language::It, "12345"), "12.345");
        assert_eq!(decimal(Language::It, "1.5"), "1,5");
        assert_eq!(decimal(Language::It, "many"), "many");
    }
}
