//! wallet: the upstream balance as last read.
//!
//! Owns `wallet_reading`. Promises that what it gives is what eSIMDual said, exactly, and when. Never decides whether
//! it is enough.

mod reading;
mod store;

pub use reading::{Reading, last, read};
