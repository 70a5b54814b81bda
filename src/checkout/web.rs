//! `/checkout`: the form, and what its sending leads to. Only a redirect has stored anything.

mod desk;
mod form;
mod refuse;

use std::time::Duration;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::begin::{Begun, Refusal, Wanted};
use super::counter::Counter;
use super::draft::{Draft, Typed};
use super::sold;
use super::still_sold::{self, Known};
use crate::catalog;
use crate::payments::{self, Method};
use crate::shop::Shop;
use crate::web::{FieldErrors, Problem, Visit, VisitorAddress};
use crate::window::{Snapshot, Window};
pub use desk::Desk;
use desk::{client, has_order};
use form::{LATER, NO_FUNDS, NOT_SELLING, RECOUNTED, REPRICED, Showing, asks_country, ways};
use refuse::{later, refuse, too_often};

/// After which a customer may look again whether the shop sells by now.
const NOT_OPEN: Duration = Duration::from_secs(600);
/// After which a form may be sent again that could not be decided on.
const SOON: Duration = Duration::from_secs(60);

type Page = Result<Response, Problem>;
type Pairs = Vec<(String, String)>;

/// The addresses of checkout. Handlers need `Extension<Window>` and `Extension<Desk>`.
pub fn routes() -> Router<Shop> {
    Router::new().route("/checkout", get(show).post(send))
}

async fn show(
    visit: Visit,
    State(shop): State<Shop>,
    Extension(window): Extension<Window>,
    query: Result<Query<Pairs>, QueryRejection>,
) -> Page {
    let snapshot = window.now();
    let chosen = |(name, _): &(String, String)| matches!(name.as_str(), "package_id" | "quantity");
    let pairs = query.map_err(|_| Problem::BadRequest("checkout-unreadable"))?.0;
    let typed = read(&shop, pairs.into_iter().filter(chosen).collect())?;
    let mut showing = Showing::new(&shop, &snapshot, &typed);
    if typed.of("package_id").is_empty() {
        return showing.with(StatusCode::OK, visit).await;
    }
    let id = typed.package_id().ok_or(Problem::NotFound)?;
    if snapshot.plan(id).is_none() {
        return Err(absent(&snapshot, id));
    }
    let wrong = !typed.of("quantity").is_empty() && typed.quantity().is_none();
    if wrong {
        showing.errors.add("quantity", "checkout-error-quantity");
        return showing.with(StatusCode::UNPROCESSABLE_ENTITY, visit).await;
    }
    // A hint that the form can do without: the post decides.
    if lacks_funds(&shop, id, typed.quantity().unwrap_or(1)).await.unwrap_or(false) {
        showing = showing.because(NO_FUNDS);
    }
    showing.with(StatusCode::OK, visit).await
}

/// Whether a purchase would be refused now because the wallet holds too little, so that the form can say so before it is
/// filled in. It can be sent all the same: a top-up may come meanwhile.
async fn lacks_funds(shop: &Shop, id: i64, quantity: u32) -> Result<bool, Problem> {
    let mut conn = shop.db.acquire().await?;
    let Some(package) = catalog::package_for_sale(&mut conn, id).await? else { return Ok(false) };
    Ok(sold::lacks_funds(&mut conn, package.cost, quantity, &shop.settings, shop.now()).await?)
}

/// Before the first catalog no plan can be called unknown.
fn absent(snapshot: &Snapshot, id: i64) -> Problem {
    match snapshot.was_withdrawn(id) {
        true => Problem::Gone,
        false if snapshot.is_empty() => Problem::Unavailable(Duration::from_secs(15)),
        false => Problem::NotFound,
    }
}

fn read(shop: &Shop, pairs: Pairs) -> Result<Typed, Problem> {
    let typed = Typed::from_pairs(pairs).map_err(|_| Problem::BadRequest("checkout-repeated"))?;
    Ok(typed.at_most(shop.settings.order_limits.quantity))
}

