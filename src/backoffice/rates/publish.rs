//! Entering rates, by hand and out of a list, and changing the terms: rehearsed first where a form asks for it, each with
//! its line in the audit log.

use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::proposal::{Publish, Weighed, propose};
use super::upload::TypedList;
use super::{Said, TypedRate, TypedTerms, answer, read_seen, today};
use crate::plumbing::bell::Ring;
use crate::pricing::{self, BadLine, BadRate, Entered, Judged, NewRate, NotEntered};
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
    let publish = || Publish {
        action: "/admin/rates",
        button: "Enter this rate",
        as_parts: false,
        fields: vec![("date", form.date.clone()), ("rate", form.rate.clone())],
        doubts: Vec::new(),
    };
    let asked = Asked { rates: &[wanted], imported: false, confirm: &form.confirm, seen: &form.seen };
    let outcome = asked.carry_out(&shop, &staff, form.step.only_shows(), publish()).await?;
    tell_outcome(&shop, &staff, outcome, Said { rate: form, ..Said::default() }).await
}

pub(super) async fn list(
    State(shop): State<Shop>,
    staff: Staff,
    form: TypedList,
) -> Result<Response, Problem> {
    let now = shop.now();
    let exchange = pricing::exchange(&mut *shop.db.acquire().await?, now).await?;
    let said = |list: String| Said { list, ..Said::default() };
    let Some(terms) = exchange.terms else {
        return tell_outcome(&shop, &staff, Outcome::Not(NotEntered::NotNeeded), said(form.list)).await;
    };
    let read = match form.is_no_text {
        true => Err(vec![BadLine { line: 1, why: BadRate::NoText }]),
        false => pricing::read_list(&form.list, terms.from, terms.to, today(now)),
    };
    let rates = match read {
        Ok(rates) => rates,
        Err(wrong_lines) => {
            let said = Said { wrong_lines, ..said(form.list) };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let publish = Publish {
        action: "/admin/rates/import",
        button: "Enter these rates",
        as_parts: true,
        fields: vec![("list", form.list.clone())],
        doubts: Vec::new(),
    };
    let asked = Asked { rates: &rates, imported: true, confirm: &form.confirm, seen: &form.seen };
    let outcome = asked.carry_out(&shop, &staff, form.step.only_shows(), publish).await?;
    tell_outcome(&shop, &staff, outcome, said(form.list)).await
}

pub(super) async fn terms(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<TypedTerms>,
) -> Result<Response, Problem> {
    let terms = match pricing::read_terms(&form.margin, &form.max_age_days) {
        Ok(read) => read,
        Err(wrong_terms) => {
            let said = Said { terms: Some(form), wrong_terms, ..Said::default() };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let outcome = match form.step.only_shows() {
        true => show_terms(&shop, terms, &form).await?,
        false => write_terms(&shop, &staff, terms, &form).await?,
    };
    tell_outcome(&shop, &staff, outcome, Said { terms: Some(form), ..Said::default() }).await
}

/// What became of a form.
enum Outcome {
    Done,
    /// Nothing is written yet: this is what it would do.
    Shown(Box<super::proposal::Proposal>),
    /// The same, of rates that somebody must look at before they can be entered.
    Doubtful(Box<super::proposal::Proposal>),
    Not(NotEntered),
}

/// Rates that a form asks to enter.
struct Asked<'a> {
    rates: &'a [NewRate],
    imported: bool,
    confirm: &'a str,
    seen: &'a str,
}

impl Asked<'_> {
    async fn carry_out(
        &self,
        shop: &Shop,
        staff: &Staff,
        only_shows: bool,
        publish: Publish,
    ) -> Result<Outcome, Problem> {
        if only_shows {
            return self.show(shop, publish, Outcome::Shown).await;
        }
        let entered = Entered {
            rates: self.rates,
            imported: self.imported,
            confirmed: self.confirm == "yes",
            seen: read_seen(self.seen),
            by: &staff.email,
        };
        match enter(shop, &entered).await? {
            Ok(()) => Ok(Outcome::Done),
            Err(NotEntered::Doubtful(_)) => self.show(shop, publish, Outcome::Doubtful).await,
            Err(why) => Ok(Outcome::Not(why)),
        }
    }

    async fn show(
        &self,
        shop: &Shop,
        publish: Publish,
        outcome: fn(Box<super::proposal::Proposal>) -> Outcome,
    ) -> Result<Outcome, Problem> {
        let mut conn = shop.db.acquire().await?;
        let (judged, change) = match pricing::propose_rates(&mut conn, self.rates, shop.now()).await {
            Ok(proposed) => proposed,
            Err(NotEntered::Database(error)) => return Err(error.into()),
            Err(why) => return Ok(Outcome::Not(why)),
        };
        drop(conn);
        Ok(outcome(Box::new(propose(shop, &change, Weighed::from(judged), publish).await?)))
    }
}

async fn show_terms(
    shop: &Shop,
    (margin, days): (Decimal, i32),
    form: &TypedTerms,
) -> Result<Outcome, Problem> {
    let mut conn = shop.db.acquire().await?;
    let change = match pricing::propose_terms(&mut conn, margin, days, shop.now()).await {
        Ok(change) => change,
        Err(NotEntered::Database(error)) => return Err(error.into()),
        Err(why) => return Ok(Outcome::Not(why)),
    };
    drop(conn);
    let publish = Publish {
        action: "/admin/rates/terms",
        button: "Publish these terms",
        as_parts: false,
        fields: vec![("margin", form.margin.clone()), ("max_age_days", form.max_age_days.clone())],
        doubts: Vec::new(),
    };
    let is_nothing = change
        .before
        .terms
        .as_ref()
        .is_some_and(|terms| (terms.margin, terms.max_age_days) == (margin, days));
    let weighed = Weighed { is_nothing, ..Weighed::default() };
    Ok(Outcome::Shown(Box::new(propose(shop, &change, weighed, publish).await?)))
}

async fn write_terms(
    shop: &Shop,
    staff: &Staff,
    (margin, days): (Decimal, i32),
    form: &TypedTerms,
) -> Result<Outcome, Problem> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let by = (staff.email.as_str(), now);
    let before = match pricing::publish_terms(&mut tx, margin, days, read_seen(&form.seen), by).await {
        Ok(before) => before,
        Err(NotEntered::Database(error)) => return Err(error.into()),
        Err(why) => return Ok(Outcome::Not(why)),
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
    tell(shop).await;
    Ok(Outcome::Done)
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

/// The page with what was typed and what became of it; after a publication the rates themselves.
async fn tell_outcome(shop: &Shop, staff: &Staff, outcome: Outcome, said: Said) -> Result<Response, Problem> {
    let (status, said) = match outcome {
        Outcome::Done => return Ok(saved()),
        Outcome::Shown(proposal) => (StatusCode::OK, Said { proposal: Some(*proposal), ..said }),
        Outcome::Doubtful(proposal) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Said { proposal: Some(*proposal), ..said })
        }
        Outcome::Not(NotEntered::Database(error)) => return Err(error.into()),
        Outcome::Not(NotEntered::Overtaken) => (StatusCode::CONFLICT, Said { conflict: true, ..said }),
        Outcome::Not(NotEntered::NotNeeded | NotEntered::Doubtful(_)) => (StatusCode::CONFLICT, said),
    };
    answer(shop, staff, status, said).await
}

fn saved() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/rates?saved=1")).into_response()
}
