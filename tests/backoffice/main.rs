//! Staff sign-in and the back office, on a real database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and finds its database by the environment"
)]

mod again;
mod factor;
mod gates;
mod markup;
mod pages;
mod popular;
mod rates;
mod rates_rehearsed;
mod sign_in;
mod stand;
#[path = "../support/mod.rs"]
mod support;
mod tax;
mod team;
mod wallet;
