//! A free eSIM for one that was delivered and does not do: an order of its own, through the same machine.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ground::Entropy;
use crate::orders::{self, NewGift, OrderNumber, Unit, UnitState};

/// What is asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The unit that it replaces.
    pub unit: &'a Unit,
    /// The form's hidden key: the same form again finds the same replacement.
    pub form_key: &'a str,
    /// Who gives it, by e-mail.
    pub admin: &'a str,
    /// Why, in their words.
    pub reason: &'a str,
    /// When.
    pub now: OffsetDateTime,
}

/// Why nothing was given.
#[derive(Debug, thiserror::Error)]
pub enum NotReplaced {
    /// One is on its way already.
    #[error("A replacement of this eSIM is on its way already.")]
    UnderWay,
    /// There is nothing to replace: it was not delivered. What is on its way still comes or is refunded.
    #[error("Only an eSIM that was delivered can be replaced.")]
    NotDelivered,
    /// The database's, and a mail's template.
    #[error(transparent)]
    Fault(#[from] anyhow::Error),
}

impl From<sqlx::Error> for NotReplaced {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Writes the replacement in the caller's transaction, with its mail and its first job, and returns its id and number.
/// Ring for jobs after the commit.
///
/// # Errors
/// [`NotReplaced`]; the caller must not commit then.
pub async fn replace(
    conn: &mut PgConnection,
    entropy: &Entropy,
    public_url: &str,
    asked: &Asked<'_>,
) -> Result<OrderNumber, NotReplaced> {
    let now = asked.now;
    let unit = &orders::lock_unit(conn, asked.unit).await?;
    if let Some((earlier, _)) = orders::by_form_key(conn, asked.form_key).await?
        && earlier.replaces_unit_id == Some(unit.id)
    {
        return Ok(earlier.number);
    }
    if !matches!(unit.state, UnitState::Completed { .. }) {
        return Err(NotReplaced::NotDelivered);
    }
    if orders::replacement_is_open(conn, unit.id).await? {
        return Err(NotReplaced::UnderWay);
    }
    let order = &orders::by_id(conn, unit.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let line = &orders::line_of(conn, unit).await?;
    let (number, token) = (&OrderNumber::draw(entropy), &entropy.token());
    let (form_key, granted_by, reason) = (asked.form_key, asked.admin, asked.reason);
    let gift = NewGift { order, line, unit, number, token, form_key, granted_by, reason, now };
    // The order's row is held, so that nobody uses this key for this unit at the same time.
    let id = orders::give(conn, &gift).await?.ok_or(NotReplaced::NotDelivered)?;
    let given = orders::by_id(conn, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    orders::mail::replacement(conn, &given, &order.number, public_url, now).await?;
    orders::nudge(conn, id, now, now).await?;
    Ok(given.number)
}
