//! Reading orders, lines and units. Every row is suspected: an impossible one is an error that names it.

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::corrupt;
use crate::ground::{Cost, Currency, EmailAddress, Language, Price, Rate, token::Token};
use crate::orders::{
    HoldReason, Line, LineRate, Order, OrderNumber, OrderStatus, PaymentStatus, TaxTerms, Unit, UnitState,
    UnitStatus,
};

struct OrderRow {
    id: i64,
    number: String,
    token: String,
    email: String,
    language: String,
    device_imei: Option<String>,
    status: String,
    payment_status: String,
    attention: bool,
    currency: String,
    total_minor: i64,
    discount_minor: i64,
    tax_minor: i64,
    tax_country: Option<String>,
    tax_percent: Option<Decimal>,
    replaces_unit_id: Option<i64>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    paid_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
}

impl TryFrom<OrderRow> for Order {
    type Error = sqlx::Error;

    fn try_from(row: OrderRow) -> Result<Self, sqlx::Error> {
        let bad = |what| move || corrupt("orders", row.id, what);
        let currency = Currency::parse(&row.currency).ok_or_else(bad("currency"))?;
        Ok(Self {
            id: row.id,
            number: OrderNumber::parse(&row.number).ok_or_else(bad("number"))?,
            token: Token::parse(&row.token).ok_or_else(bad("token"))?,
            email: EmailAddress::parse(&row.email).ok_or_else(bad("email"))?,
            language: Language::from_tag(&row.language).unwrap_or_default(),
            device_imei: row.device_imei,
            status: OrderStatus::from_word(&row.status).ok_or_else(bad("status"))?,
            payment_status: PaymentStatus::from_word(&row.payment_status)
                .ok_or_else(bad("payment_status"))?,
            attention: row.attention,
            total: Price::new(row.total_minor, currency),
            discount: Price::new(row.discount_minor, currency),
            tax: Price::new(row.tax_minor, currency),
            tax_terms: row
                .tax_country
                .zip(row.tax_percent)
                .map(|(country, percent)| TaxTerms { country, percent }),
            replaces_unit_id: row.replaces_unit_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            paid_at: row.paid_at,
            finished_at: row.finished_at,
        })
    }
}

macro_rules! order {
    ($conn:expr, $condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            OrderRow,
            "select id, number, token, email, language, device_imei, status, payment_status, attention, currency,
                    total_minor, discount_minor, tax_minor, tax_country, tax_percent, replaces_unit_id, created_at,
                    expires_at, paid_at, finished_at
             from orders
             where " + $condition,
            $($argument),*
        )
        .fetch_optional($conn)
        .await?
        .map(Order::try_from)
        .transpose()
    };
}

