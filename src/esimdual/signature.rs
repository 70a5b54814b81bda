//! The signature of eSIMDual's webhooks: HMAC SHA-256 of the raw body with the shared secret. The documents do not say
//! how it is written, so every usual form is read; what is compared are the 32 bytes, in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How a signature was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 64 hex digits of either case.
    Hex,
    /// `sha256=` and 64 hex digits.
    PrefixedHex,
    /// Base64 of the standard or the URL-safe alphabet, padded or not.
    Base64,
}

/// A signature that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// How it was written.
    pub form: Form,
    /// Which of the secrets made it: its place among those given, from 0.
    pub secret: usize,
}

/// Whether `header` signs `body`, with which of the secrets, and in which form. An empty secret signs nothing, or
/// anybody could.
pub fn verify(secrets: &[SecretString], body: &[u8], header: &str) -> Option<Signed> {
    let (form, given) = read(header.trim())?;
    // Every secret is tried, so that the time taken does not tell which one matched.
    let matches = secrets.iter().enumerate().filter(|(_, secret)| !secret.expose_secret().is_empty()).fold(
        None,
        |matched: Option<usize>, (place, secret)| {
            let signs = signs(secret, body, &given);
            matched.or(signs.then_some(place))
        },
    );
    matches.map(|secret| Signed { form, secret })
}

fn signs(secret: &SecretString, body: &[u8], given: &[u8; 32]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(body);
    mac.finalize().into_bytes().as_slice().ct_eq(given).into()
}

fn read(header: &str) -> Option<(Form, [u8; 32])> {
    if let Some((prefix, digits)) = header.split_once('=')
        && prefix.eq_ignore_ascii_case("sha256")
    {
        return Some((Form::PrefixedHex, from_hex(digits)?));
    }
    if let Some(bytes) = from_hex(header) {
        return Some((Form::Hex, bytes));
    }
    let bare = header.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok()?;
    Some((Form::Base64, bytes.try_into().ok()?))
}

fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231.
    const KEY: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn check(header: &str) -> Option<Form> {
        let signed = verify(&[SecretString::from("other"), SecretString::from(KEY)], BODY, header)?;
        assert_eq!(signed.secret, 1);
        Some(signed.form)
    }

    #[test]
    fn every_form_is_read() {
        let bytes = hex::decode(HEX).unwrap();
        assert_eq!(check(HEX), Some(Form::Hex));
        assert_eq!(check(&HEX.to_uppercase()), Some(Form::Hex));
        assert_eq!(check(&format!(" sha256={HEX} ")), Some(Form::PrefixedHex));
        assert_eq!(check(&format!("SHA256={}", HEX.to_uppercase())), Some(Form::PrefixedHex));
        for written in [
            base64::engine::general_purpose::STANDARD.encode(&bytes),
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(&bytes),
            base64::engine::general_purpose::URL_SAFE.encode(&bytes),
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            assert_eq!(check(&written), Some(Form::Base64), "{written}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        let flipped = format!("{}4", &HEX[..63]);
        for bad in
            ["", "=", "sha256=", &flipped, &HEX[..62], &format!("{HEX}00"), "sha1=abc", &"é".repeat(32)]
        {
            assert_eq!(check(bad), None, "{bad}");
        }
        assert_eq!(verify(&[], BODY, HEX), None);
        assert_eq!(verify(&[SecretString::from("Jefe")], b"what do ya want for nothing!", HEX), None);
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(BODY);
        let forged = hex::encode(mac.finalize().into_bytes());
        assert_eq!(verify(&[SecretString::from("")], BODY, &forged), None);
    }
}
