//! The statements that read what the catalog remembers.

use sqlx::{PgConnection, query};
use time::OffsetDateTime;

use crate::catalog::package::{Coverage, Data};
use crate::catalog::past::Withdrawn;

/// When each package on sale last changed, by id.
pub async fn changed(db: &mut PgConnection) -> sqlx::Result<Vec<(i64, OffsetDateTime)>> {
    let rows = query!("select id, changed_at from packages where withdrawn_at is null order by id")
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.changed_at)).collect())
}

/// What was sold once and is not now, by id.
pub async fn withdrawn_packages(db: &mut PgConnection) -> sqlx::Result<Vec<Withdrawn>> {
    let rows = query!(
        r#"select
             id, data_bytes, unlimited, validity_days, coverage, region_slug,
             (
                 select min(country_code)
                 from package_countries
                 where package_countries.package_id = packages.id and packages.coverage = 'local'
             ) as country
         from packages
         where withdrawn_at is not null
            or id in (select package_id from package_stops where lifted_at is null)
         order by id"#
    )
    .fetch_all(db)
    .await?;
    let package = rows.into_iter().map(|row| {
        let wrong = |what| sqlx::Error::Decode(format!("packages {}: {what}", row.id).into());
        let data = match (row.unlimited, row.data_bytes) {
            (true, _) => Data::Unlimited,
            (false, None) => Data::NotStated,
            (false, Some(bytes)) => Data::Bytes(u64::try_from(bytes).map_err(|_| wrong("data_bytes"))?),
        };
        let validity_days = row.validity_days.map(u32::try_from).transpose();
        Ok(Withdrawn {
            id: row.id,
            data,
            validity_days: validity_days.map_err(|_| wrong("validity_days"))?,
            coverage: Coverage::from_word(&row.coverage).ok_or_else(|| wrong("coverage"))?,
            country: row.country,
            region: row.region_slug,
        })
    });
    package.collect()
}
