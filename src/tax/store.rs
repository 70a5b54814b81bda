//! Every statement on `tax_modes` and `tax_rates`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::form::NewRate;
use super::terms::Mode;

/// A mode that was set.
#[derive(Clone, Debug)]
pub struct ModeSet {
    /// The word.
    pub mode: String,
    /// By whom: an admin's e-mail.
    pub set_by: String,
    /// When.
    pub set_at: OffsetDateTime,
}

/// A rate that was entered.
#[derive(Clone, Debug)]
pub struct RateSet {
    /// The country's code.
    pub country: String,
    /// Percent of the net price.
    pub percent: Decimal,
    /// From when on.
    pub holds_from: OffsetDateTime,
    /// By whom: an admin's e-mail.
    pub entered_by: String,
    /// When.
    pub entered_at: OffsetDateTime,
}

/// The mode; none before it was ever set.
pub(super) async fn mode(conn: &mut PgConnection) -> sqlx::Result<Mode> {
    let word = sqlx::query_scalar!(
        "select mode
         from tax_modes
         order by id desc
         limit 1"
    )
    .fetch_optional(conn)
    .await?;
    Ok(word.as_deref().and_then(Mode::from_word).unwrap_or_default())
}

/// Of each country the rate that began last; of two that began together the one that was entered later.
pub(super) async fn rates(
    conn: &mut PgConnection,
    now: OffsetDateTime,
) -> sqlx::Result<BTreeMap<String, Decimal>> {
    let rows = sqlx::query!(
        "select distinct on (country) country, percent
         from tax_rates
         where holds_from <= $1
         order by country, holds_from desc, id desc",
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.country, row.percent.normalize())).collect())
}

/// When the next rate begins, of those that are entered ahead.
pub(super) async fn next_rate(
    conn: &mut PgConnection,
    now: OffsetDateTime,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!("select min(holds_from) from tax_rates where holds_from > $1", now)
        .fetch_one(conn)
        .await
}

pub(super) async fn add_mode(
    conn: &mut PgConnection,
    mode: Mode,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tax_modes (mode, set_by, set_at)
         values ($1, $2, $3)",
        mode.word(),
        by,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

pub(super) async fn add_rate(
    conn: &mut PgConnection,
    rate: &NewRate,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tax_rates (country, percent, holds_from, entered_by, entered_at)
         values ($1, $2, $3, $4, $5)",
        rate.country.code,
        rate.percent,
        rate.holds_from,
        by,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

pub(super) async fn modes(conn: &mut PgConnection, most: i64) -> sqlx::Result<Vec<ModeSet>> {
    sqlx::query_as!(
        ModeSet,
        "select mode, set_by, set_at
         from tax_modes
         order by id desc
         limit $1",
        most
    )
    .fetch_all(conn)
    .await
}

pub(super) async fn entered(conn: &mut PgConnection, most: i64) -> sqlx::Result<Vec<RateSet>> {
    sqlx::query_as!(
        RateSet,
        "select country, percent, holds_from, entered_by, entered_at
         from tax_rates
         order by id desc
         limit $1",
        most
    )
    .fetch_all(conn)
    .await
}
