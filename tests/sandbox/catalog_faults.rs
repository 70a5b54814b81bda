//! The catalog as it is told, while the true one stays as it is.

use std::collections::BTreeSet;

use serde_json::Value;
use simfront::sandbox::Running;

use crate::client::{Client, arm, sandbox};

async fn told(sandbox: &Running, client: &Client, flag: &str, path: &str) -> String {
    arm(sandbox, flag);
    let (status, text) = client.get_text(path).await;
    assert_eq!(status, 200);
    text
}

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(text).unwrap()["data"].as_array().unwrap().clone()
}

fn priced(text: &str) -> Vec<Value> {
    let answer: Value = serde_json::from_str(text).unwrap();
    let countries = answer["data"]["countries"].as_array().unwrap().clone();
    countries.iter().flat_map(|country| country["packages"].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn the_catalog_is_told_empty_cut_or_thinned() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let whole = rows(&client.get_text("/packages").await.1);
    let prices = priced(&client.get_text("/pricing").await.1);
    assert_eq!(whole.len(), 120);
    assert!(rows(&told(&sandbox, &client, "empty_catalog", "/packages").await).is_empty());
    assert!(priced(&told(&sandbox, &client, "empty_catalog", "/pricing").await).is_empty());
    assert_eq!(rows(&told(&sandbox, &client, "catalog_cut", "/packages").await), whole[..6]);
    let cut = priced(&told(&sandbox, &client, "catalog_cut:percent=50", "/pricing").await);
    assert_eq!(cut.len(), prices.len() / 2);
    let thinned = rows(&told(&sandbox, &client, "catalog_every_second", "/packages").await);
    assert_eq!(thinned, whole.iter().step_by(2).cloned().collect::<Vec<_>>());
    assert_eq!(rows(&client.get_text("/packages").await.1), whole, "the true one is as it was");
}

#[tokio::test]
async fn prices_are_told_wrong_on_one_package_or_on_all() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    for (kind, written) in [
        ("times_100", r#""reseller_price":420,"#),
        ("divided_by_100", r#""reseller_price":0.042,"#),
        ("zero", r#""reseller_price":0,"#),
        ("negative", r#""reseller_price":-4.2,"#),
        ("nan", r#""reseller_price":NaN,"#),
        ("huge", r#""reseller_price":1e308,"#),
        ("string", r#""reseller_price":"four dollars","#),
        ("null", r#""reseller_price":null,"#),
    ] {
        let one = told(&sandbox, &client, &format!("catalog_prices:kind={kind}"), "/packages/1120").await;
        assert!(one.contains(written), "{kind}: {one}");
        let all = told(&sandbox, &client, &format!("catalog_prices:kind={kind}"), "/packages").await;
        assert!(all.contains(written), "{kind}");
    }
    let missing = told(&sandbox, &client, "catalog_prices:kind=missing", "/packages/1120").await;
    assert!(!missing.contains("reseller_price") && !missing.contains("price_for_reseller"));
    let nulls = |text: &str| text.matches(r#""reseller_price":null"#).count();
    let all = told(&sandbox, &client, "catalog_prices:kind=null", "/packages").await;
    let one = told(&sandbox, &client, "catalog_prices:kind=null,scope=one,seed=3", "/packages").await;
    assert_eq!((nulls(&all), nulls(&one)), (120, 1));
    let again = told(&sandbox, &client, "catalog_prices:kind=null,scope=one,seed=3", "/packages").await;
    assert_eq!(one, again, "the same seed, the same package");
    client.buy("k", "SF-1-1-1").await;
    assert_eq!(sandbox.ledger().orders[0].price.to_string(), "4.2", "what is sold is as it was");
}

#[tokio::test]
async fn ids_and_currencies_are_told_wrong() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let ids = |text: &str| rows(text).iter().map(|row| row["id"].to_string()).collect::<Vec<_>>();
    let distinct = |text: &str| ids(text).into_iter().collect::<BTreeSet<_>>().len();
    let twice = told(&sandbox, &client, "duplicate_ids", "/packages").await;
    assert_eq!((ids(&twice).len(), distinct(&twice)), (121, 120));
    let strings = told(&sandbox, &client, "string_ids", "/packages").await;
    assert!(ids(&strings).iter().all(|id| id.starts_with('"')));
    let reused = told(&sandbox, &client, "id_reused", "/packages").await;
    assert_eq!((ids(&reused).len(), distinct(&reused)), (120, 119));
    let euros = told(&sandbox, &client, "catalog_currency", "/packages").await;
    assert!(euros.contains(r#""currency":"EUR""#) && !euros.contains("USD"));
    assert!(!told(&sandbox, &client, "catalog_currency:currency=GBP", "/pricing").await.contains("USD"));
}

#[tokio::test]
async fn poison_stands_in_every_text() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    for (kind, sign) in [
        ("markup", "<script>alert(1)"),
        ("bidi", r"\u202e"),
        ("control", r"\u001b"),
        ("nul", r"\u0000"),
        ("path", r"..\/..\/"),
        ("sql", "drop table"),
    ] {
        let flag = format!("catalog_poison:kind={kind}");
        let one = told(&sandbox, &client, &flag, "/packages/1120").await;
        assert!(one.matches(sign).count() >= 10, "{kind}: {one}");
        serde_json::from_str::<Value>(&one).unwrap();
        let listed = told(&sandbox, &client, &flag, "/packages").await;
        let poisoned = rows(&listed).iter().filter(|row| row["slug"] == row["name"]).count();
        assert_eq!(poisoned, 1, "{kind} on one package");
        let all = told(&sandbox, &client, &format!("{flag},scope=all"), "/packages").await;
        assert_eq!(rows(&all).iter().filter(|row| row["slug"] == row["name"]).count(), 120);
    }
    let long = told(&sandbox, &client, "catalog_poison:kind=long,bytes=300000", "/packages").await;
    assert!(long.contains(&"A".repeat(300_000)) && !long.contains(&"A".repeat(300_001)));
    let whole = told(&sandbox, &client, "catalog_poison:kind=long", "/packages/1120").await;
    assert!(whole.len() > 10 * 1024 * 1024);
    let deep = told(&sandbox, &client, "catalog_deep", "/packages/1120").await;
    assert!(deep.contains(&"[".repeat(10_000)) && serde_json::from_str::<Value>(&deep).is_err());
}
