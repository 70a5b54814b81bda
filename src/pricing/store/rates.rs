//! `exchange_terms` and `exchange_rates`, whose rows are only ever added.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as};
use time::{Date, OffsetDateTime, UtcOffset};

use crate::ground::{Currency, Rate};
use crate::pricing::exchange::{DatedRate, Exchange, ExchangeTerms};
use crate::pricing::rate_form::NewRate;

struct TermsRow {
    id: i64,
    from_currency: String,
    to_currency: String,
    margin_percent: Decimal,
    max_age_days: i32,
    published_by: String,
    published_at: OffsetDateTime,
}

struct RateRow {
    id: i64,
    from_currency: String,
    to_currency: String,
    rate: Decimal,
    valid_on: Date,
    source: String,
    entered_by: String,
    entered_at: OffsetDateTime,
}

fn currency(code: &str) -> sqlx::Result<Currency> {
    Currency::parse(code).ok_or_else(|| sqlx::Error::Decode(format!("no currency: {code}").into()))
}

impl TryFrom<TermsRow> for ExchangeTerms {
    type Error = sqlx::Error;

    fn try_from(row: TermsRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.id,
            from: currency(&row.from_currency)?,
            to: currency(&row.to_currency)?,
            margin: row.margin_percent,
            max_age_days: row.max_age_days,
            published_by: row.published_by,
            published_at: row.published_at,
        })
    }
}

impl TryFrom<RateRow> for DatedRate {
    type Error = sqlx::Error;

    fn try_from(row: RateRow) -> sqlx::Result<Self> {
        let (from, to) = (currency(&row.from_currency)?, currency(&row.to_currency)?);
        Ok(Self {
            id: row.id,
            rate: Rate { from, to, per_unit: row.rate },
            valid_on: row.valid_on,
            imported: row.source == "imported",
            entered_by: row.entered_by,
            entered_at: row.entered_at,
        })
    }
}

/// The newest terms.
async fn terms(db: &mut PgConnection) -> sqlx::Result<Option<ExchangeTerms>> {
    let row = query_as!(
        TermsRow,
        "select id, from_currency, to_currency, margin_percent, max_age_days, published_by, published_at
         from exchange_terms
         order by id desc
         limit 1"
    )
    .fetch_optional(db)
    .await?;
    row.map(ExchangeTerms::try_from).transpose()
}

/// Terms, and of the newest day that has begun and of each later one the rate that was entered last.
pub async fn exchange(db: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Exchange> {
    // First: what is published meanwhile makes it look older than it is, and it is read again.
    let revision = super::revision(db).await?.rates;
    let Some(terms) = terms(db).await? else { return Ok(Exchange { revision, ..Exchange::default() }) };
    let today = now.to_offset(UtcOffset::UTC).date();
    let rows = query_as!(
        RateRow,
        "select distinct on (valid_on)
                id, from_currency, to_currency, rate, valid_on, source, entered_by, entered_at
         from exchange_rates
         where from_currency = $1
           and to_currency = $2
           and valid_on >= coalesce(
               (select max(valid_on)
                from exchange_rates
                where valid_on <= $3
                  and from_currency = $1
                  and to_currency = $2),
               $3)
         order by valid_on desc, id desc",
        terms.from.code(),
        terms.to.code(),
        today
    )
    .fetch_all(db)
    .await?;
    let rates = rows.into_iter().map(DatedRate::try_from).collect::<sqlx::Result<Vec<_>>>()?;
    Ok(Exchange { terms: Some(terms), rates, revision })
}

/// The rate of each day, as it was entered last.
pub async fn known(
    db: &mut PgConnection,
    from: Currency,
    to: Currency,
) -> sqlx::Result<BTreeMap<Date, Decimal>> {
    let rows = query!(
        "select distinct on (valid_on) valid_on, rate
         from exchange_rates
         where from_currency = $1
           and to_currency = $2
         order by valid_on desc, id desc",
        from.code(),
        to.code()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.valid_on, row.rate)).collect())
}

/// What was entered, the newest day first; those of days before `before` where that is given.
pub async fn list(db: &mut PgConnection, before: Option<Date>, number: i64) -> sqlx::Result<Vec<DatedRate>> {
    let rows = query_as!(
        RateRow,
        "select id, from_currency, to_currency, rate, valid_on, source, entered_by, entered_at
         from exchange_rates
         where $1::date is null
            or valid_on < $1
         order by valid_on desc, id desc
         limit $2",
        before,
        number
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(DatedRate::try_from).collect()
}

/// Writes terms.
pub async fn add_terms(db: &mut PgConnection, terms: &ExchangeTerms) -> sqlx::Result<()> {
    query!(
        "insert into exchange_terms (from_currency, to_currency, margin_percent, max_age_days, published_by, published_at)
         values ($1, $2, $3, $4, $5, $6)",
        terms.from.code(),
        terms.to.code(),
        terms.margin,
        terms.max_age_days,
        terms.published_by,
        terms.published_at
    )
    .execute(db)
    .await
    .map(drop)
}

/// Who enters rates between two currencies, and how.
pub struct Entry<'a> {
    pub from: Currency,
    pub to: Currency,
    pub imported: bool,
    pub by: &'a str,
    pub now: OffsetDateTime,
}

/// Writes rates.
pub async fn add_rates(db: &mut PgConnection, rates: &[NewRate], entry: &Entry<'_>) -> sqlx::Result<()> {
    let days: Vec<Date> = rates.iter().map(|rate| rate.valid_on).collect();
    let amounts: Vec<Decimal> = rates.iter().map(|rate| rate.per_unit).collect();
    query!(
        "insert into exchange_rates (from_currency, to_currency, rate, valid_on, source, entered_by, entered_at)
         select $1, $2, rate, valid_on, $3, $4, $5
         from unnest($6::numeric[], $7::date[]) with ordinality as new (rate, valid_on, place)
         order by place",
        entry.from.code(),
        entry.to.code(),
        if entry.imported { "imported" } else { "by_hand" },
        entry.by,
        entry.now,
        &amounts,
        &days
    )
    .execute(db)
    .await
    .map(drop)
}
