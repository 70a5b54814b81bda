//! The six digits that an app shows: RFC 6238 with SHA-1, steps of 30 seconds, as every app knows it. Pure.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use url::form_urlencoded::byte_serialize;

use crate::ground::Entropy;
use crate::ground::token::Token;

/// Length of a step in seconds.
const STEP: i64 = 30;
/// How many steps a clock may be off, either way.
const DRIFT: i64 = 1;
/// As long as the hash, as RFC 4226 advises.
pub(super) const BYTES: usize = 20;

/// What the app and the shop both know.
pub struct Secret(SecretBox<[u8; BYTES]>);

impl Secret {
    /// A new one.
    pub fn draw(entropy: &Entropy) -> Self {
        Self(SecretBox::new(Box::new(entropy.bytes())))
    }

    /// One that was sealed.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(SecretBox::new(Box::new(bytes.try_into().ok()?))))
    }

    pub(super) fn bytes(&self) -> &[u8; BYTES] {
        self.0.expose_secret()
    }

    /// As people type it into an app: 32 letters and digits in groups of four.
    pub fn text(&self) -> String {
        let text = Token::from_bytes(self.bytes()).as_str().to_uppercase();
        let groups: Vec<&str> = (0..text.len()).step_by(4).filter_map(|at| text.get(at..at + 4)).collect();
        groups.join(" ")
    }

    /// Reads what [`Secret::text`] wrote: what an app does with what was typed into it.
    pub fn from_text(text: &str) -> Option<Self> {
        let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0_u32);
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            let value = match c.to_ascii_uppercase() {
                letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
                digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
                _ => return None,
            };
            buffer = (buffer << 5) | value;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((buffer >> bits) & 0xff).ok()?);
                buffer &= (1 << bits) - 1;
            }
        }
        Self::from_bytes(&bytes)
    }

    /// What the QR code says, in the form that apps read. `issuer` is the shop's host.
    pub fn address(&self, issuer: &str, email: &str) -> SecretString {
        let written = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, email, secret) = (written(issuer), written(email), self.text().replace(' ', ""));
        format!("otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}").into()
    }

    /// The code of one step.
    fn code(&self, step: i64) -> u32 {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.bytes()) else { return u32::MAX };
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash.last().copied().unwrap_or_default() & 0x0f);
        let four = hash.get(offset..offset + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    }

    /// The step whose code this is, among those that a clock slightly off may show. Which of them is compared takes no
    /// time that tells.
    pub fn step_of(&self, code: Code, now: OffsetDateTime) -> Option<i64> {
        let here = now.unix_timestamp().div_euclid(STEP);
        let mut found = None;
        for step in here - DRIFT..=here + DRIFT {
            if bool::from(self.code(step).ct_eq(&code.0)) {
                found = Some(step);
            }
        }
        found
    }

    /// What an app shows at that moment, for tests of whatever asks for it.
    pub fn shown_at(&self, now: OffsetDateTime) -> String {
        format!("{:06}", self.code(now.unix_timestamp().div_euclid(STEP)))
    }
}

/// Six digits as they were typed.
#[derive(Clone, Copy)]
pub struct Code(u32);

impl Code {
    /// Reads them; spaces are no matter. `None`: it is something else.
    pub fn parse(typed: &str) -> Option<Self> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| is_code).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> Secret {
        Secret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1; the document shows eight digits, of which apps show the last six.
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in table {
            assert_eq!(rfc().shown_at(at(seconds)), code);
            let step = rfc().step_of(Code::parse(code).unwrap(), at(seconds));
            assert_eq!(step, Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let now = 1_111_111_111;
        for (steps, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let shown = rfc().shown_at(at(now + steps * 30));
            let found = rfc().step_of(Code::parse(&shown).unwrap(), at(now));
            assert_eq!(found.is_some(), taken, "{steps}");
        }
    }

    #[test]
    fn what_is_typed_is_six_digits_or_no_code() {
        assert!(Code::parse(" 081 804\n").is_some());
        for wrong in ["", "81804", "0818040", "08180a", "+81804", "-81804", "٠٨١٨٠٤", "081804081804"] {
            assert!(Code::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_secret_is_written_for_people_and_for_apps() {
        assert_eq!(rfc().text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(Secret::from_text(&rfc().text().to_lowercase()).unwrap().bytes(), rfc().bytes());
        assert!(Secret::from_text("GEZD").is_none() && Secret::from_text(&"1".repeat(32)).is_none());
        let address = rfc().address("shop.example", "ada+x@example.com");
        assert_eq!(
            address.expose_secret(),
            "otpauth://totp/shop.example:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=shop.example"
        );
    }
}
