//! What is read of the wallet's movements and the upstream's orders, and of what is bought and still to be bought.

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{PgConnection, query, query_as, query_scalar};
use time::OffsetDateTime;

use crate::ledgers::funds::Funds;
use crate::ledgers::matching::{Debit, Purchase};

/// What the wallet can pay, by its last reading, in one statement, for checkout asks each time: the balance; the listed
/// cost of paid units that are bought nowhere yet; and what those cost that were bought since the balance was asked for,
/// as [`bought_since`] counts. Both in the reading's currency. What may have been bought before the balance was asked for
/// is not reserved: its cost may be gone already.
///
/// Units are looked up from the few orders that are in work: a planner that knows no better begins with all units that
/// wait, and those of unpaid orders are without number.
pub async fn funds(db: &mut PgConnection) -> sqlx::Result<Option<Funds>> {
    query_as!(
        Funds,
        r#"select r.balance, upper(r.currency) as "currency!", r.read_at,
                  (
                      select coalesce(sum(open.cost), 0)
                      from orders o
                      cross join lateral (
                          select sum(l.cost) filter (
                                     where u.upstream_order_id is null
                                       and not exists (
                                           select 1
                                           from attempts a
                                           where a.unit_id = u.id
                                             and (a.outcome is null or a.outcome = 'doubt' and a.settled is null)
                                             and a.committed_at < coalesce(r.asked_at, r.read_at)
                                       )
                                 ) as cost
                          from units u
                          join order_lines l on l.id = u.line_id
                          where u.order_id = o.id
                            and u.status in ('pending', 'ordering', 'on_hold')
                            and l.cost_currency = upper(r.currency)
                      ) open
                      where o.status = 'processing'
                  ) as "reserved!",
                  (
                      select coalesce(sum(bought.cost), 0)
                      from upstream_orders b
                      cross join lateral (
                          select sum(coalesce(u.real_cost, l.cost)) as cost
                          from units u
                          join order_lines l on l.id = u.line_id
                          where u.upstream_order_id = b.id
                            and coalesce(upper(u.real_cost_currency), l.cost_currency) = upper(r.currency)
                      ) bought
                      where b.first_seen_at > coalesce(r.asked_at, r.read_at)
                  ) as "unseen!"
           from (select * from wallet_reading limit 1) r"#
    )
    .fetch_optional(db)
    .await
}

/// What units cost whose upstream order was first known after a moment: really, where that is known, else as listed.
pub async fn bought_since(
    db: &mut PgConnection,
    currency: &str,
    since: OffsetDateTime,
) -> sqlx::Result<Decimal> {
    query_scalar!(
        r#"select coalesce(sum(coalesce(u.real_cost, l.cost)), 0) as "cost!"
           from upstream_orders b
           join units u on u.upstream_order_id = b.id
           join order_lines l on l.id = u.line_id
           where b.first_seen_at > $2
             and coalesce(upper(u.real_cost_currency), l.cost_currency) = $1"#,
        currency,
        since
    )
    .fetch_one(db)
    .await
}

/// When the first unit was bought.
pub async fn first_bought_at(db: &mut PgConnection) -> sqlx::Result<Option<OffsetDateTime>> {
    query_scalar!(
        "select first_seen_at
         from upstream_orders b
         where exists (select from units u where u.upstream_order_id = b.id)
         order by first_seen_at
         limit 1"
    )
    .fetch_optional(db)
    .await
}

/// The newest moment that the upstream named, by its clock.
pub async fn upstream_now(db: &mut PgConnection) -> sqlx::Result<Option<OffsetDateTime>> {
    query_scalar!(
        "select greatest(
             (select max(happened_at) from wallet_movements), (select max(created_at) from upstream_orders)
         )"
    )
    .fetch_one(db)
    .await
}

/// The debits since a moment by the upstream's clock, and those without a time that were seen since `seen`.
pub async fn debits(
    db: &mut PgConnection,
    since: OffsetDateTime,
    seen: OffsetDateTime,
) -> sqlx::Result<Vec<Debit>> {
    let rows = query!(
        r#"select key, amount as "amount!", currency, happened_at, first_seen_at
           from wallet_movements
           where direction = 'out'
             and (happened_at >= $1 or happened_at is null and first_seen_at >= $2)
           order by id"#,
        since,
        seen
    )
    .fetch_all(db)
    .await?;
    let debits = rows.into_iter().map(|row| Debit {
        key: row.key,
        amount: row.amount,
        currency: row.currency,
        at: row.happened_at,
        seen: row.first_seen_at,
    });
    Ok(debits.collect())
}

/// The upstream's orders since a moment by its clock, and those without a time that were seen since `seen`.
pub async fn purchases(
    db: &mut PgConnection,
    since: OffsetDateTime,
    seen: OffsetDateTime,
) -> sqlx::Result<Vec<Purchase>> {
    let rows = query!(
        r#"select id, external_order_id, price, upper(currency) as currency, status, created_at, first_seen_at
           from upstream_orders
           where created_at >= $1 or created_at is null and first_seen_at >= $2
           order by id"#,
        since,
        seen
    )
    .fetch_all(db)
    .await?;
    let purchases = rows.into_iter().map(|row| Purchase {
        id: row.id,
        name: row.external_order_id,
        price: row.price,
        currency: row.currency,
        failed: row.status.as_deref() == Some("failed"),
        at: row.created_at,
        seen: row.first_seen_at,
    });
    Ok(purchases.collect())
}

/// The oldest upstream order that anybody told us of.
pub async fn oldest_known(db: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    query_scalar!("select min(id) from upstream_orders").fetch_one(db).await
}

/// The sums of the three ledgers, over orders that were placed since `since` and what was seen since then: payments that
/// count with what went back, upstream orders of our units, others that the upstream lists, and what the wallet paid.
pub async fn sums(db: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Value> {
    query_scalar!(
        r#"select jsonb_build_object(
               'payments', (
                   select coalesce(jsonb_agg(s order by s.currency), '[]')
                   from (
                       select p.currency, count(*) as count, sum(p.amount_minor) as minor,
                              sum(p.refunded_minor) as back_minor
                       from payments p
                       join orders o on o.id = p.order_id
                       where p.counted and o.created_at >= $1
                       group by p.currency
                   ) s
               ),
               'purchases', (
                   select coalesce(jsonb_agg(s order by s.currency), '[]')
                   from (
                       select coalesce(upper(u.real_cost_currency), '?') as currency, count(*) as count,
                              coalesce(sum(u.real_cost), 0)::text as sum
                       from upstream_orders b
                       join units u on u.upstream_order_id = b.id
                       where b.first_seen_at >= $1
                       group by 1
                   ) s
               ),
               'others', (
                   select count(*)
                   from upstream_orders b
                   where b.first_seen_at >= $1
                     and not exists (select from units u where u.upstream_order_id = b.id)
               ),
               'debits', (
                   select coalesce(jsonb_agg(s order by s.currency), '[]')
                   from (
                       select currency, count(*) as count, sum(amount)::text as sum
                       from wallet_movements
                       where direction = 'out' and first_seen_at >= $1
                       group by currency
                   ) s
               )
           ) as "sums!""#,
        since
    )
    .fetch_one(db)
    .await
}
