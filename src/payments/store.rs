//! Every statement on `payments` and `refunds`.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Method, NewPayment, Payment, PaymentStatus};
use crate::ground::{Currency, Price, token::Token};

/// A refund to be recorded.
pub(super) struct NewRefund<'a> {
    pub payment: &'a Payment,
    pub unit_id: Option<i64>,
    pub amount: Price,
    pub reason: &'a str,
    /// `shop`, or a person's e-mail.
    pub requested_by: &'a str,
    pub now: OffsetDateTime,
}

/// A refund that waits to be paid out.
pub(super) struct Refund {
    pub order_id: i64,
    pub payment_id: i64,
    pub unit_id: Option<i64>,
    pub amount: Price,
    pub method: Method,
}

struct PaymentRow {
    id: i64,
    order_id: i64,
    method: String,
    token: String,
    status: String,
    amount_minor: i64,
    currency: String,
    counted: bool,
    settled_at: Option<OffsetDateTime>,
}

impl TryFrom<PaymentRow> for Payment {
    type Error = sqlx::Error;

    fn try_from(row: PaymentRow) -> Result<Self, sqlx::Error> {
        let bad = |what| move || sqlx::Error::Decode(format!("payments {}: {what}", row.id).into());
        let currency = Currency::parse(&row.currency).ok_or_else(bad("currency"))?;
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            method: Method::from_word(&row.method).ok_or_else(bad("method"))?,
            token: Token::parse(&row.token).ok_or_else(bad("token"))?,
            status: PaymentStatus::from_word(&row.status).ok_or_else(bad("status"))?,
            amount: Price::new(row.amount_minor, currency),
            counted: row.counted,
            settled_at: row.settled_at,
        })
    }
}

macro_rules! payments {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            PaymentRow,
            "select id, order_id, method, token, status, amount_minor, currency, counted, settled_at
             from payments
             where " + $condition,
            $($argument),*
        )
    };
}

/// Opens a payment, in the caller's transaction.
pub(super) async fn open(conn: &mut PgConnection, payment: &NewPayment<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into payments (order_id, method, token, status, amount_minor, currency, created_at, expires_at)
         values ($1, $2, $3, 'pending', $4, $5, $6, $7)
         returning id",
        payment.order_id,
        payment.method.word(),
        payment.token.as_str(),
        payment.amount.minor,
        payment.amount.currency.code(),
        payment.now,
        payment.expires_at,
    )
    .fetch_one(conn)
    .await
}

/// Opens payments, each as [`open`] does, in one statement.
pub async fn open_all(conn: &mut PgConnection, payments: &[NewPayment<'_>]) -> sqlx::Result<()> {
    let orders: Vec<i64> = payments.iter().map(|payment| payment.order_id).collect();
    let methods: Vec<&str> = payments.iter().map(|payment| payment.method.word()).collect();
    let tokens: Vec<&str> = payments.iter().map(|payment| payment.token.as_str()).collect();
    let amounts: Vec<i64> = payments.iter().map(|payment| payment.amount.minor).collect();
    let currencies: Vec<&str> = payments.iter().map(|payment| payment.amount.currency.code()).collect();
    let begun: Vec<OffsetDateTime> = payments.iter().map(|payment| payment.now).collect();
    let ends: Vec<OffsetDateTime> = payments.iter().map(|payment| payment.expires_at).collect();
    sqlx::query!(
        "insert into payments (order_id, method, token, status, amount_minor, currency, created_at, expires_at)
         select order_id, method, token, 'pending', amount, currency, begun, ends
         from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[],
                     $7::timestamptz[])
              as n (order_id, method, token, amount, currency, begun, ends)",
        &orders,
        &methods as &[&str],
        &tokens as &[&str],
        &amounts,
        &currencies as &[&str],
        &begun,
        &ends,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A payment by its page's token.
pub async fn by_token(conn: &mut PgConnection, token: &Token) -> sqlx::Result<Option<Payment>> {
    payments!("token = $1", token.as_str()).fetch_optional(conn).await?.map(Payment::try_from).transpose()
}

/// The payments of an order, the oldest first.
pub async fn of_order(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<Payment>> {
    let rows = payments!("order_id = $1 order by id", order_id).fetch_all(conn).await?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// The payment that paid its order.
pub(super) async fn counted(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Option<Payment>> {
    payments!("order_id = $1 and counted", order_id)
        .fetch_optional(conn)
        .await?
        .map(Payment::try_from)
        .transpose()
}

/// Payments that arrived but do not count, and are not on their way back: late ones and second ones.
pub async fn surplus(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<Payment>> {
    let rows = payments!(
        "order_id = $1 and status = 'paid' and not counted and refunded_minor = 0 order by id",
        order_id
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// Anything but `paid` → `paid`.
pub(super) async fn mark_paid(conn: &mut PgConnection, id: i64, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments
         set status = 'paid',
             settled_at = $2
         where id = $1
           and status in ('pending', 'failed', 'expired')",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The payment is the one that paid its order.
pub(super) async fn mark_counted(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query!("update payments set counted = true where id = $1 and status = 'paid'", id)
        .execute(conn)
        .await
        .map(drop)
}

/// A late payment was accepted: it counts now.
pub async fn count_late(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<()> {
    mark_counted(conn, payment.id).await
}

/// `pending` or `failed` → `failed`.
pub(super) async fn mark_failed(conn: &mut PgConnection, id: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments
         set status = 'failed'
         where id = $1
           and status in ('pending', 'failed')",
        id,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The order's time is over: its open payments are too.
pub async fn expire_of_order(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments
         set status = 'expired'
         where order_id = $1
           and status in ('pending', 'failed')",
        order_id,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes a refund; `None` when this unit, or this whole payment, was refunded before.
pub(super) async fn insert_refund(
    conn: &mut PgConnection,
    refund: &NewRefund<'_>,
    key: &str,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into refunds (payment_id, order_id, unit_id, amount_minor, currency, reason, status, key,
                              requested_by, created_at)
         values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9)
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
    )
    .fetch_optional(conn)
    .await
}

/// Takes an amount out of what may still go back; false when less is left.
pub(super) async fn reserve(conn: &mut PgConnection, payment_id: i64, minor: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments
         set refunded_minor = refunded_minor + $2
         where id = $1
           and status = 'paid'
           and refunded_minor + $2 <= amount_minor",
        payment_id,
        minor,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A refund that waits; `None` once it is done.
pub(super) async fn pending_refund(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Refund>> {
    let row = sqlx::query!(
        "select r.order_id, r.payment_id, r.unit_id, r.amount_minor, r.currency, p.method
         from refunds r
         join payments p on p.id = r.payment_id
         where r.id = $1
           and r.status = 'pending'",
        id,
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let bad = |what| move || sqlx::Error::Decode(format!("refunds {id}: {what}").into());
    let currency = Currency::parse(&row.currency).ok_or_else(bad("currency"))?;
    Ok(Some(Refund {
        order_id: row.order_id,
        payment_id: row.payment_id,
        unit_id: row.unit_id,
        amount: Price::new(row.amount_minor, currency),
        method: Method::from_word(&row.method).ok_or_else(bad("method"))?,
    }))
}

/// `pending` → `done`.
pub(super) async fn refund_done(conn: &mut PgConnection, id: i64, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update refunds
         set status = 'done',
             settled_at = $2
         where id = $1
           and status = 'pending'",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What went back of a payment so far, in minor units.
pub(super) async fn refunded_of(conn: &mut PgConnection, payment_id: i64) -> sqlx::Result<i64> {
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
