//! The desk of the eSIMDual reseller API: the only code that speaks to it.
//!
//! Four answers cross this desk and no others (`answer.rs`). Money is read exactly from the JSON token. No redirect is
//! followed, every call has a total deadline and every body a limit.

pub mod answer;

pub use answer::{Answer, Doubt, Esim, Later, Listing, NewOrder, Order, OrderStatus, Refusal, Wallet};

/// A handle on the upstream; a clone shares its token and its pace.
#[derive(Clone, Debug)]
pub struct Client;
