//! Everything about one order. The codes of an eSIM are not selected: of its ICCID only the last four digits are.

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};

pub(crate) struct OrderRow {
    pub id: i64,
    pub number: String,
    pub token: String,
    pub email: String,
    pub language: String,
    pub status: String,
    pub payment_status: String,
    pub attention: bool,
    pub currency: String,
    pub total_minor: i64,
    pub discount_minor: i64,
    pub tax_minor: i64,
    pub tax_country: Option<String>,
    pub tax_percent: Option<Decimal>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub paid_at: Option<OffsetDateTime>,
    pub finished_at: Option<OffsetDateTime>,
    pub terms_accepted_at: Option<OffsetDateTime>,
}

pub(crate) struct LineRow {
    pub id: i64,
    pub position: i32,
    pub package_id: i64,
    pub name: String,
    pub quantity: i32,
    pub unit_price_minor: i64,
    pub cost: Decimal,
    pub cost_currency: String,
    /// What one unit of that was worth in the order's currency when it was sold, and the percent put on it.
    pub exchange_rate: Option<Decimal>,
    pub exchange_margin: Option<Decimal>,
    pub markup_rule_id: i64,
}

pub(crate) struct UnitRow {
    pub id: i64,
    pub line_id: i64,
    pub position: i32,
    pub unit: i32,
    pub external_order_id: String,
    pub status: String,
    pub hold_reason: Option<String>,
    pub failure: Option<String>,
    pub upstream_order_id: Option<i64>,
    pub real_cost: Option<Decimal>,
    pub real_cost_currency: Option<String>,
    pub changed_at: OffsetDateTime,
    pub iccid_end: Option<String>,
    pub has_esim: bool,
    pub expires_on: Option<Date>,
}

pub(crate) struct AttemptRow {
    pub unit_id: i64,
    pub number: i32,
    pub idempotency_key: String,
    pub committed_at: OffsetDateTime,
    pub outcome: Option<String>,
    pub settled: Option<String>,
    pub reason: Option<String>,
    pub http_status: Option<i32>,
    pub answered_at: Option<OffsetDateTime>,
}

pub(crate) struct PaymentRow {
    pub method: String,
    pub status: String,
    pub amount_minor: i64,
    pub currency: String,
    pub counted: bool,
    pub refunded_minor: i64,
    pub fee_minor: i64,
    pub card_country: Option<String>,
    pub buyer_country: Option<String>,
    pub created_at: OffsetDateTime,
    pub settled_at: Option<OffsetDateTime>,
}

pub(crate) struct RefundRow {
    pub id: i64,
    pub attempt: i32,
    pub by_hand: bool,
    pub note: Option<String>,
    pub failure: Option<String>,
    pub unit: Option<String>,
    pub amount_minor: i64,
    pub currency: String,
    pub reason: String,
    pub status: String,
    pub requested_by: String,
    pub created_at: OffsetDateTime,
    pub settled_at: Option<OffsetDateTime>,
}

pub(crate) struct DisputeRow {
    pub reference: String,
    pub amount_minor: i64,
    pub currency: String,
    pub status: String,
    pub reason: String,
    pub due_by: Option<OffsetDateTime>,
    pub opened_at: OffsetDateTime,
}

pub(crate) struct MailRow {
    pub subject: String,
    pub created_at: OffsetDateTime,
    pub sent_at: Option<OffsetDateTime>,
}

pub(crate) struct WebhookRow {
    pub event: String,
    pub source: String,
    pub status: String,
    pub note: Option<String>,
    pub received_at: OffsetDateTime,
}

pub(crate) struct HistoryRow {
    pub at: OffsetDateTime,
    pub actor: String,
    pub event: String,
    pub unit: Option<String>,
    pub detail: serde_json::Value,
}

