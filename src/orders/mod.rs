//! orders: the record of what was sold, and the customer's page of it.
//!
//! Owns `orders`, `order_lines`, `units`, `order_history`. Promises that a status is only ever written by a statement
//! that names the status it came from, that final states stay, and that whatever changes an order appends to its
//! history in the same transaction. Never moves money and never calls the upstream: it is told.

pub mod history;
pub mod mail;
pub mod number;
pub mod order;
pub mod status;
mod store;
pub mod unit;
pub mod view;
mod web;

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::plumbing::jobs::{self, NewJob};

pub use history::{Actor, Event, Happened};
pub use number::OrderNumber;
pub use order::{
    Counted, Line, LineRate, NewGift, NewLine, NewOrder, Order, OrderStatus, PaymentStatus, TaxTerms,
};
pub use store::{
    Count, accept_cost, append, by_form_key, by_id, by_token, cancel, count_of, expire_now, give,
    id_of_number, insert_all, line_of, lines, lock_order, lock_unit, mark_paid, move_unit, note_decline,
    note_payment_status, note_real_cost, open_units, open_worth, raise_alarm, raise_attention, reopen,
    replacement_is_open, replacements, settle_status, sold_since, stale, unit_by_external_id, unit_by_id,
    units, wait_until,
};
pub use unit::{HoldReason, Unit, UnitState, UnitStatus};
pub use web::{PayLink, Returned, TransferDue, routes};

/// The kind of the job that takes an order's next steps.
pub const ADVANCE: &str = "advance_order";

/// Asks, in the caller's transaction, that somebody looks what is next for an order: now, or at `at`. Safe to ask any
/// number of times. Ring [`crate::plumbing::bell::Ring::Jobs`] after the commit.
///
/// # Errors
/// The database's.
pub async fn nudge(
    conn: &mut PgConnection,
    order_id: i64,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: ADVANCE,
        key: format!("advance:{order_id}"),
        payload: json!({ "order": order_id }),
        run_at: at,
    };
    jobs::enqueue(conn, &job, now).await
}
