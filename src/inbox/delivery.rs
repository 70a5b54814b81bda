//! What a delivery is. Pure.

use sha2::{Digest, Sha256};

use crate::esimdual::signature::Form;

/// A verified webhook, ready to be stored.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// The sender's id of this delivery: a hint, because it is not signed.
    pub delivery_id: Option<&'a str>,
    /// The event, as the signed body names it.
    pub event: &'a str,
    /// The body, exactly as it was signed.
    pub body: &'a [u8],
    /// How the signature was written.
    pub form: Form,
    /// The name of the unit in the body.
    pub external_order_id: Option<&'a str>,
}

impl Delivery<'_> {
    /// SHA-256 of the body.
    pub fn body_hash(&self) -> [u8; 32] {
        Sha256::digest(self.body).into()
    }

    /// What the delivery is known by: its id, if it has one that can be kept; else its body.
    pub fn key(&self) -> String {
        self.delivery_id.filter(|id| is_plain(id)).map_or_else(|| self.body_key(), |id| format!("id:{id}"))
    }

    /// What it is known by when its id is missing, or was used for another body.
    pub fn body_key(&self) -> String {
        format!("body:{}", hex::encode(self.body_hash()))
    }
}

/// The word for a signature's form in the database.
pub fn form_word(form: Form) -> &'static str {
    match form {
        Form::Hex => "hex",
        Form::PrefixedHex => "prefixed_hex",
        Form::Base64 => "base64",
    }
}

fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery<'a>(id: Option<&'a str>, body: &'a [u8]) -> Delivery<'a> {
        Delivery { delivery_id: id, event: "ping", body, form: Form::Hex, external_order_id: None }
    }

    #[test]
    fn a_delivery_is_known_by_its_id_or_by_its_body() {
        assert_eq!(delivery(Some("a-1"), b"x").key(), "id:a-1");
        assert_eq!(delivery(None, b"x").key(), delivery(None, b"x").body_key());
        assert_ne!(delivery(None, b"x").key(), delivery(None, b"y").key());
        let long = "a".repeat(200);
        for odd in ["", "a b", "é", &long] {
            assert!(delivery(Some(odd), b"x").key().starts_with("body:"), "{odd}");
        }
    }
}
