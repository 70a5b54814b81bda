//! `markup_rules`: rules are only ever added.

use rust_decimal::Decimal;
use sqlx::{PgConnection, query_as, query_scalar};
use time::OffsetDateTime;

use super::in_force::InForce;
use super::markup::{Markup, Rounding};
use crate::ground::Currency;

struct Row {
    id: i64,
    percent: Decimal,
    fixed: Decimal,
    currency: String,
    rounding: String,
    published_by: String,
    published_at: OffsetDateTime,
}

impl TryFrom<Row> for InForce {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let broken = |column| sqlx::Error::Decode(format!("markup_rules.{column} of rule {}", row.id).into());
        let currency = Currency::parse(&row.currency).ok_or_else(|| broken("currency"))?;
        let rounding = Rounding::from_word(&row.rounding).ok_or_else(|| broken("rounding"))?;
        Ok(Self {
            id: row.id,
            markup: Markup { percent: row.percent, fixed: row.fixed, currency, rounding },
            published_by: row.published_by,
            published_at: row.published_at,
        })
    }
}

/// The newest rule.
pub async fn newest(db: &mut PgConnection) -> sqlx::Result<Option<InForce>> {
    let row = query_as!(
        Row,
        "select id, percent, fixed, currency, rounding, published_by, published_at
         from markup_rules
         order by id desc
         limit 1"
    )
    .fetch_optional(db)
    .await?;
    row.map(InForce::try_from).transpose()
}

/// Adds a rule.
pub async fn add(db: &mut PgConnection, rule: &Markup, by: &str, now: OffsetDateTime) -> sqlx::Result<i64> {
    query_scalar!(
        "insert into markup_rules (percent, fixed, currency, rounding, published_by, published_at)
         values ($1, $2, $3, $4, $5, $6)
         returning id",
        rule.percent,
        rule.fixed,
        rule.currency.code(),
        rule.rounding.word(),
        by,
        now
    )
    .fetch_one(db)
    .await
}
