//! The plans of a country, of a region, and of the world.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;

use super::filter::{Choices, Link, choices, sorts};
use super::{Page, missing, place_gone, typed};
use crate::catalog::Coverage;
use crate::ground::Price;
use crate::web::{Cache, JsonLd, Visit, page};
use crate::window::map::DotMap;
use crate::window::plan::Plan;
use crate::window::search::folded_words;
use crate::window::sift::{Sift, Sort};
use crate::window::snapshot::{Place, Snapshot};
use crate::window::structured;
use crate::window::wording::{self, BoardRow, TicketRow};
use crate::window::{Window, value};

/// How many plans each kind begins with, so that a page stays small however much is sold.
const FIRST_OF_MAIN: usize = 24;
const FIRST_OF_OTHERS: usize = 12;
/// With fewer plans there is nothing to filter.
const FEW: usize = 6;

/// Plans under one heading.
struct Group {
    id: &'static str,
    title: String,
    /// The same in a word.
    short: String,
    /// How many there are; not all may be shown.
    count: usize,
    plans: Vec<TicketRow>,
    /// Whether featured plans stand first here, which is said.
    featured_first: bool,
    /// Whether one of them is marked as the best value and it is explained here: once a page.
    has_best: bool,
    /// Where all of them stand.
    all: Option<Link>,
    /// The page before, the number of this one and of all, the page after.
    pages: Option<(Option<Link>, String, Option<Link>)>,
}

/// What a page of plans is about, before the visitor's wishes.
struct Subject<'a> {
    /// A country's code in capitals; empty for a region.
    code: String,
    /// Where its flag is drawn, or nothing.
    flag: String,
    name: String,
    from: Option<Price>,
    kinds: Vec<Kind<'a>>,
    /// Where the plans work, for regions.
    countries: Vec<&'a Place>,
}

/// Plans of one kind, in the order of lists.
struct Kind<'a> {
    coverage: Coverage,
    title: String,
    short: String,
    /// Whether the heading names the place where each of them works.
    names_place: bool,
    first: usize,
    plans: Vec<&'a Plan>,
}

#[derive(askama::Template)]
#[template(path = "window/place.html")]
struct PlacePage {
    visit: Visit,
    code: String,
    flag: String,
    name: String,
    title: String,
    description: String,
    from: String,
    /// How many plans there are, and how many of them are wanted.
    all: usize,
    wanted: usize,
    groups: Vec<Group>,
    /// What can be chosen, where there is enough to choose from.
    choices: Option<Choices>,
    sorts: Vec<Link>,
    sift: Sift,
    plain: String,
    countries: Vec<BoardRow>,
    map: Option<DotMap>,
    told: JsonLd,
}

pub(super) async fn country(
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Extension(window): Extension<Window>,
) -> Page {
    let snapshot = window.now();
    let Some(country) = snapshot.country(&slug) else {
        return typed::place(&visit, &snapshot, "destinations", &slug, query.as_deref());
    };
    let visit = visit.at(format!("/destinations/{slug}"));
    if !country.has_plans() {
        return place_gone::show(visit, &snapshot, country);
    }
    let name = country.names.of(visit.language);
    let kinds = [
        (Coverage::Local, visit.t1("group-local", "country", name), name.to_owned(), FIRST_OF_MAIN),
        (
            Coverage::Regional,
            visit.t1("group-regional", "country", name),
            visit.t("home-regions"),
            FIRST_OF_OTHERS,
        ),
        (Coverage::Global, visit.t("group-global"), visit.t("global-name"), FIRST_OF_OTHERS),
    ];
    let kinds = kinds.map(|(coverage, title, short, first)| {
        let plans = snapshot.plans_of(country).filter(|plan| plan.coverage == coverage).collect();
        Kind { coverage, title, short, names_place: coverage != Coverage::Regional, first, plans }
    });
    let subject = Subject {
        code: country.code.as_ref().map(|code| code.to_uppercase()).unwrap_or_default(),
        flag: wording::flag(country),
        name: name.to_owned(),
        from: country.from,
        kinds: kinds.into(),
        countries: Vec::new(),
    };
    show(visit, &snapshot, subject, query)
}

