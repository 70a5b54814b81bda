//! fulfilment: buying units upstream, at most once each.
//!
//! Owns `attempts`, `upstream_orders`, `upstream_listings`. Promises that the intention and its key are committed before
//! a request leaves; that a unit has one key between two definite refusals; that nobody asks again while an attempt is
//! in doubt, until a list of orders that reaches back far enough lacks it. Never refunds: it says that a refund is due,
//! and `checkout` makes it.

mod apply;
pub mod attempt;
pub mod by_hand;
mod look_up;
pub mod reading;
pub mod report;
mod send;
pub mod step;
mod store;
mod take;
pub mod terms;
mod ways;

use sqlx::PgPool;

use crate::esimdual;
use crate::ground::{Clock, Entropy};
use crate::shop::Times;

pub use apply::{Applied, apply};
pub use attempt::{Attempt, Outcome};
pub use step::Failure;
pub use store::{attempts, remember};
pub use take::{Progress, take_step};
pub use terms::Today;
pub use ways::Way;

/// What buying needs.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The database.
    pub db: &'a PgPool,
    /// The desk.
    pub desk: &'a esimdual::Client,
    /// The one clock.
    pub clock: &'a Clock,
    /// For keys.
    pub entropy: &'a Entropy,
    /// The time limits.
    pub times: &'a Times,
}
