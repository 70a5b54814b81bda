//! Every statement on `installation`.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ground::Currency;

/// What this installation is.
#[derive(Clone, Copy, Debug)]
pub struct Installation {
    /// What customers pay in; `None` before the first contact with the upstream.
    pub currency: Option<Currency>,
    /// What the upstream account is kept in.
    pub upstream_currency: Option<Currency>,
}

impl Installation {
    /// What customers pay in, where that is not what `CURRENCY` chooses: it was fixed before, and prices, orders and rates
    /// are in it.
    pub fn currency_instead_of(&self, chosen: Option<Currency>) -> Option<Currency> {
        self.currency.filter(|fixed| chosen.is_some_and(|chosen| chosen != *fixed))
    }
}

/// Writes the row if there is none, and returns the fingerprint that stands there.
pub(super) async fn meet(
    conn: &mut PgConnection,
    fingerprint: &str,
    now: OffsetDateTime,
) -> sqlx::Result<String> {
    sqlx::query!(
        "insert into installation (secret_fingerprint, created_at)
         values ($1, $2)
         on conflict (one) do nothing",
        fingerprint,
        now,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!("select secret_fingerprint from installation").fetch_one(conn).await
}

pub(super) async fn read(conn: &mut PgConnection) -> sqlx::Result<Installation> {
    let row =
        sqlx::query!("select currency, upstream_currency from installation").fetch_optional(conn).await?;
    let currency = |code: Option<String>| code.as_deref().and_then(Currency::parse);
    Ok(row.map_or(Installation { currency: None, upstream_currency: None }, |row| Installation {
        currency: currency(row.currency),
        upstream_currency: currency(row.upstream_currency),
    }))
}

pub(super) async fn fix_currency(conn: &mut PgConnection, upstream: &str, chosen: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update installation
         set upstream_currency = coalesce(upstream_currency, $1),
             currency = coalesce(currency, $2)
         where upstream_currency is null
            or currency is null",
        upstream,
        chosen,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What customers pay in, with the installation's row held until the transaction ends.
pub(super) async fn lock_currency(conn: &mut PgConnection) -> sqlx::Result<Option<Currency>> {
    let code =
        sqlx::query_scalar!("select currency from installation for update").fetch_optional(conn).await?;
    Ok(code.flatten().as_deref().and_then(Currency::parse))
}
