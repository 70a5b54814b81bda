//! Every statement on `webhook_deliveries` and `webhook_refusals`.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::delivery::{Delivery, form_word};
use crate::orders::OrderNumber;

/// A stored delivery that waits.
pub(super) struct Waiting {
    pub event: String,
    pub body: Vec<u8>,
}

/// Stores a delivery; `None` when it is known with the same body. A known id with another body is a new delivery,
/// known by its body.
pub(super) async fn insert(
    conn: &mut PgConnection,
    delivery: &Delivery<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    let key = delivery.key();
    if let Some(id) = insert_as(conn, delivery, &key, now).await? {
        return Ok(Some(id));
    }
    let same_body = sqlx::query_scalar!(
        r#"select body_hash = $2 as "same!"
           from webhook_deliveries
           where source = 'esimdual'
             and delivery_key = $1"#,
        key,
        &delivery.body_hash(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    match same_body {
        Some(false) => insert_as(conn, delivery, &delivery.body_key(), now).await,
        Some(true) | None => Ok(None),
    }
}

async fn insert_as(
    conn: &mut PgConnection,
    delivery: &Delivery<'_>,
    key: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    let number = delivery.external_order_id.and_then(OrderNumber::from_external_order_id);
    sqlx::query_scalar!(
        "insert into webhook_deliveries (source, delivery_key, delivery_id, event, body, body_hash, signature_form,
                                         status, order_number, received_at)
         values ('esimdual', $1, $2, $3, $4, $5, $6, 'received', $7, $8)
         on conflict (source, delivery_key) do nothing
         returning id",
        key,
        delivery.delivery_id.map(|id| id.chars().filter(|c| !c.is_control()).take(128).collect::<String>()),
        delivery.event,
        delivery.body,
        &delivery.body_hash(),
        form_word(delivery.form),
        number.as_ref().map(OrderNumber::as_str),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// A delivery, if nobody worked on it yet.
pub(super) async fn waiting(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Waiting>> {
    sqlx::query_as!(
        Waiting,
        "select event, body
         from webhook_deliveries
         where id = $1
           and status = 'received'",
        id,
    )
    .fetch_optional(conn)
    .await
}

/// Writes what was made of a delivery: `done`, `ignored` or `unmatched`.
pub(super) async fn end(
    conn: &mut PgConnection,
    id: i64,
    status: &str,
    note: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_deliveries
         set status = $2,
             note = $3,
             processed_at = $4
         where id = $1
           and status = 'received'",
        id,
        status,
        note,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Adds refused posts to the day's count.
pub(super) async fn count_refusals(
    conn: &mut PgConnection,
    reason: &str,
    count: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into webhook_refusals (source, day, reason, count, last_at)
         values ('esimdual', $1, $2, $3, $4)
         on conflict (source, day, reason) do update
         set count = webhook_refusals.count + excluded.count,
             last_at = excluded.last_at",
        now.date(),
        reason,
        count,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}
