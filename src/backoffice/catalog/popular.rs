//! `/admin/catalog/popular`: the countries that the home page names after those that sell best.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::{Frame, Part};
use super::super::store;
use super::super::words::Moment;
use super::back;
use crate::catalog::CountryCode;
use crate::catalog::popular::{self, NotChosen};
use crate::ground::Language;
use crate::plumbing::bell::Ring;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::tax::Country;
use crate::web::{Cache, Problem, page};
use crate::window::{Gazetteer, Unnamed};

/// The home page has room for a dozen; more are for those that are not sold at times.
const MOST: usize = 50;

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    countries: String,
    /// [`popular::Chosen::edits`] as the form was drawn; empty where a script posts.
    seen: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    saved: String,
}

struct CountryView {
    code: String,
    name: String,
    /// Whether the home page can show it.
    sold: bool,
}

#[derive(Template)]
#[template(path = "backoffice/popular.html")]
struct PopularPage {
    frame: Frame,
    may_change: bool,
    saved: bool,
    conflict: bool,
    wrong: Vec<String>,
    typed: String,
    seen: i64,
    changed: Option<(String, Moment)>,
    chosen: Vec<CountryView>,
}

/// What is to be said about the last form.
#[derive(Default)]
struct Said {
    saved: bool,
    conflict: bool,
    wrong: Vec<String>,
    typed: Option<String>,
}

pub(super) async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    answer(&shop, &staff, StatusCode::OK, Said { saved: !asked.saved.is_empty(), ..Said::default() }).await
}

pub(super) async fn choose(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let known = store::country_names(&shop.db).await?;
    let countries = match read(&form.countries, &known) {
        Ok(countries) => countries,
        Err(wrong) => {
            let said = Said { wrong, typed: Some(form.countries), ..Said::default() };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    // What is no number was never given out.
    let seen = Some(form.seen.trim()).filter(|seen| !seen.is_empty()).map(|seen| seen.parse().unwrap_or(-1));
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    match popular::choose(&mut tx, &countries, seen, &staff.email, now).await {
        Ok(None) => return Ok(back("/admin/catalog/popular?saved=1")),
        Ok(Some(before)) => {
            let detail = json!({
                "countries": CountryCode::joined(&countries),
                "countries_before": CountryCode::joined(&before.countries),
            });
            staff::record(&mut tx, now, &staff.email, "popular_destinations_chosen", &detail).await?;
        }
        Err(NotChosen::Overtaken) => {
            drop(tx);
            let said = Said { conflict: true, typed: Some(form.countries), ..Said::default() };
            return answer(&shop, &staff, StatusCode::CONFLICT, said).await;
        }
        Err(NotChosen::Database(error)) => return Err(error.into()),
    }
    tx.commit().await?;
    shop.bell.ring(Ring::Window);
    Ok(back("/admin/catalog/popular?saved=1"))
}

/// The countries of a list, by all that search knows them by; or sentences for the field.
fn read(typed: &str, known: &[(String, String)]) -> Result<Vec<CountryCode>, Vec<String>> {
    // Before the first sync the catalog has no names yet.
    let listed = Country::all(Language::En);
    let listed = listed.iter().map(|(country, name)| (country.code, name.as_str()));
    let named = known.iter().map(|(code, name)| (code.as_str(), name.as_str()));
    let countries = Gazetteer::new(listed.chain(named))
        .list(typed)
        .map_err(|wrong| wrong.iter().take(MOST).map(sentence).collect::<Vec<_>>())?;
    if countries.len() > MOST {
        return Err(vec![format!("These are {} countries; {MOST} are the most.", countries.len())]);
    }
    Ok(countries)
}

fn sentence(wrong: &Unnamed) -> String {
    let short = |typed: &str| typed.chars().take(60).collect::<String>();
    match wrong {
        Unnamed::Unknown(typed) => format!("No country is called “{}”.", short(typed)),
        Unnamed::Several(typed, codes) => {
            let codes: Vec<String> = codes.iter().map(|code| code.as_str().to_uppercase()).collect();
            format!("“{}” may be {}: write the code.", short(typed), codes.join(" or "))
        }
    }
}

async fn answer(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let chosen = popular::chosen(&mut *shop.db.acquire().await?).await?;
    let codes: Vec<String> = chosen.countries.iter().map(ToString::to_string).collect();
    let sold = store::countries_sold(&shop.db, &codes).await?;
    let known = store::country_names(&shop.db).await?;
    let name = |code: &str| {
        let named = known.iter().find(|(known, _)| known == code).map(|(_, name)| name.clone());
        named.or_else(|| Country::parse(code).map(|country| country.name(Language::En)))
    };
    let written = || codes.join(", ").to_uppercase();
    let view = PopularPage {
        frame: Frame::new(shop, staff, Part::Catalog),
        may_change: staff.may(Act::ChangeCatalog),
        saved: said.saved,
        conflict: said.conflict,
        wrong: said.wrong,
        typed: said.typed.unwrap_or_else(written),
        seen: chosen.edits,
        changed: chosen.changed.map(|(by, at)| (by, Moment::of(at))),
        chosen: codes
            .iter()
            .map(|code| CountryView {
                code: code.to_uppercase(),
                name: name(code).unwrap_or_default(),
                sold: sold.contains(code),
            })
            .collect(),
    };
    page(status, Cache::Private, &view)
}