/// An order by our own id.
pub async fn by_id(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Order>> {
    order!(conn, "id = $1", id)
}

/// An order by its page's token.
pub async fn by_token(conn: &mut PgConnection, token: &Token) -> sqlx::Result<Option<Order>> {
    order!(conn, "token = $1", token.as_str())
}

/// An order's id by its number, as somebody outside names it.
pub async fn id_of_number(conn: &mut PgConnection, number: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select id from orders where number = $1", number).fetch_optional(conn).await
}

/// The order that a checkout form made, and what was bought under its key.
pub async fn by_form_key(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<(Order, Vec<u8>)>> {
    let order: Option<Order> = order!(&mut *conn, "form_key = $1", key)?;
    let Some(order) = order else { return Ok(None) };
    let fingerprint = sqlx::query_scalar!("select form_fingerprint from orders where id = $1", order.id)
        .fetch_one(conn)
        .await?;
    Ok(Some((order, fingerprint)))
}

struct LineRow {
    id: i64,
    position: i32,
    package_id: i64,
    name: String,
    facts: Value,
    quantity: i32,
    unit_price_minor: i64,
    currency: String,
    cost: Decimal,
    cost_currency: String,
    exchange_rate_id: Option<i64>,
    exchange_rate: Option<Decimal>,
    exchange_margin: Option<Decimal>,
}

impl TryFrom<LineRow> for Line {
    type Error = sqlx::Error;

    fn try_from(row: LineRow) -> Result<Self, sqlx::Error> {
        let bad = || corrupt("order_lines", row.id, "currency");
        let currency = Currency::parse(&row.currency).ok_or_else(bad)?;
        let cost_currency = Currency::parse(&row.cost_currency).ok_or_else(bad)?;
        let exchange = row.exchange_rate_id.zip(row.exchange_rate).zip(row.exchange_margin);
        let exchange = exchange.map(|((id, per_unit), margin)| LineRate {
            id,
            rate: Rate { from: cost_currency, to: currency, per_unit },
            margin,
        });
        Ok(Self {
            id: row.id,
            position: row.position,
            package_id: row.package_id,
            name: row.name,
            facts: row.facts,
            quantity: row.quantity,
            unit_price: Price::new(row.unit_price_minor, currency),
            cost: Cost { amount: row.cost, currency: cost_currency },
            exchange,
        })
    }
}

/// The lines of an order, in their order.
pub async fn lines(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<Line>> {
    let rows = sqlx::query_as!(
        LineRow,
        "select l.id, l.position, l.package_id, l.name, l.facts, l.quantity, l.unit_price_minor, o.currency,
                l.cost, l.cost_currency, l.exchange_rate_id, l.exchange_rate, l.exchange_margin
         from order_lines l
         join orders o on o.id = l.order_id
         where l.order_id = $1
         order by l.position",
        order_id,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Line::try_from).collect()
}

/// The line that a unit belongs to.
pub async fn line_of(conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<Line> {
    let found = lines(conn, unit.order_id).await?.into_iter().find(|line| line.id == unit.line_id);
    found.ok_or_else(|| corrupt("units", unit.id, "line_id"))
}

struct UnitRow {
    id: i64,
    order_id: i64,
    line_id: i64,
    position: i32,
    unit: i32,
    external_order_id: String,
    status: String,
    hold_reason: Option<String>,
    failure: Option<String>,
    upstream_order_id: Option<i64>,
    esim_id: Option<i64>,
    real_cost: Option<Decimal>,
    real_cost_currency: Option<String>,
    accepted_cost: Option<Decimal>,
    changed_at: OffsetDateTime,
}

impl UnitRow {
    fn state(&self) -> Option<UnitState> {
        let upstream_order_id = self.upstream_order_id;
        Some(match UnitStatus::from_word(&self.status)? {
            UnitStatus::Pending => UnitState::Pending,
            UnitStatus::Ordering => UnitState::Ordering,
            UnitStatus::Processing => UnitState::Processing { upstream_order_id: upstream_order_id? },
            UnitStatus::OnHold => UnitState::OnHold {
                reason: HoldReason::from_word(self.hold_reason.as_deref()?)?,
                upstream_order_id,
            },
            UnitStatus::Completed => {
                UnitState::Completed { upstream_order_id: upstream_order_id?, esim_id: self.esim_id? }
            }
            UnitStatus::Failed => UnitState::Failed { failure: self.failure.clone()?, upstream_order_id },
        })
    }
}

impl TryFrom<UnitRow> for Unit {
    type Error = sqlx::Error;

    fn try_from(row: UnitRow) -> Result<Self, sqlx::Error> {
        let state =
            row.state().ok_or_else(|| corrupt("units", row.id, "its status lacks what it must carry"))?;
        let currency = row.real_cost_currency.as_deref().and_then(Currency::parse);
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            line_id: row.line_id,
            position: row.position,
            unit: row.unit,
            external_order_id: row.external_order_id,
            state,
            real_cost: row.real_cost.map(|amount| (amount, currency)),
            accepted_cost: row.accepted_cost,
            changed_at: row.changed_at,
        })
    }
}

macro_rules! unit_rows {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            UnitRow,
            "select id, order_id, line_id, position, unit, external_order_id, status, hold_reason, failure,
                    upstream_order_id, esim_id, real_cost, real_cost_currency, accepted_cost, changed_at
             from units
             where " + $condition,
            $($argument),*
        )
    };
}

/// The units of an order, in their order.
pub async fn units(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<Unit>> {
    let rows = unit_rows!("order_id = $1 order by position, unit", order_id).fetch_all(conn).await?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// The units of an order that are not final.
pub async fn open_units(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<Unit>> {
    let mut units = units(conn, order_id).await?;
    units.retain(|unit| !unit.state.status().is_final());
    Ok(units)
}

/// What was paid for the units of an order that are not final, in minor units: what goes back if none of them comes.
pub async fn open_worth(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(l.unit_price_minor), 0)::bigint as "worth!"
           from units u
           join order_lines l on l.id = u.line_id
           where u.order_id = $1
             and u.status not in ('completed', 'failed')"#,
        order_id,
    )
    .fetch_one(conn)
    .await
}

/// One unit.
pub async fn unit_by_id(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Unit>> {
    unit_rows!("id = $1", id).fetch_optional(conn).await?.map(Unit::try_from).transpose()
}

/// The unit that the upstream knows by this name.
pub async fn unit_by_external_id(conn: &mut PgConnection, name: &str) -> sqlx::Result<Option<Unit>> {
    unit_rows!("external_order_id = $1", name).fetch_optional(conn).await?.map(Unit::try_from).transpose()
}

/// Orders that are open and that no waiting job looks after: none in a healthy shop, but a sweep finds them.
pub async fn stale(conn: &mut PgConnection, older_than: OffsetDateTime) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select o.id
         from orders o
         where o.status in ('awaiting_payment', 'processing')
           and o.created_at < $1
           and not exists (select 1 from jobs j where j.key = 'advance:' || o.id and j.dead_at is null)
         order by o.id
         limit 500",
        older_than,
    )
    .fetch_all(conn)
    .await
}
