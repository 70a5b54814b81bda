//! `/sitemap.xml` and its parts: every page of the window that stands for a place or a plan, in every language, with the
//! day on which it last changed.

use axum::Extension;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use time::{Date, OffsetDateTime};

use super::super::Window;
use crate::ground::Language;
use crate::web::{Problem, Visit};
use crate::window::plan::Plan;
use crate::window::snapshot::Snapshot;

/// Plans of one part: with their languages far under the 50,000 addresses that a part may have.
const PLANS_A_PART: usize = 5_000;
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A page, and when what it shows last changed, as far as that is known.
struct Entry {
    path: String,
    changed: Option<Date>,
}

/// The list of the parts.
pub(super) async fn index(visit: Visit, Extension(window): Extension<Window>) -> Response {
    let snapshot = window.now();
    let plans: Vec<&Plan> = snapshot.by_id();
    let parts =
        std::iter::once(("places.xml".to_owned(), day(snapshot.changed_among(plans.iter().copied()))));
    let of_plans = plans.chunks(PLANS_A_PART).zip(1_usize..).map(|(part, number)| {
        (format!("plans-{number}.xml"), day(snapshot.changed_among(part.iter().copied())))
    });
    let mut xml = format!("{HEAD}<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for (name, changed) in parts.chain(of_plans) {
        let address = visit.whole(Language::default(), &format!("/sitemaps/{name}"));
        xml.push_str(&format!("<sitemap><loc>{address}</loc>{}</sitemap>\n", lastmod(changed)));
    }
    xml.push_str("</sitemapindex>\n");
    answer(xml)
}

/// One part: `places.xml`, `plans-1.xml` …
pub(super) async fn part(
    visit: Visit,
    Path(name): Path<String>,
    Extension(window): Extension<Window>,
) -> Result<Response, Problem> {
    let snapshot = window.now();
    if name == "places.xml" {
        return Ok(answer(listed(&visit, &places(&snapshot))));
    }
    let number = name.strip_prefix("plans-").and_then(|rest| rest.strip_suffix(".xml"));
    let number =
        number.and_then(|digits| digits.parse::<usize>().ok().filter(|number| number.to_string() == digits));
    let plans: Vec<&Plan> = snapshot.by_id();
    let part = number.and_then(|number| plans.chunks(PLANS_A_PART).nth(number.checked_sub(1)?));
    let entries = part
        .ok_or(Problem::NotFound)?
        .iter()
        .map(|plan| Entry { path: format!("/plans/{}", plan.id), changed: day(snapshot.changed_at(plan)) });
    Ok(answer(listed(&visit, &entries.collect::<Vec<_>>())))
}

fn places(snapshot: &Snapshot) -> Vec<Entry> {
    let all = day(snapshot.changed_among(snapshot.by_id().into_iter()));
    let fixed = ["/", "/destinations"].map(|path| Entry { path: path.to_owned(), changed: all });
    let countries = snapshot.countries().map(|place| ("destinations", place));
    let regions = snapshot.regions().filter(|place| place.slug != "global").map(|place| ("regions", place));
    let places = countries.chain(regions).map(|(folder, place)| Entry {
        path: format!("/{folder}/{}", place.slug),
        changed: day(snapshot.place_changed_at(place)),
    });
    let world = day(snapshot.world_changed_at());
    let world =
        snapshot.global().next().map(|_| Entry { path: "/regions/global".to_owned(), changed: world });
    fixed.into_iter().chain(places).chain(world).collect()
}

fn day(moment: Option<OffsetDateTime>) -> Option<Date> {
    moment.map(OffsetDateTime::date)
}

/// Every page in every language, each with all of its editions.
fn listed(visit: &Visit, entries: &[Entry]) -> String {
    let mut xml = format!(
        "{HEAD}<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n"
    );
    // Slugs are letters, digits and hyphens, and the shop's address was checked: nothing needs escaping.
    for entry in entries {
        let edition = |hreflang: &str, language| {
            let address = visit.whole(language, &entry.path);
            format!("<xhtml:link rel=\"alternate\" hreflang=\"{hreflang}\" href=\"{address}\"/>")
        };
        let mut editions: String = Language::ALL.map(|language| edition(language.tag(), language)).concat();
        editions.push_str(&edition("x-default", Language::default()));
        for language in Language::ALL {
            let address = visit.whole(language, &entry.path);
            let changed = lastmod(entry.changed);
            xml.push_str(&format!("<url><loc>{address}</loc>{changed}{editions}</url>\n"));
        }
    }
    xml.push_str("</urlset>\n");
    xml
}

fn lastmod(changed: Option<Date>) -> String {
    changed.map_or_else(String::new, |day| format!("<lastmod>{day}</lastmod>"))
}

fn answer(xml: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/xml; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, xml).into_response()
}
