//! Which tax prices include at one moment. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::Country;

/// Whether prices include a tax that is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// No tax is told: a small business, or one that sells where there is none.
    #[default]
    None,
    /// Prices include the tax of the country where the customer lives, who is asked for it.
    Inclusive,
}

impl Mode {
    /// The word in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inclusive => "inclusive",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::Inclusive].into_iter().find(|mode| mode.word() == word)
    }
}

/// The mode and the rates of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The mode.
    pub mode: Mode,
    /// Percents of the net price, by country code.
    pub rates: BTreeMap<String, Decimal>,
    /// When another rate begins; `None` while none is entered ahead.
    pub next_change: Option<OffsetDateTime>,
}

impl Terms {
    /// Whether customers are asked where they live.
    pub fn ask_country(&self) -> bool {
        self.mode == Mode::Inclusive
    }

    /// The rate of a country; nothing where none was entered, or where no tax is told.
    pub fn percent(&self, country: Country) -> Decimal {
        let rate = self.rates.get(country.code).copied().filter(|_| self.ask_country());
        rate.unwrap_or_default()
    }

    /// The highest rate, of the country that leaves least of a price.
    pub fn highest(&self) -> Decimal {
        let highest = self.rates.values().max().copied().filter(|_| self.ask_country());
        highest.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_without_a_rate_and_a_shop_without_tax_have_none() {
        let rates =
            [("de", 19), ("it", 22)].map(|(code, rate)| (code.to_owned(), Decimal::from(rate))).into();
        let terms = Terms { mode: Mode::Inclusive, rates, next_change: None };
        let percent = |terms: &Terms, code| terms.percent(Country::parse(code).unwrap());
        assert_eq!((percent(&terms, "it"), percent(&terms, "fr")), (Decimal::from(22), Decimal::ZERO));
        assert_eq!(terms.highest(), Decimal::from(22));
        let none = Terms { mode: Mode::None, ..terms };
        assert_eq!((percent(&none, "it"), none.highest()), (Decimal::ZERO, Decimal::ZERO));
        assert!(!none.ask_country() && Terms::default().highest().is_zero());
    }
}
