//! The statements that read the catalog. Every row is suspected: one that the rules forbid is an error that names it.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _};
use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_file_as, query_scalar};
use time::OffsetDateTime;

use crate::catalog::accept::SetAside;
use crate::catalog::country_code::CountryCode;
use crate::catalog::diff::Stored;
use crate::catalog::package::{Country, Coverage, Data, Listing, Package, Region};
use crate::catalog::run::{Counts, Outcome, SyncRun};
use crate::ground::{Cost, Currency};

pub(super) struct PackageRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) slug: Option<String>,
    pub(super) package_type: String,
    pub(super) data_bytes: Option<i64>,
    pub(super) unlimited: bool,
    pub(super) voice_minutes: Option<i32>,
    pub(super) sms_count: Option<i32>,
    pub(super) validity_days: Option<i32>,
    pub(super) network_speed: Option<String>,
    pub(super) reloadable: Option<bool>,
    pub(super) coverage: String,
    pub(super) region_slug: Option<String>,
    pub(super) cost: Decimal,
    pub(super) currency: String,
    /// Codes with spaces between them.
    pub(super) countries: String,
}

impl TryFrom<PackageRow> for Package {
    type Error = sqlx::Error;

    fn try_from(row: PackageRow) -> sqlx::Result<Self> {
        let wrong = |what: &str| broken(&format!("packages.{what} of package {}", row.id));
        let data = match (row.unlimited, row.data_bytes.map(u64::try_from)) {
            (true, None) => Data::Unlimited,
            (false, None) => Data::NotStated,
            (false, Some(Ok(bytes))) => Data::Bytes(bytes),
            (true, Some(_)) | (false, Some(Err(_))) => return Err(wrong("data_bytes")),
        };
        let number = |number: Option<i32>| number.map(u32::try_from).transpose();
        let currency = Currency::parse(&row.currency).ok_or_else(|| wrong("currency"))?;
        Ok(Self {
            id: row.id,
            data,
            voice_minutes: number(row.voice_minutes).map_err(|_| wrong("voice_minutes"))?,
            sms_count: number(row.sms_count).map_err(|_| wrong("sms_count"))?,
            validity_days: number(row.validity_days).map_err(|_| wrong("validity_days"))?,
            coverage: Coverage::from_word(&row.coverage).ok_or_else(|| wrong("coverage"))?,
            cost: Cost { amount: row.cost, currency },
            name: row.name,
            slug: row.slug,
            package_type: row.package_type,
            network_speed: row.network_speed,
            reloadable: row.reloadable,
            region: row.region_slug,
            countries: CountryCode::split(&row.countries).ok_or_else(|| wrong("countries"))?,
        })
    }
}

fn broken(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} holds what it cannot hold").into())
}

/// What a package costs by the last sync, whether or not its sale is stopped; `None` where it is withdrawn or unknown.
pub async fn listed_cost(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<Cost>> {
    let row = query!("select cost, currency from packages where id = $1 and withdrawn_at is null", id)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        let currency = Currency::parse(&row.currency)
            .ok_or_else(|| sqlx::Error::Decode(format!("packages {id}: currency").into()))?;
        Ok(Cost { amount: row.cost, currency })
    })
    .transpose()
}

/// The packages on sale, by id.
pub async fn packages_on_sale(db: &mut PgConnection) -> sqlx::Result<Vec<Package>> {
    // Row by row: a large catalog is not in memory twice.
    let rows = query_file_as!(PackageRow, "src/catalog/packages_on_sale.sql").fetch(db);
    rows.map(|row| row.and_then(Package::try_from)).try_collect().await
}

/// One package, if it is on sale. A statement of its own, which is planned once for all ids: a plan that fits both one
/// package and all of them is made anew each time, and costs more than its reading.
pub async fn package_on_sale(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<Package>> {
    let row = query_file_as!(PackageRow, "src/catalog/package_on_sale.sql", id).fetch_optional(db).await?;
    row.map(Package::try_from).transpose()
}

/// What is on sale, as far as prices need it.
pub async fn listings(db: &mut PgConnection) -> sqlx::Result<Vec<Listing>> {
    let rows = query!(
        r#"select packages.id, coalesce(own.name, packages.name) as "name!", package_type, coverage, region_slug, cost, currency,
               case coverage
                   when 'local' then coalesce(
                       (
                           select string_agg(country_code, ' ' order by country_code)
                           from package_countries
                           where package_countries.package_id = packages.id
                       ),
                       ''
                   )
                   else ''
               end as "local_to!"
           from packages
           left join package_overrides as own on own.package_id = packages.id
           where withdrawn_at is null
               and coalesce(own.hidden or own.held, false) = false
               and not exists (
                   select from package_stops
                   where package_stops.package_id = packages.id and package_stops.lifted_at is null
               )
           order by packages.id"#
    )
    .fetch_all(db)
    .await?;
    let listing = rows.into_iter().map(|row| {
        let wrong = |what: &str| broken(&format!("packages.{what} of package {}", row.id));
        let currency = Currency::parse(&row.currency).ok_or_else(|| wrong("currency"))?;
        Ok(Listing {
            id: row.id,
            coverage: Coverage::from_word(&row.coverage).ok_or_else(|| wrong("coverage"))?,
            cost: Cost { amount: row.cost, currency },
            name: row.name,
            package_type: row.package_type,
            region: row.region_slug,
            local_to: CountryCode::split(&row.local_to).ok_or_else(|| wrong("countries"))?,
        })
    });
    listing.collect()
}

/// The packages that were sold once and are not now: withdrawn upstream, stopped or hidden here.
pub async fn withdrawn(db: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        "select id
         from packages
         where (
                 withdrawn_at is not null
                 or id in (select package_id from package_stops where lifted_at is null)
                 or id in (select package_id from package_overrides where hidden)
             )
             and id not in (select package_id from package_overrides where held)
         order by id"
    )
    .fetch_all(db)
    .await
}

