//! Writing what is sold: orders with their lines and units.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::orders::{ADVANCE, Actor, Event, Happened, NewLine, NewOrder, OrderNumber};

/// Writes orders, each with its line, its units and the first entry of its history, and asks that somebody looks at each
/// when its time is over, as `nudge` does; returns the ids by number. One whose form's key was used before, by another of
/// them too, is not written and not returned. One statement: how many orders a shop can take is a matter of how many it
/// needs.
pub async fn insert_all(
    conn: &mut PgConnection,
    orders: &[(NewOrder<'_>, NewLine<'_>)],
    now: OffsetDateTime,
) -> sqlx::Result<HashMap<String, i64>> {
    let placed = Happened::to_order(Actor::Customer, Event::Placed);
    let rows = Rows::of(orders);
    let written = sqlx::query!(
        r#"with new as (
             select *
             from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::bigint[], $10::timestamptz[], $11::bigint[], $12::text[], $13::jsonb[], $14::int[],
                         $15::bigint[], $16::numeric[], $17::text[], $18::bigint[], $19::int[], $28::text[],
                         $29::bigint[], $30::text[], $31::numeric[], $32::bigint[], $33::bigint[], $34::numeric[],
                         $35::numeric[])
                  as n (number, token, form_key, form_fingerprint, email, language, device_imei, currency,
                        total_minor, expires_at, package_id, name, facts, quantity,
                        unit_price_minor, cost, cost_currency, markup_rule_id, position, client,
                        tax_minor, tax_country, tax_percent, line_tax_minor, exchange_rate_id, exchange_rate,
                        exchange_margin)
           ), placed as (
             insert into orders (number, token, form_key, form_fingerprint, email, language, device_imei, status,
                                 payment_status, currency, total_minor, tax_minor, tax_country, tax_percent,
                                 terms_accepted_at, created_at, expires_at, client)
             select number, token, form_key, form_fingerprint, email, language, device_imei, 'awaiting_payment',
                    'pending', currency, total_minor, tax_minor, tax_country, tax_percent, $20, $20, expires_at, client
             from new
             on conflict (form_key) do nothing
             returning id, number, expires_at
           ), line as (
             insert into order_lines (order_id, position, package_id, name, facts, quantity, unit_price_minor, cost,
                                      cost_currency, markup_rule_id, tax_minor, exchange_rate_id, exchange_rate,
                                      exchange_margin)
             select placed.id, new.position, new.package_id, new.name, new.facts, new.quantity, new.unit_price_minor,
                    new.cost, new.cost_currency, new.markup_rule_id, new.line_tax_minor, new.exchange_rate_id,
                    new.exchange_rate, new.exchange_margin
             from placed
             join new on new.number = placed.number
             returning id, order_id, position
           ), bought as (
             insert into units (order_id, line_id, position, unit, external_order_id, status, changed_at)
             select placed.id, line.id, line.position, n.unit, n.name, 'pending', $20
             from placed
             join line on line.order_id = placed.id
             join unnest($21::text[], $22::int[], $23::text[]) as n (number, unit, name) on n.number = placed.number
           ), history as (
             insert into order_history (order_id, at, actor, event, detail)
             select id, $20, $24, $25, $26
             from placed
           ), asked as (
             select enqueue_jobs(array_agg($27::text), array_agg('advance:' || id),
                                 array_agg(jsonb_build_object('order', id)), array_agg(expires_at), $20) as jobs
             from placed
           )
           select placed.id as "id!", placed.number as "number!", asked.jobs
           from placed
           cross join asked"#,
        &rows.numbers as &[&str],
        &rows.tokens as &[&str],
        &rows.form_keys as &[&str],
        &rows.fingerprints as &[&[u8]],
        &rows.emails as &[&str],
        &rows.languages as &[&str],
        &rows.imeis as &[Option<&str>],
        &rows.currencies as &[&str],
        &rows.totals,
        &rows.ends,
        &rows.packages,
        &rows.names as &[&str],
        &rows.facts,
        &rows.quantities,
        &rows.prices,
        &rows.costs,
        &rows.cost_currencies as &[&str],
        &rows.rules,
        &rows.positions,
        now,
        &rows.unit_orders as &[&str],
        &rows.unit_numbers,
        &rows.unit_names,
        &*placed.actor.word(),
        placed.event.word(),
        placed.detail,
        ADVANCE,
        &rows.clients as &[Option<&str>],
        &rows.taxes,
        &rows.tax_countries as &[Option<&str>],
        &rows.tax_percents as &[Option<Decimal>],
        &rows.line_taxes,
        &rows.exchange_ids as &[Option<i64>],
        &rows.exchange_rates as &[Option<Decimal>],
        &rows.exchange_margins as &[Option<Decimal>],
    )
    .fetch_all(conn)
    .await?;
    Ok(written.into_iter().map(|row| (row.number, row.id)).collect())
}

