//! Stand-in doors until the catalog room is brought in: nothing has been read from the upstream yet.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Country, Package, Region};

/// What is on sale.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Packages on sale.
    pub packages: Vec<Package>,
    /// Countries.
    pub countries: Vec<Country>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Ids of packages that were on sale once.
    pub withdrawn: Vec<i64>,
    /// Changes with every applied sync.
    pub version: i64,
    /// When it was read.
    pub synced_at: Option<OffsetDateTime>,
}

/// Everything on sale.
pub async fn read_on_sale(_: &mut PgConnection) -> sqlx::Result<Contents> {
    Ok(Contents::default())
}

/// The catalog's version.
pub async fn version(_: &mut PgConnection) -> sqlx::Result<i64> {
    Ok(0)
}
