//! What one customer has open, has spent and was declined, for limits.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::orders::Counted;

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct Count<'a> {
    /// Orders since then; none that is still unpaid is older.
    pub orders_since: OffsetDateTime,
    /// Declined payments since then.
    pub declines_since: OffsetDateTime,
    /// Spending since then.
    pub spent_since: OffsetDateTime,
    /// Spending in this currency.
    pub currency: Option<&'a str>,
}

/// What was counted of each e-mail and of each network.
pub type OfCustomers = (HashMap<String, Counted>, HashMap<String, Counted>);

/// Counts what these e-mails and these networks have open, spent and were declined. One look into one index for each.
pub async fn count_of(
    conn: &mut PgConnection,
    emails: &[String],
    clients: &[String],
    count: Count<'_>,
) -> sqlx::Result<OfCustomers> {
    let rows = sqlx::query!(
        r#"select n.email, null as client, o.unpaid as "unpaid!", o.spent as "spent!", o.declines as "declines!",
                  o.first_decline
           from unnest($1::text[]) as n (email)
           cross join lateral (
             select count(*) filter (where status = 'awaiting_payment') as unpaid,
                    coalesce(sum(total_minor) filter (where currency = $6 and created_at > $5
                                                        and status <> 'cancelled'), 0)::bigint as spent,
                    coalesce(sum(declines) filter (where declined_at > $4), 0) as declines,
                    min(declined_at) filter (where declined_at > $4) as first_decline
             from orders
             where email = n.email
               and created_at > $3
           ) o
           union all
           select null, n.client, o.unpaid, 0, o.declines, o.first_decline
           from unnest($2::text[]) as n (client)
           cross join lateral (
             select count(*) filter (where status = 'awaiting_payment') as unpaid,
                    coalesce(sum(declines) filter (where declined_at > $4), 0) as declines,
                    min(declined_at) filter (where declined_at > $4) as first_decline
             from orders
             where client = n.client
               and created_at > $3
           ) o"#,
        emails,
        clients,
        count.orders_since,
        count.declines_since,
        count.spent_since,
        count.currency,
    );
    let (mut of_email, mut of_client) = OfCustomers::default();
    for row in rows.fetch_all(conn).await? {
        let counted = Counted {
            unpaid: row.unpaid,
            spent: row.spent,
            declines: row.declines,
            first_decline: row.first_decline,
        };
        of_email.extend(row.email.map(|email| (email, counted)));
        of_client.extend(row.client.map(|client| (client, counted)));
    }
    Ok((of_email, of_client))
}

/// Counts a try to pay an order that was declined.
pub async fn note_decline(conn: &mut PgConnection, order_id: i64, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update orders set declines = declines + 1, declined_at = $2 where id = $1", order_id, now)
        .execute(conn)
        .await
        .map(drop)
}
