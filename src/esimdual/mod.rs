//! The desk of the eSIMDual reseller API: the only code that speaks to it.
//!
//! Four answers cross this desk and no others (`answer.rs`); which one a reply is, is decided in one pure function
//! (`classify.rs`). Money is read exactly from the JSON token. No redirect is followed, every call has a total
//! deadline, and every body a limit. Owns `upstream_tokens` and `upstream_undocumented`. Never decides what a
//! purchase's answer means for money.

pub mod answer;
pub mod catalog_row;
pub mod catalog_stream;
mod classify;
mod client;
mod documented;
pub mod event;
mod exchange;
mod extra;
mod fields;
mod frames;
mod interned;
mod pace;
mod paging;
pub mod reading;
pub mod signature;
mod store;
mod token;
pub mod undocumented;
mod wire;

pub use answer::{
    Account, Answer, BadRow, Doubt, Esim, EsimDetails, Extra, Later, Listing, NewOrder, Order, OrderStatus,
    PricedCountry, PricedPackage, Refusal, Root, Rows, Usage, Volume, VpnPlan, VpnRow, Wallet,
    WalletTransaction,
};
pub use catalog_row::{Amount, CatalogRows, CountryRow, PackageRow, RegionRow};
pub use catalog_stream::CatalogReader;
pub use client::{Client, Credentials, Settings};
