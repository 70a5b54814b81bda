//! The sandbox's honest side, over HTTP as a stranger sees it: what it reads and answers, what it sells, how its
//! tokens and eSIMs live, and the page on which a person plays the upstream.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    reason = "tests may panic, and stand for a client that is not the shop's"
)]

mod catalog;
mod life;
mod page;
mod requests;
mod stand;