/// One order with all that hangs on it.
pub(crate) struct Details {
    pub order: OrderRow,
    pub lines: Vec<LineRow>,
    pub units: Vec<UnitRow>,
    pub attempts: Vec<AttemptRow>,
    pub payments: Vec<PaymentRow>,
    pub refunds: Vec<RefundRow>,
    pub mails: Vec<MailRow>,
    pub webhooks: Vec<WebhookRow>,
    pub history: Vec<HistoryRow>,
    pub gift: Option<GiftRow>,
    pub disputes: Vec<DisputeRow>,
}

/// What an order was given for.
pub(crate) struct GiftRow {
    pub number: String,
    pub unit: String,
    pub granted_by: String,
    pub grant_reason: String,
}

/// Debits at the time of a unit's attempts, and the orders of then that are bound to units.
pub(crate) struct DebitsRow {
    pub debits: i64,
    pub bound: i64,
}

/// What is known about whether the upstream has an order for a unit.
pub(crate) struct ListedRow {
    pub read_at: OffsetDateTime,
    pub orders: i32,
    /// The upstream's orders under the unit's name.
    pub ids: Vec<i64>,
}

/// Reads the order as it was at one moment, so that its parts fit together.
pub(crate) async fn details(db: &PgPool, number: &str) -> sqlx::Result<Option<Details>> {
    let mut tx = db.begin_with("begin isolation level repeatable read read only").await?;
    let Some(order) = order(&mut tx, number).await? else { return Ok(None) };
    let id = order.id;
    Ok(Some(Details {
        lines: lines(&mut tx, id).await?,
        units: units(&mut tx, id).await?,
        attempts: attempts(&mut tx, id).await?,
        payments: payments(&mut tx, id).await?,
        refunds: refunds(&mut tx, id).await?,
        mails: mails(&mut tx, number).await?,
        webhooks: webhooks(&mut tx, number).await?,
        history: history(&mut tx, id).await?,
        gift: gift(&mut tx, id).await?,
        disputes: disputes(&mut tx, id).await?,
        order,
    }))
}

async fn order(conn: &mut PgConnection, number: &str) -> sqlx::Result<Option<OrderRow>> {
    sqlx::query_as!(
        OrderRow,
        "select id, number, token, email, language, status, payment_status, attention, currency, total_minor,
                discount_minor, tax_minor, tax_country, tax_percent, created_at, expires_at, paid_at, finished_at, terms_accepted_at
         from orders
         where number = $1",
        number
    )
    .fetch_optional(conn)
    .await
}

