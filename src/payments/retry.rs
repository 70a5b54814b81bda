//! A refund that definitely failed is tried again, by a person: under another key, once for each failure. Nothing is
//! taken out of the payment anew: the refund was never given up.

use serde_json::json;
use sqlx::PgConnection;

use super::{jobs, store};
use crate::ground::Entropy;
use crate::orders::{self, Actor, Event, Happened, Order};

/// How it is paid out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The way it was paid.
    SameWay,
    /// A person pays it out: it joins the work list.
    ByHand,
}

/// A failed refund that somebody wants paid out after all.
#[derive(Debug)]
pub struct Another<'a> {
    /// The refund.
    pub refund_id: i64,
    /// Its last try, as the page showed it: of two people who press, one tries.
    pub attempt: i32,
    /// How.
    pub how: How,
    /// Who.
    pub admin: &'a str,
    /// When.
    pub now: time::OffsetDateTime,
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// There is no such refund.
    #[error("There is no such refund.")]
    Unknown,
    /// It did not fail, or was tried again since.
    #[error("It is under way or done already: look at where it stands now.")]
    Meanwhile,
    /// The database's.
    #[error(transparent)]
    Fault(#[from] sqlx::Error),
}

/// Tries a failed refund again, in the caller's transaction.
///
/// # Errors
/// [`NotTried`]; the caller's transaction must then not commit.
pub async fn try_again(
    conn: &mut PgConnection,
    entropy: &Entropy,
    another: &Another<'_>,
) -> Result<Order, NotTried> {
    let Another { refund_id, attempt, how, admin, now } = *another;
    let order_id = store::order_of_refund(conn, refund_id).await?.ok_or(NotTried::Unknown)?;
    orders::lock_order(conn, order_id).await?;
    let by_hand = how == How::ByHand;
    let key = format!("refund-{}", entropy.uuid());
    store::try_again(conn, refund_id, attempt, &key, by_hand).await?.ok_or(NotTried::Meanwhile)?;
    let refund = store::pending_refund(conn, refund_id).await?.ok_or(NotTried::Meanwhile)?;
    let facts = json!({ "amount": refund.amount.to_string(), "currency": refund.amount.currency.code(),
        "attempt": attempt + 1, "by_hand": by_hand });
    let actor = Actor::Admin(admin.to_owned());
    let entry = Happened { unit_id: refund.unit_id, actor, event: Event::RefundRequested, detail: facts };
    orders::append(conn, order_id, &entry, now).await?;
    if !by_hand {
        jobs::ask_payout(conn, refund_id, now).await?;
    }
    orders::by_id(conn, order_id).await?.ok_or(NotTried::Unknown)
}
