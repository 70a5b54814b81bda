//! The window's pages as visitors and search engines get them: found by any name, sifted by the address, small, and
//! inert whatever the catalog says.

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use serde_json::Value;
use simfront::sandbox::CatalogChange;
use simfront::window;
use tower::ServiceExt as _;

use crate::support::browser::Answer;
use crate::support::{FRANCE, Plan, Stand};

/// What a page, its style sheet and its flags may weigh together, compressed.
const LIGHT: usize = 30_000;

async fn reload(stand: &Stand) {
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
}

/// Everything between this and that, each time.
fn all_between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

fn told(page: &Answer) -> Value {
    let blocks = all_between(&page.body, "<script type=\"application/ld+json\">", "</script>");
    assert_eq!(blocks.len(), 1, "{}", page.body);
    serde_json::from_str(blocks[0]).unwrap_or_else(|error| panic!("{error}: {}", blocks[0]))
}

/// The thing of this type in a page's data.
fn thing(page: &Answer, kind: &str) -> Value {
    let told = told(page);
    let things = told["@graph"].as_array().unwrap();
    things.iter().find(|thing| thing["@type"] == kind).unwrap_or_else(|| panic!("{kind}: {told}")).clone()
}

/// How many bytes go over the wire.
async fn weight(stand: &Stand, path: &str, encoding: &str) -> usize {
    let request = Request::get(path).header(header::ACCEPT_ENCODING, encoding);
    let response = stand.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status().as_u16(), 200, "{path}");
    assert_eq!(response.headers()[header::CONTENT_ENCODING], encoding, "{path}");
    to_bytes(response.into_body(), 8 << 20).await.unwrap().len()
}

