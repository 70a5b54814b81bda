//! What customers are told of refunds: that one is on its way once whoever pays it out has taken it, that it arrived once
//! it did, and each once.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store::{self, Refund};
use crate::ground::{Currency, Price};
use crate::orders::{self, OrderStatus};

/// Tells, in the caller's transaction, which refunds of an order arrived, in one mail for those that were under way
/// together. `public_url` is the shop's. Nothing where nothing is new, where one is under way still, or where the order
/// is being delivered: its end may bring another.
///
/// # Errors
/// The database's, and a mail's template.
pub async fn arrived(
    conn: &mut PgConnection,
    order_id: i64,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let order = orders::by_id(conn, order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    if order.status == OrderStatus::Processing {
        return Ok(());
    }
    let arrived = store::take_untold(conn, order_id, now).await?;
    let Some(last) = arrived.iter().map(|refund| refund.id).max() else { return Ok(()) };
    let mut sums: Vec<Price> = Vec::new();
    for refund in &arrived {
        let currency = Currency::parse(&refund.currency).ok_or(sqlx::Error::RowNotFound)?;
        match sums.iter_mut().find(|sum| sum.currency == currency) {
            Some(sum) => sum.minor += refund.amount_minor,
            None => sums.push(Price::new(refund.amount_minor, currency)),
        }
    }
    // A refund that failed after it was told and arrived at another try is told again.
    let cause = format!("{last}-{}", now.unix_timestamp());
    orders::mail::refunded(conn, &order, (&cause, &sums), public_url, now).await
}

/// Tells, in the caller's transaction, that a refund is on its way which somebody gave, or which no undelivered eSIM
/// explains: of those its order's other mails speak. Once for each of its tries.
pub(super) async fn under_way(
    conn: &mut PgConnection,
    refund: &Refund,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    if refund.unit_id.is_some() {
        return Ok(());
    }
    let order = orders::by_id(conn, refund.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    orders::mail::refund_under_way(conn, &order, (&refund.key, refund.amount), public_url, now).await
}
