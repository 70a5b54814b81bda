//! pricing: from what eSIMDual charges to what the customer pays.
//!
//! Owns `markup_rules`, `rule_versions`, `price_history` and `prices_noted`. Promises that of all rules the most specific wins, then the one of higher
//! priority, then the newer; that a price is never under the cost plus the rule's minimum margin, and the same on every
//! node, for a cost in the rule's currency; and that a publication replaces no rules which its author did not see.
//! Never knows a customer.

mod history;
mod in_force;
pub mod markup;
mod markup_form;
mod price_list;
mod rehearsal;
mod rule;
mod rule_form;
mod rule_set;
mod scope;
mod store;

pub use history::{NotedOf, note, noted_of};
pub use in_force::{
    InForce, NotPublished, Published, Version, current, edit_rules, price_list, publish, revision, rule,
    rules, rules_of, versions,
};
pub use markup::{Markup, NoPrice, Rounding};
pub use markup_form::{MarkupForm, Refused, Wrong};
pub use price_list::{PriceList, Priced};
pub use rehearsal::{Change, Margins, NAMED, Rehearsal, rehearse};
pub use rule::{Made, Rule};
pub use rule_form::{RuleForm, RuleRefused};
pub use rule_set::{Edit, MOST_RULES, NoEdit, RuleSet};
pub use scope::{GLOBAL, Scope, Subject};
