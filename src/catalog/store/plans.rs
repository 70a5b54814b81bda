//! The statements on what a sync changed and on plans that wait: `sync_changes`, `sync_plans`, `sync_plan_packages`,
//! `sync_plan_places`.

use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_scalar};
use time::OffsetDateTime;

use super::Columns;
use super::reading::PackageRow;
use crate::catalog::accept::Accepted;
use crate::catalog::country_code::CountryCode;
use crate::catalog::diff::Plan;
use crate::catalog::package::{Country, Package, Region};
use crate::catalog::plans::Dropped;

/// Of each kind of change so many are kept with a run.
const KEPT: usize = 500;

/// A plan that waits, or was dropped.
pub struct OpenPlan {
    pub run_id: i64,
    pub made_against: i64,
    pub withdrawn: Vec<i64>,
    pub dropped: bool,
}

/// Keeps what a run changes, or would change; before any of it is written.
pub async fn add_changes(
    db: &mut PgConnection,
    run: i64,
    accepted: &Accepted,
    plan: &Plan,
) -> sqlx::Result<()> {
    let (mut ids, mut kinds, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let (mut costs, mut currencies) = (Vec::new(), Vec::new());
    let lists = [
        ("added", &plan.added),
        ("changed", &plan.changed),
        ("repriced", &plan.repriced),
        ("withdrawn", &plan.withdrawn),
        ("returned", &plan.returned),
    ];
    for (kind, list) in lists {
        for id in list.iter().take(KEPT) {
            let package = accepted.packages.get(id);
            ids.push(*id);
            kinds.push(kind.to_owned());
            names.push(package.map(|package| package.name.clone()));
            costs.push(package.map(|package| package.cost.amount));
            currencies.push(package.map(|package| package.cost.currency.code().to_owned()));
        }
    }
    query!(
        "insert into sync_changes (run_id, package_id, kind, name, cost_before, currency_before, cost_after,
             currency_after)
         select $1, change.id, change.kind, coalesce(change.name, packages.name, ''), packages.cost,
             packages.currency, change.cost, change.currency
         from unnest($2::bigint[], $3::text[], $4::text[], $5::numeric[], $6::text[])
             as change (id, kind, name, cost, currency)
         left join packages on packages.id = change.id",
        run,
        &ids,
        &kinds,
        &names as &[Option<String>],
        &costs as &[Option<Decimal>],
        &currencies as &[Option<String>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest plan with this digest against this catalog: its run, its state, and who decided.
pub async fn same_plan(
    db: &mut PgConnection,
    digest: &[u8],
    made_against: i64,
) -> sqlx::Result<Option<(i64, String, Option<String>)>> {
    let row = query!(
        "select run_id, state, decided_by
         from sync_plans
         where digest = $1
             and made_against = $2
         order by run_id desc
         limit 1",
        digest,
        made_against
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.run_id, row.state, row.decided_by)))
}

/// Closes plans that wait, since the upstream says something else by now.
pub async fn overtake_plans(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("update sync_plans set state = 'overtaken' where state = 'waiting'").execute(&mut *db).await?;
    forget_contents(db).await
}

/// The contents of plans: only the newest has any, and nobody can have it carried out any more.
pub async fn forget_contents(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("delete from sync_plan_packages").execute(&mut *db).await?;
    query!("delete from sync_plan_places").execute(db).await?;
    Ok(())
}

/// Whether what this plan writes is still there.
pub async fn has_contents(db: &mut PgConnection, run: i64) -> sqlx::Result<bool> {
    query_scalar!(
        r#"select exists (select from sync_plan_places where run_id = $1)
             or exists (select from sync_plan_packages where run_id = $1) as "there!""#,
        run
    )
    .fetch_one(db)
    .await
}

/// Remembers which plan a run found.
pub async fn found_plan(db: &mut PgConnection, run: i64, plan: i64) -> sqlx::Result<()> {
    query!("update sync_runs set plan_run = $2 where id = $1", run, plan).execute(db).await?;
    Ok(())
}

/// Begins a plan that waits.
pub async fn add_plan(
    db: &mut PgConnection,
    run: i64,
    made_against: i64,
    digest: &[u8],
    withdrawn: &[i64],
) -> sqlx::Result<()> {
    query!(
        "insert into sync_plans (run_id, made_against, digest, withdrawn, state)
         values ($1, $2, $3, $4, 'waiting')",
        run,
        made_against,
        digest,
        withdrawn
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The places that a plan writes.
pub async fn add_plan_places(
    db: &mut PgConnection,
    run: i64,
    countries: &[Country],
    regions: &[Region],
) -> sqlx::Result<()> {
    let all = || {
        let countries = countries.iter().map(|c| (Some(c.code.clone()), &c.slug, &c.name, c.upstream_id));
        countries.chain(regions.iter().map(|region| (None, &region.slug, &region.name, region.upstream_id)))
    };
    let codes: Vec<Option<String>> = all().map(|place| place.0).collect();
    let slugs: Vec<String> = all().map(|place| place.1.clone()).collect();
    let names: Vec<String> = all().map(|place| place.2.clone()).collect();
    let ids: Vec<Option<i64>> = all().map(|place| place.3).collect();
    query!(
        "insert into sync_plan_places (run_id, code, slug, name, upstream_id)
         select $1, code, slug, name, upstream_id
         from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as place (code, slug, name, upstream_id)",
        run,
        &codes as &[Option<String>],
        &slugs,
        &names,
        &ids as &[Option<i64>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Packages that a plan writes.
pub async fn add_plan_packages(db: &mut PgConnection, run: i64, packages: &[&Package]) -> sqlx::Result<()> {
    let mut columns = Columns::default();
    packages.iter().for_each(|package| columns.push(package));
    let countries: Vec<String> =
        packages.iter().map(|package| CountryCode::joined(&package.countries)).collect();
    query!(
        "insert into sync_plan_packages (run_id, id, name, slug, package_type, data_bytes, unlimited, voice_minutes,
             sms_count, validity_days, network_speed, reloadable, coverage, region_slug, cost, currency, countries)
         select $1, id, name, slug, package_type, data_bytes, unlimited, voice_minutes, sms_count, validity_days,
             network_speed, reloadable, coverage, region_slug, cost, currency, string_to_array(countries, ' ')
         from unnest(
             $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::integer[],
             $9::integer[], $10::integer[], $11::text[], $12::boolean[], $13::text[], $14::text[], $15::numeric[],
             $16::text[], $17::text[]
         ) as package (
             id, name, slug, package_type, data_bytes, unlimited, voice_minutes, sms_count, validity_days,
             network_speed, reloadable, coverage, region_slug, cost, currency, countries
         )",
        run,
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
        &countries
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The plan that a run found, if it waits or was dropped; its row is held until the transaction ends.
pub async fn open_plan(db: &mut PgConnection, run: i64) -> sqlx::Result<Option<OpenPlan>> {
    query_as!(
        OpenPlan,
        r#"select run_id, made_against, withdrawn, state = 'dropped' as "dropped!"
         from sync_plans
         where run_id = (select plan_run from sync_runs where id = $1)
             and state in ('waiting', 'dropped')
         for update"#,
        run
    )
    .fetch_optional(db)
    .await
}

/// The newest run that read the whole list, where it is held and its plan was dropped.
pub async fn dropped(db: &mut PgConnection) -> sqlx::Result<Option<Dropped>> {
    query_as!(
        Dropped,
        r#"select sync_runs.id as run, sync_plans.decided_by as "by!"
         from sync_runs
         join sync_plans on sync_plans.run_id = sync_runs.plan_run
         where sync_runs.id = (select max(id) from sync_runs where outcome in ('applied', 'unchanged', 'held'))
             and sync_runs.outcome = 'held'
             and sync_plans.state = 'dropped'"#
    )
    .fetch_optional(db)
    .await
}

/// The run whose plan waits.
pub async fn waiting(db: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    query_scalar!("select run_id from sync_plans where state = 'waiting'").fetch_optional(db).await
}

/// The places of a plan.
pub async fn plan_places(db: &mut PgConnection, run: i64) -> sqlx::Result<(Vec<Country>, Vec<Region>)> {
    let rows = query!(
        "select code, slug, name, upstream_id from sync_plan_places where run_id = $1 order by slug",
        run
    )
    .fetch_all(db)
    .await?;
    let (mut countries, mut regions) = (Vec::new(), Vec::new());
    for row in rows {
        match row.code {
            Some(code) => {
                countries.push(Country { code, slug: row.slug, name: row.name, upstream_id: row.upstream_id })
            }
            None => regions.push(Region { slug: row.slug, name: row.name, upstream_id: row.upstream_id }),
        }
    }
    Ok((countries, regions))
}

/// The packages of a plan that the catalog never had.
pub async fn new_in_plan(db: &mut PgConnection, run: i64) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        "select id
         from sync_plan_packages
         where run_id = $1
             and not exists (select from packages where packages.id = sync_plan_packages.id)",
        run
    )
    .fetch_all(db)
    .await
}

/// The next packages of a plan after this id.
pub async fn plan_packages(
    db: &mut PgConnection,
    run: i64,
    after: i64,
    number: usize,
) -> sqlx::Result<Vec<Package>> {
    let rows = query_as!(
        PackageRow,
        r#"select id, name, slug, package_type, data_bytes, unlimited, voice_minutes, sms_count, validity_days,
             network_speed, reloadable, coverage, region_slug, cost, currency,
             array_to_string(countries, ' ') as "countries!"
         from sync_plan_packages
         where run_id = $1
             and id > $2
         order by id
         limit $3"#,
        run,
        after,
        i64::try_from(number).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Package::try_from).collect()
}

/// Writes what a person decided, of a plan that waits or was dropped.
pub async fn decide_plan(
    db: &mut PgConnection,
    run: i64,
    state: &str,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    query!(
        "update sync_plans
         set state = $2, decided_by = $3, decided_at = $4
         where run_id = $1
             and state in ('waiting', 'dropped')",
        run,
        state,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The held run is an applied one from now on; the catalog is as old as it was when the run ended.
pub async fn apply_held_run(db: &mut PgConnection, run: i64) -> sqlx::Result<()> {
    query!("update sync_runs set outcome = 'applied' where id = $1 and outcome = 'held'", run)
        .execute(db)
        .await?;
    Ok(())
}
