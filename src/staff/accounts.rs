//! Making accounts and giving them new passwords, as the command line and the first start do it.

use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::confirm::{Given, NotConfirmed, check_password};
use super::password::{Password, PasswordRefusal, hash};
use super::role::Role;
use super::session::Staff;
use super::{Means, audit, store};
use crate::ground::{Clock, EmailAddress, Entropy};

/// One person who may sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Names it in addresses of the back office.
    pub id: i64,
    /// In lower case: addresses that differ only in case are one account.
    pub email: String,
    /// What the account may do.
    pub role: Role,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Since when it may no longer sign in.
    pub disabled_at: Option<OffsetDateTime>,
    /// Whether it has a second factor.
    pub has_factor: bool,
}

/// What a new account is made of; the password is judged, not trusted.
#[derive(Clone, Copy)]
pub struct NewAccount<'a> {
    /// The address to sign in with.
    pub email: &'a EmailAddress,
    /// The password as typed.
    pub password: &'a str,
    /// What it may do.
    pub role: Role,
}

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountRefusal {
    /// The e-mail has an account already.
    #[error("this e-mail has an account already; `simfront admin reset-password` gives it a new password")]
    Taken,
    /// Nobody has this e-mail.
    #[error("there is no admin with this e-mail; `simfront admin list` shows who there is")]
    Unknown,
    /// There is no second factor to take away.
    #[error("this account has no second factor")]
    NoFactor,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The program or the database failed.
    #[error(transparent)]
    Fault(#[from] anyhow::Error),
}

impl From<sqlx::Error> for AccountRefusal {
    fn from(fault: sqlx::Error) -> Self {
        Self::Fault(fault.into())
    }
}

/// Makes an account.
///
/// # Errors
/// [`AccountRefusal::Taken`], [`AccountRefusal::Password`], or a fault.
pub async fn create(
    db: &PgPool,
    clock: &Clock,
    entropy: &Entropy,
    new: NewAccount<'_>,
) -> Result<(), AccountRefusal> {
    let email = key(new.email);
    let hashed = hash(&Password::choose(new.password, &email)?, entropy).await?;
    let now = clock.now();
    let mut tx = db.begin().await?;
    store::insert(&mut tx, &email, &hashed, new.role, now).await?.ok_or(AccountRefusal::Taken)?;
    let detail = json!({"email": email, "role": new.role.word()});
    audit::record(&mut tx, now, audit::COMMAND_LINE, "admin_created", &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the first owner, if there is no admin at all: true if one was made. Two nodes that start at once make one.
///
/// # Errors
/// [`AccountRefusal::Password`] where the configured password is not good enough, or a fault.
pub async fn ensure_first(
    db: &PgPool,
    clock: &Clock,
    entropy: &Entropy,
    email: &EmailAddress,
    password: &str,
) -> Result<bool, AccountRefusal> {
    if !store::is_empty(&mut *db.acquire().await?).await? {
        return Ok(false);
    }
    let email = key(email);
    let hashed = hash(&Password::choose(password, &email)?, entropy).await?;
    let now = clock.now();
    let mut tx = db.begin().await?;
    store::team::wait_for_turn_to_change(&mut tx).await?;
    if !store::is_empty(&mut tx).await? {
        return Ok(false);
    }
    store::insert(&mut tx, &email, &hashed, Role::Owner, now).await?;
    let detail = json!({"email": email, "role": Role::Owner.word(), "first": true});
    audit::record(&mut tx, now, audit::COMMAND_LINE, "admin_created", &detail).await?;
    tx.commit().await?;
    Ok(true)
}

/// Gives an account a new password and ends all its sessions.
///
/// # Errors
/// [`AccountRefusal::Unknown`], [`AccountRefusal::Password`], or a fault.
pub async fn reset_password(
    db: &PgPool,
    clock: &Clock,
    entropy: &Entropy,
    email: &EmailAddress,
    password: &str,
) -> Result<(), AccountRefusal> {
    let email = key(email);
    let hashed = hash(&Password::choose(password, &email)?, entropy).await?;
    let mut tx = db.begin().await?;
    let id = store::set_password(&mut tx, &email, &hashed).await?.ok_or(AccountRefusal::Unknown)?;
    store::sessions::end_sessions_of(&mut tx, id, None).await?;
    let detail = json!({"email": email});
    audit::record(&mut tx, clock.now(), audit::COMMAND_LINE, "password_reset", &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes an account's second factor away and ends all its sessions: for the only owner who lost it, on the server.
///
/// # Errors
/// [`AccountRefusal::Unknown`], [`AccountRefusal::NoFactor`], or a fault.
pub async fn reset_factor(db: &PgPool, clock: &Clock, email: &EmailAddress) -> Result<(), AccountRefusal> {
    let email = key(email);
    let mut tx = db.begin().await?;
    let id = store::team::id_of(&mut tx, &email).await?.ok_or(AccountRefusal::Unknown)?;
    if !store::factors::remove(&mut tx, id).await? {
        return Err(AccountRefusal::NoFactor);
    }
    store::sessions::end_sessions_of(&mut tx, id, None).await?;
    let detail = json!({"email": email});
    audit::record(&mut tx, clock.now(), audit::COMMAND_LINE, "second_factor_reset", &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives one's own account a new password, after the old one. All other sessions of it end.
///
/// # Errors
/// [`NotConfirmed`] for the old password, inside it [`PasswordRefusal`] for the new one.
pub async fn change_password(
    means: &Means<'_>,
    staff: &Staff,
    given: &Given,
    new: &str,
) -> Result<Result<(), PasswordRefusal>, NotConfirmed> {
    let new = match Password::choose(new, &staff.email) {
        Ok(new) => new,
        Err(refusal) => return Ok(Err(refusal)),
    };
    check_password(means, staff, given).await?;
    let hashed = hash(&new, means.entropy).await?;
    let mut tx = means.db.begin().await?;
    store::set_password(&mut tx, &staff.email, &hashed).await?;
    store::sessions::end_sessions_of(&mut tx, staff.id, Some(&staff.session)).await?;
    audit::record(&mut tx, means.now, &staff.email, "password_changed", &json!({})).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Everyone who has an account, by e-mail.
///
/// # Errors
/// A fault of the database.
pub async fn list(db: &PgPool) -> sqlx::Result<Vec<Account>> {
    store::accounts(db).await
}

/// How an e-mail stands in the database.
pub(super) fn key(email: &EmailAddress) -> String {
    email.as_str().to_lowercase()
}
