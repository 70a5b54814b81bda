//! What others may read of the catalog.

use std::collections::HashSet;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::accept::SetAside;
use super::package::{Country, Listing, Package, Region};
use super::run::SyncRun;
use super::store;
use crate::ground::Cost;

/// How often a reading is begun again because a sync came between.
const READINGS: u32 = 10;

/// The whole catalog as it is sold now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// What is on sale, by id.
    pub packages: Vec<Package>,
    /// The countries that one of them names, or one that is not on sale any more, by code.
    pub countries: Vec<Country>,
    /// The regions that one of them names, or one that is not on sale any more, by slug.
    pub regions: Vec<Region>,
    /// Ids of packages that were on sale once and are not now.
    pub withdrawn: Vec<i64>,
    /// Grows with every sync that changed something; 0 before the first.
    pub version: i64,
    /// Ids of packages whose name is the shop's own, and not the upstream's.
    pub named: HashSet<i64>,
    /// Ids of packages that come first in lists.
    pub featured: HashSet<i64>,
    /// When it was last known to be what the upstream sells; `None` before the first sync.
    pub synced_at: Option<OffsetDateTime>,
}

/// Reads the catalog as it was at one moment: never half of a sync.
///
/// # Errors
/// Of the database; or where syncs kept coming between, which only a fault could do ten times.
pub async fn read_on_sale(db: &mut PgConnection) -> sqlx::Result<Contents> {
    for _ in 0..READINGS {
        let contents = Contents {
            version: store::version(db).await?,
            packages: store::packages_on_sale(db).await?,
            countries: store::countries_known(db).await?,
            regions: store::regions_known(db).await?,
            withdrawn: store::withdrawn(db).await?,
            named: store::named(db).await?.into_iter().collect(),
            featured: store::featured(db).await?.into_iter().collect(),
            synced_at: store::synced_at(db).await?,
        };
        // The version changes in the transaction that changes the rest.
        if store::version(db).await? == contents.version {
            return Ok(contents);
        }
    }
    Err(sqlx::Error::Protocol("the catalog changed at each of ten readings".to_owned()))
}

/// Everything on sale, as far as prices need it.
///
/// # Errors
/// Of the database.
pub async fn listings(db: &mut PgConnection) -> sqlx::Result<Vec<Listing>> {
    store::listings(db).await
}

/// The version alone: whether [`Contents`] read before are still what is sold.
///
/// # Errors
/// Of the database.
pub async fn version(db: &mut PgConnection) -> sqlx::Result<i64> {
    store::version(db).await
}

/// When the catalog was last known to be what the upstream sells; `None` before the first sync.
///
/// # Errors
/// Of the database.
pub async fn synced_at(db: &mut PgConnection) -> sqlx::Result<Option<OffsetDateTime>> {
    store::synced_at(db).await
}

/// One package, if it is on sale at this moment.
///
/// # Errors
/// Of the database.
pub async fn package_for_sale(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<Package>> {
    store::package_on_sale(db, id).await
}

/// What a package costs by the last sync, exact, whether or not its sale is stopped; `None` where eSIMDual lists it no
/// more.
///
/// # Errors
/// Of the database.
pub async fn listed_cost(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<Cost>> {
    store::listed_cost(db, id).await
}

/// The newest syncs, newest first.
///
/// # Errors
/// Of the database.
pub async fn last_runs(db: &mut PgConnection, number: u32) -> sqlx::Result<Vec<SyncRun>> {
    store::last_runs(db, i64::from(number)).await
}

/// The rows that a sync could not use, each with its reason: the first of them, and those of the newest runs alone.
///
/// # Errors
/// Of the database.
pub async fn set_aside(db: &mut PgConnection, run: i64) -> sqlx::Result<Vec<SetAside>> {
    store::set_aside(db, run).await
}
