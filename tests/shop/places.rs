//! Countries and regions whose plans come and go: what their pages, lists and sitemaps say, and how their addresses may
//! be typed.

use simfront::catalog::Coverage;
use simfront::ground::{Currency, Language};
use simfront::pricing::{self, Edit, Markup, Rounding, Rule, Scope};
use simfront::sandbox::{CatalogChange, NewPackage};
use simfront::supply;
use simfront::window::{self, Place, Snapshot};

use crate::support::browser::owned;
use crate::support::{FRANCE, Stand};

const SITEMAP: &str = "/sitemaps/places.xml";

async fn reload(stand: &Stand) {
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
}

fn withdraw(stand: &Stand, ids: &[i64]) {
    for id in ids {
        stand.sandbox.change_catalog(CatalogChange::Withdraw { id: id.unsigned_abs() }).unwrap();
    }
}

fn restore(stand: &Stand, ids: &[i64]) {
    for id in ids {
        stand.sandbox.change_catalog(CatalogChange::Restore { id: id.unsigned_abs() }).unwrap();
    }
}

fn ids(plans: Vec<&window::Plan>) -> Vec<i64> {
    plans.into_iter().map(|plan| plan.id).collect()
}

/// The country with the fewest plans: so few that a sync may withdraw them all.
fn smallest(snapshot: &Snapshot) -> (String, String, Vec<i64>) {
    let place = snapshot.countries().min_by_key(|place| snapshot.plans_of(place).count()).unwrap();
    (place.slug.clone(), place.names.of(Language::En).to_owned(), ids(snapshot.plans_of(place).collect()))
}

#[tokio::test]
async fn a_country_whose_last_plan_is_withdrawn_says_so_and_comes_back_with_it() {
    let stand = Stand::new().await;
    let (slug, name, plans) = smallest(&stand.stage.window.now());
    let path = format!("/destinations/{slug}");
    let query = format!("/search/suggest?q={slug}");
    assert_eq!(stand.get(&path).await.status.as_u16(), 200);
    assert!(stand.get(&query).await.body.contains(&path));
    withdraw(&stand, &plans);
    stand.refresh().await;

    let gone = stand.get(&path).await;
    assert_eq!(gone.status.as_u16(), 410, "{}", gone.body);
    for said in [
        &format!("<h1>{name}</h1>"),
        "There is no plan for this destination at the moment.",
        "Destinations nearby",
        "noindex",
    ] {
        assert!(gone.body.contains(said), "{said}: {}", gone.body);
    }
    let near: Vec<&str> = gone.body.split("<li><a href=\"").skip(1).collect();
    assert!(!near.is_empty());
    for link in near.iter().filter_map(|rest| rest.split('"').next()) {
        assert_eq!(stand.get(link).await.status.as_u16(), 200, "{link}");
    }
    assert_eq!(stand.get(&format!("/it{path}")).await.status.as_u16(), 410);
    let json = stand.get_json(&path).await;
    assert_eq!((json.status.as_u16(), &json.json()["status"]), (410, &410.into()));
    assert_eq!(stand.get("/destinations/atlantis").await.status.as_u16(), 404, "nobody ever sold there");
    for list in ["/", "/destinations", SITEMAP, &query, &format!("/search?q={slug}")] {
        let page = stand.get(list).await;
        assert!(
            !page.body.contains(&format!("{path}\"")) && !page.body.contains(&format!("{path}<")),
            "{list}"
        );
    }

    restore(&stand, &plans);
    stand.refresh().await;
    let back = stand.get(&path).await;
    assert_eq!(back.status.as_u16(), 200);
    assert!(back.body.contains("class=\"ticket\"") && !back.body.contains("noindex"));
    stand.end().await;
}

