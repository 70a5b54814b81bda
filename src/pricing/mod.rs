//! pricing: from what eSIMDual charges to what the customer pays.
//!
//! Owns `markup_rules`. Promises a price that is never under the cost, the same on every node, for a cost in the
//! rule's currency. Never knows a customer.

mod in_force;
pub mod markup;
mod markup_form;
mod store;

pub use in_force::{InForce, current, publish};
pub use markup::{Markup, NoPrice, Rounding};
pub use markup_form::{MarkupForm, Refused, Wrong};
