//! The checkout's form: what was typed, and what of it can be taken. Pure.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::ground::EmailAddress;
use crate::payments::Method;
use crate::tax::Country;
use crate::web::FieldErrors;

/// So many of one plan at once, where nothing else is configured.
const MOST: u32 = 10;
/// What is shown again of a field that cannot be taken, in characters.
const ECHO: usize = 300;
/// No quote is longer, in bytes.
const QUOTE: usize = 200;
/// The fields that count. Every other is ignored: the server decides prices, currency and status (RELIABILITY I8).
const FIELDS: [&str; 13] = [
    "package_id",
    "quantity",
    "email",
    "payment_method",
    "accept_terms",
    "device_imei",
    "country",
    "coupon",
    "form_key",
    "shown_price",
    "quote",
    "new_quantity",
    "step",
];

/// A field that counts came more than once: which of the two was meant, nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a field came twice")]
pub struct Repeated;

/// The form as it was sent, each field at most once. Its `Debug` would show personal data, so it has none.
#[derive(Clone)]
pub struct Typed {
    fields: Vec<(String, String)>,
    /// So many of one plan at once.
    most: u32,
}

impl Typed {
    /// Keeps the fields that count.
    ///
    /// # Errors
    /// [`Repeated`] where one of them came twice.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, Repeated> {
        let kept: Vec<_> = pairs.into_iter().filter(|(name, _)| FIELDS.contains(&name.as_str())).collect();
        let once = |name: &&str| kept.iter().filter(|(other, _)| other == name).count() <= 1;
        if !FIELDS.iter().all(once) {
            return Err(Repeated);
        }
        Ok(Self { fields: kept, most: MOST })
    }

    /// The same form where so many of one plan may be bought at once.
    pub fn at_most(self, most: u32) -> Self {
        Self { most, ..self }
    }

    /// What was typed into a field, without the space around it; empty where the field did not come.
    pub fn of(&self, field: &str) -> &str {
        self.fields.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value.trim())
    }

    /// The same, cut to what a page shows again.
    pub fn echo(&self, field: &str) -> String {
        self.of(field).chars().take(ECHO).collect()
    }

    /// The package, where it is a number that could be one.
    pub fn package_id(&self) -> Option<i64> {
        whole(self.of("package_id")).filter(|id| *id > 0)
    }

    /// How many: from 1 to as many as may be.
    pub fn quantity(&self) -> Option<u32> {
        whole(self.of("quantity")).and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=self.most).contains(n))
    }

    /// Where the customer lives; `None` for what is no country.
    pub fn country(&self) -> Option<Country> {
        Country::parse(self.of("country"))
    }

    /// The price of one plan that the form says was shown, in minor units.
    pub fn shown_price(&self) -> Option<i64> {
        whole(self.of("shown_price"))
    }

    /// The form's quote as it came; empty where what came is too long to be one.
    pub fn quote(&self) -> &str {
        Some(self.of("quote")).filter(|text| text.len() <= QUOTE).unwrap_or_default()
    }

    /// This form with the quantity that was chosen beside it, where that is another one, or where its button was pressed:
    /// the customer has not seen the total of it. `None` where the total was shown.
    pub fn recounted(&self) -> Option<Self> {
        let chosen = Some(self.of("new_quantity")).filter(|chosen| !chosen.is_empty());
        let chosen = chosen.unwrap_or(self.of("quantity"));
        if chosen == self.of("quantity") && !self.asks_to_recount() {
            return None;
        }
        let mut kept = self.clone();
        kept.fields.retain(|(name, _)| !matches!(name.as_str(), "quantity" | "new_quantity"));
        kept.fields.push(("quantity".to_owned(), chosen.to_owned()));
        Some(kept)
    }

    /// Whether the button beside the quantity was pressed, and not the one that pays.
    pub fn asks_to_recount(&self) -> bool {
        self.of("step") == "quantity"
    }

    /// Whether the box was ticked.
    pub fn accepts_terms(&self) -> bool {
        matches!(self.of("accept_terms"), "on" | "1" | "true" | "yes")
    }
}

