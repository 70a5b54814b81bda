//! What a delivery is. Pure.

use sha2::{Digest, Sha256};

use crate::esimdual::signature::Form;
use crate::orders::OrderNumber;
use crate::payments::{Method, provider::Notice};

/// A sender's id is kept up to this length.
const LONGEST_ID: usize = 128;

/// Who sends webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// eSIMDual.
    #[default]
    Esimdual,
    /// Stripe.
    Stripe,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Esimdual, Self::Stripe];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Esimdual => "esimdual",
            Self::Stripe => "stripe",
        }
    }

    /// Reads the database's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }

    /// The way to pay whose provider sends them; none for the one who sells eSIMs.
    pub fn method(self) -> Option<Method> {
        match self {
            Self::Esimdual => None,
            Self::Stripe => Some(Method::Stripe),
        }
    }
}

/// A verified webhook, ready to be stored.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who sent it.
    pub source: Source,
    /// What it is known by: the sender's id of the delivery, if it has one that can be kept; else its body.
    pub key: String,
    /// The sender's id of this delivery: a hint, because it is not signed.
    pub delivery_id: Option<String>,
    /// The event, as the signed body names it.
    pub event: String,
    /// The body, exactly as it was signed.
    pub body: Vec<u8>,
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
    /// How the signature was written: a word of the database.
    pub form: &'static str,
    /// The order whose unit the body names, if its number could be one of ours.
    pub order_number: Option<OrderNumber>,
}

impl Delivery {
    /// A delivery of an event, signed in this form; `unit_name` is the external order id in the body.
    pub fn new(
        body: Vec<u8>,
        form: Form,
        event: String,
        unit_name: Option<&str>,
        delivery_id: Option<&str>,
    ) -> Self {
        let body_hash: [u8; 32] = Sha256::digest(&body).into();
        let key = delivery_id.filter(|id| is_plain(id));
        let kept = |id: &str| id.chars().filter(|c| !c.is_control()).take(LONGEST_ID).collect();
        Self {
            key: key.map_or_else(|| body_key(&body_hash), |id| format!("id:{id}")),
            delivery_id: delivery_id.map(kept),
            event,
            body,
            body_hash,
            form: form_word(form),
            source: Source::Esimdual,
            order_number: unit_name.and_then(OrderNumber::from_external_order_id),
        }
    }

    /// A delivery of a payment provider's, which proves itself by its own scheme.
    pub fn of_provider(source: Source, body: Vec<u8>, notice: &Notice) -> Self {
        let whole = Self::new(body, Form::Hex, notice.event.clone(), None, notice.id.as_deref());
        let order_number = notice.order.as_deref().and_then(OrderNumber::parse);
        Self { source, form: "v1", order_number, ..whole }
    }

    /// What it is known by when its id was used for another body.
    pub fn body_key(&self) -> String {
        body_key(&self.body_hash)
    }
}

fn body_key(hash: &[u8; 32]) -> String {
    format!("body:{}", hex::encode(hash))
}

/// The word for a signature's form in the database.
fn form_word(form: Form) -> &'static str {
    match form {
        Form::Hex => "hex",
        Form::PrefixedHex => "prefixed_hex",
        Form::Base64 => "base64",
    }
}

fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(id: Option<&str>, body: &[u8]) -> Delivery {
        Delivery::new(body.to_vec(), Form::Hex, "ping".to_owned(), None, id)
    }

    #[test]
    fn a_delivery_is_known_by_its_id_or_by_its_body() {
        assert_eq!(delivery(Some("a-1"), b"x").key, "id:a-1");
        assert_eq!(delivery(None, b"x").key, delivery(Some("a-1"), b"x").body_key());
        assert_ne!(delivery(None, b"x").key, delivery(None, b"y").key);
        let long = "a".repeat(200);
        for odd in ["", "a b", "é", &long] {
            assert!(delivery(Some(odd), b"x").key.starts_with("body:"), "{odd}");
        }
        assert_eq!(delivery(Some(&long), b"x").delivery_id.unwrap().len(), LONGEST_ID);
    }
}
