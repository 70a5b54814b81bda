//! What a provider is asked when a payment is opened: stored before it leaves, repeated unchanged.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A stored asking.
pub(in crate::payments) struct Start {
    pub key: String,
    pub request: Value,
    pub doubts: i32,
}

/// What was stored for a payment; none before the first asking.
pub(in crate::payments) async fn start_of(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Start>> {
    let row = sqlx::query!(
        r#"select start_key as "key!", start_request as "request!", start_doubts
           from payments
           where id = $1
             and start_request is not null"#,
        id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Start { key: row.key, request: row.request, doubts: row.start_doubts }))
}

/// Stores what will be asked; whoever was first has stored it.
pub(in crate::payments) async fn note_start(
    conn: &mut PgConnection,
    id: i64,
    key: &str,
    request: &Value,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments
         set start_key = $2,
             start_request = $3,
             started_at = $4
         where id = $1
           and start_request is null",
        id,
        key,
        request,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that it was opened; the address is kept while it can be paid. What the provider calls it never changes.
pub(in crate::payments) async fn note_started(
    conn: &mut PgConnection,
    id: i64,
    reference: &str,
    url: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments
         set provider_reference = $2,
             pay_url = case when status = 'pending' then $3 end
         where id = $1
           and provider_reference is null",
        id,
        reference,
        url,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts an asking whose end is unknown.
pub(in crate::payments) async fn note_doubt(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query!("update payments set start_doubts = start_doubts + 1 where id = $1", id)
        .execute(conn)
        .await
        .map(drop)
}
