//! What sells.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// How many packages are told: the first ones matter.
const MOST: i64 = 1000;

/// The packages that were bought and paid for since then, each with its units, the most first. What went back whole and
/// what was given away does not count.
///
/// # Errors
/// The database's.
pub async fn sold_since(conn: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Vec<(i64, i64)>> {
    let rows = sqlx::query!(
        r#"select order_lines.package_id, sum(order_lines.quantity) as "units!"
         from orders
         join order_lines on order_lines.order_id = orders.id
         where orders.created_at >= $1
             and orders.payment_status in ('paid', 'partially_refunded')
             and orders.replaces_unit_id is null
         group by order_lines.package_id
         order by sum(order_lines.quantity) desc, order_lines.package_id
         limit $2"#,
        since,
        MOST
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.package_id, row.units)).collect())
}
