//! The statements on the catalog that change it: `packages`, `countries`, `regions`, `package_countries`,
//! `sync_runs`, `packages_set_aside`, `packages_set_aside_reasons`, `package_stops`. What is only read stands in
//! `store/reading.rs`, what staff say of packages in `store/overrides.rs`, places in `store/places.rs`, what a sync changed
//! or would change in `store/plans.rs`, which countries staff put on the home page in `store/popular.rs`, and whose turn it
//! is in `store/turn.rs`.

mod overrides;
mod past;
mod places;
mod plans;
mod popular;
mod reading;
mod turn;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_file, query_scalar};
use time::OffsetDateTime;

use super::accept::SetAside;
use super::diff::fingerprint;
use super::package::{Data, Package};
use super::run::{Counts, Outcome};

pub use overrides::*;
pub use past::*;
pub use places::*;
pub use plans::*;
pub use popular::*;
pub use reading::*;
pub use turn::*;

/// One sync, or one decision about a plan, writes at a time, on whichever node ("simcatal" as a number).
const LOCK: i64 = 0x7369_6d63_6174_616c;
/// More rows set aside than this are counted, not kept: as many as a page shows.
const SET_ASIDE_KEPT: usize = 200;
/// Of the newest runs so many keep the rows that they could not use.
const RUNS_WITH_ROWS: i64 = 100;