/// The countries where something was ever shown: all but those that held packages alone name. One of which no package
/// speaks any more was named by one that covers less by now.
pub async fn countries_known(db: &mut PgConnection) -> sqlx::Result<Vec<Country>> {
    query_as!(
        Country,
        "select code, slug, name, upstream_id
         from countries
         where exists (
                 select from package_countries
                 where country_code = code
                     and package_id not in (select package_id from package_overrides where held)
             )
             or not exists (select from package_countries where country_code = code)
         order by code"
    )
    .fetch_all(db)
    .await
}

/// The regions of which something was ever shown, in the same way.
pub async fn regions_known(db: &mut PgConnection) -> sqlx::Result<Vec<Region>> {
    query_as!(
        Region,
        "select slug, name, upstream_id
         from regions
         where slug in (
                 select region_slug
                 from packages
                 where id not in (select package_id from package_overrides where held)
             )
             or slug not in (select region_slug from packages where region_slug is not null)
         order by slug"
    )
    .fetch_all(db)
    .await
}

/// Every country's slug, of packages on sale or not.
pub async fn country_slugs(db: &mut PgConnection) -> sqlx::Result<Vec<(String, String)>> {
    let rows = query!("select code, slug from countries").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.code, row.slug)).collect())
}

/// What a sync must know of every package that was ever seen.
pub async fn stored(db: &mut PgConnection) -> sqlx::Result<BTreeMap<i64, Stored>> {
    let rows =
        query!(r#"select id, fingerprint, cost, currency, withdrawn_at is null as "on_sale!" from packages"#)
            .fetch(db);
    let known = rows.map(|row| {
        let row = row?;
        let currency = Currency::parse(&row.currency)
            .ok_or_else(|| broken(&format!("packages.currency of package {}", row.id)))?;
        let cost = Cost { amount: row.cost, currency };
        Ok((row.id, Stored { fingerprint: row.fingerprint, cost, on_sale: row.on_sale }))
    });
    known.try_collect().await
}

/// The newest applied run, and one more for each time that a package was stopped or sold again, and for each edit by
/// hand; 0 before the first.
pub async fn version(db: &mut PgConnection) -> sqlx::Result<i64> {
    query_scalar!(r#"select version as "version!" from catalog_standing"#).fetch_one(db).await
}

/// The newest run that changed the catalog; 0 before the first.
pub async fn newest_applied(db: &mut PgConnection) -> sqlx::Result<i64> {
    let newest =
        query_scalar!("select max(id) from sync_runs where outcome = 'applied'").fetch_one(db).await?;
    Ok(newest.unwrap_or(0))
}

/// The newest run that read the whole list, whatever came of it, and the plan that it found.
pub async fn newest_compared(db: &mut PgConnection) -> sqlx::Result<Option<(i64, Option<i64>)>> {
    let row = query!(
        "select id, plan_run
         from sync_runs
         where outcome in ('applied', 'unchanged', 'held')
         order by id desc
         limit 1"
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.plan_run)))
}

/// When the catalog was last known to be the upstream's.
pub async fn synced_at(db: &mut PgConnection) -> sqlx::Result<Option<OffsetDateTime>> {
    query_scalar!("select synced_at from catalog_standing").fetch_one(db).await
}

/// The newest runs, newest first.
pub async fn last_runs(db: &mut PgConnection, number: i64) -> sqlx::Result<Vec<SyncRun>> {
    let rows = query!(
        "select id, started_at, finished_at, outcome, packages, added, changed, repriced, withdrawn, returned,
             set_aside, places, note
         from sync_runs
         order by id desc
         limit $1",
        number
    )
    .fetch_all(db)
    .await?;
    let number = |count: i32| u32::try_from(count).unwrap_or(0);
    let run = rows.into_iter().map(|row| {
        let outcome = Outcome::from_word(&row.outcome)
            .ok_or_else(|| broken(&format!("sync_runs.outcome of run {}", row.id)))?;
        let counts = Counts {
            packages: number(row.packages),
            added: number(row.added),
            changed: number(row.changed),
            repriced: number(row.repriced),
            withdrawn: number(row.withdrawn),
            returned: number(row.returned),
            set_aside: number(row.set_aside),
            places: number(row.places),
        };
        let (started_at, finished_at) = (row.started_at, row.finished_at);
        Ok(SyncRun { id: row.id, started_at, finished_at, outcome, counts, note: row.note })
    });
    run.collect()
}

/// The rows that a sync could not use, in the upstream's order.
pub async fn set_aside(db: &mut PgConnection, run: i64) -> sqlx::Result<Vec<SetAside>> {
    query_as!(
        SetAside,
        "select position, package_id, name, reason
         from packages_set_aside
         where run_id = $1
         order by id",
        run
    )
    .fetch_all(db)
    .await
}
