//! Tokens in the manner of Laravel's Sanctum: `id|40 letters`, of which only the hash is kept. Each login makes one;
//! it ends by a logout, by being revoked, or by its age, where a lifetime was given.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

use super::book::letters;
use super::desk::Desk;
use super::moment::now;
use super::world::{Event, TokenRow};
use crate::ground::Entropy;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Whether a token still opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Valid,
    Expired,
    Revoked,
}

/// Where a token stands at a moment. Its age is told by the time of its making, as Sanctum does it, so that another
/// lifetime holds for tokens that exist already.
pub(super) fn standing(token: &TokenRow, lifetime: Option<Duration>, now: OffsetDateTime) -> Standing {
    let ends = lifetime.zip(token.made_at).map(|(lifetime, made_at)| made_at + lifetime);
    match ends {
        _ if token.revoked => Standing::Revoked,
        Some(end) if end <= now => Standing::Expired,
        _ => Standing::Valid,
    }
}

/// Makes a token. It is told once and never again.
pub(super) fn make(desk: &Desk, device_name: Option<String>) -> anyhow::Result<String> {
    let secret = letters(&Entropy::system(), ALPHABET, 40);
    let mut book = desk.book();
    let id = book.world().next_id;
    let token = TokenRow { id, hash: hash(&secret), device_name, made_at: Some(now()), revoked: false };
    book.record(Event::TokenMade { token })?;
    Ok(format!("{id}|{secret}"))
}

/// The id of a token that was made here and is valid still.
pub(super) fn check(desk: &Desk, token: &str) -> Option<u64> {
    let (id, secret) = token.split_once('|')?;
    let id = id.parse().ok()?;
    let book = desk.book();
    let row = book.world().tokens.get(&id)?;
    let same = bool::from(row.hash.as_bytes().ct_eq(hash(secret).as_bytes()));
    (same && standing(row, desk.settings.token_lifetime, now()) == Standing::Valid).then_some(id)
}

pub(super) fn revoke(desk: &Desk, id: u64) -> anyhow::Result<()> {
    desk.book().record(Event::TokenRevoked { id })
}

pub(super) fn revoke_all(desk: &Desk) -> anyhow::Result<()> {
    desk.book().record(Event::AllTokensRevoked)
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_token_ends_by_its_age_or_by_being_revoked() {
        let made_at = datetime!(2026-03-15 10:00 UTC);
        let token = TokenRow {
            id: 1,
            hash: String::new(),
            device_name: None,
            made_at: Some(made_at),
            revoked: false,
        };
        let hour = Some(Duration::from_secs(3600));
        let last = made_at + Duration::from_secs(3599);
        assert_eq!(standing(&token, hour, last), Standing::Valid);
        assert_eq!(standing(&token, hour, last + Duration::from_secs(1)), Standing::Expired);
        assert_eq!(standing(&token, None, last + Duration::from_secs(1 << 30)), Standing::Valid);
        assert_eq!(standing(&TokenRow { made_at: None, ..token.clone() }, hour, last), Standing::Valid);
        assert_eq!(standing(&TokenRow { revoked: true, ..token }, None, last), Standing::Revoked);
    }
}
