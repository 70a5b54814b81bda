//! `/admin/tax`: whether prices include a tax that is told apart, and at which rates. What was set stays listed.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::words::Moment;
use crate::catalog;
use crate::ground::{Language, tax as taxes};
use crate::pricing::{self, Subject};
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::tax::{self, Country, Mode, RateForm, RateRefused, Terms};
use crate::web::{Cache, Problem, page};

/// How many earlier settings the page lists of each kind.
const LISTED: i64 = 200;

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/tax", Act::Look, show).post("/admin/tax", Act::ChangeMarkup, set_mode).post(
        "/admin/tax/rates",
        Act::ChangeMarkup,
        set_rate,
    )
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    saved: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TypedMode {
    mode: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TypedRate {
    country: String,
    percent: String,
    from: String,
}

struct RateView {
    country: String,
    percent: String,
}

struct EnteredView {
    country: String,
    percent: String,
    from: Moment,
    by: String,
    at: Moment,
}

struct ModeView {
    mode: String,
    by: String,
    at: Moment,
}

/// What the highest rate leaves of the prices on sale.
struct Thin {
    percent: String,
    plans: usize,
}

#[derive(Template)]
#[template(path = "backoffice/tax.html")]
struct TaxPage {
    frame: Frame,
    may_change: bool,
    saved: bool,
    inclusive: bool,
    wrong_mode: Option<&'static str>,
    form: TypedRate,
    chosen: Option<Country>,
    wrong: RateRefused,
    countries: Vec<(Country, String)>,
    rates: Vec<RateView>,
    thin: Option<Thin>,
    modes: Vec<ModeView>,
    entered: Vec<EnteredView>,
}

/// What is to be said about the last form.
#[derive(Default)]
struct Said {
    saved: bool,
    wrong_mode: Option<&'static str>,
    form: TypedRate,
    wrong: RateRefused,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    answer(&shop, &staff, StatusCode::OK, Said { saved: !asked.saved.is_empty(), ..Said::default() }).await
}

async fn set_mode(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<TypedMode>,
) -> Result<Response, Problem> {
    let Some(mode) = Mode::from_word(typed.mode.trim()) else {
        let said = Said { wrong_mode: Some("Choose one of the two."), ..Said::default() };
        return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
    };
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    if tax::set_mode(&mut tx, mode, &staff.email, now).await? {
        staff::record(&mut tx, now, &staff.email, "tax_mode_set", &json!({ "mode": mode.word() })).await?;
    }
    tx.commit().await?;
    Ok(saved())
}

async fn set_rate(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<TypedRate>,
) -> Result<Response, Problem> {
    let now = shop.now();
    let form = RateForm { country: &typed.country, percent: &typed.percent, from: &typed.from };
    let rate = match form.parse(now) {
        Ok(rate) => rate,
        Err(wrong) => {
            let said = Said { form: typed, wrong, ..Said::default() };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let mut tx = shop.db.begin().await?;
    let before = tax::rates(&mut tx, now).await?.rates.get(rate.country.code).map(ToString::to_string);
    tax::set_rate(&mut tx, &rate, &staff.email, now).await?;
    let detail = json!({
        "country": rate.country.code,
        "percent": rate.percent.to_string(),
        "percent_before": before,
        "from": Moment::of(rate.holds_from).iso(),
    });
    staff::record(&mut tx, now, &staff.email, "tax_rate_set", &detail).await?;
    tx.commit().await?;
    Ok(saved())
}

fn saved() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/tax?saved=1")).into_response()
}

async fn answer(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let terms = tax::rates(&mut conn, shop.now()).await?;
    let (modes, entered) = tax::history(&mut conn, LISTED).await?;
    let thin = thin(&mut conn, &terms, shop).await?;
    drop(conn);
    let view = TaxPage {
        frame: Frame::new(shop, staff, Part::Tax),
        may_change: staff.may(Act::ChangeMarkup),
        saved: said.saved,
        inclusive: terms.ask_country(),
        wrong_mode: said.wrong_mode,
        chosen: Country::parse(&said.form.country),
        form: said.form,
        wrong: said.wrong,
        countries: Country::all(Language::En),
        rates: terms
            .rates
            .iter()
            .map(|(code, percent)| RateView { country: name(code), percent: percent.normalize().to_string() })
            .collect(),
        thin,
        modes: modes.into_iter().map(mode_view).collect(),
        entered: entered.into_iter().map(entered_view).collect(),
    };
    page(status, Cache::Private, &view)
}

fn name(code: &str) -> String {
    Country::parse(code).map_or_else(|| code.to_owned(), |country| country.name(Language::En))
}

fn mode_view(row: tax::ModeSet) -> ModeView {
    ModeView { mode: row.mode, by: row.set_by, at: Moment::of(row.set_at) }
}

fn entered_view(row: tax::RateSet) -> EnteredView {
    EnteredView {
        country: name(&row.country),
        percent: row.percent.normalize().to_string(),
        from: Moment::of(row.holds_from),
        by: row.entered_by,
        at: Moment::of(row.entered_at),
    }
}

/// How many prices leave less than the cost with its rule's minimum margin once the highest tax is off: prices are made
/// before anybody knows where a customer lives, so this is for the reseller to see and to mark up for.
async fn thin(conn: &mut PgConnection, terms: &Terms, shop: &Shop) -> sqlx::Result<Option<Thin>> {
    let percent = terms.highest();
    if percent.is_zero() {
        return Ok(None);
    }
    let prices = pricing::price_list(conn, shop.now()).await?;
    let leaves_little = |listing: &catalog::Listing| {
        let subject = Subject::from(listing);
        // Both in the currency that customers pay in, however costs come.
        let priced = prices.price(&subject).ok().zip(prices.floor(&subject).ok());
        priced.is_some_and(|(priced, (floor, _))| {
            let taxed = taxes::within(priced.price.minor, percent);
            let net = Decimal::new(priced.price.minor - taxed, priced.price.currency.exponent());
            net < floor
        })
    };
    let plans = catalog::listings(conn).await?.iter().filter(|listing| leaves_little(listing)).count();
    Ok(Some(Thin { percent: percent.normalize().to_string(), plans }))
}
