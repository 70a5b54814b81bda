//! supply: keeps the shop in step with the upstream account.
//!
//! Owns no table. At the first contact it fixes the currency and makes the first markup rule; from then on it syncs the
//! catalog, and notes costs and prices after syncs and publications and at the dates of rules and rates. A failed contact
//! changes nothing and is tried again.

mod jobs;
mod refresh;

pub use jobs::{NOTE_PRICES, SYNC_CATALOG, kinds, sync_job};
pub use refresh::{Failed, note_prices, refresh};
