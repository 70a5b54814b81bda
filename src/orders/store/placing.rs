//! Writing what is sold: an order with its line and its units.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::orders::{ADVANCE, Actor, Event, Happened, NewLine, NewOrder, OrderNumber};

/// Writes an order with its line, its units and the first entry of its history, and asks that somebody looks at it when
/// its time is over, as `nudge` does; returns its id, or `None` when the form's key was used before. One statement:
/// how many orders a shop can take is a matter of how many it needs.
pub async fn insert(
    conn: &mut PgConnection,
    order: &NewOrder<'_>,
    line: &NewLine<'_>,
) -> sqlx::Result<Option<i64>> {
    let (numbers, names) = units_of(order.number, line);
    let placed = Happened::to_order(Actor::Customer, Event::Placed);
    let written = sqlx::query!(
        r#"with placed as (
             insert into orders (number, token, form_key, form_fingerprint, email, language, device_imei, status,
                                 payment_status, currency, total_minor, terms_accepted_at, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, 'awaiting_payment', 'pending', $8, $9, $10, $10, $11)
             on conflict (form_key) do nothing
             returning id
           ), line as (
             insert into order_lines (order_id, position, package_id, name, facts, quantity, unit_price_minor, cost,
                                      cost_currency, markup_rule_id)
             select id, $12, $13, $14, $15, $16, $17, $18, $19, $20
             from placed
             returning id, order_id, position
           ), bought as (
             insert into units (order_id, line_id, position, unit, external_order_id, status, changed_at)
             select line.order_id, line.id, line.position, n.unit, n.name, 'pending', $10
             from line
             cross join unnest($21::int[], $22::text[]) as n (unit, name)
           ), history as (
             insert into order_history (order_id, at, actor, event, detail)
             select id, $10, $23, $24, $25
             from placed
           )
           select id, enqueue_jobs(array[$26::text], array['advance:' || id], array[jsonb_build_object('order', id)],
                                   array[$11::timestamptz], $10) as asked
           from placed"#,
        order.number.as_str(),
        order.token.as_str(),
        order.form_key,
        order.form_fingerprint,
        order.email.as_str(),
        order.language.tag(),
        order.device_imei,
        order.total.currency.code(),
        order.total.minor,
        order.now,
        order.expires_at,
        line.position,
        line.package_id,
        line.name,
        line.facts,
        line.quantity,
        line.unit_price.minor,
        line.cost,
        line.cost_currency.code(),
        line.markup_rule_id,
        &numbers,
        &names,
        &*placed.actor.word(),
        placed.event.word(),
        placed.detail,
        ADVANCE,
    )
    .fetch_optional(conn)
    .await?;
    Ok(written.map(|written| written.id))
}

/// The units of a line, from 1, and what the upstream is told each is called.
fn units_of(order_number: &OrderNumber, line: &NewLine<'_>) -> (Vec<i32>, Vec<String>) {
    (1..=line.quantity).map(|unit| (unit, order_number.external_order_id(line.position, unit))).unzip()
}

pub(super) async fn insert_line(
    conn: &mut PgConnection,
    order_number: &OrderNumber,
    now: OffsetDateTime,
    order_id: i64,
    line: &NewLine<'_>,
) -> sqlx::Result<()> {
    let line_id = sqlx::query_scalar!(
        "insert into order_lines (order_id, position, package_id, name, facts, quantity, unit_price_minor, cost,
                                  cost_currency, markup_rule_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         returning id",
        order_id,
        line.position,
        line.package_id,
        line.name,
        line.facts,
        line.quantity,
        line.unit_price.minor,
        line.cost,
        line.cost_currency.code(),
        line.markup_rule_id,
    )
    .fetch_one(&mut *conn)
    .await?;
    let (numbers, names) = units_of(order_number, line);
    sqlx::query!(
        "insert into units (order_id, line_id, position, unit, external_order_id, status, changed_at)
         select $1, $2, $3, n.unit, n.name, 'pending', $6
         from unnest($4::int[], $5::text[]) as n (unit, name)",
        order_id,
        line_id,
        line.position,
        &numbers,
        &names,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}
