//! The desk of the eSIMDual reseller API: the only code that speaks to it.
//!
//! Four answers cross this desk and no others (`answer.rs`); which one a reply is, is decided in one pure function
//! (`classify.rs`). Money is read exactly from the JSON token. No redirect is followed, every call has a total
//! deadline, and every body a limit. Owns `upstream_tokens`. Never decides what a purchase's answer means for money.

pub mod answer;
pub mod catalog_row;
mod classify;
mod client;
pub mod event;
mod exchange;
mod heard;
mod pace;
mod paging;
pub mod signature;
mod store;
mod token;
mod wire;

pub use answer::{
    Account, Answer, Doubt, Esim, Later, Listing, NewOrder, Order, OrderStatus, Refusal, Wallet,
};
pub use catalog_row::{Amount, CatalogRows, CountryRow, PackageRow, RegionRow};
pub use client::{Client, Credentials, Settings};
