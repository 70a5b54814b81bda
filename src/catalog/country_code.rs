//! The code of a country, in its two letters and no more: a large catalog names countries millions of times.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::ground::countries;

/// ISO 3166-1 alpha-2, lower case: `fr`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads two lower-case letters, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_lowercase).then_some(Self(letters))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether there is such a country. Made-up codes would each become a destination.
    pub fn is_country(self) -> bool {
        COUNTRIES.get(place(&self.0)).copied().unwrap_or_default()
    }

    /// Several, with spaces between them.
    pub fn joined(codes: &[Self]) -> String {
        codes.iter().map(Self::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`CountryCode::joined`] writes; `None` where any of them is no code.
    pub fn split(text: &str) -> Option<Box<[Self]>> {
        text.split_ascii_whitespace().map(Self::parse).collect()
    }
}

/// Of every two letters whether they are a country: a catalog asks two million times.
static COUNTRIES: [bool; 26 * 26] = {
    let mut known = [false; 26 * 26];
    let mut at = 0;
    while at < countries::ALL.len() {
        known[place(countries::ALL[at].code.as_bytes())] = true;
        at += 1;
    }
    known
};

/// Where two lower-case letters stand among all; beyond the end for anything else.
const fn place(code: &[u8]) -> usize {
    match code {
        [one @ b'a'..=b'z', other @ b'a'..=b'z'] => (*one - b'a') as usize * 26 + (*other - b'a') as usize,
        _ => usize::MAX,
    }
}

/// As a text is written: a package's fingerprint is made of this.
impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_countries_are_countries() {
        let all = countries::ALL.iter().filter_map(|country| CountryCode::parse(country.code));
        assert_eq!(all.filter(|code| code.is_country()).count(), countries::ALL.len());
        assert_eq!(COUNTRIES.iter().filter(|known| **known).count(), countries::ALL.len());
        for none in ["zz", "aa", "uk", "xa"] {
            assert!(!CountryCode::parse(none).unwrap().is_country(), "{none}");
        }
    }

    #[test]
    fn two_letters_are_a_code_and_are_written_as_a_text_is() {
        for bad in ["", "f", "FR", "fra", "f1", "é", "fé", "f "] {
            assert_eq!(CountryCode::parse(bad), None, "{bad}");
        }
        let codes = CountryCode::split("fr it").unwrap();
        assert_eq!(CountryCode::joined(&codes), "fr it");
        assert_eq!(format!("{codes:?}"), format!("{:?}", ["fr", "it"]), "old fingerprints hold");
        assert_eq!(serde_json::to_string(&codes).unwrap(), r#"["fr","it"]"#);
        assert_eq!((CountryCode::split("").unwrap().len(), CountryCode::split("fr x")), (0, None));
    }
}