async fn send(
    visit: Visit,
    State(shop): State<Shop>,
    Extension(window): Extension<Window>,
    Extension(desk): Extension<Desk>,
    from: VisitorAddress,
    form: Result<Form<Pairs>, FormRejection>,
) -> Page {
    let pairs = match form {
        Ok(Form(pairs)) => pairs,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let typed = read(&shop, pairs)?;
    let snapshot = window.now();
    if let Err(wait) = desk.limits.take_form(from, typed.of("form_key"))
        && !has_order(&shop, &typed).await?
    {
        return too_often(Showing::new(&shop, &snapshot, &typed), visit, wait).await;
    }
    if let Some(typed) = typed.recounted() {
        return recount(Showing::new(&shop, &snapshot, &typed), visit).await;
    }
    let showing = Showing::new(&shop, &snapshot, &typed);
    let draft = match Draft::read(&typed).and_then(|draft| enabled(&showing, draft)) {
        Ok(draft) => draft,
        // A form that nobody could send now has nothing to be corrected.
        Err(_) if ways(&shop).is_empty() => {
            return later(showing.because(NOT_SELLING), visit, NOT_OPEN).await;
        }
        Err(mut errors) => {
            if typed.country().is_none() && asks_country(&shop).await {
                errors.add("country", "checkout-error-country");
            }
            return Showing { errors, ..showing }.with(StatusCode::UNPROCESSABLE_ENTITY, visit).await;
        }
    };
    let method = draft.method;
    match decide(&shop, &desk.counter, (draft, client(&shop, from)), &visit).await? {
        Decided::Begun(begun) => go_on(&shop, &visit, &begun, method).await,
        Decided::Repriced => showing.because(REPRICED).with(StatusCode::CONFLICT, visit).await,
        Decided::Unknown(wait) => later(showing.because(LATER), visit, wait).await,
        Decided::Refused(refusal) => refuse(showing, visit, refusal).await,
    }
}

/// Another quantity was chosen: everything that was typed stays, and the new total is shown before anything is paid.
async fn recount(mut showing: Showing<'_>, visit: Visit) -> Page {
    if showing.typed.quantity().is_none() {
        showing.errors.add("quantity", "checkout-error-quantity");
        return showing.with(StatusCode::UNPROCESSABLE_ENTITY, visit).await;
    }
    match showing.typed.asks_to_recount() {
        true => showing.with(StatusCode::OK, visit).await,
        false => showing.because(RECOUNTED).with(StatusCode::CONFLICT, visit).await,
    }
}

/// A way to pay that the reseller does not offer is a wrong field; with none at all the shop is not open.
fn enabled(showing: &Showing<'_>, draft: Draft) -> Result<Draft, FieldErrors> {
    let offered = ways(showing.shop);
    let mut errors = FieldErrors::new();
    if !offered.is_empty() && !offered.iter().any(|way| way.word == draft.method.word()) {
        errors.add("payment_method", "checkout-error-method");
        return Err(errors);
    }
    let quote = showing.snapshot.plan(draft.package_id).and_then(|plan| showing.quote(plan));
    let total = quote.and_then(|quote| quote.offered.price.times(draft.quantity));
    let provider = payments::Providers::of_shop(showing.shop).of(draft.method);
    if provider.zip(total).is_some_and(|(provider, total)| !provider.takes(total)) {
        errors.add("payment_method", "checkout-error-sum");
        return Err(errors);
    }
    Ok(draft)
}

enum Decided {
    Begun(Begun),
    Refused(Refusal),
    Repriced,
    Unknown(Duration),
}

/// A form that has its order already needs no upstream, and a catalog that is young answers for it. No connection is held
/// for the time that the upstream takes to answer.
async fn decide(
    shop: &Shop,
    counter: &Counter,
    (draft, client): (Draft, Option<String>),
    visit: &Visit,
) -> Result<Decided, Problem> {
    let package_id = draft.package_id;
    let begin = async |draft, asked| {
        let Shop { clock, entropy, settings, .. } = shop.clone();
        let wanted = Wanted { draft, language: visit.language, client: client.clone(), asked };
        counter.begin(&shop.db, (clock, entropy), settings, wanted).await
    };
    let mut answer = begin(draft.clone(), false).await?;
    if answer.as_ref().is_err_and(|refusal| *refusal == Refusal::Stale) {
        match still_sold::ask(shop, package_id).await? {
            Known::Repriced => return Ok(Decided::Repriced),
            Known::Gone => return Ok(Decided::Refused(Refusal::Gone)),
            Known::Unknown(wait) => return Ok(Decided::Unknown(wait)),
            Known::Good => {}
        }
        answer = begin(draft, true).await?;
    }
    Ok(match answer {
        Ok(begun) => Decided::Begun(begun),
        Err(refusal) => Decided::Refused(refusal),
    })
}

/// Nobody is rung for: nobody waits for a page that was unknown until now, and the order's job is due when its time is over.
async fn go_on(shop: &Shop, visit: &Visit, begun: &Begun, method: Method) -> Page {
    let location = match method.is_elsewhere() {
        true => match payments::lead(shop, begun.order_id).await? {
            payments::Way::Elsewhere(url) => url,
            payments::Way::Here(path) => visit.href(&path),
            payments::Way::NotNow => visit.href(&begun.path),
        },
        false => visit.href(&begun.path),
    };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
