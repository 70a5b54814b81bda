//! The list of packages, and one package with its history.

use rust_decimal::Decimal;
use sqlx::PgPool;
use time::OffsetDateTime;

/// How many packages stand on one page.
pub(crate) const PACKAGES: i64 = 50;

/// Which packages are wanted; every part narrows.
#[derive(Clone, Debug, Default)]
pub(crate) struct PackageFilter {
    /// An id, or a part of the upstream's name or the shop's own.
    pub q: Option<String>,
    /// A country's code.
    pub country: Option<String>,
    /// `local`, `regional`, `global`.
    pub coverage: Option<String>,
    pub package_type: Option<String>,
    /// A word of [`STATES`].
    pub state: Option<String>,
    /// Only packages after this id.
    pub after: Option<i64>,
    /// Only this one.
    pub id: Option<i64>,
}

/// What a package can be asked to be.
pub(crate) const STATES: [&str; 7] =
    ["on_sale", "featured", "own_name", "held", "hidden", "stopped", "withdrawn"];

pub(crate) struct PackageRow {
    pub id: i64,
    pub name: String,
    pub own_name: Option<String>,
    pub package_type: String,
    pub coverage: String,
    pub region_slug: Option<String>,
    pub local_to: Vec<String>,
    pub cost: Decimal,
    pub currency: String,
    pub withdrawn_at: Option<OffsetDateTime>,
    pub first_seen_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
    pub stopped: bool,
    pub hidden: bool,
    pub featured: bool,
    pub held: bool,
}

/// One page by id, and one package more where there is a next page.
pub(crate) async fn packages(db: &PgPool, filter: &PackageFilter) -> sqlx::Result<Vec<PackageRow>> {
    sqlx::query_as!(
        PackageRow,
        r#"select p.id, p.name, own.name as "own_name?", p.package_type, p.coverage, p.region_slug,
                  case p.coverage
                      when 'local' then array(
                          select country_code from package_countries where package_id = p.id order by country_code
                      )
                      else '{}'
                  end as "local_to!",
                  p.cost, p.currency, p.withdrawn_at, p.first_seen_at, p.changed_at,
                  stops.package_id is not null as "stopped!", coalesce(own.hidden, false) as "hidden!",
                  coalesce(own.featured, false) as "featured!", coalesce(own.held, false) as "held!"
           from packages p
           left join package_overrides own on own.package_id = p.id
           left join package_stops stops on stops.package_id = p.id and stops.lifted_at is null
           where ($1::text is null
                  or p.id::text = $1
                  or position(lower($1) in lower(p.name)) > 0
                  or position(lower($1) in lower(own.name)) > 0)
             and ($2::text is null
                  or exists (select from package_countries where package_id = p.id and country_code = $2))
             and ($3::text is null or p.coverage = $3)
             and ($4::text is null or p.package_type = $4)
             and case $5::text
                 when 'on_sale' then p.withdrawn_at is null and stops.package_id is null
                     and not coalesce(own.hidden or own.held, false)
                 when 'featured' then own.featured
                 when 'own_name' then own.name is not null
                 when 'held' then own.held
                 when 'hidden' then own.hidden
                 when 'stopped' then stops.package_id is not null
                 when 'withdrawn' then p.withdrawn_at is not null
                 else true
             end
             and ($6::bigint is null or p.id > $6)
             and ($7::bigint is null or p.id = $7)
           order by p.id
           limit $8"#,
        filter.q,
        filter.country,
        filter.coverage,
        filter.package_type,
        filter.state,
        filter.after,
        filter.id,
        PACKAGES + 1
    )
    .fetch_all(db)
    .await
}

pub(crate) struct Facts {
    pub on_sale: i64,
    pub held: i64,
    pub hidden: i64,
    pub new_packages: String,
    pub types: Vec<String>,
}

/// What the head of the list says.
pub(crate) async fn catalog_facts(db: &PgPool) -> sqlx::Result<Facts> {
    sqlx::query_as!(
        Facts,
        r#"select (select count(*) from packages where withdrawn_at is null) as "on_sale!",
                  (select count(*) from package_overrides where held) as "held!",
                  (select count(*) from package_overrides where hidden) as "hidden!",
                  (select new_packages from catalog_edits) as "new_packages!",
                  array(select distinct package_type from packages order by package_type) as "types!""#
    )
    .fetch_one(db)
    .await
}

pub(crate) struct PriceRow {
    pub noted_at: OffsetDateTime,
    pub cost: Decimal,
    pub cost_currency: String,
    pub price_minor: Option<i64>,
    pub currency: Option<String>,
    pub rule_id: Option<i64>,
}

/// What a package cost and was sold for, newest first.
pub(crate) async fn price_history(db: &PgPool, id: i64) -> sqlx::Result<Vec<PriceRow>> {
    sqlx::query_as!(
        PriceRow,
        "select noted_at, cost, cost_currency, price_minor, currency, rule_id
         from price_history
         where package_id = $1
         order by noted_at desc
         limit 100",
        id
    )
    .fetch_all(db)
    .await
}

/// The countries where a package works.
pub(crate) async fn countries_of(db: &PgPool, id: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select name
         from countries
         join package_countries on country_code = code
         where package_id = $1
         order by name",
        id
    )
    .fetch_all(db)
    .await
}

/// Every country that the catalog ever had: its code and its name.
pub(crate) async fn country_names(db: &PgPool) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select code, name from countries").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}

/// Those of these countries that a package on sale names.
pub(crate) async fn countries_sold(db: &PgPool, codes: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select wanted.code as "code!"
           from unnest($1::text[]) as wanted (code)
           where exists (
               select from package_countries
               join packages on packages.id = package_countries.package_id
               where package_countries.country_code = wanted.code
                   and packages.withdrawn_at is null
                   and not exists (
                       select from package_overrides own
                       where own.package_id = packages.id and (own.hidden or own.held)
                   )
                   and not exists (
                       select from package_stops
                       where package_stops.package_id = packages.id and package_stops.lifted_at is null
                   )
           )"#,
        codes
    )
    .fetch_all(db)
    .await
}
