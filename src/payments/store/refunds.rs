//! What goes back.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ground::{Currency, Price};
use crate::payments::{Method, Payment};

/// A refund to be recorded.
pub(in crate::payments) struct NewRefund<'a> {
    pub payment: &'a Payment,
    pub unit_id: Option<i64>,
    pub amount: Price,
    /// A word of the database.
    pub reason: &'a str,
    /// What a person who asks gave as the reason.
    pub note: Option<&'a str>,
    /// `shop`, or a person's e-mail.
    pub requested_by: &'a str,
    pub now: OffsetDateTime,
}

/// A refund that waits to be paid out.
pub(in crate::payments) struct Refund {
    pub id: i64,
    pub order_id: i64,
    pub payment_id: i64,
    pub unit_id: Option<i64>,
    pub amount: Price,
    pub method: Method,
    pub key: String,
    pub reference: Option<String>,
    pub asked_at: Option<OffsetDateTime>,
    pub by_hand: bool,
}

/// Writes a refund; `None` when this unit, or this whole payment, was refunded before.
pub(in crate::payments) async fn insert_refund(
    conn: &mut PgConnection,
    refund: &NewRefund<'_>,
    key: &str,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into refunds (payment_id, order_id, unit_id, amount_minor, currency, reason, status, key,
                              requested_by, created_at, note)
         values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10)
         on conflict do nothing
         returning id",
        refund.payment.id,
        refund.payment.order_id,
        refund.unit_id,
        refund.amount.minor,
        refund.amount.currency.code(),
        refund.reason,
        key,
        refund.requested_by,
        refund.now,
        refund.note,
    )
    .fetch_optional(conn)
    .await
}

/// Writes a refund that was made elsewhere, at the provider itself; `None` where it is known.
pub(in crate::payments) async fn insert_seen(
    conn: &mut PgConnection,
    refund: &NewRefund<'_>,
    reference: &str,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into refunds (payment_id, order_id, amount_minor, currency, reason, status, key, requested_by, created_at,
                              provider_reference, asked_at)
         values ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $6, $8)
         on conflict do nothing
         returning id",
        refund.payment.id,
        refund.payment.order_id,
        refund.amount.minor,
        refund.amount.currency.code(),
        refund.reason,
        reference,
        refund.requested_by,
        refund.now,
    )
    .fetch_optional(conn)
    .await
}

/// Takes an amount out of what may still go back; false when less is left. What is due for goods that did not come is
/// recorded whatever a bank took back meanwhile (`counting_disputes` false), and paid out once that is decided.
pub(in crate::payments) async fn reserve(
    conn: &mut PgConnection,
    payment_id: i64,
    minor: i64,
    counting_disputes: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments
         set refunded_minor = refunded_minor + $2
         where id = $1
           and status = 'paid'
           and refunded_minor + $2 + case when $3 then disputed_minor else 0 end <= amount_minor",
        payment_id,
        minor,
        counting_disputes,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

struct RefundRow {
    id: i64,
    order_id: i64,
    payment_id: i64,
    unit_id: Option<i64>,
    amount_minor: i64,
    currency: String,
    method: String,
    key: String,
    provider_reference: Option<String>,
    asked_at: Option<OffsetDateTime>,
    by_hand: bool,
}

impl TryFrom<RefundRow> for Refund {
    type Error = sqlx::Error;

    fn try_from(row: RefundRow) -> Result<Self, sqlx::Error> {
        let bad = |what| move || sqlx::Error::Decode(format!("refunds {}: {what}", row.id).into());
        let currency = Currency::parse(&row.currency).ok_or_else(bad("currency"))?;
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            payment_id: row.payment_id,
            unit_id: row.unit_id,
            amount: Price::new(row.amount_minor, currency),
            method: Method::from_word(&row.method).ok_or_else(bad("method"))?,
            key: row.key,
            reference: row.provider_reference,
            asked_at: row.asked_at,
            by_hand: row.by_hand,
        })
    }
}

