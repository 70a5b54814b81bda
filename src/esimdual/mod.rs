//! The desk of the eSIMDual reseller API: the only code that speaks to it.
//!
//! Four answers cross this desk and no others (`answer.rs`); which one a reply is, is decided in one pure function
//! (`classify.rs`). Money is read exactly from the JSON token. No redirect is followed, every call has a total
//! deadline, and every body a limit; what differs between the sixteen operations stands in `operation.rs`.
//!
//! A call (`ask.rs`) takes a token (`token.rs`) where the upstream lets us in (`door.rs`), waits for its place in the
//! budget (`pace.rs`), meets the circuit breaker (`breaker.rs`), is made (`exchange.rs`), perhaps repeated (`retry.rs`),
//! and counted (`health.rs`). Owns `upstream_tokens`, `upstream_logins` and `upstream_undocumented`. Never decides what a
//! purchase's answer means for money.

pub mod alone;
mod answer;
mod ask;
mod breaker;
mod catalog;
pub mod catalog_row;
pub mod catalog_stream;
mod classify;
mod client;
mod documented;
mod door;
pub mod event;
mod exchange;
mod extra;
mod field;
mod fields;
mod filter;
mod frames;
mod health;
mod heard;
mod interned;
mod list;
mod operation;
mod pace;
mod paging;
pub mod reading;
mod retry;
mod settings;
pub mod signature;
mod store;
mod token;
mod turn;
pub mod undocumented;
mod vpn_plans;
mod wire;

pub use answer::{
    Account, Answer, BadRow, Doubt, Esim, EsimDetails, Extra, Later, Listing, NewOrder, Order, OrderStatus,
    PricedCountry, PricedPackage, Refusal, Root, Rows, Usage, Volume, VpnPlan, VpnRow, Wallet,
    WalletTransaction,
};
pub use breaker::BreakerState;
pub use catalog_row::{Amount, CatalogRows, CountryRow, PackageRow, RegionRow, Unread};
pub use catalog_stream::CatalogReader;
pub use client::Client;
pub use door::LoginRefused;
pub use filter::{Filter, PackageType};
pub use health::{Fault, Health, OperationHealth, describe_metrics};
pub use operation::Operation;
pub use pace::BudgetUse;
pub use settings::{Credentials, Settings};
pub use vpn_plans::VpnPlans;
