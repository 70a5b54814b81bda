//! Order numbers: what a customer reads aloud to support.

use std::fmt;

use crate::ground::Entropy;

/// Without 0/O, 1/I/L and U, which are confused when they are read aloud.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `SF-` and eight characters: random, so that two numbers do not tell how much was sold between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderNumber(String);

impl OrderNumber {
    /// Draws a number.
    pub fn draw(entropy: &Entropy) -> Self {
        let letter = |_| char::from(ALPHABET[usize::try_from(entropy.below(30)).unwrap_or(0)]);
        Self(format!("SF-{}", (0..8).map(letter).collect::<String>()))
    }

    /// Reads a number that a person typed; `None` unless it could be one.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim().to_ascii_uppercase();
        let rest = typed.strip_prefix("SF-")?;
        (rest.len() == 8 && rest.bytes().all(|b| ALPHABET.contains(&b))).then_some(Self(typed))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The upstream's name for a unit of this order: at most 64 characters, the same for every attempt.
    pub fn external_order_id(&self, position: i32, unit: i32) -> String {
        format!("{}-{position}-{unit}", self.0)
    }

    /// The order's number within an external order id that the upstream names; `None` if it is not of our making.
    pub fn from_external_order_id(id: &str) -> Option<Self> {
        let (rest, unit) = id.rsplit_once('-')?;
        let (number, position) = rest.rsplit_once('-')?;
        let digits = |s: &str| !s.is_empty() && s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit());
        (digits(unit) && digits(position)).then(|| Self::parse(number)).flatten()
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_and_name_their_units() {
        let number = OrderNumber::draw(&Entropy::seeded(1));
        assert_eq!(number.as_str().len(), 11);
        assert_eq!(OrderNumber::parse(&number.as_str().to_lowercase()), Some(number.clone()));
        let unit = number.external_order_id(1, 12);
        assert_eq!(unit, format!("{number}-1-12"));
        assert_eq!(OrderNumber::from_external_order_id(&unit), Some(number));
        for foreign in ["NOANET-2026-0001", "", "SF-1-2", "SF-AAAAAAAA-1", "SF-AAAAAAAA-1-x"] {
            assert_eq!(OrderNumber::from_external_order_id(foreign), None, "{foreign}");
        }
    }
}
