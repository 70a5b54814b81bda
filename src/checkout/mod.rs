//! checkout: the conductor, the only room that knows both money and delivery.
//!
//! Owns no table: it tells `orders` and `payments` what to write, in one transaction. Promises that a form makes one
//! order however often it is sent, at the price that the customer saw; that an order is written whole or not at all;
//! and that every paid unit ends delivered or refunded: `advance.rs` asks what is next for an order, any number of
//! times.

mod advance;
mod begin;
mod counter;
pub mod decide;
mod draft;
mod jobs;
mod limits;
mod quote;
mod refund;
pub mod replace;
mod sold;
mod standing;
mod still_sold;
mod store;
pub mod web;

pub use advance::advance;
pub use counter::Counter;
pub use draft::{Draft, Typed};
pub use jobs::{SWEEP, kinds, sweep_job};
pub use web::{Desk, routes};
