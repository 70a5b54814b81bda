//! The statements that read what the catalog remembers.

use sqlx::{PgConnection, query};
use time::OffsetDateTime;

use crate::catalog::package::{Coverage, Data};
use crate::catalog::past::{Left, Withdrawn};

/// When each package on sale last changed, by id: upstream, by the hand of staff, or as its stop was lifted.
pub async fn changed(db: &mut PgConnection) -> sqlx::Result<Vec<(i64, OffsetDateTime)>> {
    let rows = query!(
        r#"select id, greatest(packages.changed_at, own.shown_at, stops.lifted_at) as "changed_at!"
           from packages
           left join package_overrides as own on own.package_id = id
           left join (
               select package_id, max(lifted_at) as lifted_at
               from package_stops
               group by package_id
           ) as stops on stops.package_id = id
           where withdrawn_at is null
           order by id"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.changed_at)).collect())
}

/// When something that was sold in a place was last withdrawn, stopped or hidden there: by the code of each country, the
/// slug of each region, and for the whole world.
pub async fn left(db: &mut PgConnection) -> sqlx::Result<Left> {
    let rows = query!(
        r#"with gone as (
               select packages.id, coverage, region_slug, greatest(withdrawn_at, stops.stopped_at, own.shown_at) as at
               from packages
               left join package_overrides as own on own.package_id = packages.id and own.hidden
               left join package_stops as stops on stops.package_id = packages.id and stops.lifted_at is null
               where (withdrawn_at is not null or stops.id is not null or own.hidden)
                   and packages.id not in (select package_id from package_overrides where held)
           )
           select 'local' as "kind!", country_code as "place!", max(at) as "at!"
           from gone
           -- Mostly few are gone: their links alone are read, and not all.
           cross join lateral (
               select country_code
               from package_countries
               where package_id = gone.id
               offset 0
           ) as links
           group by country_code
           union all
           select 'regional', region_slug, max(at)
           from gone
           where coverage = 'regional' and region_slug is not null
           group by region_slug
           union all
           select 'global', '', max(at)
           from gone
           where coverage = 'global'
           having max(at) is not null"#
    )
    .fetch_all(db)
    .await?;
    let mut left = Left::default();
    for row in rows {
        match Coverage::from_word(&row.kind) {
            Some(Coverage::Local) => {
                left.countries.insert(row.place, row.at);
            }
            Some(Coverage::Regional) => {
                left.regions.insert(row.place, row.at);
            }
            _ => left.world = Some(row.at),
        }
    }
    Ok(left)
}

/// What was sold once and is not now, by id.
pub async fn withdrawn_packages(db: &mut PgConnection) -> sqlx::Result<Vec<Withdrawn>> {
    let rows = query!(
        r#"select
             id, data_bytes, unlimited, voice_minutes, sms_count, validity_days, coverage, region_slug,
             (
                 select min(country_code)
                 from package_countries
                 where package_countries.package_id = packages.id and packages.coverage = 'local'
             ) as country
         from packages
         where (
                 withdrawn_at is not null
                 or id in (select package_id from package_stops where lifted_at is null)
                 or id in (select package_id from package_overrides where hidden)
             )
             and id not in (select package_id from package_overrides where held)
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
        let number =
            |number: Option<i32>, what| number.map(u32::try_from).transpose().map_err(|_| wrong(what));
        Ok(Withdrawn {
            id: row.id,
            data,
            voice_minutes: number(row.voice_minutes, "voice_minutes")?,
            sms_count: number(row.sms_count, "sms_count")?,
            validity_days: number(row.validity_days, "validity_days")?,
            coverage: Coverage::from_word(&row.coverage).ok_or_else(|| wrong("coverage"))?,
            country: row.country,
            region: row.region_slug,
        })
    });
    package.collect()
}
