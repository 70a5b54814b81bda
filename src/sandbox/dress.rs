//! How a webhook is dressed: its signature, its headers, its HTTP. An honest one wears nothing of this.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::OffsetDateTime;

use super::ledger::Delivery;

/// How the signature's header is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureForm {
    /// Lower-case hex, as the documents let one guess.
    #[default]
    Hex,
    /// Upper-case hex.
    Upper,
    /// `sha256=` before lower-case hex.
    Prefixed,
    /// Base64.
    Base64,
    /// No header at all.
    NoHeader,
    /// A header with nothing in it.
    Empty,
    /// 40 of the 64 digits.
    WrongLength,
    /// Two headers: a wrong one, then the right one.
    TwoHeaders,
    /// `sha1=` before 40 digits.
    Sha1,
}

impl SignatureForm {
    /// The form that a fault's kind names.
    pub(super) fn named(kind: &str) -> Self {
        match kind {
            "upper" => Self::Upper,
            "prefixed" => Self::Prefixed,
            "base64" => Self::Base64,
            "no_header" => Self::NoHeader,
            "empty" => Self::Empty,
            "wrong_length" => Self::WrongLength,
            "two_headers" => Self::TwoHeaders,
            "sha1" => Self::Sha1,
            _ => Self::Hex,
        }
    }
}

/// An unusual way to send a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusualHttp {
    /// `Content-Encoding: gzip`; the signature is that of the unpacked body.
    Gzip,
    /// `Content-Type: text/plain`.
    ContentType,
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// `Expect: 100-continue`.
    Expect,
}

/// Whatever is not as it should be about a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dress {
    /// How the signature is written.
    pub signature: SignatureForm,
    /// The secret that signs it, if it is not the sandbox's own.
    pub secret: Option<String>,
    /// The text that is signed, if it is not the body.
    pub signed: Option<String>,
    /// The event in the header, if it is not the body's.
    pub header_event: Option<String>,
    /// How it is sent, if not as usual.
    pub http: Option<UnusualHttp>,
    /// How often it is sent at once, if more than once.
    pub copies: Option<u32>,
    /// When it is sent first, if not at once.
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
}

/// The HMAC-SHA256 of a body.
fn hmac(secret: &str, body: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(body);
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    }
}

/// The signature headers of a webhook, in the order of sending.
pub(super) fn signatures(delivery: &Delivery, own_secret: &str) -> Vec<String> {
    let dress = &delivery.dress;
    let secret = dress.secret.as_deref().unwrap_or(own_secret);
    let signed = dress.signed.as_ref().unwrap_or(&delivery.body);
    let bytes = hmac(secret, signed.as_bytes());
    let digits = hex::encode(&bytes);
    let short = digits.chars().take(40).collect::<String>();
    match dress.signature {
        SignatureForm::Hex => vec![digits],
        SignatureForm::Upper => vec![digits.to_uppercase()],
        SignatureForm::Prefixed => vec![format!("sha256={digits}")],
        SignatureForm::Base64 => vec![BASE64.encode(bytes)],
        SignatureForm::NoHeader => Vec::new(),
        SignatureForm::Empty => vec![String::new()],
        SignatureForm::WrongLength => vec![short],
        SignatureForm::TwoHeaders => vec!["0".repeat(64), digits],
        SignatureForm::Sha1 => vec![format!("sha1={short}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(hmac("Jefe", b"what do ya want for nothing?")), expected);
    }
}
