//! What a person knows about a purchase, brought in through the same forward-only step as any other report.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::apply::{Applied, apply};
use super::{Means, store};
use crate::esimdual::{Answer, Esim, Extra, Order, OrderStatus};
use crate::esims::ActivationCode;
use crate::orders::{self, Actor, Unit, UnitState};

/// What came by another way than the API, from eSIMDual's support say.
#[derive(Debug)]
pub struct Delivery {
    /// The code.
    pub code: ActivationCode,
    /// The card's number, where it is known.
    pub iccid: Option<String>,
}

/// Asks the upstream about the order that a person says is this unit's.
///
/// # Errors
/// A sentence for that person, where it is not, or where nobody could say.
pub async fn confirm(means: &Means<'_>, unit: &Unit, upstream_order_id: i64) -> Result<Order, String> {
    let report = match means.desk.order(upstream_order_id).await {
        Answer::Done(report) => report,
        Answer::Refused(refusal) => {
            return Err(format!("eSIMDual does not know order {upstream_order_id}: {}", refusal.message));
        }
        Answer::Later(_) | Answer::Doubt(_) => {
            return Err("eSIMDual could not be asked just now. Nothing was changed; try again.".to_owned());
        }
    };
    match report.external_order_id.as_deref() {
        Some(name) if name == unit.external_order_id => Ok(report),
        Some(name) => Err(format!("eSIMDual's order {upstream_order_id} is {name}, which is another eSIM.")),
        None => Err(format!("eSIMDual's order {upstream_order_id} was not placed by this shop.")),
    }
}

/// Applies what [`confirm`] found, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn bind(
    conn: &mut PgConnection,
    unit: &Unit,
    report: &Order,
    by: Actor,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    Ok(apply(conn, unit, report, by, now).await? != Applied::Nothing)
}

/// Delivers a code that came by another way; false when the code or the card is stored already, or the unit moved:
/// then the caller must not commit.
///
/// # Errors
/// The database's.
pub async fn deliver(
    conn: &mut PgConnection,
    unit: &Unit,
    delivery: &Delivery,
    by: Actor,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let Some(id) = unit.state.upstream_order_id() else { return Ok(false) };
    let esim = Esim {
        id: None,
        iccid: delivery.iccid.clone(),
        qr_code: Some(delivery.code.as_str().to_owned()),
        phone_number: None,
        expires_on: None,
        extra: Extra::default(),
    };
    let report = Order {
        id,
        external_order_id: Some(unit.external_order_id.clone()),
        package_id: None,
        status: OrderStatus::Completed,
        price: None,
        currency: None,
        created_at: None,
        esim: Some(esim),
        extra: Extra::default(),
    };
    apply(conn, unit, &report, by, now).await?;
    let after = orders::unit_by_id(conn, unit.id).await?;
    Ok(after.is_some_and(|unit| matches!(unit.state, UnitState::Completed { .. })))
}

/// Lets a unit be asked for now, whatever pause it was to keep.
///
/// # Errors
/// The database's.
pub async fn forget_pause(conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<()> {
    store::forget_pause(conn, unit.id).await
}
