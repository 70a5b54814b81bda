//! payments: money in and money back.
//!
//! Owns `payments`, `refunds`, `disputes` and `transfers`. Promises that one payment counts for one order, once, and only if a
//! provider that was asked says that it arrived, for this order, in this amount and currency; that a second or late one
//! goes back or reopens the order; that a refund is recorded with its key before anybody is asked to pay it out, and that
//! refunds never exceed the payment, and that a customer is told of a refund when it arrived and not before. Whoever holds the money stands behind one seam (`provider.rs`); `hear.rs` alone
//! writes down what they say. Knows nothing of delivery: `checkout` decides when a unit is refunded.

mod disputes;
mod fee;
mod hear;
mod hint;
mod jobs;
pub mod judge;
mod look;
pub mod methods;
pub mod payment;
mod payout;
pub mod provider;
mod receive;
mod refund;
mod retry;
mod settle;
mod start;
mod store;
mod till;
mod told;
pub mod transfer;
mod web;

pub use disputes::is_disputed;
pub use fee::{fee, fee_on, share};
pub use hear::hear;
pub use hint::{hint, returned};
pub use jobs::{LOOK, SEND_REFUND, announce, kinds};
pub use methods::Providers;
pub use payment::{Method, NewPayment, Payment, PaymentStatus, expiry, longest_expiry};
pub use receive::{Arrival, NotNoted, Post, paid_back, receive, return_parked, return_parts};
pub use refund::{NotRefunded, Refundable, Wish, asked_by_form, back_whole, by_person, for_unit, refundable};
pub use retry::{Another, How, NotTried, try_again};
pub use settle::{Settled, decline, expire_of_order, settle};
pub use start::{Way, current, start};
pub use store::{by_token, count_late, of_order, open_all, surplus};
pub use till::Till;
pub use told::arrived as tell_refunds;
pub use web::{PAY_LINK, RETURNED, TRANSFER_DUE, lead, pay_path, routes};
