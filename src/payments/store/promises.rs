//! What may still go back of a payment, who asked for what, and what customers were told of it.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// What is left of a payment after what was promised back and what disputes took, in minor units.
pub(in crate::payments) async fn left_of(conn: &mut PgConnection, payment_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select greatest(amount_minor - refunded_minor - disputed_minor, 0) as "left!"
           from payments
           where id = $1"#,
        payment_id,
    )
    .fetch_one(conn)
    .await
}

/// How much the refund under this key is, in minor units, where there is one.
pub(in crate::payments) async fn amount_under(
    conn: &mut PgConnection,
    key: &str,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select amount_minor from refunds where key = $1", key).fetch_optional(conn).await
}

/// `failed` → `pending`, under another key; its order. `None` where it did not fail, or was tried again since the try
/// of this number.
pub(in crate::payments) async fn try_again(
    conn: &mut PgConnection,
    id: i64,
    attempt: i32,
    key: &str,
    by_hand: bool,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "update refunds
         set status = 'pending',
             attempt = attempt + 1,
             key = $3,
             by_hand = $4,
             provider_reference = null,
             asked_at = null,
             failure = null,
             settled_at = null,
             told_at = null
         where id = $1
           and status = 'failed'
           and attempt = $2
         returning order_id",
        id,
        attempt,
        key,
        by_hand,
    )
    .fetch_optional(conn)
    .await
}

/// A refund that arrived.
pub(in crate::payments) struct Arrived {
    pub id: i64,
    pub amount_minor: i64,
    pub currency: String,
}

/// The refunds of an order that arrived and that its customer was not told of, once no other one of it is under way;
/// they count as told from now on. What a bank gave back by itself is the bank's to tell.
pub(in crate::payments) async fn take_untold(
    conn: &mut PgConnection,
    order_id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Arrived>> {
    sqlx::query_as!(
        Arrived,
        "update refunds
         set told_at = $2
         where order_id = $1
           and status = 'done'
           and told_at is null
           and not by_dispute
           and not exists (
               select 1 from refunds other where other.order_id = $1 and other.status = 'pending' and not other.by_hand
           )
         returning id, amount_minor, currency",
        order_id,
        now,
    )
    .fetch_all(conn)
    .await
}
