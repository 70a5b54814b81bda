//! payments: money in and money back.
//!
//! Owns `payments` and `refunds`. Promises that one payment counts for one order, once; that a second or late one goes
//! back or reopens the order; that a refund is recorded with its key before anybody is asked to pay it out, and that
//! refunds never exceed the payment. Knows nothing of delivery: `checkout` decides when a unit is refunded.

mod jobs;
pub mod payment;
mod refund;
mod settle;
mod store;
mod web;

pub use jobs::{SEND_REFUND, send_refund};
pub use payment::{Method, NewPayment, Payment, PaymentStatus};
pub use refund::{NotRefunded, Wish, back_whole, for_unit};
pub use settle::{Settled, decline, settle};
pub use store::{by_token, count_late, expire_of_order, of_order, open_all, surplus};
pub use web::{PAY_LINK, pay_path, routes};
