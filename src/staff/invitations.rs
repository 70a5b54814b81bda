//! Asking somebody to join: a link by mail, good once and for three days, by which they choose their own password.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::accounts::{self, AccountRefusal};
use super::password::{self, Password};
use super::role::Role;
use super::session::Staff;
use super::store::{self, team};
use super::{Means, audit, mail};
use crate::ground::EmailAddress;
use crate::ground::token::Token;

/// How long a link is good.
pub const GOOD_FOR: Duration = Duration::days(3);

/// Somebody who was asked and has not come yet.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Names it in addresses of the back office.
    pub id: i64,
    /// Who was asked.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Who asked.
    pub invited_by: String,
    /// The link's end.
    pub expires_at: OffsetDateTime,
}

/// Asks somebody to join. Asked again, they get a new link, and the earlier one is worth nothing.
///
/// # Errors
/// [`AccountRefusal::Taken`], or a fault.
pub async fn invite(
    means: &Means<'_>,
    staff: &Staff,
    email: &EmailAddress,
    role: Role,
    public_url: &str,
) -> Result<(), AccountRefusal> {
    let key = accounts::key(email);
    let token = means.entropy.token();
    let expires_at = means.now + GOOD_FOR;
    let mut tx = means.db.begin().await?;
    if team::id_of(&mut tx, &key).await?.is_some() {
        return Err(AccountRefusal::Taken);
    }
    team::invite(&mut tx, &key, role, &token.hash(), &staff.email, (means.now, expires_at)).await?;
    let letter = mail::Invitation { email, token: &token, role, invited_by: &staff.email, public_url };
    mail::invitation(&mut tx, &letter, means.now).await?;
    let detail = json!({"email": key, "role": role.word()});
    audit::record(&mut tx, means.now, &staff.email, "admin_invited", &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Everybody who was asked and has not come yet, those included whose link is over.
///
/// # Errors
/// A fault of the database.
pub async fn open(means: &Means<'_>) -> sqlx::Result<Vec<Invitation>> {
    team::invitations(&mut *means.db.acquire().await?).await
}

/// Takes an invitation back. False where it was taken up or taken back already.
///
/// # Errors
/// A fault of the database.
pub async fn withdraw(means: &Means<'_>, staff: &Staff, id: i64) -> sqlx::Result<bool> {
    let mut tx = means.db.begin().await?;
    let Some(email) = team::withdraw(&mut tx, id).await? else { return Ok(false) };
    audit::record(&mut tx, means.now, &staff.email, "invitation_withdrawn", &json!({"email": email})).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whom a link is for, while it is good.
pub(super) async fn invited(means: &Means<'_>, token: &Token) -> sqlx::Result<Option<String>> {
    team::invited(&mut *means.db.acquire().await?, &token.hash(), means.now).await
}

/// Takes a link up: makes the account with this password. [`AccountRefusal::Unknown`] where the link is over.
pub(super) async fn take_up(means: &Means<'_>, token: &Token, typed: &str) -> Result<(), AccountRefusal> {
    let email = invited(means, token).await?.ok_or(AccountRefusal::Unknown)?;
    let hashed = password::hash(&Password::choose(typed, &email)?, means.entropy).await?;
    let mut tx = means.db.begin().await?;
    let taken = team::take_up(&mut tx, &token.hash(), means.now).await?;
    let (email, role, invited_by) = taken.ok_or(AccountRefusal::Unknown)?;
    store::insert(&mut tx, &email, &hashed, role, means.now).await?.ok_or(AccountRefusal::Taken)?;
    let detail = json!({"email": email, "role": role.word(), "invited_by": invited_by});
    audit::record(&mut tx, means.now, &email, "admin_joined", &detail).await?;
    tx.commit().await?;
    Ok(())
}
