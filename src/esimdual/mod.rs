//! The desk of the eSIMDual reseller API: the only code that speaks to it.
//!
//! Four answers cross this desk and no others (`answer.rs`); which one a reply is, is decided in one pure function
//! (`classify.rs`). Money is read exactly from the JSON token. No redirect is followed, every call has a total
//! deadline, and every body a limit; what differs between the sixteen operations stands in `operation.rs`.
//!
//! A call (`ask.rs`) takes a token (`token.rs`) where the upstream lets us in (`door.rs`), waits for its place in the
//! budget (`pace.rs`), meets the circuit breaker (`breaker.rs`), is made (`exchange.rs`), perhaps repeated (`retry.rs`),
//! and counted (`health.rs`). Owns `upstream_tokens` and `upstream_logins`. Never decides what a purchase's answer
//! means for money.

pub mod answer;
mod ask;
mod breaker;
pub mod catalog_row;
mod classify;
mod client;
mod door;
pub mod event;
mod exchange;
mod health;
mod heard;
mod list;
mod operation;
mod pace;
mod paging;
mod retry;
mod settings;
pub mod signature;
mod store;
mod token;
mod turn;
mod wire;

pub use answer::{
    Account, Answer, Doubt, Esim, Later, Listing, NewOrder, Order, OrderStatus, Refusal, Wallet,
};
pub use breaker::BreakerState;
pub use catalog_row::{Amount, CatalogRows, CountryRow, PackageRow, RegionRow};
pub use client::Client;
pub use door::LoginRefused;
pub use health::{Fault, Health, OperationHealth, describe_metrics};
pub use operation::Operation;
pub use pace::BudgetUse;
pub use settings::{Credentials, Settings};
