//! pricing: from what eSIMDual charges to what the customer pays.
//!
//! Owns `markup_rules`. Promises a price that is never under the cost, the same on every node, for a cost in the
//! rule's currency. Never knows a customer.

pub mod markup;

pub use markup::{Markup, NoPrice, Rounding};
mod read;
pub use read::{InForce, current};
