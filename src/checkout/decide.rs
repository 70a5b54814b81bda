//! A person decides about a unit that the shop cannot settle by itself. Whatever they decide goes through the same
//! forward-only steps as everything else, once, and stands in the order's history with their name and reason.

use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::refund::end_refunded;
use crate::catalog;
use crate::esimdual;
use crate::fulfilment::{self, Failure, Way, by_hand};
use crate::ground::Entropy;
use crate::orders::{self, Actor, Event, Happened, Unit};
use crate::payments::NotRefunded;

/// What was decided, with all that it needs.
#[derive(Debug)]
pub enum Decision {
    /// Look what is next now.
    LookNow,
    /// The upstream confirmed, through [`by_hand::confirm`], that this is the unit's order.
    Bind(Box<esimdual::Order>),
    /// This code came by another way.
    Deliver(by_hand::Delivery),
    /// Buy at today's cost.
    Buy {
        /// The cost that the person saw: exact, in the line's cost currency.
        up_to: Decimal,
    },
    /// It will not come.
    GiveUp,
}

impl Decision {
    /// The way that it goes.
    pub fn way(&self) -> Way {
        match self {
            Self::LookNow => Way::LookNow,
            Self::Bind(_) => Way::Bind,
            Self::Deliver(_) => Way::Deliver,
            Self::Buy { .. } => Way::Buy,
            Self::GiveUp => Way::GiveUp,
        }
    }
}

/// Why nothing was changed; each is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// The unit is not, or no longer, where that could be decided.
    #[error("This eSIM moved on meanwhile, or cannot go this way. Look at it again.")]
    Closed,
    /// The code, or the card, is stored already.
    #[error("This code or this card belongs to another eSIM of this shop.")]
    CodeTaken,
    /// The package's cost is not known.
    #[error("The package is not in the catalog now, so nobody knows what it would cost.")]
    NoCost,
    /// It costs more by now than the person saw.
    #[error("It costs more by now than this page showed. Look at it again.")]
    Dearer,
    /// The refund cannot be recorded.
    #[error("The refund cannot be recorded: {0}.")]
    NotRefunded(NotRefunded),
    /// The database's.
    #[error(transparent)]
    Fault(#[from] sqlx::Error),
}

/// Who decides what, and why.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// By e-mail.
    pub admin: &'a str,
    /// In their words.
    pub reason: &'a str,
    /// When.
    pub now: OffsetDateTime,
}

/// Carries a decision out in the caller's transaction, and asks that the order's next steps be taken. Ring for jobs and
/// the order after the commit.
///
/// # Errors
/// [`NotDecided`]; the caller must not commit then.
pub async fn decide(
    conn: &mut PgConnection,
    entropy: &Entropy,
    unit: &Unit,
    decision: &Decision,
    verdict: &Verdict<'_>,
) -> Result<(), NotDecided> {
    let unit = &orders::lock_unit(conn, unit).await?;
    let attempts = fulfilment::attempts(conn, unit.id).await?;
    let paid = orders::by_id(conn, unit.order_id).await?.is_some_and(|order| order.paid_at.is_some());
    if !paid || !decision.way().is_open(unit, &attempts) {
        return Err(NotDecided::Closed);
    }
    let (by, now) = (Actor::Admin(verdict.admin.to_owned()), verdict.now);
    let mut facts = json!({ "way": decision.way().word(), "reason": verdict.reason });
    match decision {
        Decision::LookNow => by_hand::forget_pause(conn, unit).await?,
        Decision::Bind(report) => {
            facts["upstream_order"] = json!(report.id);
            if !by_hand::bind(conn, unit, report, by.clone(), now).await? {
                return Err(NotDecided::Closed);
            }
        }
        Decision::Deliver(delivery) => {
            if !by_hand::deliver(conn, unit, delivery, by.clone(), now).await? {
                return Err(NotDecided::CodeTaken);
            }
        }
        Decision::Buy { up_to } => {
            let line = orders::line_of(conn, unit).await?;
            let cost = catalog::listed_cost(conn, line.package_id).await?.ok_or(NotDecided::NoCost)?;
            if cost.currency != line.cost.currency || cost.amount > *up_to {
                return Err(NotDecided::Dearer);
            }
            facts["cost"] = json!(up_to.to_string());
            orders::accept_cost(conn, unit.id, *up_to).await?;
        }
        Decision::GiveUp => {
            let ended = end_refunded(conn, entropy, unit, Failure::Person, &by, now).await;
            if !ended.map_err(|error| match error {
                NotRefunded::Fault(fault) => NotDecided::Fault(fault),
                refused => NotDecided::NotRefunded(refused),
            })? {
                return Err(NotDecided::Closed);
            }
        }
    }
    let entry = Happened::to_unit(unit.id, by, Event::Decided).with(facts);
    orders::append(conn, unit.order_id, &entry, now).await?;
    Ok(orders::nudge(conn, unit.order_id, now, now).await?)
}
