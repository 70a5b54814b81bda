//! checkout: the conductor, the only room that knows both money and delivery.
//!
//! Owns no table. Promises that an order is written whole or not at all, that one form makes one order, and that every
//! paid unit ends delivered or refunded: `advance.rs` asks what is next for an order, any number of times.

mod advance;
mod jobs;

pub use advance::advance;
pub use jobs::{SWEEP, kinds, sweep_job};
