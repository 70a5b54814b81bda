//! What packages cost and were sold for, kept.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::price_list::{PriceList, Revision};
use super::scope::Subject;
use super::store::{self, Noted};

/// What prices were noted of last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotedOf {
    /// The catalog's version.
    pub catalog_version: i64,
    /// Of rules and rates.
    pub revision: Revision,
    /// When.
    pub noted_at: OffsetDateTime,
}

/// What prices were noted of last; `None` before the first time.
///
/// # Errors
/// Of the database.
pub async fn noted_of(db: &mut PgConnection) -> sqlx::Result<Option<NotedOf>> {
    store::noted_of(db).await
}

/// When the newest cost or price of each of these packages was noted; those of which nothing was noted are left out.
///
/// # Errors
/// Of the database.
pub async fn last_noted(db: &mut PgConnection, packages: &[i64]) -> sqlx::Result<Vec<(i64, OffsetDateTime)>> {
    store::last_noted(db, packages).await
}

/// So many are compared with what was noted before in one statement.
const BATCH: usize = 5_000;

/// Notes the cost and price of every package where either is another one than was noted last, and says how many were;
/// `catalog_version` is the subjects'.
///
/// # Errors
/// Of the database.
pub async fn note<'a>(
    db: &mut PgConnection,
    prices: &PriceList,
    subjects: impl Iterator<Item = Subject<'a>>,
    catalog_version: i64,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let noted = |subject: Subject<'_>| {
        let priced = prices.price(&subject).ok();
        Noted {
            package: subject.id,
            cost: subject.cost,
            price: priced.as_ref().map(|priced| priced.price),
            rule: priced.map(|priced| priced.rule.id),
        }
    };
    let all: Vec<Noted> = subjects.map(noted).collect();
    let mut changed = 0;
    for batch in all.chunks(BATCH) {
        changed += store::note(db, batch, now).await?;
    }
    store::set_noted_of(db, catalog_version, prices.revision(), now).await?;
    Ok(changed)
}
