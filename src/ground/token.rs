//! Secrets that stand in addresses and cookies.

use std::fmt;

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// An unguessable name for one thing (an order's page, a payment's page, a session).
///
/// Its `Debug` hides it, because whoever knows it may see what it names.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// Writes random bytes as base32 in lower case: 8 characters for each 5 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
        let (mut buffer, mut bits) = (0_u32, 0_u32);
        for byte in bytes {
            buffer = (buffer << 8) | u32::from(*byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                text.push(char::from(ALPHABET[usize::try_from((buffer >> bits) & 31).unwrap_or(0)]));
            }
            buffer &= (1 << bits) - 1;
        }
        Self(text)
    }

    /// Reads a token from an address; `None` unless it is 32 characters of the alphabet, so that
    /// nothing else ever reaches the database.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 32 && text.bytes().all(|b| ALPHABET.contains(&b))).then(|| Self(text.to_owned()))
    }

    /// The token as it stands in an address or cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database keeps of a session's token, so that a copy of the table opens nothing.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_bytes_are_32_characters_and_read_back() {
        let token = Token::from_bytes(&[0xff; 20]);
        assert_eq!(token.as_str(), "7".repeat(32));
        assert_eq!(Token::parse(token.as_str()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(Token::parse("../../etc"), None);
        assert_eq!(Token::parse(&"A".repeat(32)), None);
    }
}