macro_rules! refunds {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            RefundRow,
            "select r.id, r.order_id, r.payment_id, r.unit_id, r.amount_minor, r.currency, p.method, r.key,
                    r.provider_reference, r.asked_at, r.by_hand
             from refunds r
             join payments p on p.id = r.payment_id
             where " + $condition,
            $($argument),*
        )
    };
}

/// A refund that waits; `None` once it ended.
pub(in crate::payments) async fn pending_refund(
    conn: &mut PgConnection,
    id: i64,
) -> sqlx::Result<Option<Refund>> {
    refunds!("r.id = $1 and r.status = 'pending'", id)
        .fetch_optional(conn)
        .await?
        .map(Refund::try_from)
        .transpose()
}

/// A refund of a payment by what the provider calls it, or by our key that the provider kept.
pub(in crate::payments) async fn refund_of(
    conn: &mut PgConnection,
    payment_id: i64,
    reference: Option<&str>,
    key: Option<&str>,
) -> sqlx::Result<Option<Refund>> {
    refunds!(
        "r.payment_id = $1 and (r.provider_reference = $2 or r.key = $3) order by r.id limit 1",
        payment_id,
        reference,
        key
    )
    .fetch_optional(conn)
    .await?
    .map(Refund::try_from)
    .transpose()
}

/// Notes that the provider is about to be asked, under the refund's key.
pub(in crate::payments) async fn note_asked(
    conn: &mut PgConnection,
    id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!("update refunds set asked_at = $2 where id = $1 and status = 'pending'", id, now)
        .execute(conn)
        .await
        .map(drop)
}

/// Notes what the provider calls it.
pub(in crate::payments) async fn bind_refund(
    conn: &mut PgConnection,
    id: i64,
    reference: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update refunds set provider_reference = $2 where id = $1 and provider_reference is null",
        id,
        reference,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A person pays it out.
pub(in crate::payments) async fn by_hand(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query!("update refunds set by_hand = true where id = $1 and status = 'pending'", id)
        .execute(conn)
        .await
        .map(drop)
}

/// `pending`, or `failed` where the provider says so now, → `done`; `by_dispute` where the payer's bank gave it back.
pub(in crate::payments) async fn refund_done(
    conn: &mut PgConnection,
    id: i64,
    by_dispute: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update refunds
         set status = 'done',
             by_dispute = $2,
             failure = null,
             settled_at = $3
         where id = $1
           and status in ('pending', 'failed')",
        id,
        by_dispute,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `pending`, or `done` (a refund may fail after it looked done), → `failed`.
pub(in crate::payments) async fn refund_failed(
    conn: &mut PgConnection,
    id: i64,
    why: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update refunds
         set status = 'failed',
             failure = $2,
             settled_at = $3
         where id = $1
           and status in ('pending', 'done')
           and not by_dispute",
        id,
        why,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What went back of a payment so far, in minor units.
pub(in crate::payments) async fn done_of(conn: &mut PgConnection, payment_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(amount_minor), 0)::bigint as "sum!"
           from refunds
           where payment_id = $1
             and status = 'done'"#,
        payment_id,
    )
    .fetch_one(conn)
    .await
}

/// What may still be paid out of a payment besides what was: what disputes took is gone. In minor units.
pub(in crate::payments) async fn payable(conn: &mut PgConnection, payment_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select (p.amount_minor - p.disputed_minor - coalesce(sum(r.amount_minor), 0))::bigint as "left!"
           from payments p
           left join refunds r on r.payment_id = p.id
                              and not r.by_dispute
                              and (r.status = 'done' or r.status = 'pending' and r.asked_at is not null)
           where p.id = $1
           group by p.id"#,
        payment_id,
    )
    .fetch_one(conn)
    .await
}

/// The refunds of a payment that wait.
pub(in crate::payments) async fn pending_of(
    conn: &mut PgConnection,
    payment_id: i64,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!("select id from refunds where payment_id = $1 and status = 'pending'", payment_id)
        .fetch_all(conn)
        .await
}

/// The order that a refund is of.
pub(in crate::payments) async fn order_of_refund(
    conn: &mut PgConnection,
    id: i64,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select order_id from refunds where id = $1", id).fetch_optional(conn).await
}
