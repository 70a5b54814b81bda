//! The signature of Stripe's webhooks: `Stripe-Signature: t=…,v1=…`, HMAC SHA-256 of the time, a dot and the raw body.
//! Several `v1` may stand in it while a secret is rolled; other schemes are passed over.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

/// The name of the header.
pub const HEADER: &str = "stripe-signature";

/// How far the sender's clock may be from ours, in seconds, either way.
pub const TOLERANCE: i64 = 300;

/// No honest header is longer.
const LONGEST: usize = 4096;

/// The secret, by its place among those given, that signed `body` at a time that is near `now`. An empty secret signs
/// nothing, or anybody could.
pub fn verify(secrets: &[SecretString], header: &str, body: &[u8], now: OffsetDateTime) -> Option<usize> {
    let (at, given) = read(header)?;
    if (now.unix_timestamp().checked_sub(at)?).checked_abs()? > TOLERANCE {
        return None;
    }
    let mut matched = None;
    // Every secret and every signature is tried, so that the time taken does not tell which one matched.
    for (place, secret) in secrets.iter().enumerate() {
        let Some(right) = sign(secret, at, body) else { continue };
        for one in &given {
            let same: bool = right.as_slice().ct_eq(one).into();
            matched = matched.or(same.then_some(place));
        }
    }
    matched
}

/// The signature of a body at a time; `None` for an empty secret.
fn sign(secret: &SecretString, at: i64, body: &[u8]) -> Option<[u8; 32]> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac.finalize().into_bytes().into())
}

/// The one time and every `v1`.
fn read(header: &str) -> Option<(i64, Vec<[u8; 32]>)> {
    if header.len() > LONGEST {
        return None;
    }
    let (mut at, mut given) = (None, Vec::new());
    for part in header.split(',') {
        let Some((scheme, value)) = part.trim().split_once('=') else { continue };
        match scheme {
            "t" if at.is_some() => return None,
            "t" => at = Some(time_of(value)?),
            "v1" => given.extend(from_hex(value)),
            _ => {}
        }
    }
    (!given.is_empty()).then_some((at?, given))
}

/// Digits alone: what is signed is the number's usual spelling.
fn time_of(value: &str) -> Option<i64> {
    let at: i64 = value.parse().ok()?;
    (at >= 0 && at.to_string() == value).then_some(at)
}

fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: i64 = 1_792_670_000;

    fn now(offset: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(AT + offset).unwrap()
    }

    fn secrets(all: &[&str]) -> Vec<SecretString> {
        all.iter().map(|secret| SecretString::from((*secret).to_owned())).collect()
    }

    fn v1(secret: &str, at: i64, body: &[u8]) -> String {
        hex::encode(sign(&SecretString::from(secret.to_owned()), at, body).unwrap())
    }

    /// As the vendor's page on signatures spells it out; their own library has not judged it yet.
    #[test]
    fn a_signature_is_that_of_time_dot_body() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"whsec_test_secret").unwrap();
        mac.update(b"1792670000.{\"id\":\"evt_1\"}");
        assert_eq!(
            v1("whsec_test_secret", AT, b"{\"id\":\"evt_1\"}"),
            hex::encode(mac.finalize().into_bytes())
        );
    }

    #[test]
    fn the_tolerance_is_300_seconds_both_ways() {
        let header = format!("t={AT},v1={}", v1("a", AT, b"body"));
        for (offset, good) in
            [(0, true), (300, true), (-300, true), (301, false), (-301, false), (86_400, false)]
        {
            assert_eq!(verify(&secrets(&["a"]), &header, b"body", now(offset)).is_some(), good, "{offset}");
        }
    }

    #[test]
    fn any_v1_of_any_secret_is_enough_and_other_schemes_are_none() {
        let (a, b) = (v1("a", AT, b"body"), v1("b", AT, b"body"));
        let wrong = "0".repeat(64);
        let both = secrets(&["a", "b"]);
        let place = |header: &str| verify(&both, header, b"body", now(0));
        assert_eq!(place(&format!("t={AT},v1={wrong},v1={b}")), Some(1));
        assert_eq!(place(&format!("t={AT}, v0={wrong}, v1={a}, v2=x")), Some(0));
        assert_eq!(place(&format!("v1={},t={AT}", a.to_uppercase())), Some(0));
        for bad in [
            format!("t={AT},v0={a}"),
            format!("t={AT},v1={wrong}"),
            format!("v1={a}"),
            format!("t={AT}"),
            format!("t={AT},t={AT},v1={a}"),
            format!("t=+{AT},v1={a}"),
            format!("t={},v1={a}", i64::MIN),
            format!("t=99999999999999999999,v1={a}"),
            a.clone(),
            String::new(),
        ] {
            assert_eq!(place(&bad), None, "{bad}");
        }
        assert_eq!(verify(&secrets(&[""]), &format!("t={AT},v1={a}"), b"body", now(0)), None);
    }

    proptest! {
        #[test]
        fn nothing_but_the_right_signature_passes(header in "(t=|v1=|,|[0-9a-f]{1,70}|-|=| ){0,12}", body in ".{0,40}") {
            prop_assert_eq!(verify(&secrets(&["a"]), &header, body.as_bytes(), now(0)), None);
        }

        #[test]
        fn one_changed_byte_is_one_too_many(body in prop::collection::vec(any::<u8>(), 1..60), place: prop::sample::Index, flip in 1_u8..) {
            let header = format!("t={AT},v1={}", v1("a", AT, &body));
            prop_assert_eq!(verify(&secrets(&["a"]), &header, &body, now(0)), Some(0));
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= flip;
            prop_assert_eq!(verify(&secrets(&["a"]), &header, &changed, now(0)), None);
        }
    }
}
