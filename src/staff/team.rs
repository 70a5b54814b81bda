//! Changing who is on the team. An owner is always left.

use serde_json::json;
use sqlx::PgConnection;

use super::role::Role;
use super::session::Staff;
use super::store::{factors, sessions, team};
use super::{Means, audit};

/// A change of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another role; it holds from the next request on.
    Role(Role),
    /// No way in any more, and every session ends now.
    Disable,
    /// A way in again, with the old password and factor.
    Enable,
    /// The second factor goes, for somebody who lost it with all recovery codes; every session ends now.
    ResetFactor,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// Nobody has this number.
    #[error("This account is not there any more.")]
    Unknown,
    /// The shop would be left without an owner.
    #[error("This is the last owner. Make somebody else an owner first.")]
    LastOwner,
    /// It is so already.
    #[error("Nothing to change: it is so already.")]
    Already,
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] sqlx::Error),
}

/// Changes an account, with the reason in the audit log.
///
/// # Errors
/// [`NotChanged`].
pub async fn change(
    means: &Means<'_>,
    staff: &Staff,
    id: i64,
    change: Change,
    reason: &str,
) -> Result<(), NotChanged> {
    let mut tx = means.db.begin().await?;
    team::wait_for_turn_to_change(&mut tx).await?;
    let (email, role, active) = team::member(&mut tx, id).await?.ok_or(NotChanged::Unknown)?;
    let leaves = match change {
        Change::Role(to) => to != Role::Owner,
        Change::Disable => true,
        Change::Enable | Change::ResetFactor => false,
    };
    if leaves && role == Role::Owner && active && team::other_owners(&mut tx, id).await? == 0 {
        return Err(NotChanged::LastOwner);
    }
    let action = carry_out(&mut tx, means, id, change, (role, active)).await?;
    let to = if let Change::Role(to) = change { Some(to.word()) } else { None };
    let detail = json!({"email": email, "role": role.word(), "to": to, "reason": reason});
    audit::record(&mut tx, means.now, &staff.email, action, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Does it: the audit log's word for it.
async fn carry_out(
    conn: &mut PgConnection,
    means: &Means<'_>,
    id: i64,
    change: Change,
    (role, active): (Role, bool),
) -> Result<&'static str, NotChanged> {
    match change {
        Change::Role(to) if to != role => {
            team::set_role(conn, id, to).await?;
            Ok("role_changed")
        }
        Change::Disable if active => {
            team::set_disabled(conn, id, Some(means.now)).await?;
            sessions::end_sessions_of(conn, id, None).await?;
            Ok("admin_disabled")
        }
        Change::Enable if !active => {
            team::set_disabled(conn, id, None).await?;
            Ok("admin_enabled")
        }
        Change::ResetFactor if factors::remove(conn, id).await? => {
            sessions::end_sessions_of(conn, id, None).await?;
            Ok("second_factor_reset")
        }
        Change::Role(_) | Change::Disable | Change::Enable | Change::ResetFactor => Err(NotChanged::Already),
    }
}
