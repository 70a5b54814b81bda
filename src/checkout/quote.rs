//! The price that a checkout form shows, signed, so that it can be believed when the form comes back. Nothing is stored,
//! and every node with the shop's key knows it again. Pure.
//!
//! Inside its lifetime the quoted price is what is paid, also where it has fallen meanwhile: what the button said is what
//! is charged, never another sum that nobody saw. It is honoured as long as it leaves today's cost with the minimum
//! margin; beyond that, or later, the customer is shown the new price and asked again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;
use time::OffsetDateTime;

use crate::ground::{Currency, Price};
use crate::plumbing::sealed::SealingKey;

/// The first byte, should the form ever change.
const VERSION: u8 = 1;
const PURPOSE: &str = "quote of a checkout form";
const BODY: usize = 52;
const SIGNATURE: usize = 32;

/// A price with the rule that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Of one plan.
    pub price: Price,
    /// The rule.
    pub rule: i64,
}

/// What a form shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The plan.
    pub package_id: i64,
    /// What the plan is: `catalog::Package::mark`. A re-used id, or a plan that became another one, has another.
    pub mark: [u8; 16],
    /// The price of one.
    pub offered: Offered,
    /// When it was shown first; whole seconds.
    pub issued_at: OffsetDateTime,
}

impl Quote {
    /// Writes it for one form: it is good for the form with this key alone, and so for one order.
    pub fn write(&self, key: &SealingKey, form_key: &str) -> String {
        let body = self.body();
        let signature = key.sign(PURPOSE, &signed(&body, form_key));
        URL_SAFE_NO_PAD.encode([body.as_slice(), &signature].concat())
    }

    /// Reads what [`Quote::write`] wrote for this form; `None` for anything else, down to one changed letter.
    pub fn read(key: &SealingKey, form_key: &str, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, signature) = bytes.split_first_chunk::<BODY>()?;
        let signature: &[u8; SIGNATURE] = signature.try_into().ok()?;
        key.is_signed(PURPOSE, &signed(body, form_key), signature).then(|| Self::of_body(body)).flatten()
    }

    /// Whether its price is still honoured.
    pub fn is_alive(&self, now: OffsetDateTime, lifetime: Duration) -> bool {
        now - self.issued_at < lifetime
    }

    fn body(&self) -> [u8; BODY] {
        let mut body = [0; BODY];
        let parts = [
            &[VERSION][..],
            &self.package_id.to_be_bytes(),
            &self.mark,
            &self.offered.price.minor.to_be_bytes(),
            self.offered.price.currency.code().as_bytes(),
            &self.offered.rule.to_be_bytes(),
            &self.issued_at.unix_timestamp().to_be_bytes(),
        ];
        for (place, byte) in body.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        body
    }

    fn of_body(body: &[u8; BODY]) -> Option<Self> {
        let (&VERSION, rest) = body.split_first()? else { return None };
        let (package_id, rest) = rest.split_first_chunk::<8>()?;
        let (mark, rest) = rest.split_first_chunk::<16>()?;
        let (minor, rest) = rest.split_first_chunk::<8>()?;
        let (currency, rest) = rest.split_first_chunk::<3>()?;
        let (rule, rest) = rest.split_first_chunk::<8>()?;
        let currency = Currency::parse(std::str::from_utf8(currency).ok()?)?;
        Some(Self {
            package_id: i64::from_be_bytes(*package_id),
            mark: *mark,
            offered: Offered {
                price: Price::new(i64::from_be_bytes(*minor), currency),
                rule: i64::from_be_bytes(*rule),
            },
            issued_at: OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(rest.try_into().ok()?)).ok()?,
        })
    }
}

/// What the signature is of: the body has one length, so that nothing of the key can be taken for a part of it.
fn signed(body: &[u8; BODY], form_key: &str) -> Vec<u8> {
    [body.as_slice(), form_key.as_bytes()].concat()
}

/// What a form says about the price that its sender saw.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The quote of the form, as far as it is ours, of this form and of this plan.
    pub quote: Option<&'a Quote>,
    /// What the form says was shown, in minor units.
    pub shown: Option<i64>,
}

