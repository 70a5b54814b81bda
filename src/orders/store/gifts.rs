//! Orders that are given away.

use serde_json::json;
use sqlx::PgConnection;

use super::corrupt;
use super::placing::insert_line;
use super::writes::append;
use crate::ground::{Price, token::Token};
use crate::orders::{Actor, Event, Happened, NewGift, NewLine, OrderNumber};

/// Writes a replacement, which is paid for from its first moment, and returns its id; `None` when the form's key was
/// used before.
pub async fn give(conn: &mut PgConnection, gift: &NewGift<'_>) -> sqlx::Result<Option<i64>> {
    let (original, line) = (gift.order, gift.line);
    let id = sqlx::query_scalar!(
        "insert into orders (number, token, form_key, form_fingerprint, email, language, status, payment_status,
                             currency, total_minor, terms_accepted_at, created_at, expires_at, paid_at,
                             replaces_unit_id, granted_by, grant_reason)
         select $1, $2, $3, '', email, language, 'processing', 'paid', currency, 0, terms_accepted_at, $4, $4, $4,
                $5, $6, $7
         from orders
         where id = $8
         on conflict (form_key) do nothing
         returning id",
        gift.number.as_str(),
        gift.token.as_str(),
        gift.form_key,
        gift.now,
        gift.unit.id,
        gift.granted_by,
        gift.reason,
        original.id,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(id) = id else { return Ok(None) };
    let given = NewLine {
        position: 1,
        package_id: line.package_id,
        name: &line.name,
        facts: line.facts.clone(),
        quantity: 1,
        unit_price: Price::new(0, original.total.currency),
        tax_minor: 0,
        cost: line.cost.amount,
        cost_currency: line.cost.currency,
        markup_rule_id: rule_of(conn, line.id).await?,
        exchange: line.exchange,
    };
    insert_line(conn, gift.number, gift.now, id, &given).await?;
    let by = || Actor::Admin(gift.granted_by.to_owned());
    let replaced = json!({ "by_order": gift.number.as_str(), "reason": gift.reason });
    let entry = Happened::to_unit(gift.unit.id, by(), Event::Replaced).with(replaced);
    append(conn, original.id, &entry, gift.now).await?;
    let replaces = json!({ "order": original.number.as_str(), "unit": gift.unit.external_order_id,
        "reason": gift.reason });
    append(conn, id, &Happened::to_order(by(), Event::Given).with(replaces), gift.now).await?;
    Ok(Some(id))
}

async fn rule_of(conn: &mut PgConnection, line_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select markup_rule_id from order_lines where id = $1", line_id).fetch_one(conn).await
}

/// The replacements of an order's units: their numbers and pages, the oldest first.
pub async fn replacements(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Vec<(OrderNumber, Token)>> {
    let rows = sqlx::query!(
        "select g.id, g.number, g.token
         from orders g
         join units u on u.id = g.replaces_unit_id
         where u.order_id = $1
         order by g.id",
        order_id,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let number =
                OrderNumber::parse(&row.number).ok_or_else(|| corrupt("orders", row.id, "number"))?;
            let token = Token::parse(&row.token).ok_or_else(|| corrupt("orders", row.id, "token"))?;
            Ok((number, token))
        })
        .collect()
}

/// Whether a replacement of this unit is not final yet.
pub async fn replacement_is_open(conn: &mut PgConnection, unit_id: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select 1
               from orders
               where replaces_unit_id = $1
                 and status = 'processing'
           ) as "open!""#,
        unit_id,
    )
    .fetch_one(conn)
    .await
}