#[tokio::test]
async fn a_region_and_the_world_without_plans_say_so_too() {
    let stand = Stand::new().await;
    let (region, plans) = {
        let snapshot = stand.stage.window.now();
        let region = snapshot.regions().min_by_key(|place| snapshot.plans_of(place).count()).unwrap();
        let mut plans = ids(snapshot.plans_of(region).collect());
        plans.extend(ids(snapshot.global().collect()));
        (format!("/regions/{}", region.slug), plans)
    };
    withdraw(&stand, &plans);
    stand.refresh().await;
    for path in [region.as_str(), "/regions/global"] {
        let gone = stand.get(path).await;
        assert_eq!(gone.status.as_u16(), 410, "{path}: {}", gone.body);
        assert!(gone.body.contains("There is no plan for this destination at the moment."), "{path}");
        assert!(gone.body.contains("Popular destinations"), "{path}: {}", gone.body);
        for list in ["/", "/destinations", SITEMAP] {
            assert!(!stand.get(list).await.body.contains(&format!("{path}\"")), "{path} in {list}");
        }
    }
    assert_eq!(stand.get("/regions/atlantis").await.status.as_u16(), 404);
    restore(&stand, &plans);
    stand.refresh().await;
    for path in [region.as_str(), "/regions/global"] {
        assert_eq!(stand.get(path).await.status.as_u16(), 200, "{path}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_country_that_only_held_packages_name_was_never_seen() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let hold = owned(&[("new_packages", "hold")]);
    stand.post_with("/admin/catalog", &[("cookie", cookie.as_str())], &hold).await.to();
    let codes = ["aq", "va", "kp", "sm", "nr", "tv", "pn", "mc", "li", "sh", "eh"];
    let unsold = codes.into_iter().find(|code| {
        let country_code = (*code).to_owned();
        let (id, name, gigabytes, days) = (Some(900_001), None, 7, 7);
        let reseller_price = "2.00".parse().unwrap();
        let package = NewPackage { id, name, country_code, gigabytes, days, reseller_price };
        let sold = stand.stage.window.now().country_by_code(code).is_some();
        !sold && stand.sandbox.change_catalog(CatalogChange::Add { package }).is_ok()
    });
    assert!(unsold.is_some(), "the sandbox sells everywhere");
    stand.refresh().await;
    let slugs = stand
        .texts("select slug from countries join package_countries on country_code = code where package_id = 900001")
        .await;
    let path = format!("/destinations/{}", slugs[0]);
    assert_eq!(stand.get(&path).await.status.as_u16(), 404);
    let release = owned(&[("release", "all")]);
    stand.post_with("/admin/catalog", &[("cookie", cookie.as_str())], &release).await.to();
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    assert_eq!(stand.get(&path).await.status.as_u16(), 200);
    stand.end().await;
}

/// The day of an address in a part of the sitemap.
async fn day(stand: &Stand, part: &str, path: &str) -> String {
    let body = stand.get(&format!("/sitemaps/{part}.xml")).await.body;
    let entry = body.split(&format!("<loc>{}{path}</loc><lastmod>", stand.origin)).nth(1);
    entry.unwrap_or_else(|| panic!("{path}: {body}")).split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_sitemap_tells_the_day_on_which_a_page_last_showed_something_else() {
    let stand = Stand::new().await;
    stand.owner().await;
    let plan = format!("/plans/{FRANCE}");
    let (other, other_place) = {
        let snapshot = stand.stage.window.now();
        let local = |place: &&Place| {
            place.slug != "france" && snapshot.plans_of(place).any(|plan| plan.coverage == Coverage::Local)
        };
        let place = snapshot.countries().find(local).unwrap();
        let plan = snapshot.plans_of(place).find(|plan| plan.coverage == Coverage::Local).unwrap();
        (plan.id, format!("/destinations/{}", place.slug))
    };
    let (untouched, first) = (format!("/plans/{other}"), "2026-11-22");
    let next_day = || stand.shop.clock.advance(time::Duration::days(1));
    assert_eq!(day(&stand, "plans-1", &plan).await, first);

    next_day();
    let mut tx = stand.shop.db.begin().await.unwrap();
    let markup = Markup {
        percent: 60.into(),
        fixed: 0.into(),
        currency: Currency::parse("USD").unwrap(),
        rounding: Rounding::None,
    };
    let now = stand.shop.now();
    let rule = Rule { scope: Scope::Package(FRANCE), ..Rule::shop_wide(markup, "olga@example.com", now) };
    pricing::edit_rules(&mut tx, &Edit::Add(rule), None, "olga@example.com", now).await.unwrap();
    tx.commit().await.unwrap();
    supply::note_prices(&stand.shop).await.unwrap();
    reload(&stand).await;
    assert!(stand.get(&plan).await.body.contains("$6.72"));
    assert_eq!(day(&stand, "plans-1", &plan).await, "2026-11-23");
    assert_eq!(day(&stand, "places", "/destinations/france").await, "2026-11-23");
    assert_eq!(day(&stand, "plans-1", &untouched).await, first, "its price is the same");
    assert_eq!(day(&stand, "places", &other_place).await, first);

    next_day();
    let path = format!("/admin/catalog/{FRANCE}");
    let cookie = stand.sign_in_again().await;
    let named = owned(&[("name", "Paris & beyond"), ("seen", "0")]);
    stand.post_with(&path, &[("cookie", cookie.as_str())], &named).await.to();
    reload(&stand).await;
    assert_eq!(day(&stand, "plans-1", &plan).await, "2026-11-24", "a name by hand");
    next_day();
    let note = owned(&[("name", "Paris & beyond"), ("note", "asked for by mail"), ("seen", "1")]);
    let cookie = stand.sign_in_again().await;
    stand.post_with(&path, &[("cookie", cookie.as_str())], &note).await.to();
    reload(&stand).await;
    assert_eq!(day(&stand, "plans-1", &plan).await, "2026-11-24", "a note is for staff alone");

    withdraw(&stand, &[FRANCE]);
    stand.refresh().await;
    assert_eq!(day(&stand, "places", "/destinations/france").await, "2026-11-25", "it lost a plan");
    assert_eq!(day(&stand, "places", "/").await, "2026-11-25");
    assert_eq!(day(&stand, "plans-1", &untouched).await, first);
    assert_eq!(day(&stand, "places", &other_place).await, first);
    stand.end().await;
}

#[tokio::test]
async fn a_name_of_the_shops_own_is_shown_until_the_order_that_has_it() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let paths = ["/plans/1120", "/destinations/france", "/checkout?package_id=1120"];
    // The form has a key of its own each time.
    let plain = async |path: &str| stand.get(path).await.body;
    let before = (plain(paths[0]).await, plain(paths[1]).await);
    let said = owned(&[("name", "Paris & beyond"), ("seen", "0")]);
    let path = format!("/admin/catalog/{FRANCE}");
    stand.post_with(&path, &[("cookie", cookie.as_str())], &said).await.to();
    reload(&stand).await;
    for (path, said) in [
        (paths[0], "<h1 id=\"plan\">Paris &#38; beyond</h1>"),
        (paths[0], "<title>Paris &#38; beyond: France"),
        (paths[1], "<span class=\"ticket-name\">Paris &#38; beyond</span>"),
        (paths[2], "<h2 id=\"basket\">Paris &#38; beyond</h2>"),
        (paths[2], "<p class=\"ticket-name\">France</p>"),
    ] {
        let page = plain(path).await;
        assert!(page.contains(said), "{path} lacks {said}: {page}");
    }
    let unsaid = owned(&[("name", ""), ("seen", "1")]);
    stand.post_with(&path, &[("cookie", cookie.as_str())], &unsaid).await.to();
    reload(&stand).await;
    assert_eq!((plain(paths[0]).await, plain(paths[1]).await), before, "without one all is as it was");
    assert!(plain(paths[2]).await.contains("<h2 id=\"basket\">France</h2>"));
    stand.end().await;
}

#[tokio::test]
async fn typed_addresses_lead_to_the_page_itself() {
    let stand = Stand::new().await;
    for (typed, right) in [
        ("/destinations/", "/destinations"),
        ("/it/destinations/France?sort=gb", "/it/destinations/france?sort=gb"),
        ("/it/regions/", "/it/destinations"),
        ("/it/plans/1120/", "/it/plans/1120"),
        ("/regions/Global", "/regions/global"),
        ("/en", "/"),
        ("/en/", "/"),
        ("/en/destinations/France?data=5", "/destinations/France?data=5"),
    ] {
        let answer = stand.get(typed).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (308, right), "{typed}");
    }
    for path in ["//evil.example", "//evil.example/", "/en//evil.example", "/it/en", "/it//evil.example"] {
        let answer = stand.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (404, ""), "{path}");
    }
    stand.end().await;
}
