//! staff: the people who run the shop, how they prove who they are, and what each may do.
//!
//! Owns `admins`, `admin_sessions`, `admin_sign_ins` (which still owe a code), `admin_second_factors`,
//! `admin_recovery_codes`, `admin_invitations` and `audit_log`.
//! Promises that a password is only ever kept as an Argon2id hash, a session or a link only as the hash of its token,
//! and a second factor only sealed; that a guess costs as much time for an unknown address as for a known one; that a
//! session ends after 30 idle minutes, after 8 hours, at sign-out, when its password or factor changes and when its
//! account is disabled; that a code is taken once; that an owner is always left. Never knows an order, a price or a
//! customer.

pub mod accounts;
pub mod audit;
pub mod confirm;
pub mod factor;
pub mod invitations;
mod mail;
pub mod password;
mod recovery;
pub mod role;
pub mod session;
pub mod sign_in;
mod store;
pub mod team;
pub mod throttle;
pub mod totp;
mod tries;
pub mod web;

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::ground::Entropy;
use crate::plumbing::sealed::SealingKey;

pub use accounts::{
    Account, AccountRefusal, NewAccount, create, ensure_first, list, reset_factor, reset_password,
};
pub use audit::record;
pub use confirm::{Given, NotConfirmed, confirm};
pub use password::{Password, PasswordRefusal};
pub use role::{Act, AsksAgain, Role};
pub use session::Staff;
pub use web::{authenticate, issuer, means, routes, too_often};

/// What the room's verbs use.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The database.
    pub db: &'a PgPool,
    /// Seals second factors.
    pub key: &'a SealingKey,
    /// Draws tokens, secrets and salts.
    pub entropy: &'a Entropy,
    /// Whether guessing is slowed down.
    pub limited: bool,
    /// The time.
    pub now: OffsetDateTime,
}
