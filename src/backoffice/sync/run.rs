//! `/admin/sync/{id}`: one sync with its differences, and the decision about one that was held.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::{Frame, Part};
use super::super::store;
use super::super::words::{Badge, Moment, exact, sentence, took};
use super::{AsideView, aside, became, under_way};
use crate::catalog::plans::{self, NotDecided};
use crate::plumbing::bell::Ring;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::supply;
use crate::web::{Cache, Problem, page};

struct ChangeView {
    id: i64,
    kind: String,
    name: String,
    before: String,
    after: String,
    moved: String,
}

#[derive(Template)]
#[template(path = "backoffice/sync_run.html")]
struct RunPage {
    frame: Frame,
    may_decide: bool,
    id: i64,
    started: Moment,
    took: String,
    outcome: Badge,
    packages: i32,
    note: String,
    /// Whether its plan waits, and may be decided here.
    waiting: bool,
    /// The earlier run that kept the very same plan.
    same_as: Option<i64>,
    /// Whether its plan was dropped and eSIMDual stands by it.
    after_all: bool,
    decided: Option<(String, String, Moment)>,
    refused: Option<String>,
    changes: Vec<ChangeView>,
    /// How many changes of places there are, and those of them that are kept.
    places: i32,
    more_places: bool,
    place_changes: Vec<PlaceView>,
    /// How many rows it could not use, and those of them that are kept.
    set_aside: i32,
    aside: Vec<AsideView>,
    reasons: Vec<store::ReasonRow>,
}

struct PlaceView {
    what: String,
    place: String,
    before: String,
    after: String,
}

pub(super) async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = number(&id)?;
    draw(&shop, &staff, id, None).await
}

/// What is no number is the number of no sync.
fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::NotFound)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    /// `accept` or `drop`.
    decision: String,
}

pub(super) async fn decide(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Result<Response, Problem> {
    let (id, now) = (number(&id)?, shop.now());
    let mut tx = shop.db.begin().await?;
    let (done, action) = match form.decision.as_str() {
        "accept" => (plans::accept_plan(&mut tx, id, &staff.email, now).await, "sync_accepted"),
        "drop" => (plans::drop_plan(&mut tx, id, &staff.email, now).await, "sync_dropped"),
        _ => {
            drop(tx);
            return draw(&shop, &staff, id, Some("Choose whether to accept or drop it.".to_owned())).await;
        }
    };
    match done {
        Ok(()) => {}
        Err(NotDecided::Database(error)) => return Err(error.into()),
        Err(why) => {
            drop(tx);
            return draw(&shop, &staff, id, Some(format!("Nothing was done: {why}."))).await;
        }
    }
    staff::record(&mut tx, now, &staff.email, action, &json!({ "run": id })).await?;
    tx.commit().await?;
    shop.bell.ring(Ring::Window);
    // It is decided all the same; the next sync notes what this could not.
    if let Err(error) = supply::note_prices(&shop).await {
        tracing::warn!(%error, "the new costs and prices were not noted");
    }
    let to = format!("/admin/sync/{id}");
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response())
}

async fn draw(shop: &Shop, staff: &Staff, id: i64, refused: Option<String>) -> Result<Response, Problem> {
    let running = under_way(shop).await?;
    let run = store::sync_run(&shop.db, id).await?.ok_or(Problem::NotFound)?;
    let running = running || under_way(shop).await?;
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let place_changes: Vec<_> = store::place_changes(&shop.db, id).await?.into_iter().map(place).collect();
    let decided = run.plan.as_ref().zip(run.decided_by.as_ref()).zip(run.decided_at);
    let view = RunPage {
        frame: Frame::new(shop, staff, Part::Sync),
        may_decide: staff.may(Act::ChangeCatalog),
        id: run.id,
        started: Moment::of(run.started_at),
        took: run.finished_at.map_or_else(|| "—".to_owned(), |end| took(run.started_at, end)),
        outcome: became(&run.outcome, running),
        packages: run.packages,
        waiting: run.plan.as_deref() == Some("waiting"),
        same_as: run.plan_run.filter(|plan| *plan != run.id),
        after_all: run.after_all,
        decided: decided.map(|((state, by), at)| (sentence(state), by.clone(), Moment::of(at))),
        note: run.note.unwrap_or_default(),
        refused,
        set_aside: run.set_aside,
        reasons: store::aside_reasons(&shop.db, id).await?,
        places: run.places,
        more_places: usize::try_from(run.places).is_ok_and(|all| all > place_changes.len()),
        place_changes,
        aside: store::aside_of(&shop.db, id).await?.into_iter().map(aside).collect(),
        changes: store::sync_changes(&shop.db, id).await?.into_iter().map(change).collect(),
    };
    page(status, Cache::Private, &view)
}

fn place(row: store::PlaceRow) -> PlaceView {
    let nothing = || "—".to_owned();
    PlaceView {
        what: sentence(&format!("{}_{}", row.kind, row.what)),
        place: row.place,
        before: row.before.unwrap_or_else(nothing),
        after: row.after.unwrap_or_else(nothing),
    }
}

fn change(row: store::ChangeRow) -> ChangeView {
    let amount = |amount: Option<rust_decimal::Decimal>, code: Option<&String>| {
        amount.zip(code).map_or_else(|| "—".to_owned(), |(amount, code)| exact(amount, code))
    };
    let percent = match (row.cost_before, row.cost_after) {
        (Some(before), Some(after)) if row.currency_before == row.currency_after && before != after => after
            .checked_sub(before)
            .and_then(|moved| moved.checked_mul(rust_decimal::Decimal::ONE_HUNDRED))
            .and_then(|moved| moved.checked_div(before)),
        _ => None,
    };
    ChangeView {
        id: row.package_id,
        kind: sentence(&row.kind),
        before: amount(row.cost_before, row.currency_before.as_ref()),
        after: amount(row.cost_after, row.currency_after.as_ref()),
        moved: percent.map_or_else(String::new, |percent| format!("{:+} %", percent.round_dp(1))),
        name: row.name,
    }
}
