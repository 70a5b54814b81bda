//! Bank transfers that are waited for, receipts that wait for a person, and what is paid back by hand.

use sqlx::PgPool;
use time::OffsetDateTime;

/// How many rows each list of the page shows.
pub(crate) const TRANSFERS: i64 = 100;

/// A transfer of an order: what was asked and what came of it.
pub(crate) struct TransferRow {
    pub payment_id: i64,
    pub number: String,
    pub email: String,
    pub order_status: String,
    pub amount_minor: i64,
    pub currency: String,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub receipts: i64,
    pub counted_minor: i64,
}

/// The transfers of one order, or all that are waited for, the oldest first.
pub(crate) async fn transfers(db: &PgPool, number: Option<&str>) -> sqlx::Result<Vec<TransferRow>> {
    sqlx::query_as!(
        TransferRow,
        r#"select p.id as payment_id, o.number, o.email, o.status as order_status, p.amount_minor, p.currency,
                  p.created_at, o.expires_at, t.receipts as "receipts!", t.counted as "counted_minor!"
           from payments p
           join orders o on o.id = p.order_id
           cross join lateral (
               select count(*) as receipts,
                      coalesce(sum(amount_minor) filter (where outcome = 'counted'), 0)::bigint as counted
               from transfers
               where payment_id = p.id
           ) t
           where p.method = 'bank_transfer'
             and case when $1::text is null then p.status in ('pending', 'failed')
                      -- Only what was asked for; what goes back is a payment too.
                      else o.number = $1 and (p.counted or p.status <> 'paid'
                                              or exists (select from transfers where payment_id = p.id)) end
           order by p.created_at, p.id
           limit $2"#,
        number,
        TRANSFERS
    )
    .fetch_all(db)
    .await
}

/// A receipt as it was confirmed.
pub(crate) struct ReceiptRow {
    pub id: i64,
    pub number: String,
    pub amount_minor: i64,
    pub currency: String,
    pub outcome: String,
    pub note: String,
    pub confirmed_by: String,
    pub confirmed_at: OffsetDateTime,
}

/// Receipts that wait for a person, or the last ones of all.
pub(crate) async fn receipts(db: &PgPool, parked: bool) -> sqlx::Result<Vec<ReceiptRow>> {
    sqlx::query_as!(
        ReceiptRow,
        "select t.id, o.number, t.amount_minor, t.currency, t.outcome, t.note, t.confirmed_by, t.confirmed_at
         from transfers t
         join payments p on p.id = t.payment_id
         join orders o on o.id = p.order_id
         where not $1 or t.outcome = 'parked'
         order by t.id desc
         limit $2",
        parked,
        TRANSFERS
    )
    .fetch_all(db)
    .await
}

/// A refund that a person pays out.
pub(crate) struct ByHandRow {
    pub id: i64,
    pub number: String,
    pub email: String,
    pub amount_minor: i64,
    pub currency: String,
    pub reason: String,
    pub created_at: OffsetDateTime,
}

/// What is to be paid back by hand, the oldest first.
pub(crate) async fn by_hand(db: &PgPool) -> sqlx::Result<Vec<ByHandRow>> {
    sqlx::query_as!(
        ByHandRow,
        "select r.id, o.number, o.email, r.amount_minor, r.currency, r.reason, r.created_at
         from refunds r
         join orders o on o.id = r.order_id
         where r.status = 'pending'
           and r.by_hand
         order by r.created_at, r.id
         limit $1",
        TRANSFERS
    )
    .fetch_all(db)
    .await
}
