//! What does not add up between payments, units and upstream orders: each statement gives only what is odd.

use rust_decimal::Decimal;
use sqlx::{PgConnection, query_as, query_scalar};
use time::OffsetDateTime;

/// A paid order whose payment is not what was sold.
pub struct OddOrder {
    pub number: String,
    pub created_at: OffsetDateTime,
    pub currency: String,
    pub total_minor: i64,
    pub sold_minor: i64,
    pub paid_minor: i64,
}

/// Paid orders placed since a moment whose total, lines and counted payment are not one amount. Nobody pays for a gift:
/// its total, its lines and its payments are zero. Prices include their tax, so that what was told of it adds nothing.
///
/// Lines and payments are read as one range each, from the first of these orders on, and joined at once: asked order by
/// order, two index descents for each of many thousand, the same took two to five times as long. An order has at most
/// one payment that counts.
pub async fn odd_orders(db: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Vec<OddOrder>> {
    query_as!(
        OddOrder,
        r#"with recent as materialized (
               select o.id, o.number, o.created_at, o.currency, o.total_minor, o.discount_minor
               from orders o
               where o.paid_at is not null
                 and o.created_at >= $1
           ), sold as (
               select l.order_id, sum(l.unit_price_minor * l.quantity)::bigint as minor
               from order_lines l
               where l.order_id >= (select min(id) from recent)
               group by l.order_id
           )
           select o.number, o.created_at, o.currency, o.total_minor,
                  coalesce(sold.minor, 0) - o.discount_minor as "sold_minor!",
                  coalesce(p.amount_minor, 0) as "paid_minor!"
           from recent o
           left join sold on sold.order_id = o.id
           left join payments p on p.order_id = o.id
               and p.counted
               and p.currency = o.currency
               and p.order_id >= (select min(id) from recent)
           where coalesce(sold.minor, 0) - o.discount_minor <> o.total_minor
              or coalesce(p.amount_minor, 0) <> o.total_minor
           order by o.id"#,
        since
    )
    .fetch_all(db)
    .await
}

/// A payment whose refunds do not add up, or a surplus that was kept.
pub struct OddPayment {
    pub id: i64,
    pub number: String,
    pub created_at: OffsetDateTime,
    pub currency: String,
    pub counted: bool,
    pub amount_minor: i64,
    pub noted_minor: i64,
    pub back_minor: i64,
}

/// Paid payments of orders placed since a moment: more went back than came in, the sum that is noted is another one, or
/// a payment that does not count, settled before `settled`, was not given back whole.
pub async fn odd_payments(
    db: &mut PgConnection,
    since: OffsetDateTime,
    settled: OffsetDateTime,
) -> sqlx::Result<Vec<OddPayment>> {
    query_as!(
        OddPayment,
        r#"select p.id, o.number, o.created_at, p.currency, p.counted, p.amount_minor,
                  p.refunded_minor as noted_minor, back.minor as "back_minor!"
           from orders o
           join payments p on p.order_id = o.id
           cross join lateral (
               select coalesce(sum(r.amount_minor), 0)::bigint as minor
               from refunds r
               where r.order_id = o.id and r.payment_id = p.id
           ) back
           where p.status = 'paid'
             and o.created_at >= $1
             and (back.minor > p.amount_minor
                  or back.minor <> p.refunded_minor
                  or not p.counted and p.settled_at <= $2 and back.minor < p.amount_minor)
           order by p.id"#,
        since,
        settled
    )
    .fetch_all(db)
    .await
}

/// A unit whose end and whose money do not agree.
pub struct OddUnit {
    pub external_order_id: String,
    pub number: String,
    pub created_at: OffsetDateTime,
    pub status: String,
    pub currency: String,
    pub price_minor: i64,
    pub back_minor: Option<i64>,
}

