//! What one customer has open, has spent and was declined, for limits.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::orders::Declined;

/// How many unpaid orders each of these e-mails has; up to a little over `most`, since more makes no difference.
pub async fn unpaid_of_emails(
    conn: &mut PgConnection,
    emails: &[String],
    most: u32,
) -> sqlx::Result<HashMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select n.email as "who!", (
             select count(*)
             from (
               select 1 from orders o where o.email = n.email and o.status = 'awaiting_payment' limit $2
             ) of_one
           ) as "unpaid!"
           from unnest($1::text[]) as n (email)"#,
        emails,
        i64::from(most) + 1,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.who, row.unpaid)).collect())
}

/// How many unpaid orders each of these networks has, in the same way.
pub async fn unpaid_of_clients(
    conn: &mut PgConnection,
    clients: &[String],
    most: u32,
) -> sqlx::Result<HashMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select n.client as "who!", (
             select count(*)
             from (
               select 1 from orders o where o.client = n.client and o.status = 'awaiting_payment' limit $2
             ) of_one
           ) as "unpaid!"
           from unnest($1::text[]) as n (client)"#,
        clients,
        i64::from(most) + 1,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.who, row.unpaid)).collect())
}

/// What each of these e-mails ordered in one currency since then that was paid or still may be, in minor units.
pub async fn ordered_since(
    conn: &mut PgConnection,
    emails: &[String],
    currency: &str,
    since: OffsetDateTime,
) -> sqlx::Result<HashMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select email, sum(total_minor)::bigint as "sum!"
           from orders
           where email = any($1)
             and currency = $2
             and created_at > $3
             and status <> 'cancelled'
           group by email"#,
        emails,
        currency,
        since,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.email, row.sum)).collect())
}

/// What was declined since then of these e-mails and networks.
pub async fn declined_since(
    conn: &mut PgConnection,
    emails: &[String],
    clients: &[String],
    since: OffsetDateTime,
) -> sqlx::Result<Vec<Declined>> {
    sqlx::query_as!(
        Declined,
        r#"select email, client, sum(declines)::bigint as "times!", min(declined_at) as "first!"
           from orders
           where declined_at > $3
             and (email = any($1) or client = any($2))
           group by email, client"#,
        emails,
        clients,
        since,
    )
    .fetch_all(conn)
    .await
}

/// Counts a try to pay an order that was declined.
pub async fn note_decline(conn: &mut PgConnection, order_id: i64, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update orders set declines = declines + 1, declined_at = $2 where id = $1", order_id, now)
        .execute(conn)
        .await
        .map(drop)
}
