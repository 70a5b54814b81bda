//! Tokens in the manner of Laravel's Sanctum: `id|40 letters`, of which only the hash is kept.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::book::letters;
use super::desk::Desk;
use super::world::{Event, TokenRow};
use crate::ground::Entropy;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Makes a token. It is told once and never again.
pub(super) fn make(desk: &Desk, device_name: Option<String>) -> anyhow::Result<String> {
    let secret = letters(&Entropy::system(), ALPHABET, 40);
    let mut book = desk.book();
    let id = book.world().next_id;
    let token = TokenRow { id, hash: hash(&secret), device_name, revoked: false };
    book.record(Event::TokenMade { token })?;
    Ok(format!("{id}|{secret}"))
}

/// The id of a token that was made here and not revoked since.
pub(super) fn check(desk: &Desk, token: &str) -> Option<u64> {
    let (id, secret) = token.split_once('|')?;
    let id = id.parse().ok()?;
    let book = desk.book();
    let row = book.world().tokens.get(&id)?;
    let same = bool::from(row.hash.as_bytes().ct_eq(hash(secret).as_bytes()));
    (same && !row.revoked).then_some(id)
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
