//! What plans are sold by, kept from one purchase to the next. Purchases read it again only where one look says that
//! something changed since, on whichever node: what decides about a price costs one statement, and is as true as if all
//! of it were read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store;
use crate::catalog::{self, Package};
use crate::ground::Currency;
use crate::pricing::{self, PriceList};
use crate::settings as installation;
use crate::tax::{self, Terms};

/// So many packages are kept: what a shop sells at one time, and next to nothing in memory.
const PACKAGES: usize = 500;

/// How far the catalog, the rules, the rates and the taxes are. Each only grows: the same again means that nothing
/// changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub catalog: i64,
    pub rules: i64,
    pub rates: i64,
    pub tax: i64,
}

/// What plans are sold by, of one stamp. A clone costs little.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    stamp: Stamp,
    read_at: OffsetDateTime,
    /// Those that were sold since; a package that is not for sale is looked for each time.
    packages: HashMap<i64, Arc<Package>>,
    pub prices: Arc<PriceList>,
    pub tax: Arc<Terms>,
    /// What customers pay in. Once fixed it stays.
    pub currency: Option<Currency>,
}

impl Standing {
    /// The stamp comes from before: what changed meanwhile makes the stamp look older than what was read, and everything
    /// is read again the next time.
    async fn read(conn: &mut PgConnection, stamp: Stamp, now: OffsetDateTime) -> sqlx::Result<Self> {
        Ok(Self {
            stamp,
            read_at: now,
            packages: HashMap::new(),
            prices: Arc::new(pricing::price_list(conn, now).await?),
            tax: Arc::new(tax::terms(conn, now).await?),
            currency: installation::installation(conn).await?.currency,
        })
    }

    /// Whether it is what would be read now. Pure.
    fn holds(&self, stamp: Stamp, now: OffsetDateTime) -> bool {
        let changes = [self.prices.next_change(), self.tax.next_change];
        self.stamp == stamp
            && self.currency.is_some()
            && self.read_at <= now
            && changes.into_iter().flatten().all(|at| now < at)
    }

    /// Reads those of the packages that are not there yet; whether there were any.
    async fn add(&mut self, conn: &mut PgConnection, ids: impl Iterator<Item = i64>) -> sqlx::Result<bool> {
        let (mut looked_for, mut added) = (Vec::new(), false);
        for id in ids {
            if self.packages.contains_key(&id) || looked_for.contains(&id) {
                continue;
            }
            looked_for.push(id);
            if let Some(package) = catalog::package_for_sale(conn, id).await? {
                self.packages.insert(id, Arc::new(package));
                added = true;
            }
        }
        Ok(added)
    }

    /// The package, if it is on sale.
    pub(super) fn package(&self, id: i64) -> Option<&Package> {
        self.packages.get(&id).map(Arc::as_ref)
    }
}

/// What the last purchase of this node was sold by. A clone is a handle on the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Arc<Mutex<Option<Standing>>>);

impl Kept {
    /// What these packages are sold by at this moment, and when the catalog was last known to be the upstream's.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn read(
        &self,
        conn: &mut PgConnection,
        package_ids: impl Iterator<Item = i64>,
        now: OffsetDateTime,
    ) -> sqlx::Result<(Standing, Option<OffsetDateTime>)> {
        let (stamp, synced_at) = store::look(conn).await?;
        let kept = self.last().filter(|standing| standing.holds(stamp, now));
        let is_new = kept.is_none();
        let mut standing = match kept {
            Some(standing) => standing,
            None => Standing::read(conn, stamp, now).await?,
        };
        if standing.add(conn, package_ids).await? || is_new {
            self.keep(&standing);
        }
        Ok((standing, synced_at))
    }

    fn last(&self) -> Option<Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Two purchases that keep at once forget a package of one another, which is read again.
    fn keep(&self, standing: &Standing) {
        let mut kept = standing.clone();
        if kept.packages.len() > PACKAGES {
            kept.packages.clear();
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}