async fn lines(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<LineRow>> {
    sqlx::query_as!(
        LineRow,
        "select id, position, package_id, name, quantity, unit_price_minor, cost, cost_currency, exchange_rate,
                exchange_margin, markup_rule_id
         from order_lines
         where order_id = $1
         order by position",
        order_id
    )
    .fetch_all(conn)
    .await
}

async fn units(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<UnitRow>> {
    sqlx::query_as!(
        UnitRow,
        r#"select u.id, u.line_id, u.position, u.unit, u.external_order_id, u.status, u.hold_reason, u.failure,
                  u.upstream_order_id, u.real_cost, u.real_cost_currency, u.changed_at,
                  right(e.iccid, 4) as "iccid_end?", e.id is not null as "has_esim!", e.expires_on as "expires_on?"
           from units u
           left join esims e on e.id = u.esim_id
           where u.order_id = $1
           order by u.position, u.unit"#,
        order_id
    )
    .fetch_all(conn)
    .await
}

async fn attempts(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<AttemptRow>> {
    sqlx::query_as!(
        AttemptRow,
        "select a.unit_id, a.number, a.idempotency_key, a.committed_at, a.outcome, a.settled, a.reason, a.http_status,
                a.answered_at
         from attempts a
         join units u on u.id = a.unit_id
         where u.order_id = $1
         order by a.unit_id, a.number",
        order_id
    )
    .fetch_all(conn)
    .await
}

async fn payments(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<PaymentRow>> {
    sqlx::query_as!(
        PaymentRow,
        "select method, status, amount_minor, currency, counted, refunded_minor, fee_minor, card_country, buyer_country,
                created_at, settled_at
         from payments
         where order_id = $1
         order by id",
        order_id
    )
    .fetch_all(conn)
    .await
}

async fn refunds(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<RefundRow>> {
    sqlx::query_as!(
        RefundRow,
        r#"select r.id, r.attempt, r.by_hand, r.note, r.failure, u.position || '.' || u.unit as unit, r.amount_minor,
                  r.currency, r.reason, r.status, r.requested_by, r.created_at, r.settled_at
           from refunds r
           left join units u on u.id = r.unit_id
           where r.order_id = $1
           order by r.id"#,
        order_id
    )
    .fetch_all(conn)
    .await
}

async fn disputes(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<DisputeRow>> {
    sqlx::query_as!(
        DisputeRow,
        "select d.provider_reference as reference, d.amount_minor, d.currency, d.status, d.reason, d.due_by, d.opened_at
         from disputes d
         join payments p on p.id = d.payment_id
         where p.order_id = $1
         order by d.id",
        order_id
    )
    .fetch_all(conn)
    .await
}

/// A mail's key names its cause ("delivered:SF-…"); numbers are random, so none is a part of another.
async fn mails(conn: &mut PgConnection, number: &str) -> sqlx::Result<Vec<MailRow>> {
    sqlx::query_as!(
        MailRow,
        "select subject, created_at, sent_at
         from mails
         where position($1 in key) > 0
         order by id",
        number
    )
    .fetch_all(conn)
    .await
}

async fn webhooks(conn: &mut PgConnection, number: &str) -> sqlx::Result<Vec<WebhookRow>> {
    sqlx::query_as!(
        WebhookRow,
        "select event, source, status, note, received_at
         from webhook_deliveries
         where order_number = $1
         order by id",
        number
    )
    .fetch_all(conn)
    .await
}

async fn history(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<HistoryRow>> {
    sqlx::query_as!(
        HistoryRow,
        r#"select h.at, h.actor, h.event, u.position || '.' || u.unit as unit, h.detail
           from order_history h
           left join units u on u.id = h.unit_id
           where h.order_id = $1
           order by h.id"#,
        order_id
    )
    .fetch_all(conn)
    .await
}

async fn gift(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Option<GiftRow>> {
    sqlx::query_as!(
        GiftRow,
        r#"select o.number, u.position || '.' || u.unit as "unit!", g.granted_by as "granted_by!",
                  g.grant_reason as "grant_reason!"
           from orders g
           join units u on u.id = g.replaces_unit_id
           join orders o on o.id = u.order_id
           where g.id = $1"#,
        order_id
    )
    .fetch_optional(conn)
    .await
}

/// The last reading of the upstream's list, and what was ever seen there under a unit's name.
pub(crate) async fn listed(
    conn: &mut PgConnection,
    external_order_id: &str,
) -> sqlx::Result<Option<ListedRow>> {
    sqlx::query_as!(
        ListedRow,
        r#"select l.begun_at as "read_at!", l.orders,
                  array(select id from upstream_orders where external_order_id = $1 order by id) as "ids!"
           from upstream_listings l
           order by l.begun_at desc
           limit 1"#,
        external_order_id
    )
    .fetch_optional(conn)
    .await
}

/// Debits that the wallet showed in a span of time, and the bound orders that explain some of them.
pub(crate) async fn debits_around(
    conn: &mut PgConnection,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> sqlx::Result<DebitsRow> {
    sqlx::query_as!(
        DebitsRow,
        r#"select (select count(*)
                   from wallet_movements
                   where direction = 'out'
                     and coalesce(happened_at, first_seen_at) between $1 and $2) as "debits!",
                  (select count(*)
                   from upstream_orders o
                   join units u on u.upstream_order_id = o.id
                   where coalesce(o.created_at, o.first_seen_at) between $1 and $2) as "bound!""#,
        from,
        to
    )
    .fetch_one(conn)
    .await
}