/// At what a form is sold, where `today` is the price of now: at its quote while that is alive and leaves enough, else at
/// today's price if that is what was shown. `None`: the customer has to be asked.
///
/// A quote beside a field that says otherwise does not count: which of the two was seen, nobody knows. A form without a
/// quote, as scripts send it, is sold at the price that it says was shown, if that is today's.
pub fn agreed(
    seen: Seen<'_>,
    today: Offered,
    now: OffsetDateTime,
    lifetime: Duration,
    leaves_enough: impl Fn(Price) -> bool,
) -> Option<Offered> {
    let shown = seen.shown.or(seen.quote.map(|quote| quote.offered.price.minor))?;
    let holds = |quote: &&Quote| {
        let price = quote.offered.price;
        // What is no less than today's price leaves no less.
        let enough = price.minor >= today.price.minor || leaves_enough(price);
        price.minor == shown
            && price.currency == today.price.currency
            && quote.is_alive(now, lifetime)
            && enough
    };
    let quoted = seen.quote.filter(holds).map(|quote| quote.offered);
    quoted.or((shown == today.price.minor).then_some(today))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const FORM: &str = "abcdefghijklmnopqrstuvwxyz234567";
    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const LIFETIME: Duration = Duration::from_secs(1800);

    fn key() -> SealingKey {
        SealingKey::derive(&"a key for tests".into())
    }

    fn offered(minor: i64, code: &str) -> Offered {
        Offered { price: Price::new(minor, Currency::parse(code).unwrap()), rule: 7 }
    }

    fn quote(minor: i64) -> Quote {
        Quote { package_id: 1120, mark: [3; 16], offered: offered(minor, "USD"), issued_at: NOON }
    }

    #[test]
    fn a_quote_comes_back_as_it_went_out_for_its_own_form_and_key_alone() {
        let text = quote(525).write(&key(), FORM);
        assert_eq!(Quote::read(&key(), FORM, &text), Some(quote(525)));
        assert_eq!(Quote::read(&key(), &FORM.replace('a', "b"), &text), None, "of another form");
        assert_eq!(Quote::read(&SealingKey::derive(&"another".into()), FORM, &text), None, "of another shop");
        for broken in ["", "x", &text[1..], &format!("{text}A"), &text[..text.len() - 1], &format!("{text}=")]
        {
            assert_eq!(Quote::read(&key(), FORM, broken), None, "{broken}");
        }
    }

    #[test]
    fn s86_every_letter_of_a_quote_counts() {
        let text = quote(525).write(&key(), FORM);
        let alphabet = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-_+/= .");
        for place in 0..text.len() {
            for letter in alphabet.clone().filter(|letter| *letter != text.as_bytes()[place]) {
                let mut changed = text.clone().into_bytes();
                changed[place] = letter;
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(Quote::read(&key(), FORM, &changed), None, "{changed}");
            }
        }
    }

    fn sold(seen: Seen<'_>, today: i64, seconds: i64, floor: i64) -> Option<i64> {
        let now = NOON + time::Duration::seconds(seconds);
        let sold = agreed(seen, offered(today, "USD"), now, LIFETIME, |price| price.minor >= floor);
        sold.map(|offered| offered.price.minor)
    }

    #[test]
    fn f106_a_quote_is_honoured_for_its_time_while_it_leaves_enough() {
        let quote = quote(525);
        let seen = Seen { quote: Some(&quote), shown: Some(525) };
        for (today, seconds, floor, outcome) in [
            (525, 0, 420, Some(525)),
            (630, 1799, 420, Some(525)),
            (630, 1800, 420, None),
            (630, 0, 525, Some(525)),
            (630, 0, 526, None),
            (400, 1799, 320, Some(525)),
            (400, 1800, 320, None),
            (525, 9999, 420, Some(525)),
        ] {
            assert_eq!(sold(seen, today, seconds, floor), outcome, "{today} {seconds} {floor}");
        }
        let seen = Seen { quote: Some(&quote), shown: None };
        assert_eq!(sold(seen, 630, 0, 420), Some(525), "the quote says what was shown");
        let euro = agreed(seen, offered(630, "EUR"), NOON, LIFETIME, |_| true);
        assert_eq!(euro, None, "what is paid in changed");
    }

    #[test]
    fn s86_without_a_quote_that_holds_only_todays_price_sells() {
        let other = quote(1);
        for (quote, shown, outcome) in [
            (None, Some(630), Some(630)),
            (None, Some(525), None),
            (None, None, None),
            (Some(&other), Some(525), None),
            (Some(&other), Some(630), Some(630)),
        ] {
            assert_eq!(sold(Seen { quote, shown }, 630, 0, 420), outcome, "{shown:?}");
        }
    }

    proptest! {
        #[test]
        fn s86_no_change_of_a_quote_is_believed(
            package_id in any::<i64>(), mark in any::<[u8; 16]>(), minor in any::<i64>(), rule in any::<i64>(),
            at in 0_usize..112, other in any::<char>(), form in "[a-z2-7]{32}",
        ) {
            let offered = Offered { rule, ..offered(minor, "JPY") };
            let quote = Quote { package_id, mark, offered, issued_at: NOON };
            let text = quote.write(&key(), &form);
            prop_assert_eq!(Quote::read(&key(), &form, &text), Some(quote));
            let mut letters: Vec<char> = text.chars().collect();
            prop_assert_eq!(letters.len(), 112);
            prop_assume!(letters[at] != other);
            letters[at] = other;
            let changed: String = letters.into_iter().collect();
            prop_assert_eq!(Quote::read(&key(), &form, &changed), None);
        }

        #[test]
        fn s86_noise_is_no_quote(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(Quote::read(&key(), FORM, &text), None);
            prop_assert_eq!(Quote::read(&key(), FORM, &URL_SAFE_NO_PAD.encode(bytes)), None);
        }

        #[test]
        fn whoever_is_sold_to_saw_the_price_and_it_leaves_enough(
            quoted in 1_i64..2000, shown in proptest::option::of(1_i64..2000), today in 1_i64..2000,
            seconds in -10_i64..4000, cost in 1_i64..2000,
        ) {
            let quote = quote(quoted);
            // The rules never make a price under the floor.
            let floor = cost.min(today);
            let seen = Seen { quote: Some(&quote), shown };
            if let Some(price) = sold(seen, today, seconds, floor) {
                prop_assert_eq!(price, shown.unwrap_or(quoted));
                prop_assert!(price >= floor);
                prop_assert!(price == today || (price == quoted && seconds < 1800));
            }
        }
    }
}
