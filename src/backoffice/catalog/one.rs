//! One package: what the upstream says, what the shop says, what it costs and was sold for.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::{Frame, Part};
use super::super::store::{self, PackageFilter};
use super::super::words::{Moment, exact, minor};
use super::{PackageView, back, view};
use crate::catalog::overrides::{self, NotSaid, Override, StoredOverride};
use crate::plumbing::bell::Ring;
use crate::pricing;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::{Cache, Problem, page};

/// What was typed. `change=release` puts a held package on sale and says nothing else.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    note: String,
    hidden: String,
    featured: String,
    seen: String,
    change: String,
}

struct HistoryView {
    at: Moment,
    cost: String,
    price: String,
    rule: Option<i64>,
}

#[derive(Template)]
#[template(path = "backoffice/package.html")]
struct PackagePage {
    frame: Frame,
    may_change: bool,
    may_price: bool,
    saved: bool,
    conflict: bool,
    package: PackageView,
    held: bool,
    hidden: bool,
    featured: bool,
    own_name: String,
    note: String,
    seen: i64,
    changed: Option<(String, Moment)>,
    first_seen: Moment,
    last_changed: Moment,
    countries: Vec<String>,
    history: Vec<HistoryView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    saved: String,
}

pub(super) async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    draw(&shop, &staff, id, None, !asked.saved.is_empty()).await
}

pub(super) async fn say(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    if form.change == "release" {
        let released = overrides::release(&mut tx, Some(id), &staff.email, now).await?;
        let detail = json!({ "package": id, "packages": released });
        staff::record(&mut tx, now, &staff.email, "packages_released", &detail).await?;
    } else {
        let said =
            Override::typed(&form.name, &form.note, !form.hidden.is_empty(), !form.featured.is_empty());
        let seen = read_seen(&form.seen);
        match overrides::set_override(&mut tx, id, &said, seen, &staff.email, now).await {
            Ok(()) => {}
            Err(NotSaid::Unknown) => return Err(Problem::NotFound),
            Err(NotSaid::Overtaken) => {
                drop(tx);
                return draw(&shop, &staff, id, Some(said), false).await;
            }
            Err(NotSaid::Database(error)) => return Err(error.into()),
        }
        let detail =
            json!({ "package": id, "name": said.name, "hidden": said.hidden, "featured": said.featured });
        staff::record(&mut tx, now, &staff.email, "package_changed", &detail).await?;
    }
    tx.commit().await?;
    shop.bell.ring(Ring::Window);
    Ok(back(&format!("/admin/catalog/{id}?saved=1")))
}

/// The number of edits that the form was drawn from. A script sends none, and compares nothing; what is no number was
/// never there.
fn read_seen(typed: &str) -> Option<i64> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.parse().unwrap_or(-1))
}

/// The page; `kept` is what was typed while somebody else was faster.
async fn draw(
    shop: &Shop,
    staff: &Staff,
    id: i64,
    kept: Option<Override>,
    saved: bool,
) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let stored = overrides::override_of(&mut conn, id).await?.ok_or(Problem::NotFound)?;
    let prices = pricing::price_list(&mut conn, shop.now()).await?;
    drop(conn);
    let filter = PackageFilter { id: Some(id), ..PackageFilter::default() };
    let row = store::packages(&shop.db, &filter).await?.pop().ok_or(Problem::NotFound)?;
    let conflict = kept.is_some();
    let StoredOverride { said, held, edits, changed } = stored;
    let said = kept.unwrap_or(said);
    let page_view = PackagePage {
        frame: Frame::new(shop, staff, Part::Catalog),
        may_change: staff.may(Act::ChangeCatalog),
        may_price: staff.may(Act::ChangeMarkup),
        saved,
        conflict,
        first_seen: Moment::of(row.first_seen_at),
        last_changed: Moment::of(row.changed_at),
        package: view(row, &prices),
        held,
        hidden: said.hidden,
        featured: said.featured,
        own_name: said.name.unwrap_or_default(),
        note: said.note.unwrap_or_default(),
        seen: edits,
        changed: changed.map(|(by, at)| (by, Moment::of(at))),
        countries: store::countries_of(&shop.db, id).await?,
        history: store::price_history(&shop.db, id).await?.into_iter().map(history).collect(),
    };
    page(if conflict { StatusCode::CONFLICT } else { StatusCode::OK }, Cache::Private, &page_view)
}

fn history(row: store::PriceRow) -> HistoryView {
    let price = row.price_minor.zip(row.currency);
    HistoryView {
        at: Moment::of(row.noted_at),
        cost: exact(row.cost, &row.cost_currency),
        price: price.map_or_else(|| "none".to_owned(), |(amount, code)| minor(amount, &code)),
        rule: row.rule_id,
    }
}
