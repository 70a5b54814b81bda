//! The statements on places: `countries`, `regions`, and what a sync changes in them, `sync_place_changes`.

use sqlx::{PgConnection, query};

use crate::catalog::package::{Country, Region};
use crate::catalog::places::{Kind, Known, PlaceChange};

/// So many changes of places are kept with a run.
const KEPT: usize = 500;

/// Writes the countries that are new or named otherwise; a country's slug never changes.
pub async fn put_countries(db: &mut PgConnection, countries: &[Country]) -> sqlx::Result<()> {
    let codes: Vec<String> = countries.iter().map(|country| country.code.clone()).collect();
    let slugs: Vec<String> = countries.iter().map(|country| country.slug.clone()).collect();
    let names: Vec<String> = countries.iter().map(|country| country.name.clone()).collect();
    let ids: Vec<Option<i64>> = countries.iter().map(|country| country.upstream_id).collect();
    query!(
        "insert into countries (code, slug, name, upstream_id)
         select code, slug, name, upstream_id
         from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as offered (code, slug, name, upstream_id)
         on conflict (code) do update
         set name = excluded.name, upstream_id = excluded.upstream_id
         where (countries.name, countries.upstream_id) is distinct from (excluded.name, excluded.upstream_id)",
        &codes,
        &slugs,
        &names,
        &ids as &[Option<i64>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes the regions that are new or named otherwise.
pub async fn put_regions(db: &mut PgConnection, regions: &[Region]) -> sqlx::Result<()> {
    let slugs: Vec<String> = regions.iter().map(|region| region.slug.clone()).collect();
    let names: Vec<String> = regions.iter().map(|region| region.name.clone()).collect();
    let ids: Vec<Option<i64>> = regions.iter().map(|region| region.upstream_id).collect();
    query!(
        "insert into regions (slug, name, upstream_id)
         select slug, name, upstream_id
         from unnest($1::text[], $2::text[], $3::bigint[]) as offered (slug, name, upstream_id)
         on conflict (slug) do update
         set name = excluded.name, upstream_id = excluded.upstream_id
         where (regions.name, regions.upstream_id) is distinct from (excluded.name, excluded.upstream_id)",
        &slugs,
        &names,
        &ids as &[Option<i64>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every place that a package ever named.
pub async fn known_places(db: &mut PgConnection) -> sqlx::Result<Known> {
    let mut known = Known::new();
    for row in query!("select code, name, upstream_id from countries").fetch_all(&mut *db).await? {
        known.insert((Kind::Country, row.code), (row.name, row.upstream_id));
    }
    for row in query!("select slug, name, upstream_id from regions").fetch_all(db).await? {
        known.insert((Kind::Region, row.slug), (row.name, row.upstream_id));
    }
    Ok(known)
}

/// Keeps what a run changes in places, or would change.
pub async fn add_place_changes(db: &mut PgConnection, run: i64, changes: &[PlaceChange]) -> sqlx::Result<()> {
    let changes = changes.get(..KEPT).unwrap_or(changes);
    let kinds: Vec<String> = changes.iter().map(|change| change.kind.word().to_owned()).collect();
    let places: Vec<String> = changes.iter().map(|change| change.key.clone()).collect();
    let whats: Vec<String> = changes.iter().map(|change| change.what.word().to_owned()).collect();
    let before: Vec<Option<String>> = changes.iter().map(|change| change.before.clone()).collect();
    let after: Vec<Option<String>> = changes.iter().map(|change| change.after.clone()).collect();
    query!(
        "insert into sync_place_changes (run_id, kind, place, what, before, after)
         select $1, kind, place, what, before, after
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             as change (kind, place, what, before, after)",
        run,
        &kinds,
        &places,
        &whats,
        &before as &[Option<String>],
        &after as &[Option<String>]
    )
    .execute(db)
    .await?;
    Ok(())
}
