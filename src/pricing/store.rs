//! `markup_rules`, `rule_versions` and `price_history`, whose rows are only ever added; and `prices_noted`.

pub mod rates;

use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_scalar};
use time::OffsetDateTime;

use super::history::NotedOf;
use super::markup::{Markup, Rounding};
use super::price_list::Revision;
use super::rule::Rule;
use super::rule_set::{Edit, RuleSet};
use super::scope::Scope;
use crate::ground::{Cost, Currency, Price};

/// One publication at a time, on whichever node ("simprice" as a number).
const LOCK: i64 = 0x7369_6d70_7269_6365;

struct Row {
    id: i64,
    percent: Decimal,
    fixed: Decimal,
    currency: String,
    rounding: String,
    scope: String,
    scope_key: Option<String>,
    priority: i32,
    fixed_price_minor: Option<i64>,
    min_margin: Decimal,
    starts_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
    published_by: String,
    published_at: OffsetDateTime,
}

impl TryFrom<Row> for Rule {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let broken = |column| sqlx::Error::Decode(format!("markup_rules.{column} of rule {}", row.id).into());
        let currency = Currency::parse(&row.currency).ok_or_else(|| broken("currency"))?;
        let rounding = Rounding::from_word(&row.rounding).ok_or_else(|| broken("rounding"))?;
        Ok(Self {
            id: row.id,
            scope: Scope::from_words(&row.scope, row.scope_key.as_deref())
                .ok_or_else(|| broken("scope_key"))?,
            priority: row.priority,
            markup: Markup { percent: row.percent, fixed: row.fixed, currency, rounding },
            fixed_price: row.fixed_price_minor.map(|minor| Price::new(minor, currency)),
            min_margin: row.min_margin,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            published_by: row.published_by,
            published_at: row.published_at,
        })
    }
}

/// A publication.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number.
    pub id: i64,
    /// What was changed, as a sentence.
    pub what: String,
    /// How many rules it has.
    pub rules: i64,
    /// Who published it.
    pub published_by: String,
    /// When.
    pub published_at: OffsetDateTime,
}

/// Waits for any other publication to end; the turn lasts as long as the transaction.
pub async fn take_turn(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("select pg_advisory_xact_lock($1)", LOCK).fetch_one(db).await?;
    Ok(())
}

/// The newest row: the shop-wide rule.
pub async fn newest(db: &mut PgConnection) -> sqlx::Result<Option<Rule>> {
    let row = query_as!(
        Row,
        "select id, percent, fixed, currency, rounding, scope, scope_key, priority, fixed_price_minor, min_margin,
             starts_at, ends_at, published_by, published_at
         from markup_rules
         order by id desc
         limit 1"
    )
    .fetch_optional(db)
    .await?;
    row.map(Rule::try_from).transpose()
}

