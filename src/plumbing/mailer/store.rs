//! Every statement on `mails`.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{Mail, Picture};
use crate::ground::EmailAddress;

/// Writes a mail and returns its number; `None` when this cause was mailed before.
pub(super) async fn insert(
    conn: &mut PgConnection,
    mail: &Mail,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into mails (key, recipient, subject, html, plain, pictures, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (key) do nothing
         returning id",
        mail.key,
        mail.recipient.as_str(),
        mail.subject,
        mail.html,
        mail.plain,
        sqlx::types::Json(&mail.pictures) as _,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// The mail, if it still waits.
pub(super) async fn unsent(db: &PgPool, id: i64) -> sqlx::Result<Option<Mail>> {
    let row = sqlx::query!(
        r#"select key, recipient, subject, html, plain, pictures as "pictures: sqlx::types::Json<Vec<Picture>>"
           from mails
           where id = $1
             and sent_at is null"#,
        id,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let recipient = EmailAddress::parse(&row.recipient)
        .ok_or_else(|| sqlx::Error::Decode(format!("mails.recipient of {id} is no address").into()))?;
    Ok(Some(Mail {
        key: row.key,
        recipient,
        subject: row.subject,
        html: row.html,
        plain: row.plain,
        pictures: row.pictures.0,
    }))
}

/// Notes that the mail left.
pub(super) async fn mark_sent(db: &PgPool, id: i64, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update mails set sent_at = $2 where id = $1 and sent_at is null", id, now)
        .execute(db)
        .await
        .map(drop)
}
