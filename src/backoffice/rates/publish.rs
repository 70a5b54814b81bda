//! Entering rates, by hand and out of a list, and changing the terms; each with its line in the audit log.

use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::{Value, json};

use super::{Asks, Said, TypedList, TypedRate, TypedTerms, answer, read_seen, today};
use crate::plumbing::bell::Ring;
use crate::pricing::{self, Entered, Judged, NewRate, NotEntered};
use crate::shop::Shop;
use crate::staff::{self, Staff};
use crate::supply;
use crate::web::Problem;

/// How many entered rates the audit log names; it counts the rest.
const AUDITED: usize = 20;

pub(super) async fn rate(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<TypedRate>,
) -> Result<Response, Problem> {
    let wanted = match pricing::read_rate(&form.date, &form.rate, today(shop.now())) {
        Ok(wanted) => wanted,
        Err(wrong_rate) => {
            let said = Said { rate: form, wrong_rate, ..Said::default() };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let entered = Entered {
        rates: &[wanted],
        imported: false,
        confirmed: form.confirm == "yes",
        seen: read_seen(&form.seen),
        by: &staff.email,
    };
    match enter(&shop, &entered).await? {
        Ok(()) => Ok(saved()),
        Err(why) => {
            refuse(&shop, &staff, why, Said { rate: form, asks: Asks::Rate, ..Said::default() }).await
        }
    }
}

pub(super) async fn list(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<TypedList>,
) -> Result<Response, Problem> {
    let now = shop.now();
    let exchange = pricing::exchange(&mut *shop.db.acquire().await?, now).await?;
    let said = |list: String| Said { list, asks: Asks::List, ..Said::default() };
    let Some(terms) = exchange.terms else {
        return refuse(&shop, &staff, NotEntered::NotNeeded, said(form.list)).await;
    };
    let rates = match pricing::read_list(&form.list, terms.from, terms.to, today(now)) {
        Ok(rates) => rates,
        Err(wrong_lines) => {
            let said = Said { wrong_lines, asks: Asks::Nothing, ..said(form.list) };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let entered = Entered {
        rates: &rates,
        imported: true,
        confirmed: form.confirm == "yes",
        seen: read_seen(&form.seen),
        by: &staff.email,
    };
    match enter(&shop, &entered).await? {
        Ok(()) => Ok(saved()),
        Err(why) => refuse(&shop, &staff, why, said(form.list)).await,
    }
}

pub(super) async fn terms(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<TypedTerms>,
) -> Result<Response, Problem> {
    let (margin, days) = match pricing::read_terms(&form.margin, &form.max_age_days) {
        Ok(read) => read,
        Err(wrong_terms) => {
            let said = Said { terms: Some(form), wrong_terms, ..Said::default() };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let by = (staff.email.as_str(), now);
    let published = pricing::publish_terms(&mut tx, margin, days, read_seen(&form.seen), by).await;
    let before = match published {
        Ok(before) => before,
        Err(NotEntered::Database(error)) => return Err(error.into()),
        Err(why) => {
            drop(tx);
            return refuse(&shop, &staff, why, Said { terms: Some(form), ..Said::default() }).await;
        }
    };
    if (before.margin, before.max_age_days) != (margin, days) {
        let detail = json!({
            "margin": margin.to_string(),
            "max_age_days": days,
            "margin_before": before.margin.to_string(),
            "max_age_days_before": before.max_age_days,
        });
        staff::record(&mut tx, now, &staff.email, "exchange_terms_published", &detail).await?;
    }
    tx.commit().await?;
    tell(&shop).await;
    Ok(saved())
}

/// Enters them with their line in the audit log, in one transaction, and tells every window.
async fn enter(shop: &Shop, entered: &Entered<'_>) -> Result<Result<(), NotEntered>, Problem> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let judged = match pricing::enter_rates(&mut tx, entered, now).await {
        Ok(judged) => judged,
        Err(NotEntered::Database(error)) => return Err(error.into()),
        Err(why) => return Ok(Err(why)),
    };
    if !judged.new.is_empty() {
        let detail = facts(&judged, entered);
        staff::record(&mut tx, now, entered.by, "exchange_rates_entered", &detail).await?;
    }
    tx.commit().await?;
    tell(shop).await;
    Ok(Ok(()))
}

fn facts(judged: &Judged, entered: &Entered<'_>) -> Value {
    let one = |rate: &NewRate| format!("{}: {}", rate.valid_on, rate.per_unit.normalize());
    let named: Vec<_> = judged.new.iter().rev().take(AUDITED).map(one).collect();
    json!({
        "rates": named.join(", "),
        "number": judged.new.len(),
        "imported": entered.imported,
        "confirmed_leaps": judged.doubts.len(),
    })
}

async fn tell(shop: &Shop) {
    shop.bell.ring(Ring::Window);
    // It is published all the same; the next sync notes what this could not.
    if let Err(error) = supply::note_prices(shop).await {
        tracing::warn!(%error, "the new prices were not noted");
    }
}

/// The page with what was typed, and why nothing was written.
async fn refuse(shop: &Shop, staff: &Staff, why: NotEntered, said: Said) -> Result<Response, Problem> {
    match why {
        NotEntered::Database(error) => Err(error.into()),
        NotEntered::Doubtful(doubts) => {
            answer(shop, staff, StatusCode::UNPROCESSABLE_ENTITY, Said { doubts, ..said }).await
        }
        NotEntered::Overtaken => {
            let said = Said { conflict: true, asks: Asks::Nothing, ..said };
            answer(shop, staff, StatusCode::CONFLICT, said).await
        }
        NotEntered::NotNeeded => {
            answer(shop, staff, StatusCode::CONFLICT, Said { asks: Asks::Nothing, ..said }).await
        }
    }
}

fn saved() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/rates?saved=1")).into_response()
}
