//! The code of a country, in its two letters and no more: a large catalog names countries millions of times.

use std::fmt;

use serde::{Serialize, Serializer};

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

    /// Several, with spaces between them.
    pub fn joined(codes: &[Self]) -> String {
        codes.iter().map(Self::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`CountryCode::joined`] writes; `None` where any of them is no code.
    pub fn split(text: &str) -> Option<Box<[Self]>> {
        text.split_ascii_whitespace().map(Self::parse).collect()
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
