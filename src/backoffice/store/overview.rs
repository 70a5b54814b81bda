//! The figures of the first page.

use rust_decimal::Decimal;
use sqlx::PgPool;
use time::{Date, OffsetDateTime};

/// How the shop stands.
pub(crate) struct Standing {
    pub attention: i64,
    pub open: i64,
    pub on_hold: i64,
    pub dead_jobs: i64,
    pub refused_webhooks: i64,
    pub waiting_webhooks: i64,
    pub unmatched_webhooks: i64,
    pub packages: i64,
    /// The end of the last sync that read the whole catalog.
    pub catalog_read_at: Option<OffsetDateTime>,
    pub unsent_mails: i64,
    /// What does not match between the ledgers.
    pub findings: i64,
}

/// What was paid in one currency, by orders paid since a moment.
pub(crate) struct Sales {
    pub currency: String,
    pub orders: i64,
    pub total_minor: i64,
    /// Price of the units that did not fail.
    pub kept_minor: i64,
    /// What those units cost: really, where that is known, else as it was when they were sold; in the currency of the sale,
    /// where need be by the rate of the sale, rounded up at four decimals.
    pub cost: Decimal,
    /// Whether all of that cost can be said in the currency of the sale, so that there is a margin to speak of.
    pub comparable: bool,
}

pub(crate) struct DeadJob {
    pub kind: String,
    pub key: String,
    pub last_error: Option<String>,
    pub dead_at: OffsetDateTime,
}

pub(crate) async fn standing(db: &PgPool, day: Date) -> sqlx::Result<Standing> {
    sqlx::query_as!(
        Standing,
        r#"select (select count(*) from orders where attention) as "attention!",
                  (select count(*) from orders where status in ('awaiting_payment', 'processing')) as "open!",
                  (select count(distinct order_id) from units where status = 'on_hold') as "on_hold!",
                  (select count(*) from jobs where dead_at is not null) as "dead_jobs!",
                  (select coalesce(sum(count), 0)::bigint from webhook_refusals where day = $1) as "refused_webhooks!",
                  (select count(*) from webhook_deliveries where status = 'received') as "waiting_webhooks!",
                  (select count(*)
                   from webhook_deliveries
                   where status = 'unmatched'
                     and received_at >= $1::date - 7) as "unmatched_webhooks!",
                  (select count(*) from packages where withdrawn_at is null) as "packages!",
                  (select max(finished_at) from sync_runs where outcome in ('applied', 'unchanged')) as catalog_read_at,
                  (select count(*) from mails where sent_at is null) as "unsent_mails!",
                  (select count(*) from ledger_findings where closed_at is null) as "findings!""#,
        day
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn sales_since(db: &PgPool, since: OffsetDateTime) -> sqlx::Result<Vec<Sales>> {
    sqlx::query_as!(
        Sales,
        r#"with sold as (
               select id, currency, total_minor
               from orders
               where paid_at >= $1
           ), kept as (
               select s.currency,
                      sum(l.unit_price_minor)::bigint as price_minor,
                      sum(worth.amount) as cost,
                      bool_and(worth.amount is not null) as comparable
               from sold s
               join units u on u.order_id = s.id
               join order_lines l on l.id = u.line_id
               cross join lateral (
                   select coalesce(u.real_cost, l.cost) as amount,
                          coalesce(upper(u.real_cost_currency), l.cost_currency) as code
               ) bought
               cross join lateral (
                   select case
                              when bought.code = s.currency then bought.amount
                              when bought.code = l.cost_currency
                                  then ceil(bought.amount * l.exchange_rate * 10000) / 10000
                          end as amount
               ) worth
               where u.status <> 'failed'
               group by s.currency
           )
           select s.currency as "currency!", count(*) as "orders!", sum(s.total_minor)::bigint as "total_minor!",
                  coalesce(min(k.price_minor), 0) as "kept_minor!", coalesce(min(k.cost), 0) as "cost!",
                  coalesce(bool_and(k.comparable), true) as "comparable!"
           from sold s
           left join kept k on k.currency = s.currency
           group by s.currency
           order by s.currency"#,
        since
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn dead_jobs(db: &PgPool) -> sqlx::Result<Vec<DeadJob>> {
    sqlx::query_as!(
        DeadJob,
        r#"select kind, key, last_error, dead_at as "dead_at!"
           from jobs
           where dead_at is not null
           order by dead_at desc
           limit 20"#
    )
    .fetch_all(db)
    .await
}