/// What is in force.
pub async fn revision(db: &mut PgConnection) -> sqlx::Result<Revision> {
    query_as!(Revision, r#"select rules as "rules!", rates as "rates!" from prices_standing"#)
        .fetch_one(db)
        .await
}

/// The rules of the newest version; where the newest row is of none, it is the shop-wide rule in the place of theirs.
pub async fn rules(db: &mut PgConnection) -> sqlx::Result<RuleSet> {
    let rows = query_as!(
        Row,
        "select id, percent, fixed, currency, rounding, scope, scope_key, priority, fixed_price_minor, min_margin,
             starts_at, ends_at, published_by, published_at
         from markup_rules
         where version_id = (select max(id) from rule_versions)
            or id = (select max(id) from markup_rules)
         order by id"
    )
    .fetch_all(db)
    .await?;
    let mut rules = rows.into_iter().map(Rule::try_from).collect::<sqlx::Result<Vec<_>>>()?;
    let revision = rules.last().map_or(0, |rule| rule.id);
    rules.retain(|rule| !rule.is_shop_wide() || rule.id == revision);
    Ok(RuleSet { revision, rules })
}

/// The rules of one version.
pub async fn rules_of(db: &mut PgConnection, version: i64) -> sqlx::Result<Vec<Rule>> {
    let rows = query_as!(
        Row,
        "select id, percent, fixed, currency, rounding, scope, scope_key, priority, fixed_price_minor, min_margin,
             starts_at, ends_at, published_by, published_at
         from markup_rules
         where version_id = $1
         order by id",
        version
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Rule::try_from).collect()
}

/// One rule.
pub async fn rule(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<Rule>> {
    let row = query_as!(
        Row,
        "select id, percent, fixed, currency, rounding, scope, scope_key, priority, fixed_price_minor, min_margin,
             starts_at, ends_at, published_by, published_at
         from markup_rules
         where id = $1",
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(Rule::try_from).transpose()
}

/// The newest versions before one (`None`: of all), newest first.
pub async fn versions(
    db: &mut PgConnection,
    before: Option<i64>,
    number: usize,
) -> sqlx::Result<Vec<Version>> {
    query_as!(
        Version,
        r#"select id, what, published_by, published_at,
               (select count(*) from markup_rules where version_id = rule_versions.id) as "rules!"
           from rule_versions
           where $1::bigint is null or id < $1
           order by id desc
           limit $2"#,
        before,
        i64::try_from(number).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await
}

/// Begins a version.
pub async fn add_version(
    db: &mut PgConnection,
    edit: &Edit,
    what: &str,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<i64> {
    query_scalar!(
        "insert into rule_versions (what, restored_from, published_by, published_at)
         values ($1, $2, $3, $4)
         returning id",
        what,
        edit.restored(),
        by,
        now
    )
    .fetch_one(db)
    .await
}

/// Writes the rules of a version, and gives their ids in the same order.
pub async fn add_rules(db: &mut PgConnection, version: i64, rules: &[Rule]) -> sqlx::Result<Vec<i64>> {
    fn all<T>(rules: &[Rule], of: impl Fn(&Rule) -> T) -> Vec<T> {
        rules.iter().map(of).collect()
    }
    let mut ids = query_scalar!(
        r#"insert into markup_rules (version_id, percent, fixed, currency, rounding, scope, scope_key, priority,
               fixed_price_minor, min_margin, starts_at, ends_at, published_by, published_at)
           select $1, percent, fixed, currency, rounding, scope, scope_key, priority, fixed_price_minor, min_margin,
               starts_at, ends_at, published_by, published_at
           from unnest(
               $2::numeric[], $3::numeric[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[],
               $9::bigint[], $10::numeric[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::timestamptz[]
           ) with ordinality as rule (
               percent, fixed, currency, rounding, scope, scope_key, priority, fixed_price_minor, min_margin,
               starts_at, ends_at, published_by, published_at, place
           )
           order by place
           returning id"#,
        version,
        &all(rules, |rule| rule.markup.percent),
        &all(rules, |rule| rule.markup.fixed),
        &all(rules, |rule| rule.markup.currency.code().to_owned()),
        &all(rules, |rule| rule.markup.rounding.word().to_owned()),
        &all(rules, |rule| rule.scope.word().to_owned()),
        &all(rules, |rule| rule.scope.key()) as &[Option<String>],
        &all(rules, |rule| rule.priority),
        &all(rules, |rule| rule.fixed_price.map(|price| price.minor)) as &[Option<i64>],
        &all(rules, |rule| rule.min_margin),
        &all(rules, |rule| rule.starts_at) as &[Option<OffsetDateTime>],
        &all(rules, |rule| rule.ends_at) as &[Option<OffsetDateTime>],
        &all(rules, |rule| rule.published_by.clone()),
        &all(rules, |rule| rule.published_at)
    )
    .fetch_all(db)
    .await?;
    // They were numbered in their order.
    ids.sort_unstable();
    Ok(ids)
}

/// What a package costs and is sold for.
pub struct Noted {
    pub package: i64,
    pub cost: Cost,
    pub price: Option<Price>,
    pub rule: Option<i64>,
}

/// Adds those whose cost or price is another one than the last that was noted.
pub async fn note(db: &mut PgConnection, noted: &[Noted], now: OffsetDateTime) -> sqlx::Result<u64> {
    fn all<T>(noted: &[Noted], of: impl Fn(&Noted) -> T) -> Vec<T> {
        noted.iter().map(of).collect()
    }
    let done = query!(
        "insert into price_history (package_id, noted_at, cost, cost_currency, price_minor, currency, rule_id)
         select today.id, $1, today.cost, today.cost_currency, today.price, today.currency, today.rule
         from unnest($2::bigint[], $3::numeric[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
             as today (id, cost, cost_currency, price, currency, rule)
         left join lateral (
             select cost, cost_currency, price_minor, currency
             from price_history
             where package_id = today.id
             order by noted_at desc
             limit 1
         ) as last on true
         where (today.cost, today.cost_currency, today.price, today.currency)
             is distinct from (last.cost, last.cost_currency, last.price_minor, last.currency)
         on conflict do nothing",
        now,
        &all(noted, |one| one.package),
        &all(noted, |one| one.cost.amount),
        &all(noted, |one| one.cost.currency.code().to_owned()),
        &all(noted, |one| one.price.map(|price| price.minor)) as &[Option<i64>],
        &all(noted, |one| one.price.map(|price| price.currency.code().to_owned())) as &[Option<String>],
        &all(noted, |one| one.rule) as &[Option<i64>]
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// When the newest cost or price of each of these packages was noted.
pub async fn last_noted(db: &mut PgConnection, packages: &[i64]) -> sqlx::Result<Vec<(i64, OffsetDateTime)>> {
    // The newest alone of each, by the primary key: however long the history is, as many looks as there are packages.
    let rows = query!(
        r#"select id as "id!", noted_at
           from unnest($1::bigint[]) as asked (id)
           cross join lateral (
               select noted_at
               from price_history
               where package_id = id
               order by noted_at desc
               limit 1
           ) as last"#,
        packages
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.noted_at)).collect())
}

/// What was noted last.
pub async fn noted_of(db: &mut PgConnection) -> sqlx::Result<Option<NotedOf>> {
    let row = query!("select catalog_version, rules_revision, rates_revision, noted_at from prices_noted")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| NotedOf {
        catalog_version: row.catalog_version,
        revision: Revision { rules: row.rules_revision, rates: row.rates_revision },
        noted_at: row.noted_at,
    }))
}

/// Remembers what was noted last.
pub async fn set_noted_of(
    db: &mut PgConnection,
    catalog_version: i64,
    revision: Revision,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    query!(
        "insert into prices_noted (catalog_version, rules_revision, rates_revision, noted_at)
         values ($1, $2, $3, $4)
         on conflict (one) do update
         set catalog_version = excluded.catalog_version,
             rules_revision = excluded.rules_revision,
             rates_revision = excluded.rates_revision,
             noted_at = excluded.noted_at",
        catalog_version,
        revision.rules,
        revision.rates,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