/// Orders as columns.
#[derive(Default)]
struct Rows<'a> {
    numbers: Vec<&'a str>,
    tokens: Vec<&'a str>,
    form_keys: Vec<&'a str>,
    fingerprints: Vec<&'a [u8]>,
    emails: Vec<&'a str>,
    languages: Vec<&'a str>,
    imeis: Vec<Option<&'a str>>,
    currencies: Vec<&'a str>,
    totals: Vec<i64>,
    ends: Vec<OffsetDateTime>,
    clients: Vec<Option<&'a str>>,
    taxes: Vec<i64>,
    tax_countries: Vec<Option<&'a str>>,
    tax_percents: Vec<Option<Decimal>>,
    line_taxes: Vec<i64>,
    packages: Vec<i64>,
    names: Vec<&'a str>,
    facts: Vec<Value>,
    quantities: Vec<i32>,
    prices: Vec<i64>,
    costs: Vec<Decimal>,
    cost_currencies: Vec<&'a str>,
    rules: Vec<i64>,
    exchange_ids: Vec<Option<i64>>,
    exchange_rates: Vec<Option<Decimal>>,
    exchange_margins: Vec<Option<Decimal>>,
    positions: Vec<i32>,
    unit_orders: Vec<&'a str>,
    unit_numbers: Vec<i32>,
    unit_names: Vec<String>,
}

impl<'a> Rows<'a> {
    fn of(orders: &'a [(NewOrder<'a>, NewLine<'a>)]) -> Self {
        let mut rows = Self::default();
        for (order, line) in orders {
            rows.add_order(order);
            rows.add_line(line);
            for (unit, name) in units_of(order.number, line) {
                rows.unit_orders.push(order.number.as_str());
                rows.unit_numbers.push(unit);
                rows.unit_names.push(name);
            }
        }
        rows
    }

    fn add_order(&mut self, order: &NewOrder<'a>) {
        self.numbers.push(order.number.as_str());
        self.tokens.push(order.token.as_str());
        self.form_keys.push(order.form_key);
        self.fingerprints.push(order.form_fingerprint);
        self.emails.push(order.email.as_str());
        self.languages.push(order.language.tag());
        self.imeis.push(order.device_imei);
        self.currencies.push(order.total.currency.code());
        self.totals.push(order.total.minor);
        self.ends.push(order.expires_at);
        self.clients.push(order.client);
        self.taxes.push(order.tax.minor);
        self.tax_countries.push(order.tax_terms.map(|terms| terms.country.as_str()));
        self.tax_percents.push(order.tax_terms.map(|terms| terms.percent));
    }

    fn add_line(&mut self, line: &'a NewLine<'a>) {
        self.positions.push(line.position);
        self.packages.push(line.package_id);
        self.names.push(line.name);
        self.facts.push(line.facts.clone());
        self.quantities.push(line.quantity);
        self.prices.push(line.unit_price.minor);
        self.costs.push(line.cost);
        self.cost_currencies.push(line.cost_currency.code());
        self.rules.push(line.markup_rule_id);
        self.line_taxes.push(line.tax_minor);
        self.exchange_ids.push(line.exchange.map(|exchange| exchange.id));
        self.exchange_rates.push(line.exchange.map(|exchange| exchange.rate.per_unit));
        self.exchange_margins.push(line.exchange.map(|exchange| exchange.margin));
    }
}

/// The units of a line, from 1, and what the upstream is told each is called.
fn units_of(order_number: &OrderNumber, line: &NewLine<'_>) -> impl Iterator<Item = (i32, String)> {
    (1..=line.quantity).map(|unit| (unit, order_number.external_order_id(line.position, unit)))
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
                                  cost_currency, markup_rule_id, tax_minor, exchange_rate_id, exchange_rate,
                                  exchange_margin)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
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
        line.tax_minor,
        line.exchange.map(|exchange| exchange.id),
        line.exchange.map(|exchange| exchange.rate.per_unit),
        line.exchange.map(|exchange| exchange.margin),
    )
    .fetch_one(&mut *conn)
    .await?;
    let (numbers, names): (Vec<i32>, Vec<String>) = units_of(order_number, line).unzip();
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
