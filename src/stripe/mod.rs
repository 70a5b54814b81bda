//! The desk of Stripe: the only code that speaks to it. Checkout's hosted page, refunds, disputes and warnings of fraud.
//!
//! One version of its API is pinned, so that what an account's settings say changes nothing. Every POST carries a key
//! that its caller stored before. Four answers cross this desk and no others (`reply.rs`); which one a reply is, is
//! decided in one pure function. No redirect is followed, every call has a total deadline and every body a limit; sums
//! are whole numbers (`amount.rs`). Never decides what an answer means for a payment, and owns no table.

pub mod amount;
mod client;
pub mod event;
mod reading;
mod reply;
mod settings;
pub mod signature;

pub use client::{Client, Pairs, VERSION};
pub use reading::{Charge, Dispute, Intent, Refund, Session, Warning};
pub use reply::Reply;
pub use settings::Settings;