/// Digits alone: no sign, no point, no exponent.
fn whole(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A purchase that cannot be wrong in itself. Whether it may be made is decided by [`super::begin`]. Its `Debug` shows
/// what is bought and not by whom.
#[derive(Clone)]
pub struct Draft {
    /// The upstream's package id.
    pub package_id: i64,
    /// At least 1.
    pub quantity: u32,
    /// Where the eSIM goes.
    pub email: EmailAddress,
    /// How it will be paid.
    pub method: Method,
    /// The traveller's device: 15 digits, where they were given.
    pub device_imei: Option<String>,
    /// Where the customer lives, as far as they said so; needed where tax is told.
    pub country: Option<Country>,
    /// Names this form: however often it is sent, it makes one order.
    pub form_key: String,
    /// The price of one plan that the customer saw, in minor units. Compared only, never charged.
    pub shown_price: Option<i64>,
    /// The form's signed quote as it came; whether it is one, [`super::quote`] says.
    pub quote: String,
}

impl Draft {
    /// Reads the form.
    ///
    /// # Errors
    /// Every field that cannot be taken, each with the key of its sentence.
    pub fn read(typed: &Typed) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut need = |missing: bool, field, key| {
            if missing {
                errors.add(field, key);
            }
        };
        let package_id = typed.package_id();
        need(package_id.is_none(), "package_id", "checkout-error-plan");
        let quantity = typed.quantity();
        need(quantity.is_none(), "quantity", "checkout-error-quantity");
        let email = EmailAddress::parse(typed.of("email"));
        need(email.is_none(), "email", "checkout-error-email");
        let device_imei = imei(typed.of("device_imei"));
        need(device_imei.is_err(), "device_imei", "checkout-error-imei");
        need(!typed.of("coupon").is_empty(), "coupon", "checkout-error-coupon");
        let method = Method::from_word(typed.of("payment_method"));
        need(method.is_none(), "payment_method", "checkout-error-method");
        need(!typed.accepts_terms(), "accept_terms", "checkout-error-terms");
        let form_key = Some(typed.of("form_key")).filter(|key| is_form_key(key));
        need(form_key.is_none(), "form_key", "checkout-error-form-key");
        match (package_id, quantity, email, method, device_imei, form_key) {
            (
                Some(package_id),
                Some(quantity),
                Some(email),
                Some(method),
                Ok(device_imei),
                Some(form_key),
            ) if errors.is_empty() => {
                let shown_price = typed.shown_price();
                let country = typed.country();
                let (form_key, quote) = (form_key.to_owned(), typed.quote().to_owned());
                Ok(Self {
                    package_id,
                    quantity,
                    email,
                    method,
                    device_imei,
                    country,
                    form_key,
                    shown_price,
                    quote,
                })
            }
            _ => Err(errors),
        }
    }

    /// What was bought under the form's key: the same key with another one is another purchase.
    pub fn fingerprint(&self) -> [u8; 32] {
        let Self { package_id, quantity, email, method, .. } = self;
        // An address holds no line end, so no two purchases are written alike.
        let mut text = format!("{package_id}\n{quantity}\n{}\n{}", email.as_str(), method.word());
        // Of another country it is another sale: its receipt says another tax.
        if let Some(country) = self.country {
            text.push('\n');
            text.push_str(country.code);
        }
        Sha256::digest(text).into()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Draft");
        shown.field("package_id", &self.package_id).field("quantity", &self.quantity);
        shown.finish_non_exhaustive()
    }
}

/// Whether a text may be a form's key: of a token's letters and digits, and long enough not to be guessed.
pub fn is_form_key(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}

/// What was typed is no IMEI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NoImei;

/// 15 digits whose last one is the check digit by Luhn (3GPP TS 23.003, annex B); people write spaces, dashes and
/// slashes between them. Nothing typed is fine.
fn imei(typed: &str) -> Result<Option<String>, NoImei> {
    let bare: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '/' | '\u{2010}'..='\u{2015}'))
        .collect();
    match bare.as_str() {
        "" => Ok(None),
        digits if digits.len() == 15 && luhn(digits) => Ok(Some(bare)),
        _ => Err(NoImei),
    }
}

