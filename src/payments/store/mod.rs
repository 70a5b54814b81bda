//! Every statement on this room's tables.

mod disputes;
mod payments;
mod promises;
mod refunds;
mod starts;
mod transfers;

pub(super) use disputes::{disputes_of, note_dispute, sum_disputed};
pub(super) use payments::open;
pub use payments::{by_id, by_token, count_late, of_order, open_all, surplus};
pub(super) use payments::{
    counted, expire, hinted, lock_whole, mark_counted, mark_failed, mark_paid, note_countries, note_decline,
    note_outside, park,
};
pub(super) use promises::{amount_under, left_of, take_untold, try_again};
pub(super) use refunds::{
    NewRefund, Refund, bind_refund, by_hand, done_of, insert_refund, insert_seen, note_asked,
    order_of_refund, payable, pending_of, pending_refund, refund_done, refund_failed, refund_of, reserve,
};
pub(super) use starts::{note_doubt, note_start, note_started, start_of};
pub(super) use transfers::{
    NewTransfer, insert_transfer, received, return_counted, return_parked, sign_refund,
};
