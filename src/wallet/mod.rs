//! wallet: the upstream balance as last read, and the movements that explain it.
//!
//! Owns `wallet_reading`, `wallet_movements`. Promises that what it gives is what eSIMDual said, exactly, and when; that a
//! movement which was listed once stays known, once; and that it says since when it knows them without a gap. Never
//! decides whether the balance is enough, nor what a movement paid for.

mod jobs;
pub mod movement;
mod reading;
mod store;

pub use jobs::{READ_WALLET, interval, kind, read_job};
pub use movement::{Direction, Movement};
pub use reading::{Reading, keep, last, read};
