//! All sixteen operations: where they are asked, and what is special about them.

use simfront::esimdual::{Answer, Filter, PackageType, Volume};
use simfront::sandbox;

use crate::support::{
    Act, Database, Fake, ORDER, Request, client, clock, login, no_database, reply, token, word,
};

const WALLET: &str = r#"{"status":true,"data":{"balance":250,"currency":"USD"}}"#;

#[tokio::test]
async fn every_operation_is_asked_at_its_documented_address_and_with_a_token_where_it_needs_one() {
    let db = Database::new().await;
    let fake = Fake::start(|request, _| match request.line.as_str() {
        "POST /login" => reply(200, r#"{"status":true,"access_token":"1|t"}"#),
        _ => reply(200, r#"{"status":true,"data":[]}"#),
    })
    .await;
    let client = client(&fake.url, login(), db.pool.clone(), &clock());
    let filter = Filter {
        package_type: Some(PackageType::Data),
        country_code: Some("fr".to_owned()),
        search: Some("5 GB".to_owned()),
        ..Filter::default()
    };
    client.root().await;
    client.ping().await;
    client.log_in().await;
    client.me().await;
    client.pricing(&filter).await;
    client.packages().await;
    client.packages_matching(&filter).await;
    client.package(1).await;
    client.place_order(&ORDER).await;
    client.orders().await;
    client.order(2).await;
    client.esims().await;
    client.esim(3).await;
    client.usage(3).await;
    client.wallet().await;
    client.vpn_plans().await;
    client.log_out().await;
    let seen = fake.seen("");
    let open = ["GET /", "GET /ping", "POST /login"];
    let closed = [
        "GET /me",
        "GET /pricing?package_type=DATA&country_code=fr&search=5+GB",
        "GET /packages",
        "GET /packages?package_type=DATA&country_code=fr&search=5+GB",
        "GET /packages/1",
        "POST /orders",
        "GET /orders",
        "GET /orders/2",
        "GET /esims",
        "GET /esims/3",
        "GET /esims/3/usage",
        "GET /wallet",
        "GET /vpn/plans",
        "POST /logout",
    ];
    let lines: Vec<&str> = seen.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, [&open[..], &closed[..]].concat());
    for request in &seen {
        let wanted = closed.contains(&request.line.as_str()).then_some("Bearer 1|t");
        assert_eq!(request.header("authorization"), wanted, "{}", request.line);
        assert_eq!(request.header("accept"), Some("application/json"), "{}", request.line);
    }
    db.drop().await;
}

#[tokio::test]
async fn every_operation_understands_the_sandbox() {
    let db = Database::new().await;
    let upstream = sandbox::start(sandbox::Settings::for_tests()).await.unwrap();
    let client = client(&upstream.base_url(), login(), db.pool.clone(), &clock());
    assert_eq!((word(&client.root().await), word(&client.ping().await)), ("done", "done"));
    assert_eq!((word(&client.log_in().await), word(&client.me().await)), ("done", "done"));
    let Answer::Done(catalog) = client.packages().await else { panic!("done") };
    let everywhere = Filter { search: Some("no plan has such a name".to_owned()), ..Filter::default() };
    let Answer::Done(none) = client.packages_matching(&everywhere).await else { panic!("done") };
    assert!(!catalog.rows.is_empty() && none.rows.is_empty());
    let Answer::Done(prices) = client.pricing(&Filter::default()).await else { panic!("done") };
    assert!(!prices.rows.is_empty() && prices.unreadable.is_empty());
    let Answer::Done(order) = client.place_order(&ORDER).await else { panic!("done") };
    let esim_id = order.esim.unwrap().id.unwrap();
    let Answer::Done(esims) = client.esims().await else { panic!("done") };
    assert_eq!(esims.rows.iter().map(|esim| esim.id).collect::<Vec<_>>(), [esim_id]);
    let Answer::Done(esim) = client.esim(esim_id).await else { panic!("done") };
    assert_eq!(esim.esim.iccid, esims.rows[0].esim.iccid);
    let Answer::Done(usage) = client.usage(esim_id).await else { panic!("done") };
    assert!(
        matches!(usage.total.or(usage.remaining), Some(Volume::Bytes(_) | Volume::Unlimited)),
        "{usage:?}"
    );
    assert_eq!(word(&client.esim(999_999).await), "refused");
    let Answer::Done(wallet) = client.wallet().await else { panic!("done") };
    assert!(!wallet.transactions.rows.is_empty() && wallet.transactions.unreadable.is_empty());
    assert_eq!(word(&client.vpn_plans().await), "done");
    assert_eq!(word(&client.log_out().await), "done");
    assert_eq!(word(&client.wallet().await), "done", "a new login");
    upstream.stop().await;
    db.drop().await;
}

#[tokio::test]
async fn vpn_plans_that_are_not_offered_are_no_fault_and_harm_nothing() {
    type Misbehave = fn() -> Act;
    let table: Vec<(&str, Misbehave, Option<bool>)> = vec![
        ("not found", || reply(404, r#"{"message":"Not Found"}"#), Some(true)),
        ("an HTML page", || reply(404, "<html>"), Some(true)),
        ("forbidden", || reply(403, r#"{"status":false,"message":"no"}"#), Some(true)),
        ("refused", || reply(422, r#"{"status":false,"message":"no"}"#), Some(true)),
        ("a method", || reply(405, ""), Some(true)),
        ("a redirect", || reply(302, ""), Some(true)),
        ("there", || reply(200, r#"{"status":true,"data":[{"id":1,"name":"VPN","odd":2}]}"#), Some(false)),
        ("a token", || reply(401, ""), None),
        ("throttled", || reply(429, ""), None),
        ("down", || reply(500, ""), None),
    ];
    for (name, misbehave, absent) in table {
        let fake = Fake::start(move |request: &Request, _| match request.line.as_str() {
            "GET /vpn/plans" => misbehave(),
            _ => reply(200, WALLET),
        })
        .await;
        let clock = clock();
        let client = client(&fake.url, token(), no_database(), &clock);
        for _ in 0..4 {
            // So that the token is no young one, for which a redirect has another cause.
            clock.advance(time::Duration::minutes(1));
            match (client.vpn_plans().await, absent) {
                (Answer::Done(plans), Some(absent)) => {
                    assert_eq!((plans.absent.is_some(), plans.rows.is_empty()), (absent, absent), "{name}");
                }
                (Answer::Later(_), None) => {}
                (answer, _) => panic!("{name}: {answer:?}"),
            }
        }
        // Neither the account nor the token is thought the worse of, and no fault is counted where there was none.
        clock.advance(time::Duration::seconds(10));
        assert_eq!(word(&client.wallet().await), "done", "{name}");
        let health = client.health().await;
        assert_eq!(health.refused, None, "{name}");
        let counted = health.operations.iter().find(|one| one.name == "list_vpn_plans").unwrap();
        assert_eq!(counted.last_fault.is_none(), absent.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_redirect_gives_up_no_configured_token() {
    let fake = Fake::start(|request: &Request, _| match request.line.as_str() {
        "GET /me" => reply(302, ""),
        _ => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    assert_eq!(word(&client.wallet().await), "done");
    clock.advance(time::Duration::minutes(5));
    assert_eq!(word(&client.me().await), "later");
    assert_eq!(word(&client.wallet().await), "done");
    assert_eq!(client.health().await.refused, None);
}

#[tokio::test]
async fn an_answer_about_another_order_or_esim_says_nothing() {
    let fake =
        Fake::start(|_, _| reply(200, r#"{"status":true,"data":{"id":46,"status":"completed"}}"#)).await;
    let client = client(&fake.url, token(), no_database(), &clock());
    assert_eq!((word(&client.order(46).await), word(&client.order(45).await)), ("done", "later"));
    assert_eq!((word(&client.esim(46).await), word(&client.esim(45).await)), ("done", "later"));
}
