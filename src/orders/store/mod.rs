//! Every statement on the tables of this room: `reads.rs` looks, `placing.rs` sells, `writes.rs`
//! changes, `gifts.rs` makes good, `sold.rs` counts.

mod counts;
mod gifts;
mod placing;
mod reads;
mod sold;
mod writes;

pub use counts::{Count, count_of, note_decline};
pub use gifts::{give, replacement_is_open, replacements};
pub use placing::insert_all;
pub use reads::{
    by_form_key, by_id, by_token, id_of_number, line_of, lines, open_units, open_worth, stale,
    unit_by_external_id, unit_by_id, units,
};
pub use sold::sold_since;
pub use writes::{
    accept_cost, append, cancel, expire_now, lock_order, lock_unit, mark_paid, move_unit,
    note_payment_status, note_real_cost, raise_alarm, raise_attention, reopen, settle_status, wait_until,
};

/// A row that contradicts the schema's promises: named, so that it can be found.
fn corrupt(table: &str, id: i64, what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{table} {id}: {what}").into())
}
