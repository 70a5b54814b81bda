//! inbox: webhooks, stored before they are answered and believed only later.
//!
//! Owns `webhook_deliveries` and `webhook_refusals`. Promises that a delivery answered with 200 survives whatever comes
//! next, that the same delivery has one effect, and that nothing unsigned is stored but a count. Never decides what an
//! event means for an order: it reads the body and knocks at the room concerned.

pub mod delivery;
mod dispatch;
mod receive;
mod store;
mod web;

pub use dispatch::{DELIVERY, work};
pub use receive::{Refused, Stored, receive};
pub use web::{Refusals, routes};
