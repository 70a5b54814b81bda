//! The statements on `popular_destinations`.

use sqlx::{PgConnection, query};
use time::OffsetDateTime;

use crate::catalog::CountryCode;
use crate::catalog::popular::Chosen;

/// What staff chose.
pub async fn popular(db: &mut PgConnection) -> sqlx::Result<Chosen> {
    let row = query!("select countries, edits, changed_by, changed_at from popular_destinations")
        .fetch_one(db)
        .await?;
    Ok(read(&row.countries, row.edits, row.changed_by.zip(row.changed_at)))
}

/// The same, held until the transaction ends: of two who change it at once one waits for the other.
pub async fn popular_held(tx: &mut PgConnection) -> sqlx::Result<Chosen> {
    let row = query!("select countries, edits, changed_by, changed_at from popular_destinations for update")
        .fetch_one(tx)
        .await?;
    Ok(read(&row.countries, row.edits, row.changed_by.zip(row.changed_at)))
}

fn read(countries: &[String], edits: i64, changed: Option<(String, OffsetDateTime)>) -> Chosen {
    let countries = countries.iter().filter_map(|code| CountryCode::parse(code)).collect();
    Chosen { countries, edits, changed }
}

/// Writes it.
pub async fn set_popular(
    tx: &mut PgConnection,
    countries: &[CountryCode],
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let codes: Vec<String> = countries.iter().map(ToString::to_string).collect();
    query!(
        "update popular_destinations
         set countries = $1, edits = edits + 1, changed_by = $2, changed_at = $3",
        &codes,
        by,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}
