//! Which rule prices the shop.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::markup::Markup;
use super::store;

/// The rule in force, and who published it when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// An order line names it: this rule made its price.
    pub id: i64,
    /// The rule.
    pub markup: Markup,
    /// An admin's e-mail, or `set-up` for the first one.
    pub published_by: String,
    /// When.
    pub published_at: OffsetDateTime,
}

/// The rule in force; `None` until the first one is published, and until then nothing sells.
///
/// # Errors
/// Of the database.
pub async fn current(db: &mut PgConnection) -> sqlx::Result<Option<InForce>> {
    store::newest(db).await
}

/// Publishes a rule: from the commit on it is in force. Orders keep the prices that they have. Gives its id; the
/// caller rings for the window after the commit.
///
/// # Errors
/// Of the database; also where the rule is outside the limits of [`super::MarkupForm`].
pub async fn publish(
    db: &mut PgConnection,
    rule: &Markup,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<i64> {
    store::add(db, rule, by, now).await
}