pub(super) async fn region(
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Extension(window): Extension<Window>,
) -> Page {
    let snapshot = window.now();
    let visit = visit.at(format!("/regions/{slug}"));
    let (name, from, coverage, title, plans): (_, _, _, _, Vec<&Plan>) =
        if slug == "global" && snapshot.global().next().is_some() {
            let from = snapshot.global_from();
            let title = visit.t("group-global");
            (visit.t("global-name"), from, Coverage::Global, title, snapshot.global().collect())
        } else {
            let region = snapshot.region(&slug).filter(|region| slug != "global" || region.has_plans());
            let region = match region {
                Some(region) if region.has_plans() => region,
                Some(region) => return place_gone::show(visit, &snapshot, region),
                None if slug == "global" && snapshot.had_global() => {
                    return place_gone::world(visit, &snapshot);
                }
                None if slug == "global" => return Err(missing(&snapshot)),
                None => return typed::place(&visit, &snapshot, "regions", &slug, query.as_deref()),
            };
            let name = region.names.of(visit.language).to_owned();
            let title = visit.t1("group-region", "region", &name);
            (name, region.from, Coverage::Regional, title, snapshot.plans_of(region).collect())
        };
    let countries = snapshot.covered_by(&plans);
    let short = name.clone();
    let kinds = vec![Kind { coverage, title, short, names_place: true, first: FIRST_OF_MAIN, plans }];
    let (code, flag) = (String::new(), String::new());
    show(visit, &snapshot, Subject { code, flag, name, from, kinds, countries }, query)
}

fn show(visit: Visit, snapshot: &Snapshot, subject: Subject<'_>, query: Option<String>) -> Page {
    let sift = Sift::read(&query.unwrap_or_default(), visit.language);
    let visit = visit.asking(sift.query());
    let all: usize = subject.kinds.iter().map(|kind| kind.plans.len()).sum();
    let mut wanted = 0;
    let mut groups: Vec<Group> = Vec::new();
    let featured = subject.kinds.iter().flat_map(|kind| &kind.plans).any(|plan| plan.featured);
    for kind in subject.kinds {
        let plans = sift.apply(kind.plans.iter().copied());
        wanted += plans.len();
        groups.extend(group(&visit, snapshot, &sift, &kind, &plans));
    }
    for group in groups.iter_mut().filter(|group| group.has_best).skip(1) {
        group.has_best = false;
    }
    let values = [("place", subject.name.as_str().into()), ("count", all.into())];
    let told = structured::breadcrumbs(
        &visit,
        &[(&visit.t("nav-destinations"), "/destinations"), (&subject.name, &visit.path)],
    );
    let mut countries: Vec<BoardRow> =
        subject.countries.iter().map(|place| wording::board_row(&visit, place)).collect();
    countries.sort_by_cached_key(|row| folded_words(&row.name));
    let place_page = PlacePage {
        code: subject.code,
        flag: subject.flag,
        title: visit.t1("place-title", "place", &subject.name),
        description: visit.tn("place-description", &values),
        from: wording::from(&visit, subject.from),
        all,
        wanted,
        groups,
        choices: (all >= FEW).then(|| choices(&visit, &sift, subject.from)),
        sorts: sorts(&visit, &sift, featured),
        plain: visit.href(&visit.path),
        map: DotMap::of(subject.countries.iter().filter_map(|place| place.code.as_deref())),
        countries,
        told: JsonLd::graph(vec![told]),
        name: subject.name,
        sift,
        visit,
    };
    page(StatusCode::OK, Cache::Public, &place_page)
}

