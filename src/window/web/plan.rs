//! One plan, and what is left of one that is not sold any more.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;

use super::{Page, missing, popular_rows, typed};
use crate::catalog::{Coverage, Data};
use crate::ground::Price;
use crate::web::{Cache, JsonLd, Problem, Visit, page};
use crate::window::map::DotMap;
use crate::window::plan::Plan;
use crate::window::snapshot::Snapshot;
use crate::window::structured;
use crate::window::wording::{self, BoardRow, TicketRow};
use crate::window::{Window, search, value};

/// A line of the list of facts.
struct Fact {
    label: String,
    value: String,
    /// What follows from it, or nothing.
    hint: String,
}

#[derive(askama::Template)]
#[template(path = "window/plan.html")]
struct PlanPage<'a> {
    visit: Visit,
    title: String,
    description: String,
    plan: &'a Plan,
    ticket: TicketRow,
    /// Where the flag of its country is drawn; nothing for plans of several.
    flag: String,
    facts: Vec<Fact>,
    countries: Vec<BoardRow>,
    map: Option<DotMap>,
    /// The page of its country or region: a path without a language, and the same as a link.
    back: String,
    told: JsonLd,
}

pub(super) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    Extension(window): Extension<Window>,
) -> Page {
    let snapshot = window.now();
    let number = id.parse::<i64>().map_err(|_| Problem::NotFound)?;
    let Some(plan) = snapshot.plan(number) else { return gone(visit, &snapshot, number) };
    if number.to_string() != id {
        return Ok(typed::leads_to(&visit, &format!("/plans/{number}"), query.as_deref()));
    }
    let visit = visit.at(format!("/plans/{number}"));
    page(StatusCode::OK, Cache::Public, &plan_page(visit, &snapshot, plan))
}

fn plan_page<'a>(visit: Visit, snapshot: &Snapshot, plan: &'a Plan) -> PlanPage<'a> {
    let mut countries: Vec<BoardRow> =
        snapshot.countries_of(plan).map(|place| wording::board_row(&visit, place)).collect();
    countries.sort_by_cached_key(|row| search::folded_words(&row.name));
    let place = match plan.coverage {
        Coverage::Local => {
            snapshot.countries_of(plan).next().map(|place| format!("/destinations/{}", place.slug))
        }
        Coverage::Regional => plan.region.as_ref().map(|slug| format!("/regions/{slug}")),
        Coverage::Global => Some("/regions/global".to_owned()),
    };
    let place = place.unwrap_or_else(|| "/destinations".to_owned());
    let ticket = wording::ticket(&visit, snapshot, plan);
    let facts_in_short = format!("{} {}, {}", ticket.place, ticket.amount, ticket.days);
    let (name, title) = match plan.own_name() {
        Some(own) => (own.to_owned(), format!("{own}: {facts_in_short}")),
        None => (facts_in_short.clone(), facts_in_short),
    };
    let values = [
        ("place", &ticket.place),
        ("amount", &ticket.amount),
        ("days", &ticket.days),
        ("price", &ticket.price),
    ];
    let description = visit.tn("plan-description", &values.map(|(name, value)| (name, value.into())));
    let way = [
        (visit.t("nav-destinations"), "/destinations".to_owned()),
        (ticket.place.clone(), place.clone()),
        (name.clone(), format!("/plans/{}", plan.id)),
    ];
    let way: Vec<(&str, &str)> = way.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    let told = JsonLd::graph(vec![
        structured::product(&visit, plan, &name, &description),
        structured::breadcrumbs(&visit, &way),
    ]);
    let flag = snapshot.countries_of(plan).next().filter(|_| plan.coverage == Coverage::Local);
    PlanPage {
        flag: flag.map(wording::flag).unwrap_or_default(),
        facts: facts(&visit, plan, &ticket),
        map: DotMap::of(snapshot.countries_of(plan).filter_map(|place| place.code.as_deref())),
        back: visit.href(&place),
        plan,
        title,
        description,
        ticket,
        countries,
        told,
        visit,
    }
}

