//! Lists that lag, end early, leave out, or come in pages.

use serde_json::{Value, json};
use simfront::sandbox::{Running, Settings, start};

use crate::client::{Client, arm, sandbox};

async fn with_orders(number: usize) -> (Running, Client) {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    for n in 0..number {
        assert_eq!(client.buy(&format!("k{n}"), &format!("SF-1-1-{n}")).await.0, 201);
    }
    (sandbox, client)
}

fn names(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["external_order_id"].as_str().unwrap().trim_start_matches("SF-1-1-").to_owned())
        .collect()
}

async fn listed(sandbox: &Running, client: &Client, flag: &str) -> Vec<String> {
    arm(sandbox, flag);
    names(&client.get("/orders").await.1["data"])
}

#[tokio::test]
async fn the_list_lags_ends_early_or_leaves_one_out_while_single_looks_are_honest() {
    let (sandbox, client) = with_orders(5).await;
    assert_eq!(listed(&sandbox, &client, "orders_newest_only:count=2").await, ["4", "3"]);
    assert_eq!(listed(&sandbox, &client, "order_omitted").await, ["3", "2", "1", "0"]);
    assert_eq!(listed(&sandbox, &client, "order_omitted:value=SF-1-1-1").await, ["4", "3", "2", "0"]);
    assert!(listed(&sandbox, &client, "orders_lag").await.is_empty());
    assert_eq!(listed(&sandbox, &client, "orders_lag:delay_ms=0").await.len(), 5);
    arm(&sandbox, "orders_lag:delay_ms=60000,times=9");
    let newest = sandbox.ledger().orders[4].id;
    assert_eq!(client.get(&format!("/orders/{newest}")).await.0, 200);
}

#[tokio::test]
async fn every_form_of_pages_holds_every_order_once() {
    let (sandbox, client) = with_orders(7).await;
    for kind in ["paginator", "resource", "cursor"] {
        arm(&sandbox, &format!("list_paged:kind={kind},count=3,times=3"));
        let mut address = "/orders".to_owned();
        let mut seen = Vec::new();
        for page in 1..=3 {
            let (status, answer) = client.get(&address).await;
            assert_eq!((status, &answer["status"]), (200, &json!(true)));
            let (rows, next) = match kind {
                "paginator" => {
                    let inside = &answer["data"];
                    assert_eq!((&inside["current_page"], &inside["last_page"]), (&json!(page), &json!(3)));
                    assert_eq!(inside["total"], 7);
                    (&inside["data"], &inside["next_page_url"])
                }
                "resource" => {
                    assert_eq!(answer["meta"]["current_page"], json!(page));
                    (&answer["data"], &answer["links"]["next"])
                }
                _ => (&answer["data"], &answer["links"]["next"]),
            };
            seen.extend(names(rows));
            assert_eq!(next.is_null(), page == 3, "{kind} page {page}: {next}");
            if let Some(next) = next.as_str() {
                assert!(next.starts_with(&client.base), "{next}");
                address = next[client.base.len()..].to_owned();
            }
        }
        assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"], "{kind}");
    }
}

#[tokio::test]
async fn a_page_comes_again_whatever_is_asked_for() {
    let (sandbox, client) = with_orders(4).await;
    arm(&sandbox, "page_repeated:count=2,times=3");
    for page in [1, 2, 9] {
        let inside = client.get(&format!("/orders?page={page}")).await.1["data"].clone();
        assert_eq!(names(&inside["data"]), ["3", "2"]);
        assert!(inside["next_page_url"].is_string() && inside["last_page"] == json!(page + 1));
    }
    arm(&sandbox, "list_paged:operation=packages,count=50");
    assert_eq!(client.get("/packages").await.1["data"]["data"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn lists_that_come_in_pages_anyway_can_be_spoiled_too() {
    let settings = Settings { page_size: Some(3), ..Settings::for_tests() };
    let sandbox = start(settings).await.unwrap();
    let client = Client::signed_in(&sandbox).await;
    for n in 0..4 {
        client.buy(&format!("k{n}"), &format!("SF-1-1-{n}")).await;
    }
    let page = async |flag: &str, path: &str| {
        arm(&sandbox, flag);
        client.get(path).await.1["data"].clone()
    };
    assert_eq!(names(&page("order_omitted", "/orders").await["data"]), ["2", "1"]);
    assert_eq!(names(&page("orders_newest_only:count=1", "/orders").await["data"]), ["3"]);
    let empty = page("empty_catalog", "/packages").await;
    assert!(empty["data"].as_array().unwrap().is_empty() && empty["total"] == 120);
    assert!(
        page("catalog_prices:kind=null", "/packages").await["data"][0]["pricing"]["reseller_price"].is_null()
    );
    assert_eq!(page("unknown_status:operation=orders", "/orders").await["data"][0]["status"], "refunded");
    assert_eq!(names(&page("list_paged:count=1", "/orders").await["data"]), ["3", "2", "1"]);
    assert_eq!(sandbox.ledger().faults.strikes[5].detail.as_deref(), Some("nothing to spoil"));
}