/// Units of paid orders placed since a moment: failed with a price and without a refund; refunded by the shop itself
/// without having failed; or refunded above their price.
pub async fn odd_units(db: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Vec<OddUnit>> {
    query_as!(
        OddUnit,
        r#"select u.external_order_id, o.number, o.created_at, u.status, o.currency,
                  l.unit_price_minor as price_minor, r.amount_minor as "back_minor?"
           from orders o
           join units u on u.order_id = o.id
           join order_lines l on l.id = u.line_id
           left join refunds r on r.unit_id = u.id
           where o.paid_at is not null
             and o.created_at >= $1
             and (u.status = 'failed' and l.unit_price_minor > 0 and r.id is null
                  or u.status <> 'failed' and r.requested_by = 'shop'
                  or r.amount_minor > l.unit_price_minor)
           order by u.id"#,
        since
    )
    .fetch_all(db)
    .await
}

/// A name under which the upstream has more than one order.
pub struct BoughtTwice {
    pub name: String,
    pub ids: Vec<i64>,
    pub statuses: Vec<String>,
    pub prices: Vec<String>,
}

/// Units of which the upstream has more than one order.
pub async fn bought_twice(db: &mut PgConnection) -> sqlx::Result<Vec<BoughtTwice>> {
    query_as!(
        BoughtTwice,
        r#"select b.external_order_id as "name!", array_agg(b.id order by b.id) as "ids!",
                  array_agg(coalesce(b.status, 'unknown') order by b.id) as "statuses!",
                  array_agg(coalesce(b.price || ' ' || b.currency, 'unknown') order by b.id) as "prices!"
           from upstream_orders b
           where b.external_order_id is not null
             and exists (select from units u where u.external_order_id = b.external_order_id)
           group by b.external_order_id
           having count(*) > 1
           order by b.external_order_id"#
    )
    .fetch_all(db)
    .await
}

/// An upstream order that does not fit its unit.
pub struct OddPurchase {
    pub id: i64,
    pub name: String,
    pub status: Option<String>,
    pub price: Option<Decimal>,
    pub currency: Option<String>,
    pub unit_status: Option<String>,
    pub bound_to: Option<i64>,
}

/// Upstream orders under names of ours, seen after `after` and until `until`: without such a unit; of a unit that is
/// bound to none; or sold although the unit failed. Two orders under one name are told by [`bought_twice`].
pub async fn odd_purchases(
    db: &mut PgConnection,
    after: OffsetDateTime,
    until: OffsetDateTime,
) -> sqlx::Result<Vec<OddPurchase>> {
    query_as!(
        OddPurchase,
        r#"select b.id, b.external_order_id as "name!", b.status, b.price, b.currency, u.status as "unit_status?",
                  u.upstream_order_id as bound_to
           from upstream_orders b
           left join units u on u.external_order_id = b.external_order_id
           where b.external_order_id ~ '^SF-[0-9A-Z]{8}-[0-9]+-[0-9]+$'
             and b.first_seen_at <= $2
             and (u.id is null and b.first_seen_at > $1
                  or u.id is not null and u.upstream_order_id is null
                     and not (u.status = 'failed' and b.status is not distinct from 'failed')
                  or u.upstream_order_id = b.id and u.status = 'failed' and b.status = 'completed')
           order by b.id"#,
        after,
        until
    )
    .fetch_all(db)
    .await
}

/// The first time that any list of orders was read: what it had is history that this database did not make.
pub async fn first_listing_at(db: &mut PgConnection) -> sqlx::Result<Option<OffsetDateTime>> {
    query_scalar!(
        "select least((select min(read_at) from upstream_listings), (select first_read_at from ledger_listing))"
    )
    .fetch_one(db)
    .await
}

/// A unit whose order is not in the list.
pub struct Vanished {
    pub name: String,
    pub upstream_order_id: i64,
}

/// Bound units whose order a list does not have, although the list reaches back to `oldest` and the order was known
/// before `until`.
pub async fn vanished(
    db: &mut PgConnection,
    listed: &[i64],
    oldest: i64,
    until: OffsetDateTime,
) -> sqlx::Result<Vec<Vanished>> {
    query_as!(
        Vanished,
        r#"select u.external_order_id as name, b.id as upstream_order_id
           from upstream_orders b
           join units u on u.upstream_order_id = b.id
           where b.id >= $2
             and b.first_seen_at <= $3
             and b.id not in (select * from unnest($1::bigint[]))
           order by b.id"#,
        listed,
        oldest,
        until
    )
    .fetch_all(db)
    .await
}

/// A purchase whose cost is not the one that was listed.
pub struct OddCost {
    pub name: String,
    pub number: String,
    pub package_id: i64,
    pub listed: Decimal,
    pub listed_currency: String,
    pub real: Decimal,
    pub real_currency: String,
    pub price_minor: i64,
    pub price_currency: String,
    /// What one unit of the listed currency was worth in the price's when it was sold.
    pub sold_at: Option<Decimal>,
    pub changed_at: OffsetDateTime,
}

/// Units that changed since a moment and cost more than they were listed at, or in another currency.
pub async fn odd_costs(db: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Vec<OddCost>> {
    query_as!(
        OddCost,
        r#"select u.external_order_id as name, o.number, l.package_id, l.cost as listed,
                  l.cost_currency as listed_currency, u.real_cost as "real!", upper(u.real_cost_currency) as "real_currency!",
                  l.unit_price_minor as price_minor, o.currency as price_currency, l.exchange_rate as sold_at,
                  u.changed_at
           from units u
           join order_lines l on l.id = u.line_id
           join orders o on o.id = u.order_id
           where u.changed_at >= $1
             and u.real_cost is not null
             and u.real_cost_currency is not null
             and (upper(u.real_cost_currency) <> l.cost_currency or u.real_cost > l.cost)
           order by u.id"#,
        since
    )
    .fetch_all(db)
    .await
}