/// One list for every plan: what the upstream does not say is not guessed.
fn facts(visit: &Visit, plan: &Plan, ticket: &TicketRow) -> Vec<Fact> {
    let unsaid = || visit.t("not-stated");
    let carried = |number: Option<u32>, none: &str, key: &str| match number {
        None => unsaid(),
        Some(0) => visit.t(none),
        Some(count) => visit.t1(key, "count", count),
    };
    let data = match plan.data {
        Data::NotStated => unsaid(),
        Data::Bytes(0) => visit.t("none-included"),
        Data::Bytes(bytes) => wording::data(visit.language, bytes),
        Data::Unlimited => visit.t("data-unlimited"),
    };
    let days = plan.validity_days.map_or_else(unsaid, |_| ticket.days.clone());
    let money = |price: Option<Price>| price.map_or_else(String::new, |price| visit.money(&price));
    let mut facts = vec![("fact-data", data, "")];
    if plan.data == Data::Unlimited {
        facts.push(("fact-fair-use", unsaid(), "fact-fair-use-hint"));
    } else if plan.carries_data() {
        // The upstream's documents name an amount and a time, and not how the one belongs to the other.
        facts.push(("fact-amount-for", unsaid(), "fact-amount-for-hint"));
    }
    facts.extend([
        ("fact-validity", days, ""),
        ("fact-speed", plan.network_speed.clone().unwrap_or_else(unsaid), ""),
        ("fact-voice", carried(plan.voice_minutes, "none-included", "voice-minutes"), ""),
        ("fact-sms", carried(plan.sms_count, "none-included", "sms-count"), ""),
        ("fact-top-up", visit.t("fact-top-up-none"), "fact-top-up-hint"),
        ("fact-start", unsaid(), "fact-start-hint"),
        ("fact-install-by", unsaid(), "fact-install-by-hint"),
        ("fact-operators", unsaid(), ""),
        ("fact-exit", unsaid(), "fact-exit-hint"),
        ("fact-hotspot", unsaid(), ""),
        ("fact-per-gb", money(value::per_gigabyte(plan)), ""),
        ("fact-per-day", money(value::per_day(plan)), ""),
        ("fact-name", plan.name.clone(), ""),
    ]);
    let hint = |key: &str| if key.is_empty() { String::new() } else { visit.t(key) };
    // What is computed is left out where it cannot be: nobody owed it to us.
    facts.retain(|(_, value, _)| !value.is_empty());
    facts
        .into_iter()
        .map(|(label, value, key)| Fact { label: visit.t(label), value, hint: hint(key) })
        .collect()
}

#[derive(askama::Template)]
#[template(path = "window/gone.html")]
struct Gone {
    visit: Visit,
    /// Where it worked, if that is still sold, and plans that come near it.
    place: Option<BoardRow>,
    near: Vec<TicketRow>,
    popular: Vec<BoardRow>,
}

/// Known once: 410 with suggestions. Never known: 404.
fn gone(visit: Visit, snapshot: &Snapshot, id: i64) -> Page {
    match snapshot.was_withdrawn(id) {
        true if visit.wants_json => Err(Problem::Gone),
        true => {
            let (place, near) = snapshot.instead_of(id);
            let gone = Gone {
                place: place.map(|place| wording::board_row(&visit, place)),
                near: wording::tickets(&visit, snapshot, near.into_iter()),
                popular: popular_rows(&visit, snapshot),
                visit,
            };
            page(StatusCode::GONE, Cache::Public, &gone)
        }
        false => Err(missing(snapshot)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::ask;
    use super::*;
    use crate::ground::Language;
    use crate::window::snapshot::tests::{contents, rules};

    #[tokio::test]
    async fn a_name_of_the_shops_own_stands_on_the_page_and_in_lists_and_no_other_name_does() {
        let own = "Paris <b>& beyond</b>";
        let escaped = "Paris &#60;b&#62;&#38; beyond&#60;/b&#62;";
        let mut contents = contents();
        contents.packages[0].name = own.to_owned();
        contents.named = [1].into();
        let page = async |path: &str| {
            ask(Snapshot::build(contents.clone(), &rules("USD")), Language::En, path).await.1
        };
        let plan = page("/plans/1").await;
        for said in [
            format!("<h1 id=\"plan\">{escaped}</h1>"),
            format!("<title>{escaped}: France 5\u{a0}GB, 30 days"),
            "<p class=\"ticket-name\">France</p>".to_owned(),
        ] {
            assert!(plan.contains(&said), "{said}: {plan}");
        }
        let told = plan.split("<script type=\"application/ld+json\">").nth(1).unwrap();
        let told: serde_json::Value = serde_json::from_str(told.split("</script>").next().unwrap()).unwrap();
        assert_eq!(told["@graph"][0]["name"], own);
        for list in ["/destinations/france", "/search?q=beyond"] {
            let list = page(list).await;
            assert!(list.contains(&format!("<span class=\"ticket-name\">{escaped}</span>")), "{list}");
        }
        for (path, name) in [("/plans/3", "Europe 5 GB - 30 Days"), ("/plans/2", "France 1 GB - 7 Days")] {
            let other = page(path).await;
            assert_eq!(
                other.matches(name).count(),
                1,
                "the upstream's name is a fact, and no heading: {other}"
            );
        }
        assert!(!page("/destinations/france").await.contains("1 GB - 7 Days"));
    }
}
