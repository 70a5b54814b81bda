//! Money: what the upstream charges is an exact decimal ([`Cost`]), what the customer pays is an integer of minor
//! units ([`Price`]); both carry their currency, and no float ever comes near either.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The US dollar: what eSIMDual's documents are priced in.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads a three-letter code in either case; `None` for one that ISO 4217 does not list or that has no
    /// minor-unit rule (precious metals, test codes).
    pub fn parse(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(&code.trim().to_ascii_uppercase())?;
        currency.exponent().map(|_| Self(currency))
    }

    /// The code: `EUR`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }

    /// How many minor units make one: 100 for EUR, 1 for JPY, 1000 for KWD.
    pub fn minor_per_unit(self) -> i64 {
        10_i64.pow(self.exponent())
    }

    /// The sign that people write: `€`; the code where there is none.
    pub fn symbol(self) -> String {
        self.0.symbol().symbol
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What eSIMDual charges the reseller: exact, with as many decimals as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The amount in whole units of the currency.
    pub amount: Decimal,
    /// Its currency.
    pub currency: Currency,
}

/// What a customer pays: an integer of minor units (cents).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// The amount in minor units: 590 is 5.90 EUR.
    pub minor: i64,
    /// Its currency.
    pub currency: Currency,
}

impl Price {
    /// A price of `minor` minor units.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The smallest price that is not under `amount`: rounds **up** to the minor unit. `None` where the amount does
    /// not fit (over 92 quadrillion).
    pub fn at_least(amount: Decimal, currency: Currency) -> Option<Self> {
        let scaled = amount.checked_mul(Decimal::from(currency.minor_per_unit()))?;
        let whole = scaled.round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity);
        i64::try_from(whole).ok().map(|minor| Self { minor, currency })
    }

    /// The price as an exact decimal of whole units.
    pub fn amount(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// `quantity` times the price; `None` on overflow.
    pub fn times(self, quantity: u32) -> Option<Self> {
        self.minor.checked_mul(i64::from(quantity)).map(|minor| Self { minor, ..self })
    }
}

/// The amount with a dot and the currency's decimals, without its sign: `5.90`. This is how money stands in JSON.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.amount())
    }
}

/// Reads an exact decimal from the text of a JSON number or string (`4.2`, `"4.20"`, `1e2`), never through a float.
/// `None` for anything else, and for numbers that a [`Decimal`] cannot hold exactly.
pub fn exact_decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    // The library would take underscores, and round the digits before an exponent.
    if text.is_empty() || text.len() > 64 || text.contains('_') {
        return None;
    }
    match text.split_once(['e', 'E']) {
        Some((base, _)) => Decimal::from_str_exact(base).and_then(|_| Decimal::from_scientific(text)).ok(),
        None => Decimal::from_str_exact(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn currencies_know_their_minor_units() {
        let units: Vec<_> = ["EUR", "jpy", "KWD"].map(|c| currency(c).minor_per_unit()).into();
        assert_eq!(units, [100, 1, 1000]);
        assert!(Currency::parse("XAU").is_none() && Currency::parse("EURO").is_none());
    }

    #[test]
    fn prices_are_written_with_their_currencys_decimals() {
        let written =
            [("EUR", 590, "5.90"), ("JPY", 590, "590"), ("KWD", 5_900, "5.900"), ("USD", 0, "0.00")];
        for (code, minor, text) in written {
            assert_eq!(Price::new(minor, currency(code)).to_string(), text);
        }
    }

    #[test]
    fn decimals_are_read_from_the_token_exactly() {
        let read = |text| exact_decimal(text).map(|d| d.to_string());
        assert_eq!(read("4.2").as_deref(), Some("4.2"));
        assert_eq!(read("4.2000000000000002").as_deref(), Some("4.2000000000000002"));
        assert_eq!(read("1e2").as_deref(), Some("100"));
        assert_eq!(read("1234567890.123456789").as_deref(), Some("1234567890.123456789"));
        let too_exact = "1.2345678901234567890123456789012e0";
        for bad in ["", "NaN", "1e308", "4,20", "0x10", "four", "1e-400", "1_000", too_exact] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn rounding_up_is_never_under_and_never_a_whole_minor_unit_over(units in 0_i64..10_000_000_000, scale in 0_u32..9) {
            let amount = Decimal::new(units, scale);
            for code in ["EUR", "JPY", "KWD"] {
                let price = Price::at_least(amount, currency(code)).unwrap();
                prop_assert!(price.amount() >= amount);
                prop_assert!(Price::new(price.minor - 1, price.currency).amount() < amount);
            }
        }
    }
}
