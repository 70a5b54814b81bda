//! The list of orders.

use sqlx::PgPool;
use time::OffsetDateTime;

/// How many orders stand on one page.
pub(crate) const PAGE: i64 = 50;

/// Which orders are wanted; every part narrows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub status: Option<String>,
    pub payment_status: Option<String>,
    pub attention: bool,
    /// Any status that still moves.
    pub open: bool,
    /// Paid at or after this moment.
    pub paid_since: Option<OffsetDateTime>,
    /// A part of a number or of an e-mail.
    pub q: Option<String>,
    /// Only orders placed before the one with this id.
    pub before: Option<i64>,
}

pub(crate) struct ListedOrder {
    pub id: i64,
    pub number: String,
    pub email: String,
    pub status: String,
    pub payment_status: String,
    pub attention: bool,
    pub currency: String,
    pub total_minor: i64,
    pub created_at: OffsetDateTime,
    pub units: i64,
    pub delivered: i64,
}

/// One page, the newest first, and one order more where there is a next page.
pub(crate) async fn orders(db: &PgPool, filter: &Filter) -> sqlx::Result<Vec<ListedOrder>> {
    sqlx::query_as!(
        ListedOrder,
        r#"select o.id, o.number, o.email, o.status, o.payment_status, o.attention, o.currency, o.total_minor,
                  o.created_at, u.units as "units!", u.delivered as "delivered!"
           from orders o
           cross join lateral (
               select count(*) as units, count(*) filter (where status = 'completed') as delivered
               from units
               where order_id = o.id
           ) u
           where ($1::text is null or o.status = $1)
             and ($2::text is null or o.payment_status = $2)
             and (not $3 or o.attention)
             and (not $4 or o.status in ('awaiting_payment', 'processing'))
             and ($5::timestamptz is null or o.paid_at >= $5)
             and ($6::text is null or position(upper($6) in o.number) > 0 or position(lower($6) in lower(o.email)) > 0)
             and ($7::bigint is null or o.id < $7)
           order by o.id desc
           limit $8"#,
        filter.status,
        filter.payment_status,
        filter.attention,
        filter.open,
        filter.paid_since,
        filter.q,
        filter.before,
        PAGE + 1
    )
    .fetch_all(db)
    .await
}
