//! Amounts in JSON, exact in both directions and never through a float.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{self, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ground::money::exact_decimal;

/// An amount as the upstream writes it: a bare JSON number without needless zeros, `4.2`.
///
/// Serialises rightly only straight to text, because `serde_json::Value` would read the number into a float.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.normalize().to_string();
        RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// For `#[serde(with = "amounts::text")]`: written as a string, read from a string or a number.
pub(super) mod text {
    use super::*;

    pub(in crate::sandbox) fn serialize<S: Serializer>(
        amount: &Decimal,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&amount.normalize().to_string())
    }

    pub(in crate::sandbox) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Decimal, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

/// For `#[serde(with = "amounts::maybe_text", default)]`: an amount that may be absent.
pub(super) mod maybe_text {
    use super::*;
    use serde::Deserialize;

    #[derive(Serialize, Deserialize)]
    struct Held(#[serde(with = "super::text")] Decimal);

    pub(in crate::sandbox) fn serialize<S: Serializer>(
        amount: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        amount.map(Held).serialize(serializer)
    }

    pub(in crate::sandbox) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Decimal>, D::Error> {
        Ok(Option::<Held>::deserialize(deserializer)?.map(|held| held.0))
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as 4.2 or \"4.20\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        exact_decimal(text).ok_or_else(|| E::custom(format!("{text:?} is not an amount")))
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Decimal, E> {
        Ok(Decimal::from(whole))
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Decimal, E> {
        Ok(Decimal::from(whole))
    }

    /// Only requests to the control pages come here, typed by a person; the shortest text that reads back to the
    /// same float is what was typed, up to 15 digits.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_exactly_and_without_needless_zeros() {
        let written = |text| serde_json::to_string(&Number(exact_decimal(text).unwrap())).unwrap();
        assert_eq!(written("4.20"), "4.2");
        assert_eq!(written("250.00"), "250");
        assert_eq!(written("0.1"), "0.1");
        assert_eq!(written("1234567890.123456789"), "1234567890.123456789");
        assert_eq!(written("-3"), "-3");
    }
}