/// Every second digit from the right counts twice, as the sum of its digits; the total ends in 0. All zeros pass the
/// sum and are no device.
fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, letter) in digits.chars().rev().enumerate() {
        let Some(digit) = letter.to_digit(10) else { return false };
        let counted = if place % 2 == 1 { digit * 2 } else { digit };
        sum += counted / 10 + counted % 10;
    }
    sum > 0 && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz234567";

    fn typed(changes: &[(&str, &str)]) -> Typed {
        let good = [
            ("package_id", "1120"),
            ("quantity", "2"),
            ("email", "Ada@Example.com"),
            ("payment_method", "test"),
            ("accept_terms", "on"),
            ("form_key", KEY),
            ("shown_price", "525"),
        ];
        let kept = good.into_iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
        let all = kept.chain(changes.iter().copied());
        let pairs = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Typed::from_pairs(pairs).unwrap()
    }

    fn wrong(changes: &[(&str, &str)]) -> Vec<&'static str> {
        Draft::read(&typed(changes)).unwrap_err().iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn a_good_form_is_a_draft() {
        let draft = Draft::read(&typed(&[("device_imei", "49-015420-323751/8"), ("coupon", " ")])).unwrap();
        assert_eq!((draft.package_id, draft.quantity, draft.shown_price), (1120, 2, Some(525)));
        assert_eq!(draft.email.as_str(), "Ada@example.com");
        assert_eq!(draft.device_imei.as_deref(), Some("490154203237518"));
        assert_eq!(Draft::read(&typed(&[])).unwrap().device_imei, None);
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let all = [
            ("quantity", "0"),
            ("email", "ada@"),
            ("payment_method", "gold"),
            ("accept_terms", ""),
            ("device_imei", "490154203237519"),
            ("coupon", "FREE"),
            ("form_key", "../../etc/passwd"),
        ];
        assert_eq!(
            wrong(&all),
            ["quantity", "email", "device_imei", "coupon", "payment_method", "accept_terms", "form_key"]
        );
    }

    #[test]
    fn quantities_are_whole_numbers_from_1_to_10() {
        for bad in ["", "0", "-1", "11", "1000000000", "1.5", "1e1", "+1", "99999999999999999999", "١"] {
            assert_eq!(wrong(&[("quantity", bad)]), ["quantity"], "{bad}");
        }
        for good in ["1", "10", " 3 "] {
            assert!(Draft::read(&typed(&[("quantity", good)])).is_ok(), "{good}");
        }
    }

    #[test]
    fn another_quantity_is_counted_anew_before_it_is_paid() {
        let recounted =
            |changes: &[(&str, &str)]| typed(changes).recounted().map(|new| new.of("quantity").to_owned());
        assert_eq!(recounted(&[]), None);
        assert_eq!(recounted(&[("new_quantity", "2")]), None, "it is what was shown");
        assert_eq!(recounted(&[("new_quantity", "5")]).as_deref(), Some("5"));
        assert_eq!(recounted(&[("step", "quantity"), ("new_quantity", "2")]).as_deref(), Some("2"));
        assert_eq!(recounted(&[("step", "quantity")]).as_deref(), Some("2"));
    }

    #[test]
    fn imeis_have_15_digits_and_a_check_digit() {
        for bad in ["49015420323751", "4901542032375180", "000000000000000", "49015420323751x"] {
            assert_eq!(wrong(&[("device_imei", bad)]), ["device_imei"], "{bad}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_refused_and_an_unknown_one_ignored() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let twice = vec![pair("quantity", "1"), pair("quantity", "5")];
        assert_eq!(Typed::from_pairs(twice).err(), Some(Repeated));
        assert!(Typed::from_pairs(vec![pair("price", "1"), pair("price", "2")]).is_ok());
    }

    #[test]
    fn the_fingerprint_is_of_what_is_bought() {
        let of = |changes: &[(&str, &str)]| Draft::read(&typed(changes)).unwrap().fingerprint();
        assert_eq!(of(&[]), of(&[("shown_price", "1"), ("device_imei", "490154203237518")]));
        assert_ne!(of(&[]), of(&[("quantity", "3")]));
        assert_ne!(of(&[]), of(&[("package_id", "1121")]));
        assert_ne!(of(&[]), of(&[("email", "eve@example.com")]));
        assert_ne!(of(&[("country", "it")]), of(&[("country", "de")]));
        assert_eq!(of(&[("country", "Atlantis")]), of(&[]), "it is no country");
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(place in 0_usize..15, other in 1_u8..10) {
            let mut digits = *b"490154203237518";
            digits[place] = b'0' + (digits[place] - b'0' + other) % 10;
            prop_assert!(imei(std::str::from_utf8(&digits).unwrap()).is_err());
        }

        #[test]
        fn noise_is_never_a_draft(pairs in proptest::collection::vec((proptest::sample::select(&FIELDS[..]), any::<String>()), 0..9)) {
            let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            if let Ok(typed) = Typed::from_pairs(pairs) {
                // No noise fills all the needed fields well.
                prop_assert!(Draft::read(&typed).is_err());
            }
        }
    }
}
