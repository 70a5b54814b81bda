//! Which rules price the shop, and how others come into force.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::markup::Markup;
use super::price_list::{PriceList, Revision};
use super::rule::Rule;
use super::rule_set::{Edit, NoEdit, RuleSet};
use super::store;

pub use super::store::Version;

/// The shop-wide rule, and who published it when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// An order line names it: this rule made its price.
    pub id: i64,
    /// The rule.
    pub markup: Markup,
    /// An admin's e-mail, or `first start`.
    pub published_by: String,
    /// When.
    pub published_at: OffsetDateTime,
}

/// Why rules were not published; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// Another publication came between: the revision is another one.
    #[error("somebody else changed the rules meanwhile")]
    Overtaken,
    /// The change cannot be made.
    #[error(transparent)]
    Edit(#[from] NoEdit),
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The version.
    pub version: i64,
    /// The shop-wide rule of it.
    pub shop_wide: i64,
    /// The rule that was added or changed; none where one was removed, or a version restored.
    pub edited: Option<i64>,
}

/// The shop-wide rule; `None` until the first one is published, and until then nothing sells.
///
/// # Errors
/// Of the database.
pub async fn current(db: &mut PgConnection) -> sqlx::Result<Option<InForce>> {
    let found = store::newest(db).await?;
    Ok(found.map(|rule| InForce {
        id: rule.id,
        markup: rule.markup,
        published_by: rule.published_by,
        published_at: rule.published_at,
    }))
}

/// All rules in force; none until the first one is published.
///
/// # Errors
/// Of the database.
pub async fn rules(db: &mut PgConnection) -> sqlx::Result<RuleSet> {
    store::rules(db).await
}

/// The prices of this moment.
///
/// # Errors
/// Of the database.
pub async fn price_list(db: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<PriceList> {
    Ok(store::rules(db).await?.prices(now).exchanged(&store::rates::exchange(db, now).await?, now))
}

/// The revision alone: whether a [`PriceList`] read before is made of what is in force.
///
/// # Errors
/// Of the database.
pub async fn revision(db: &mut PgConnection) -> sqlx::Result<Revision> {
    store::revision(db).await
}

/// The newest versions before one (`None`: of all), newest first.
///
/// # Errors
/// Of the database.
pub async fn versions(
    db: &mut PgConnection,
    before: Option<i64>,
    number: usize,
) -> sqlx::Result<Vec<Version>> {
    store::versions(db, before, number).await
}

/// The rules of a version; empty for one that there never was.
///
/// # Errors
/// Of the database.
pub async fn rules_of(db: &mut PgConnection, version: i64) -> sqlx::Result<Vec<Rule>> {
    store::rules_of(db, version).await
}

/// Any rule that was ever published.
///
/// # Errors
/// Of the database.
pub async fn rule(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<Rule>> {
    store::rule(db, id).await
}

/// Makes the shop-wide rule this one: from the commit on it is in force. Orders keep the prices that they have. Gives
/// its id; the caller rings for the window after the commit.
///
/// # Errors
/// Of the database; also where the rule is outside the limits of [`super::MarkupForm`].
pub async fn publish(
    db: &mut PgConnection,
    rule: &Markup,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<i64> {
    let mut tx = sqlx::Connection::begin(db).await?;
    let edit = Edit::ShopWide(Rule::shop_wide(*rule, by, now));
    match edit_rules(&mut tx, &edit, None, by, now).await {
        Ok(done) => {
            tx.commit().await?;
            Ok(done.shop_wide)
        }
        Err(NotPublished::Database(error)) => Err(error),
        Err(other) => Err(sqlx::Error::Protocol(other.to_string())),
    }
}

/// Publishes a change as a new version, in the caller's transaction: one after another over all nodes, and only on the
/// rules that the caller saw (`seen`: their revision; `None` where it does not matter). The caller rings for the window
/// after the commit.
///
/// # Errors
/// [`NotPublished`]; nothing is written then.
pub async fn edit_rules(
    tx: &mut PgConnection,
    edit: &Edit,
    seen: Option<i64>,
    by: &str,
    now: OffsetDateTime,
) -> Result<Published, NotPublished> {
    store::take_turn(tx).await?;
    let set = store::rules(tx).await?;
    if seen.is_some_and(|seen| seen != set.revision) {
        return Err(NotPublished::Overtaken);
    }
    let edit = edit.clone().stamped(by, now);
    let rules = set.after(&edit)?;
    let version = store::add_version(tx, &edit, &edit.sentence(&set), by, now).await?;
    let ids = store::add_rules(tx, version, &rules).await?;
    let edited = rules.iter().zip(&ids).find(|(rule, _)| rule.id == 0).map(|(_, id)| *id);
    let shop_wide = ids.last().copied().ok_or(sqlx::Error::RowNotFound)?;
    Ok(Published { version, shop_wide, edited })
}
