//! What this room's verbs need besides a connection.

use std::time::Duration;

use sqlx::PgPool;

use super::methods::Providers;
use crate::ground::{Clock, Entropy};
use crate::shop::Shop;

/// The handles of money that is asked for outside.
#[derive(Clone, Copy)]
pub struct Till<'a> {
    /// The database; no connection is held while somebody outside is asked.
    pub db: &'a PgPool,
    /// The one clock.
    pub clock: &'a Clock,
    /// Draws keys.
    pub entropy: &'a Entropy,
    /// Whoever stands behind each method.
    pub providers: Providers<'a>,
    /// The shop's address, for links.
    pub public_url: &'a str,
    /// The shortest pause between two looks at one payment.
    pub poll: Duration,
}

impl<'a> Till<'a> {
    /// The till of a shop.
    pub fn of(shop: &'a Shop) -> Self {
        Self {
            db: &shop.db,
            clock: &shop.clock,
            entropy: &shop.entropy,
            providers: Providers::of_shop(shop),
            public_url: &shop.settings.public_url,
            poll: shop.settings.times.reconcile_interval,
        }
    }
}
