//! checkout: from a plan in the window to an order with its payment.
//!
//! Owns no table: it tells `orders` and `payments` what to write, in one transaction. Promises that a form makes one
//! order however often it is sent, that every price comes from the database, and that the customer saw it.

mod begin;
mod draft;
mod still_sold;
pub mod web;

pub use begin::{Begun, Refusal, begin, earlier};
pub use draft::{Draft, Typed};
