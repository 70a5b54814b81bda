//! What the window shows when the rule or the catalog changes.

use axum::body::Body;
use axum::http::{Request, header};
use simfront::plumbing::bell::Ring;
use simfront::sandbox::CatalogChange;
use simfront::window;

use crate::support::browser::{ask, comes_to, owned, plan_page};
use crate::support::{FRANCE, Stand};

#[tokio::test]
async fn a_published_markup_is_shown_here_and_on_another_node_and_leaves_orders_as_they_are() {
    let stand = Stand::new().await;
    let paid = stand.buy(FRANCE, 1).await;
    let (second, second_stage, second_router) = stand.second_node();
    tokio::spawn(window::keep_fresh(stand.shop.clone(), stand.stage.window.clone()));
    tokio::spawn(window::keep_fresh(second, second_stage.window.clone()));
    comes_to(&second_router, "$5.25", true).await;
    assert!(plan_page(&stand.router).await.contains("$5.25"));

    let cookie = stand.owner().await;
    let fields = owned(&[("percent", "50"), ("fixed", "0.10"), ("rounding", "99")]);
    let mut heard = stand.shop.bell.listen();
    let published = stand.post_with("/admin/markup", &[("cookie", cookie.as_str())], &fields).await;
    published.to();
    assert_eq!(heard.try_recv(), Ok(Ring::Window), "nobody waits for the next look");
    // 4.20 and half of it and a dime is 6.40, which ends on 6.99.
    comes_to(&stand.router, "$6.99", true).await;
    comes_to(&second_router, "$6.99", true).await;
    assert!(!plan_page(&stand.router).await.contains("$5.25"));
    stand.drain().await;
    let order = stand.order_json(&paid).await;
    assert_eq!((&order["status"], &order["total"]), (&"completed".into(), &"5.25".into()));
    stand.end().await;
}

#[tokio::test]
async fn chosen_destinations_stand_behind_what_sells_here_and_on_another_node() {
    let stand = Stand::new().await;
    let (second, second_stage, second_router) = stand.second_node();
    tokio::spawn(window::keep_fresh(stand.shop.clone(), stand.stage.window.clone()));
    tokio::spawn(window::keep_fresh(second, second_stage.window.clone()));
    comes_to(&second_router, "$5.25", true).await;
    let snapshot = stand.stage.window.now();
    let sold = ["tr", "jp", "es"].map(|code| snapshot.country_by_code(code).unwrap().slug.clone());
    let version = simfront::catalog::version(&mut stand.shop.db.acquire().await.unwrap()).await.unwrap();

    let cookie = stand.owner().await;
    // Nobody sells in Antarctica.
    let fields = owned(&[("countries", "Turkey, Antarctica, aq, Giappone, es")]);
    let mut heard = stand.shop.bell.listen();
    stand.post_with("/admin/catalog/popular", &[("cookie", cookie.as_str())], &fields).await.to();
    assert_eq!(heard.try_recv(), Ok(Ring::Window), "nobody waits for the next look");
    for router in [&stand.router, &second_router] {
        popular_begins(router, &sold).await;
    }
    let after = simfront::catalog::version(&mut stand.shop.db.acquire().await.unwrap()).await.unwrap();
    assert_eq!(after, version, "nothing that is sold changed");

    // What sells stands before it.
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    popular_begins(&stand.router, &["france".to_owned(), sold[0].clone(), sold[1].clone()]).await;
    stand.end().await;
}

/// Until the home page's first destinations are these.
async fn popular_begins(router: &axum::Router, slugs: &[String]) {
    let mut shown = Vec::new();
    for _ in 0..3000 {
        let home = ask(router, Request::get("/").body(Body::empty()).unwrap()).await.body;
        let popular = home.split("id=\"popular\"").nth(1).unwrap();
        let links = popular.split("href=\"/destinations/").skip(1).take(slugs.len());
        shown = links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        if shown == slugs {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{shown:?} never came to be {slugs:?}");
}

#[tokio::test]
async fn the_bell_is_heard_on_another_node() {
    let stand = Stand::new().await;
    let (second, _, _) = stand.second_node();
    let mut heard = second.bell.listen();
    let here = tokio::spawn(stand.shop.bell.clone().carry(stand.shop.db.clone()));
    let there = tokio::spawn(second.bell.clone().carry(second.db.clone()));
    // Its first ring says that it listens by now.
    let listening = async { while heard.recv().await.unwrap() != Ring::Window {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), listening).await.unwrap();
    stand.shop.bell.ring(Ring::Thing(4711));
    let rung = async { while heard.recv().await.unwrap() != Ring::Thing(4711) {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), rung).await.unwrap();
    here.abort();
    there.abort();
    stand.end().await;
}

#[tokio::test]
async fn a_sync_brings_new_prices_and_takes_withdrawn_plans_away() {
    let stand = Stand::new().await;
    let id = FRANCE.unsigned_abs();
    let change =
        CatalogChange::Reprice { id, reseller_price: "8.00".parse().unwrap(), price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    assert!(plan_page(&stand.router).await.contains("$10.00"));
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id }).unwrap();
    stand.refresh().await;
    assert_eq!(stand.get(&format!("/plans/{FRANCE}")).await.status.as_u16(), 410);
    assert_eq!(stand.get("/plans/99999999").await.status.as_u16(), 404);
    assert_eq!(stand.get(&format!("/checkout?package_id={FRANCE}")).await.status.as_u16(), 410);
    stand.end().await;
}

#[tokio::test]
async fn a_catalog_page_is_the_same_for_every_visitor() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    for path in ["/", "/destinations", "/destinations/france", "/plans/1120", "/search?q=france", "/it"] {
        let stranger = stand.get(path).await;
        let request = Request::get(path)
            .header(header::COOKIE, &cookie)
            .header(header::USER_AGENT, "another browser")
            .header(header::ACCEPT_LANGUAGE, "it,de;q=0.5");
        let owner = stand.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(stranger.status.as_u16(), 200, "{path}");
        assert_eq!(stranger.body, owner.body, "{path}");
        assert_eq!((stranger.header("set-cookie"), owner.header("set-cookie")), ("", ""), "{path}");
    }
    stand.end().await;
}

#[tokio::test]
async fn pages_under_it_are_italian() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    for (path, words) in [
        ("/".to_owned(), "Destinazioni"),
        ("/destinations/france".to_owned(), "Francia"),
        ("/checkout?package_id=1120".to_owned(), "Francia"),
        (format!("/orders/{token}"), "Ordine"),
    ] {
        let italian = stand.get(&format!("/it{path}")).await;
        assert_eq!(italian.status.as_u16(), 200, "{path}");
        assert!(italian.body.contains(r#"<html lang="it""#), "{path}: {}", italian.body);
        assert!(italian.body.contains(words), "{path}: {}", italian.body);
        assert!(stand.get(&path).await.body.contains(r#"<html lang="en""#), "{path}");
    }
    stand.end().await;
}
