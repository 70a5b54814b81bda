//! A unit that will not come ends here, in the transaction that records its refund.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::fulfilment::Failure;
use crate::ground::Entropy;
use crate::orders::{self, Actor, Event, Happened, Unit, UnitState};
use crate::payments::{self, NotRefunded, Wish};

/// Makes a unit, whose order's row the caller holds, `failed` and records its refund; false when it moved meanwhile.
/// A gift has no payment: nothing goes back, and a person is told, because somebody was promised an eSIM.
///
/// # Errors
/// [`NotRefunded`]; the caller must not commit then.
pub(super) async fn end_refunded(
    conn: &mut PgConnection,
    entropy: &Entropy,
    unit: &Unit,
    failure: Failure,
    by: &Actor,
    now: OffsetDateTime,
) -> Result<bool, NotRefunded> {
    let line = orders::line_of(conn, unit).await?;
    let order = orders::by_id(conn, unit.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    if order.is_gift() {
        orders::raise_alarm(conn, order.id, "a replacement could not be delivered", now).await?;
    } else {
        let wish = Wish { by, reason: failure.word(), now };
        payments::for_unit(conn, entropy, unit, line.unit_price, &wish).await?;
    }
    let to = UnitState::Failed {
        failure: failure.word().to_owned(),
        upstream_order_id: unit.state.upstream_order_id(),
    };
    if !orders::move_unit(conn, unit, &to, now).await? {
        return Ok(false);
    }
    let entry = Happened::to_unit(unit.id, by.clone(), Event::Failed).with(json!({ "why": failure.word() }));
    orders::append(conn, unit.order_id, &entry, now).await?;
    orders::settle_status(conn, unit.order_id, now).await?;
    Ok(true)
}
