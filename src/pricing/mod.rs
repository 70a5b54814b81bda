//! pricing: from what eSIMDual charges to what the customer pays.
//!
//! Owns `markup_rules`, `rule_versions`, `exchange_rates`, `exchange_terms`, `price_history` and `prices_noted`. Promises that of all rules the most specific wins, then the one of higher
//! priority, then the newer; that a price is never under the cost plus the rule's minimum margin, and the same on every
//! node; that a cost in another currency than the rule's is exchanged at a rate which somebody entered and which is not
//! older than its limit, or has no price; and that a publication replaces nothing which its author did not see.
//! Never knows a customer.

mod exchange;
mod history;
mod in_force;
pub mod markup;
mod markup_form;
mod price_list;
mod rate_change;
mod rate_entry;
mod rate_form;
mod rates;
mod rehearsal;
mod rule;
mod rule_form;
mod rule_set;
mod scope;
mod store;

pub use exchange::{DatedRate, Exchange, ExchangeTerms, InForceRate, RateStanding};
pub use history::{NotedOf, last_noted, note, noted_of};
pub use in_force::{
    InForce, NotPublished, Published, Version, current, edit_rules, price_list, publish, revision, rule,
    rules, rules_of, versions,
};
pub use markup::{Markup, NoPrice, Rounding};
pub use markup_form::{MarkupForm, Refused, Wrong, min_margin};
pub use price_list::{PriceList, Priced, Revision};
pub use rate_change::RateChange;
pub use rate_entry::{Doubt, Judged, LEAP_PERCENT};
pub use rate_form::{
    BadAge, BadLine, BadRate, LONGEST_LIST, MOST_LINES, NewRate, RateRefused, TermsRefused, read_list,
    read_rate, read_terms,
};
pub use rates::{
    Entered, NotEntered, enter_rates, exchange, first_terms, newest_rate, propose_rates, propose_terms,
    publish_terms, rates_listed,
};
pub use rehearsal::{Change, MOMENTS, Margins, NAMED, Rehearsal, moments, rehearse};
pub use rule::{Made, Rule};
pub use rule_form::{RuleForm, RuleRefused};
pub use rule_set::{Edit, MOST_RULES, NoEdit, RuleSet};
pub use scope::{GLOBAL, Scope, Subject};