/// The wanted plans of one kind; `None` where there is none, or where another kind is looked at alone.
fn group(visit: &Visit, snapshot: &Snapshot, sift: &Sift, kind: &Kind<'_>, plans: &[&Plan]) -> Option<Group> {
    let (from, number) = sift.slice(kind.coverage, plans.len(), kind.first);
    let mut shown: Vec<&Plan> = plans.iter().skip(from).take(number).copied().collect();
    let best = value::best(plans.iter().copied());
    // Where a list is cut, the best value mostly stands beyond the cut: it takes the last place before it.
    let beyond = plans.iter().skip(number).find(|plan| best == Some(plan.id));
    if let (None, Some(best), Some(last)) = (sift.only, beyond, shown.last_mut()) {
        *last = best;
    }
    let tickets: Vec<TicketRow> = shown
        .iter()
        .map(|plan| {
            let ticket = wording::ticket(visit, snapshot, plan);
            let best = (best == Some(plan.id)).then(|| visit.t("best-value"));
            let featured = Some(ticket.mark.clone()).filter(|mark| !mark.is_empty());
            let mark = best.into_iter().chain(featured).collect::<Vec<_>>().join(" · ");
            // What the heading says needs no saying on each ticket.
            let place = if kind.names_place { String::new() } else { ticket.place };
            TicketRow { mark, place, ..ticket }
        })
        .collect();
    let to = |sift: Sift, label: String| Link::to(visit, &sift, label);
    let alone = Sift { only: Some(kind.coverage), page: 1, ..sift.clone() };
    let more = (sift.only.is_none() && plans.len() > number)
        .then(|| to(alone.clone(), visit.t1("group-more", "count", plans.len())));
    let last = sift.pages(plans.len());
    let pages = (sift.only.is_some() && last > 1).then(|| {
        let at = sift.page.min(last);
        let before = (at > 1).then(|| to(Sift { page: at - 1, ..alone.clone() }, visit.t("page-before")));
        let after = (at < last).then(|| to(Sift { page: at + 1, ..alone.clone() }, visit.t("page-after")));
        (before, visit.tn("page-of", &[("page", at.into()), ("pages", last.into())]), after)
    });
    (!tickets.is_empty()).then(|| Group {
        id: kind.coverage.word(),
        title: kind.title.clone(),
        short: kind.short.clone(),
        count: plans.len(),
        featured_first: sift.sort == Sort::Usual && plans.iter().any(|plan| plan.featured),
        has_best: shown.iter().any(|plan| best == Some(plan.id)),
        plans: tickets,
        all: more,
        pages,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::ask;
    use super::*;
    use crate::catalog::{Data, Package};
    use crate::ground::Language;
    use crate::window::snapshot::tests::{contents, package, rules};

    #[tokio::test]
    async fn the_best_value_is_among_what_is_shown_however_many_plans_there_are() {
        let mut contents = contents();
        // The more data, the dearer, and the cheaper a gigabyte.
        contents.packages = (1..=60_i64)
            .map(|id| {
                let size = u64::try_from(id).unwrap();
                let cost = (100 + id).to_string();
                let coverage = if id % 2 == 0 { Coverage::Local } else { Coverage::Regional };
                Package { data: Data::Bytes(size << 30), ..package(id, "x", &cost, coverage, &["fr", "it"]) }
            })
            .collect();
        for (query, local, regional) in
            [("", (24, 60), (12, 59)), ("?sort=days", (24, 60), (12, 59)), ("?price=170", (18, 36), (12, 35))]
        {
            let snapshot = Snapshot::build(contents.clone(), &rules("USD"));
            let (_, body) = ask(snapshot, Language::En, &format!("/destinations/france{query}")).await;
            let plans = |kind: &str| -> Vec<(i64, bool)> {
                let group = body.split(&format!("id=\"{kind}\"")).nth(1).unwrap();
                let group = group.split("</section>").next().unwrap();
                let tickets = group.split("<a class=\"ticket\" href=\"/plans/").skip(1);
                let plan = |ticket: &str| ticket.split('"').next().unwrap().parse::<i64>().unwrap();
                tickets.map(|ticket| (plan(ticket), ticket.contains("Best value"))).collect()
            };
            for (kind, (number, best)) in [("local", local), ("regional", regional)] {
                let shown = plans(kind);
                assert_eq!(shown.len(), number, "{kind} {query}");
                let marked: Vec<i64> = shown.iter().filter(|(_, best)| *best).map(|(id, _)| *id).collect();
                assert_eq!(marked, [best], "{kind} {query}");
                assert!(shown.is_sorted(), "the order is kept: {shown:?}");
            }
            assert_eq!(body.matches("is the lowest price per GB").count(), 1, "explained once");
        }
    }

    #[tokio::test]
    async fn the_price_of_the_filter_stands_as_the_language_writes_it() {
        let mut contents = contents();
        contents.packages.push(package(6, "France 9 GB", "7", Coverage::Local, &["fr"]));
        contents.packages.push(package(7, "France 8 GB", "8", Coverage::Local, &["fr"]));
        for (language, query, shown) in [
            (Language::En, "price=10,99", "value=\"10.99\""),
            (Language::It, "price=10,99", "value=\"10,99\""),
            (Language::It, "price=10.99", "value=\"10,99\""),
            (Language::En, "price=1,500", "value=\"1,500\""),
        ] {
            let snapshot = Snapshot::build(contents.clone(), &rules("USD"));
            let (_, body) = ask(snapshot, language, &format!("/destinations/france?{query}")).await;
            let field = body.split("id=\"price\"").nth(1).unwrap().split('>').next().unwrap();
            assert!(field.contains(shown), "{query}: {field}");
        }
    }
}
