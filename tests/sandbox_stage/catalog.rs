//! What is on sale: filters, pages, size, and changes while it runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simfront::sandbox::{CatalogChange, PageForm, Settings};

use crate::stand::Stand;

/// Whether a package is one of those that were asked for.
type Holds = fn(&Value) -> bool;

fn names(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_filter_leaves_what_it_names_and_an_empty_one_everything() {
    let stand = Stand::with(Settings { packages: 3000, ..Settings::for_tests() }).await;
    let all = stand.get("/packages").await.1["data"].as_array().unwrap().len();
    assert_eq!(all, 3000);
    let cases: [(&str, Holds); 7] = [
        ("package_type=VOICE", |package| package["package_type"] == "VOICE"),
        ("package_type=data_voice_sms", |package| package["package_type"] == "DATA_VOICE_SMS"),
        ("country_code=FR", |package| covers(package, "fr")),
        ("country_slug=france", |package| covers(package, "fr")),
        ("region_slug=europe", |package| package["region"]["slug"] == "europe"),
        ("search=5 gb", |package| package["name"].as_str().unwrap().contains("5 GB")),
        ("country_code=it&package_type=DATA&search=unlimited", |package| {
            covers(package, "it") && package["data_quantity"] == -1
        }),
    ];
    for (query, holds) in cases {
        let (status, answer) = stand.get(&format!("/packages?{query}")).await;
        let found = answer["data"].as_array().unwrap();
        assert!(status == 200 && !found.is_empty() && found.len() < all, "{query}: {}", found.len());
        assert!(found.iter().all(holds), "{query}");
    }
    let none = [
        "package_type=TV",
        "country_code=zz",
        "region_slug=moon",
        "search=nowhere",
        "country_code=fr&country_slug=italy",
    ];
    for query in none {
        assert_eq!(stand.get(&format!("/packages?{query}")).await.1["data"], json!([]), "{query}");
    }
    for query in ["search=", "country_code=&package_type=", "other=1"] {
        let found = stand.get(&format!("/packages?{query}")).await.1;
        assert_eq!(found["data"].as_array().unwrap().len(), all, "{query}");
    }
    let pricing = stand.get("/pricing?package_type=TV").await;
    assert_eq!((pricing.0, pricing.1["errors"]["package_type"].is_array()), (422, true));
}

fn covers(package: &Value, code: &str) -> bool {
    package["countries"].as_array().unwrap().iter().any(|country| country["code"] == code)
}

#[tokio::test]
async fn prices_by_country_are_those_of_the_packages() {
    let stand = Stand::new().await;
    let (_, answer) = stand.get("/pricing?country_code=fr").await;
    let countries = answer["data"]["countries"].as_array().unwrap();
    assert_eq!((countries.len(), &countries[0]["name"]), (1, &json!("France")));
    let priced = countries[0]["packages"].as_array().unwrap();
    assert!(priced.iter().any(|package| package["id"] == 1120 && package["price"] == "4.20"));
    let listed = stand.get("/packages?country_code=fr").await.1;
    assert_eq!(priced.len(), listed["data"].as_array().unwrap().len());
}

#[tokio::test]
async fn a_big_catalog_is_sent_while_it_is_written_and_is_of_one_moment() {
    let stand = Stand::with(Settings { packages: 20_000, ..Settings::for_tests() }).await;
    let mut answer = stand.http.get(stand.api("/packages")).bearer_auth(&stand.token).send().await.unwrap();
    assert!(answer.content_length().is_none(), "nobody has counted it before it is sent");
    let mut text = answer.chunk().await.unwrap().unwrap().to_vec();
    assert!(text.len() < 1_000_000, "{} bytes at once", text.len());
    let percent = rust_decimal::Decimal::from(900);
    stand.sandbox.change_catalog(CatalogChange::RepriceAll { percent, seed: None }).unwrap();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    let answer: Value = serde_json::from_slice(&text).unwrap();
    let packages = answer["data"].as_array().unwrap();
    let ids: BTreeSet<u64> = packages.iter().map(|package| package["id"].as_u64().unwrap()).collect();
    assert_eq!((packages.len(), ids.len()), (20_000, 20_000));
    let cheap =
        packages.iter().all(|package| package["pricing"]["reseller_price"].as_f64().unwrap() < 5000.0);
    assert!(cheap, "the prices of the moment at which it was asked for");
    assert!(packages.iter().any(|package| package["countries"].as_array().unwrap().len() > 20));
}

#[tokio::test]
async fn lists_come_in_either_of_laravels_pages_and_every_item_once() {
    for form in [PageForm::Paginator, PageForm::Resource] {
        let settings = Settings { page_size: Some(50), page_form: form, ..Settings::for_tests() };
        let stand = Stand::with(settings).await;
        for name in ["P-1", "P-2", "P-3"] {
            stand.buy(name).await;
        }
        let mut seen = BTreeSet::new();
        let mut address = Some(stand.api("/packages?search=GB"));
        let mut pages = 0;
        while let Some(next) = address {
            let answer = stand.http.get(&next).bearer_auth(&stand.token).send().await.unwrap();
            let (_, page) = crate::stand::read(answer).await;
            let (items, next, total) = match form {
                PageForm::Paginator => {
                    (&page["data"]["data"], &page["data"]["next_page_url"], &page["data"]["total"])
                }
                PageForm::Resource => (&page["data"], &page["links"]["next"], &page["meta"]["total"]),
            };
            for item in items.as_array().unwrap() {
                assert!(seen.insert(item["id"].as_u64().unwrap()), "twice: {item}");
            }
            pages += 1;
            // Laravel's links forget the filters, unless the programmer thought of them; a client adds its own.
            address = next.as_str().map(|next| format!("{next}&search=GB"));
            if address.is_none() {
                assert_eq!(total.as_u64().unwrap(), u64::try_from(seen.len()).unwrap());
            }
        }
        assert!(pages > 1, "{pages}");
        for list in ["/orders", "/esims"] {
            let (status, page) = stand.get(list).await;
            let items = if form == PageForm::Paginator { &page["data"]["data"] } else { &page["data"] };
            assert_eq!((status, items.as_array().unwrap().len()), (200, 3), "{list}");
        }
    }
}

#[tokio::test]
async fn the_catalog_changes_in_bulk_by_json_and_after_a_restart_it_is_as_it_was_left() {
    let home = tempfile::tempdir().unwrap();
    let settings =
        Settings { state_dir: Some(home.path().to_owned()), packages: 500, ..Settings::for_tests() };
    let stand = Stand::with(settings.clone()).await;
    for change in [
        json!({ "action": "reprice_all", "percent": 10 }),
        json!({ "action": "reprice_all", "percent": "-20.5", "seed": 3 }),
        json!({ "action": "withdraw_percent", "percent": 40, "seed": 9 }),
        json!({ "action": "add_many", "number": 25 }),
    ] {
        let (status, answer) = stand.tell("catalog", &change).await;
        assert_eq!(status, 200, "{answer}");
    }
    for wrong in [
        json!({ "action": "reprice_all", "percent": -100 }),
        json!({ "action": "withdraw_percent", "percent": 101 }),
        json!({ "action": "add_many", "number": 1_000_000 }),
        json!({ "action": "vanish" }),
    ] {
        assert_eq!(stand.tell("catalog", &wrong).await.0, 422, "{wrong}");
    }
    let before = stand.get("/packages").await.1;
    let left = names(&before).len();
    assert!((260..400).contains(&left), "{left}");
    stand.sandbox.stop().await;
    let again = Stand::with(settings).await;
    assert_eq!(again.get("/packages").await.1, before);
    again.tell("catalog", &json!({ "action": "restore_all" })).await;
    assert_eq!(names(&again.get("/packages").await.1).len(), 525);
}
