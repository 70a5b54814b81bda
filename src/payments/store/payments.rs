//! Every statement on `payments`.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ground::{Currency, Price, token::Token};
use crate::orders;
use crate::payments::{Method, NewPayment, Payment, PaymentStatus};

struct PaymentRow {
    id: i64,
    order_id: i64,
    method: String,
    token: String,
    status: String,
    amount_minor: i64,
    fee_minor: i64,
    currency: String,
    counted: bool,
    settled_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    provider_reference: Option<String>,
    charge_reference: Option<String>,
    pay_url: Option<String>,
    parked: Option<String>,
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
            fee: Price::new(row.fee_minor, currency),
            counted: row.counted,
            settled_at: row.settled_at,
            created_at: row.created_at,
            reference: row.provider_reference,
            charge: row.charge_reference,
            url: row.pay_url,
            parked: row.parked,
        })
    }
}

macro_rules! payments {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            PaymentRow,
            "select id, order_id, method, token, status, amount_minor, fee_minor, currency, counted, settled_at,
                    created_at, provider_reference, charge_reference, pay_url, parked
             from payments
             where " + $condition,
            $($argument),*
        )
    };
}

/// Opens a payment, in the caller's transaction.
pub(in crate::payments) async fn open(
    conn: &mut PgConnection,
    payment: &NewPayment<'_>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into payments (order_id, method, token, status, amount_minor, currency, created_at, expires_at, fee_minor)
         values ($1, $2, $3, 'pending', $4, $5, $6, $7, $8)
         returning id",
        payment.order_id,
        payment.method.word(),
        payment.token.as_str(),
        payment.amount.minor,
        payment.amount.currency.code(),
        payment.now,
        payment.expires_at,
        payment.fee.minor,
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
    let fees: Vec<i64> = payments.iter().map(|payment| payment.fee.minor).collect();
    sqlx::query!(
        "insert into payments (order_id, method, token, status, amount_minor, currency, created_at, expires_at, fee_minor)
         select order_id, method, token, 'pending', amount, currency, begun, ends, fee
         from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[],
                     $7::timestamptz[], $8::bigint[])
              as n (order_id, method, token, amount, currency, begun, ends, fee)",
        &orders,
        &methods as &[&str],
        &tokens as &[&str],
        &amounts,
        &currencies as &[&str],
        &begun,
        &ends,
        &fees,
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

/// A payment by its id.
pub async fn by_id(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Payment>> {
    payments!("id = $1", id).fetch_optional(conn).await?.map(Payment::try_from).transpose()
}

/// The payments of one method that a notice hints at: by what the provider calls them or their money, or by their order.
pub async fn hinted(
    conn: &mut PgConnection,
    method: Method,
    references: &[String],
    number: Option<&str>,
) -> sqlx::Result<Vec<Payment>> {
    let known = payments!(
        "method = $1 and (provider_reference = any($2) or charge_reference = any($2)) order by id",
        method.word(),
        references
    )
    .fetch_all(&mut *conn)
    .await?;
    if !known.is_empty() {
        return known.into_iter().map(Payment::try_from).collect();
    }
    let Some(order) = orders::id_of_number(conn, number.unwrap_or_default()).await? else {
        return Ok(Vec::new());
    };
    let rows = payments!("method = $1 and order_id = $2 order by id", method.word(), order);
    rows.fetch_all(conn).await?.into_iter().map(Payment::try_from).collect()
}

/// The payment that paid its order.
pub(in crate::payments) async fn counted(
    conn: &mut PgConnection,
    order_id: i64,
) -> sqlx::Result<Option<Payment>> {
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
pub(in crate::payments) async fn mark_paid(
    conn: &mut PgConnection,
    id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
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
pub(in crate::payments) async fn mark_counted(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
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
pub(in crate::payments) async fn mark_failed(conn: &mut PgConnection, id: i64) -> sqlx::Result<bool> {
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

/// The order's time is over: its open payments are too. Which of them were opened outside, where they can be paid still.
pub(in crate::payments) async fn expire(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<i64>> {
    let rows = sqlx::query!(
        r#"update payments
           set status = 'expired',
               pay_url = null
           where order_id = $1
             and status in ('pending', 'failed')
           returning id, start_request is not null or provider_reference is not null as "outside!""#,
        order_id,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().filter(|row| row.outside).map(|row| row.id).collect())
}

/// Notes what a provider said of a payment: its name, its money's name, and where it can be paid, or that it cannot.
pub(in crate::payments) async fn note_outside(
    conn: &mut PgConnection,
    id: i64,
    charge: Option<&str>,
    url: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments
         set charge_reference = coalesce($2, charge_reference),
             pay_url = $3
         where id = $1
           and (charge_reference is distinct from coalesce($2, charge_reference) or pay_url is distinct from $3)",
        id,
        charge,
        url,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes where the card and its payer are from, where the provider tells.
pub(in crate::payments) async fn note_countries(
    conn: &mut PgConnection,
    id: i64,
    card: Option<&str>,
    buyer: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments
         set card_country = coalesce($2, card_country),
             buyer_country = coalesce($3, buyer_country)
         where id = $1
           and (card_country is distinct from coalesce($2, card_country)
                or buyer_country is distinct from coalesce($3, buyer_country))",
        id,
        card,
        buyer,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes a try that was declined at the provider's own page; false where that one was noted before.
pub(in crate::payments) async fn note_decline(
    conn: &mut PgConnection,
    id: i64,
    name: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments set last_decline = $2 where id = $1 and last_decline is distinct from $2",
        id,
        name,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes why money that arrived does not count; false where that was noted before.
pub(in crate::payments) async fn park(conn: &mut PgConnection, id: i64, why: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments
         set parked = $2
         where id = $1
           and status <> 'paid'
           and parked is distinct from $2",
        id,
        why,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Reads a payment with its order's row in hand, so that whatever changes either waits.
pub(in crate::payments) async fn lock_whole(
    conn: &mut PgConnection,
    id: i64,
    order_id: i64,
) -> sqlx::Result<Option<Payment>> {
    orders::lock_order(conn, order_id).await?;
    by_id(conn, id).await
}
