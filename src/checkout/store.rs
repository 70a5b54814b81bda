//! The one statement of checkout's own; it owns no table.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::standing::Stamp;

/// Reads, as of one moment, how far everything is that prices are made of, and when the catalog was last known to be the
/// upstream's. Of each feature its view.
pub(super) async fn look(conn: &mut PgConnection) -> sqlx::Result<(Stamp, Option<OffsetDateTime>)> {
    let row = sqlx::query!(
        r#"select catalog_standing.version as "catalog!", prices_standing.rules as "rules!",
                  prices_standing.rates as "rates!", tax_standing.revision as "tax!", catalog_standing.synced_at
           from catalog_standing
           cross join prices_standing
           cross join tax_standing"#
    )
    .fetch_one(conn)
    .await?;
    Ok((Stamp { catalog: row.catalog, rules: row.rules, rates: row.rates, tax: row.tax }, row.synced_at))
}
