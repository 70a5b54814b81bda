//! `wallet_reading`: one row.

use sqlx::{PgConnection, query, query_as};

use super::reading::Reading;

/// Keeps a reading, unless a newer one is kept already.
pub async fn keep(db: &mut PgConnection, reading: &Reading) -> sqlx::Result<()> {
    query!(
        "insert into wallet_reading (balance, currency, read_at)
         values ($1, $2, $3)
         on conflict (one) do update
         set balance = excluded.balance, currency = excluded.currency, read_at = excluded.read_at
         where wallet_reading.read_at <= excluded.read_at",
        reading.balance,
        reading.currency,
        reading.read_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The reading that is kept.
pub async fn last(db: &mut PgConnection) -> sqlx::Result<Option<Reading>> {
    query_as!(Reading, "select balance, currency, read_at from wallet_reading").fetch_optional(db).await
}