#[tokio::test]
async fn a_destination_is_found_by_any_name_with_and_without_a_script() {
    let stand = Stand::new().await;
    for query in ["uk", "England", "gbr", "regno+unito", "Lond", "untied+kingdom", "esim+for+uk"] {
        let page = stand.get(&format!("/search?q={query}")).await;
        let first = all_between(&page.body, "<ul class=\"board\">", "</a>").join("");
        assert!(first.contains("/destinations/united-kingdom"), "{query}: {first}");
        let suggested = stand.get(&format!("/search/suggest?q={query}")).await.json();
        assert_eq!(suggested["places"][0]["href"], "/destinations/united-kingdom", "{query}");
    }
    let page = stand.get("/it/search?q=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(!page.body.contains("<script>alert") && page.body.contains("noindex"));
    let home = stand.get("/it").await;
    assert!(home.body.contains("data-suggest=\"/it/search/suggest\""));
    let script = all_between(&home.body, "<script defer src=\"", "\"").join("");
    assert_eq!(stand.get(&script).await.header("content-type"), "text/javascript; charset=utf-8");
    stand.end().await;
}

#[tokio::test]
async fn an_address_sifts_a_countrys_plans_and_nonsense_shows_the_plain_page() {
    let stand = Stand::new().await;
    let plain = stand.get("/destinations/france").await;
    let canonical = format!("<link rel=\"canonical\" href=\"{}/destinations/france\">", stand.origin);
    assert!(plain.body.contains(&canonical) && !plain.body.contains("noindex"));
    let plans = |page: &Answer| {
        all_between(&page.body, "<a class=\"ticket\" href=\"/plans/", "\"")
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let all: Vec<String> = plans(&plain);
    assert!(all.len() > 5, "{all:?}");
    for sift in
        ["data=10", "days=90", "price=4", "sort=gb", "unlimited=1", "only=local", "data=5&days=30&sort=days"]
    {
        let page = stand.get(&format!("/destinations/france?{sift}")).await;
        assert!(page.body.contains(&canonical), "{sift}");
        assert!(page.body.contains("<meta name=\"robots\" content=\"noindex\">"), "{sift}");
        let sifted: Vec<String> = plans(&page);
        assert_ne!(sifted, all, "{sift}");
    }
    let nothing = stand.get("/destinations/france?price=0.01").await;
    assert!(nothing.body.contains("No plan here is like that.") && plans(&nothing).is_empty());
    for nonsense in [
        "data=-1",
        "sort=up&price=NaN",
        "page=99999999999999999999",
        "x=y",
        "only=%ff&days=1e9",
        "data=5&data",
    ] {
        let page = stand.get(&format!("/destinations/france?{nonsense}")).await;
        assert_eq!(page.status.as_u16(), 200, "{nonsense}");
        let shown: Vec<String> = plans(&page);
        assert!(!shown.is_empty(), "{nonsense}");
        assert_eq!(page.body == plain.body, !nonsense.starts_with("data=5"), "{nonsense}");
    }
    stand.end().await;
}

#[tokio::test]
async fn the_language_switch_keeps_what_was_asked_and_understood() {
    let stand = Stand::new().await;
    for (path, kept) in [
        ("/destinations/france?data=5&sort=gb&x=y&page=0", "/destinations/france?data=5&#38;sort=gb"),
        ("/destinations/france?only=local&sort=days", "/destinations/france?sort=days&#38;only=local"),
        ("/regions/global?price=9,5", "/regions/global?price=9.5"),
        ("/search?q=regno+unito&x=1", "/search?q=regno+unito"),
        ("/search?q=%22%3E%3Cscript%3E", "/search?q=%22%3E%3Cscript%3E"),
        ("/destinations/france?data=-1", "/destinations/france"),
        ("/search", "/search"),
    ] {
        let page = stand.get(path).await;
        let switch = all_between(&page.body, "<span class=\"switch\">", "</span></a>");
        let links = all_between(switch.first().unwrap(), "href=\"", "\"");
        assert_eq!(links, [kept], "{path}");
        let other = all_between(&page.body, &format!("href=\"/it{kept}\""), ">");
        assert_eq!(other.len(), 1, "{path}: {}", page.body);
        let back = stand.get(&format!("/it{}", kept.replace("&#38;", "&"))).await;
        assert!(back.body.contains(&format!("class=\"quiet\" href=\"{kept}\"")), "{path}");
    }
    stand.end().await;
}

#[tokio::test]
async fn featured_plans_stand_first_until_somebody_chooses_an_order() {
    let stand = Stand::new().await;
    let plain = stand.get("/destinations/france").await;
    assert!(!plain.body.contains("Featured") && !plain.body.contains("sort=price"));
    let dearest: i64 = {
        let snapshot = stand.stage.window.now();
        let local = snapshot
            .plans_of(snapshot.country("france").unwrap())
            .filter(|plan| plan.coverage == simfront::catalog::Coverage::Local);
        local.max_by_key(|plan| plan.price.map(|price| price.minor)).unwrap().id
    };
    sqlx::query(
        "insert into package_overrides (package_id, featured, changed_by, changed_at) values ($1, true, 'x', now())",
    )
    .bind(dearest)
    .execute(&stand.shop.db)
    .await
    .unwrap();
    reload(&stand).await;
    let first = |page: &Answer| {
        all_between(&page.body, "<a class=\"ticket\" href=\"/plans/", "\"")
            .first()
            .unwrap()
            .parse::<i64>()
            .unwrap()
    };
    let usual = stand.get("/destinations/france").await;
    assert_eq!(first(&usual), dearest);
    for said in [
        "<ul class=\"tickets\" aria-describedby=\"local-order\">",
        "id=\"local-order\">Featured plans stand first, then the cheapest.",
        "<span class=\"mark\">",
        "href=\"/destinations/france?sort=price\"",
    ] {
        assert!(usual.body.contains(said), "{said}: {}", usual.body);
    }
    for chosen in ["sort=price", "sort=days", "data=1&sort=price"] {
        let page = stand.get(&format!("/destinations/france?{chosen}")).await;
        assert_ne!(first(&page), dearest, "{chosen}");
        assert!(!page.body.contains("-order\""), "{chosen}");
        assert!(page.body.contains("Featured</span>"), "it is still marked: {chosen}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_country_has_its_flag_and_one_without_a_drawing_its_code() {
    // So many that every country is sold.
    let stand = Stand::with(Plan { packages: 600, ..Plan::default() }).await;
    let page = stand.get("/destinations").await;
    let flags: Vec<&str> = all_between(&page.body, "aria-hidden=\"true\"><use href=\"", "\"");
    assert!(flags.len() > 230, "{flags:?}");
    let file = flags[0].split('#').next().unwrap();
    let drawings = stand.get(file).await;
    assert_eq!(drawings.header("content-type"), "image/svg+xml");
    assert!(drawings.header("cache-control").contains("immutable"));
    for flag in flags {
        let (address, code) = flag.split_once('#').unwrap();
        assert_eq!(address, file);
        assert!(drawings.body.contains(&format!("<g id=\"{code}\">")), "{code}");
    }
    let tiles = all_between(&page.body, "<span class=\"flag tile\" aria-hidden=\"true\">", "</span>");
    assert_eq!(tiles, ["EH"], "what is drawn for nobody");
    let country = stand.get("/destinations/france").await;
    assert!(country.body.contains("<svg class=\"flag large\" viewBox=\"0 0 24 16\" aria-hidden=\"true\">"));
    stand.end().await;
}

#[tokio::test]
async fn a_shared_page_has_a_picture_of_the_size_that_it_says() {
    let stand = Stand::new().await;
    for path in ["/", "/it/destinations", "/destinations/france", "/it/plans/1120"] {
        let page = stand.get(path).await;
        let meta = |name: &str| {
            let found =
                all_between(&page.body, &format!("<meta property=\"og:image{name}\" content=\""), "\"");
            assert_eq!(found.len(), 1, "{path} {name}");
            found[0].to_owned()
        };
        let address = meta("");
        assert!(!meta(":alt").is_empty() && page.body.contains("summary_large_image"));
        let request = Request::get(address.strip_prefix(&stand.origin).unwrap());
        let response = stand.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], meta(":type").as_str());
        let picture = to_bytes(response.into_body(), 300_000).await.unwrap();
        // The first part of a PNG says its width and height.
        let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap()).to_string();
        assert_eq!((number(16), number(20)), (meta(":width"), meta(":height")), "{path}");
    }
    stand.end().await;
}

#[tokio::test]
async fn the_page_of_the_country_with_the_most_plans_is_light() {
    let stand = Stand::with(Plan { packages: 1500, ..Plan::default() }).await;
    let snapshot = stand.stage.window.now();
    let biggest = snapshot.countries().max_by_key(|place| snapshot.plans_of(place).count()).unwrap();
    let number = snapshot.plans_of(biggest).count();
    assert!(number > 48, "the sandbox's biggest country has only {number} plans");
    let page = stand.get(&format!("/destinations/{}", biggest.slug)).await;
    let style = all_between(&page.body, "<link rel=\"stylesheet\" href=\"", "\"").join("");
    let flags = all_between(&page.body, "<use href=\"", "#").join("");
    for encoding in ["br", "gzip"] {
        let style = weight(&stand, &style, encoding).await + weight(&stand, &flags, encoding).await;
        for path in ["/", "/destinations", "/regions/global", &format!("/destinations/{}", biggest.slug)] {
            let weight = weight(&stand, path, encoding).await;
            assert!(weight + style <= LIGHT, "{path} in {encoding}: {weight} and {style} for its files");
        }
    }
    // Whatever is not on the first page is reached by its links.
    let more = all_between(&page.body, "class=\"button second\" href=\"", "\"");
    assert!(!more.is_empty(), "{}", page.body);
    for link in more {
        let all = stand.get(&link.replace("&amp;", "&")).await;
        assert!(all.status.is_success() && all.body.contains("class=\"ticket\""), "{link}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_withdrawn_plan_explains_and_names_what_is_like_it() {
    let stand = Stand::new().await;
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: FRANCE.unsigned_abs() }).unwrap();
    stand.refresh().await;
    let gone = stand.get(&format!("/plans/{FRANCE}")).await;
    assert_eq!(gone.status.as_u16(), 410);
    assert!(gone.body.contains("If you have bought it, it keeps working"), "{}", gone.body);
    assert!(
        gone.body.contains("Similar plans for France") && gone.body.contains("href=\"/destinations/france\"")
    );
    let near = all_between(&gone.body, "<a class=\"ticket\" href=\"", "\"");
    assert!((1..=6).contains(&near.len()), "{near:?}");
    for plan in near {
        assert_eq!(stand.get(plan).await.status.as_u16(), 200, "{plan}");
    }
    let sitemap = stand.get("/sitemaps/plans-1.xml").await;
    assert!(
        !sitemap.body.contains(&format!("/plans/{FRANCE}<")),
        "search engines are not sent there any more"
    );
    stand.end().await;
}

#[tokio::test]
async fn what_sells_stands_first_on_the_home_page() {
    let stand = Stand::new().await;
    let popular = async || {
        let home = stand.get("/").await;
        let rest = home.body.split("id=\"popular\"").nth(1).unwrap().to_owned();
        all_between(&rest, "/destinations/", "\"").first().map(|slug| (*slug).to_owned()).unwrap()
    };
    let snapshot = stand.stage.window.now();
    let seldom = snapshot.countries().filter(|place| place.slug != "france").find_map(|place| {
        let own = snapshot.plans_of(place).find(|plan| plan.coverage == simfront::catalog::Coverage::Local);
        own.map(|plan| (place.slug.clone(), plan.id))
    });
    let (slug, plan) = seldom.unwrap();
    assert_eq!(popular().await, "france");
    stand.buy(plan, 1).await;
    stand.order(FRANCE, 5).await;
    reload(&stand).await;
    assert_eq!(popular().await, slug, "what was ordered and not paid is not sold");
    stand.end().await;
}

#[tokio::test]
async fn search_engines_are_told_what_the_page_shows() {
    let stand = Stand::new().await;
    let page = stand.get(&format!("/it/plans/{FRANCE}")).await;
    let product = thing(&page, "Product");
    assert_eq!(
        (&product["offers"]["price"], &product["offers"]["priceCurrency"]),
        (&"5.25".into(), &"USD".into())
    );
    assert_eq!(product["url"], format!("{}/it/plans/{FRANCE}", stand.origin));
    assert!(page.body.contains("5,25\u{a0}$"));
    let way = thing(&page, "BreadcrumbList");
    assert_eq!(way["itemListElement"][2]["item"], format!("{}/it/destinations/france", stand.origin));
    let home = stand.get("/").await;
    assert_eq!(thing(&home, "Organization")["url"], format!("{}/", stand.origin));
    assert!(
        thing(&home, "WebSite")["potentialAction"]["target"]["urlTemplate"]
            .as_str()
            .unwrap()
            .contains("/search?q={")
    );
    for path in ["/", "/destinations", "/destinations/france", "/regions/global", "/plans/1120"] {
        let page = stand.get(path).await;
        told(&page);
        for (tag, prefix) in [("en", ""), ("it", "/it"), ("x-default", "")] {
            let address = format!(
                "{}{}",
                stand.origin,
                if path == "/" && prefix == "/it" { "/it".to_owned() } else { format!("{prefix}{path}") }
            );
            let link = format!("<link rel=\"alternate\" hreflang=\"{tag}\" href=\"{address}\">");
            assert!(page.body.contains(&link), "{path} lacks {link}");
        }
        assert!(
            page.body.contains("<meta property=\"og:title\"")
                && page.body.contains("<meta name=\"description\"")
        );
    }
    // Another price is another page at the same address.
    let id = FRANCE.unsigned_abs();
    let dearer =
        CatalogChange::Reprice { id, reseller_price: "8.00".parse().unwrap(), price_for_reseller: None };
    stand.sandbox.change_catalog(dearer).unwrap();
    stand.refresh().await;
    let page = stand.get(&format!("/it/plans/{FRANCE}")).await;
    assert_eq!(thing(&page, "Product")["offers"]["price"], "10.00");
    stand.end().await;
}

#[tokio::test]
async fn the_sitemap_names_every_page_once_in_each_language_with_its_day() {
    let stand = Stand::new().await;
    let index = stand.get("/sitemap.xml").await;
    assert!(index.header("content-type").starts_with("application/xml"));
    let parts = all_between(&index.body, "<loc>", "</loc>");
    let mut pages: Vec<String> = Vec::new();
    for part in parts {
        let part = stand.get(part.strip_prefix(&stand.origin).unwrap()).await;
        assert_eq!(part.status.as_u16(), 200);
        // The stand's clock is its calendar: everything was synced on that day.
        let days = all_between(&part.body, "<lastmod>", "</lastmod>");
        assert_eq!(days.len(), all_between(&part.body, "<url>", "</url>").len());
        assert!(days.iter().all(|day| *day == "2026-11-22"), "{days:?}");
        pages.extend(all_between(&part.body, "<loc>", "</loc>").into_iter().map(str::to_owned));
    }
    let number = pages.len();
    pages.sort();
    pages.dedup();
    assert_eq!(pages.len(), number, "an address stands there twice");
    for path in ["/", "/it", "/destinations/france", "/it/regions/global", "/plans/1120"] {
        assert!(pages.contains(&format!("{}{path}", stand.origin)), "{path}");
    }
    for page in pages.iter().step_by(17) {
        let path = page.strip_prefix(&stand.origin).unwrap();
        let answer = stand.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{page}");
        assert!(answer.body.contains(&format!("<link rel=\"canonical\" href=\"{page}\">")), "{page}");
    }
    for path in [
        "/sitemaps/plans-0.xml",
        "/sitemaps/plans-2.xml",
        "/sitemaps/plans-01.xml",
        "/sitemaps/x",
        "/it/sitemaps/places.xml",
    ] {
        assert_eq!(stand.get(path).await.status.as_u16(), 404, "{path}");
    }
    let robots = stand.get("/robots.txt").await;
    assert!(robots.body.contains(&format!("Sitemap: {}/sitemap.xml", stand.origin)));
    stand.end().await;
}

#[tokio::test]
async fn f48_a_poisoned_name_is_inert_in_the_page_in_its_data_and_in_suggestions() {
    let stand = Stand::new().await;
    stand
        .sql(
            "update countries set name = '</script><script>alert(1)</script>' || code;
             update packages set name = '</script><!--<script>alert(1)</script>&quot;\"''' || id,
                 network_speed = '<img src=x onerror=alert(1)>'",
        )
        .await;
    reload(&stand).await;
    for path in
        ["/", "/destinations", "/destinations/france", "/regions/global", "/plans/1120", "/search?q=alert"]
    {
        let page = stand.get(path).await;
        assert_eq!(page.status.as_u16(), 200, "{path}");
        for bad in ["<script>alert", "<!--", "<img src=x"] {
            assert!(!page.body.contains(bad), "{path} holds {bad}");
        }
        if !path.contains('?') {
            told(&page);
        }
    }
    let product = thing(&stand.get("/plans/1120").await, "Product");
    assert!(
        product["name"].as_str().unwrap().starts_with("</script><script>alert(1)</script>fr"),
        "{product}"
    );
    let suggested = stand.get("/search/suggest?q=alert").await;
    assert_eq!(suggested.header("content-type"), "application/json");
    assert_eq!(suggested.header("x-content-type-options"), "nosniff");
    assert!(!suggested.json()["places"].as_array().unwrap().is_empty());
    stand.end().await;
}

#[tokio::test]
async fn a_page_that_is_ready_is_the_page_that_would_be_made_and_goes_with_its_catalog() {
    let stand = Stand::new().await;
    let path = "/destinations/france";
    let ask = async |encoding: &'static str, known: &str| {
        let mut request = Request::get(path).header(header::ACCEPT_ENCODING, encoding);
        if !known.is_empty() {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let response = stand.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (mut parts, body) = response.into_parts();
        // Each request has its own.
        parts.headers.remove("x-request-id");
        (parts.status.as_u16(), parts.headers, to_bytes(body, 8 << 20).await.unwrap())
    };
    for encoding in ["br", "gzip", "identity"] {
        let made = ask(encoding, "").await;
        assert_eq!(ask(encoding, "").await, made, "{encoding}");
        assert_eq!(made.1[header::VARY], "accept-encoding");
        assert!(made.1.contains_key(header::CONTENT_SECURITY_POLICY));
        let tag = made.1[header::ETAG].to_str().unwrap().to_owned();
        let (status, headers, body) = ask(encoding, &tag).await;
        assert_eq!((status, body.len()), (304, 0), "{encoding}");
        assert!(headers.contains_key(header::ETAG) && !headers.contains_key(header::CONTENT_ENCODING));
    }
    let english = stand.get(path).await.body;
    assert_eq!(stand.get("/destinations/fr%61nce").await.body, english, "one page, however it is spelled");
    assert_ne!(english, stand.get(&format!("/it{path}")).await.body);
    assert_ne!(english, stand.get(&format!("{path}?sort=gb")).await.body);
    let id = FRANCE.unsigned_abs();
    let dearer =
        CatalogChange::Reprice { id, reseller_price: "80.00".parse().unwrap(), price_for_reseller: None };
    stand.sandbox.change_catalog(dearer).unwrap();
    stand.refresh().await;
    assert!(stand.get(path).await.body.contains("$100.00"));
    stand.end().await;
}