/// Remembers that a sync began. Whoever begins one has the turn, so that a run which is still open has lost its program.
pub async fn begin_run(db: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<i64> {
    query!(
        "update sync_runs
         set outcome = 'failed', finished_at = $1, note = 'The program ended before the sync did.'
         where outcome = 'running'",
        now
    )
    .execute(&mut *db)
    .await?;
    query_scalar!("insert into sync_runs (started_at, outcome) values ($1, 'running') returning id", now)
        .fetch_one(db)
        .await
}

/// Writes how a sync ended; `false` where it was closed already.
pub async fn end_run(
    db: &mut PgConnection,
    run: i64,
    outcome: Outcome,
    counts: Counts,
    note: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let done = query!(
        "update sync_runs
         set outcome = $2, packages = $3, added = $4, changed = $5, repriced = $6, withdrawn = $7, returned = $8,
             set_aside = $9, note = $10, finished_at = $11, places = $12
         where id = $1 and outcome = 'running'",
        run,
        outcome.word(),
        number(counts.packages),
        number(counts.added),
        number(counts.changed),
        number(counts.repriced),
        number(counts.withdrawn),
        number(counts.returned),
        number(counts.set_aside),
        note,
        now,
        number(counts.places)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Waits until nobody else writes; the lock ends with the transaction.
pub async fn lock(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("select pg_advisory_xact_lock($1)", LOCK).fetch_one(db).await?;
    Ok(())
}

/// Keeps the first rows that this run could not use and counts all by their reasons, and forgets those of runs that are
/// long past.
pub async fn keep_set_aside(db: &mut PgConnection, run: i64, all: &[SetAside]) -> sqlx::Result<()> {
    let past = query_scalar!("select id from sync_runs order by id desc offset $1 limit 1", RUNS_WITH_ROWS)
        .fetch_optional(&mut *db)
        .await?;
    query!("delete from packages_set_aside where run_id <= $1", past).execute(&mut *db).await?;
    query!("delete from packages_set_aside_reasons where run_id <= $1", past).execute(&mut *db).await?;
    if all.is_empty() {
        return Ok(());
    }
    count_reasons(db, run, all).await?;
    let rows = all.get(..SET_ASIDE_KEPT).unwrap_or(all);
    let positions: Vec<Option<i32>> = rows.iter().map(|row| row.position).collect();
    let ids: Vec<Option<String>> = rows.iter().map(|row| row.package_id.clone()).collect();
    let names: Vec<Option<String>> = rows.iter().map(|row| row.name.clone()).collect();
    let reasons: Vec<String> = rows.iter().map(|row| row.reason.clone()).collect();
    query!(
        "insert into packages_set_aside (run_id, position, package_id, name, reason)
         select $1, position, id, name, reason
         from unnest($2::integer[], $3::text[], $4::text[], $5::text[]) as aside (position, id, name, reason)",
        run,
        &positions as &[Option<i32>],
        &ids as &[Option<String>],
        &names as &[Option<String>],
        &reasons
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn count_reasons(db: &mut PgConnection, run: i64, rows: &[SetAside]) -> sqlx::Result<()> {
    let mut counted: BTreeMap<&str, i32> = BTreeMap::new();
    for row in rows {
        let number = counted.entry(&row.reason).or_default();
        *number = number.saturating_add(1);
    }
    let (reasons, numbers): (Vec<String>, Vec<i32>) =
        counted.into_iter().map(|(reason, number)| (reason.to_owned(), number)).unzip();
    query!(
        "insert into packages_set_aside_reasons (run_id, reason, number)
         select $1, reason, number
         from unnest($2::text[], $3::integer[]) as counted (reason, number)",
        run,
        &reasons,
        &numbers
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The packages to write, column by column, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    ids: Vec<i64>,
    names: Vec<String>,
    slugs: Vec<Option<String>>,
    kinds: Vec<String>,
    bytes: Vec<Option<i64>>,
    unlimited: Vec<bool>,
    minutes: Vec<Option<i32>>,
    messages: Vec<Option<i32>>,
    days: Vec<Option<i32>>,
    speeds: Vec<Option<String>>,
    reloadable: Vec<Option<bool>>,
    coverages: Vec<String>,
    regions: Vec<Option<String>>,
    costs: Vec<Decimal>,
    currencies: Vec<String>,
    fingerprints: Vec<Vec<u8>>,
}

impl Columns {
    fn push(&mut self, package: &Package) {
        let integer = |number: Option<u32>| number.and_then(|number| i32::try_from(number).ok());
        self.ids.push(package.id);
        self.names.push(package.name.clone());
        self.slugs.push(package.slug.clone());
        self.kinds.push(package.package_type.clone());
        self.bytes.push(match package.data {
            Data::Bytes(bytes) => i64::try_from(bytes).ok(),
            Data::Unlimited | Data::NotStated => None,
        });
        self.unlimited.push(package.data == Data::Unlimited);
        self.minutes.push(integer(package.voice_minutes));
        self.messages.push(integer(package.sms_count));
        self.days.push(integer(package.validity_days));
        self.speeds.push(package.network_speed.clone());
        self.reloadable.push(package.reloadable);
        self.coverages.push(package.coverage.word().to_owned());
        self.regions.push(package.region.clone());
        self.costs.push(package.cost.amount);
        self.currencies.push(package.cost.currency.code().to_owned());
        self.fingerprints.push(fingerprint(package));
    }
}

/// Writes packages, new or known, and puts them on sale.
pub async fn put_packages(
    db: &mut PgConnection,
    packages: &[&Package],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut columns = Columns::default();
    packages.iter().for_each(|package| columns.push(package));
    query_file!(
        "src/catalog/upsert_packages.sql",
        &columns.ids,
        &columns.names,
        &columns.slugs as &[Option<String>],
        &columns.kinds,
        &columns.bytes as &[Option<i64>],
        &columns.unlimited,
        &columns.minutes as &[Option<i32>],
        &columns.messages as &[Option<i32>],
        &columns.days as &[Option<i32>],
        &columns.speeds as &[Option<String>],
        &columns.reloadable as &[Option<bool>],
        &columns.coverages,
        &columns.regions as &[Option<String>],
        &columns.costs,
        &columns.currencies,
        &columns.fingerprints,
        now
    )
    .execute(&mut *db)
    .await?;
    link_countries(db, packages).await
}

/// Makes the countries of these packages what they should be; links that stay are not written again.
async fn link_countries(db: &mut PgConnection, packages: &[&Package]) -> sqlx::Result<()> {
    let ids: Vec<i64> = packages.iter().map(|package| package.id).collect();
    let pairs = packages
        .iter()
        .flat_map(|package| package.countries.iter().map(|code| (package.id, code.to_string())));
    let (linked, codes): (Vec<i64>, Vec<String>) = pairs.unzip();
    query!(
        "delete from package_countries
         where package_id = any($1)
             and not exists (
                 select
                 from unnest($2::bigint[], $3::text[]) as wanted (id, code)
                 where wanted.id = package_countries.package_id and wanted.code = package_countries.country_code
             )",
        &ids,
        &linked,
        &codes
    )
    .execute(&mut *db)
    .await?;
    query!(
        "insert into package_countries (package_id, country_code)
         select * from unnest($1::bigint[], $2::text[])
         on conflict do nothing",
        &linked,
        &codes
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes packages off sale.
pub async fn withdraw(db: &mut PgConnection, ids: &[i64], now: OffsetDateTime) -> sqlx::Result<()> {
    query!(
        "update packages
         set withdrawn_at = $2, changed_at = $2
         where id = any($1) and withdrawn_at is null",
        ids,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stops a package's sale; false where it is stopped already, or was never seen.
pub async fn stop(db: &mut PgConnection, id: i64, reason: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = query!(
        "insert into package_stops (package_id, reason, stopped_at)
         select id, $2, $3
         from packages
         where id = $1
         on conflict (package_id) where lifted_at is null do nothing",
        id,
        reason,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets a package be sold again; false where it was not stopped.
pub async fn lift_stop(db: &mut PgConnection, id: i64, by: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = query!(
        "update package_stops
         set lifted_at = $3, lifted_by = $2
         where package_id = $1 and lifted_at is null",
        id,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
