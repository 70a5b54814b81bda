//! The published description's own examples, as `tests/fixtures/esimdual/` keeps them, read to the last field.

use simfront::catalog::{self, Coverage, Data, Outcome};
use simfront::esimdual::{Answer, NewOrder};
use time::macros::date;

use crate::support::{BRAKE, Database, Fake, client, clock, login, reply};

async fn documented() -> Fake {
    Fake::start(|request, _| match request.line.as_str() {
        "POST /login" => reply(200, include_str!("../fixtures/esimdual/login.json")),
        "GET /me" => reply(200, include_str!("../fixtures/esimdual/me.json")),
        "GET /packages" => reply(200, include_str!("../fixtures/esimdual/packages.json")),
        "GET /packages/1120" => reply(200, include_str!("../fixtures/esimdual/package.json")),
        "POST /orders" => reply(201, include_str!("../fixtures/esimdual/order_placed.json")),
        "GET /orders" => reply(200, include_str!("../fixtures/esimdual/orders.json")),
        "GET /orders/45" => reply(200, include_str!("../fixtures/esimdual/order.json")),
        "GET /wallet" => reply(200, include_str!("../fixtures/esimdual/wallet.json")),
        _ => reply(404, ""),
    })
    .await
}

#[tokio::test]
async fn the_documents_own_examples_are_understood() {
    let db = Database::new().await;
    let fake = documented().await;
    let client = client(&fake.url, login(), db.pool.clone(), &clock());
    let wanted = NewOrder {
        package_id: 1120,
        external_order_id: "NOANET-20260315-0001",
        idempotency_key: "ORDER-2026-0001",
        device_imei: None,
        doubted: false,
    };
    let Answer::Done(placed) = client.place_order(&wanted).await else { panic!("done") };
    let Answer::Done(shown) = client.order(45).await else { panic!("done") };
    let Answer::Done(listing) = client.orders().await else { panic!("done") };
    assert_eq!((&placed, &listing.orders[..], listing.unreadable), (&shown, &[shown.clone()][..], 0));
    let esim = placed.esim.unwrap();
    assert_eq!((esim.id, esim.iccid.as_deref()), (Some(108), Some("8988207000000000001")));
    assert_eq!(
        (esim.phone_number.as_deref(), esim.expires_on),
        (Some("+33600000000"), Some(date!(2026 - 04 - 14)))
    );
    let Answer::Done(wallet) = client.wallet().await else { panic!("done") };
    assert_eq!((wallet.balance.to_string().as_str(), wallet.currency.as_str()), ("245.8", "USD"));
    let Answer::Done(account) = client.me().await else { panic!("done") };
    assert_eq!(account.balance.unwrap().to_string(), "250");
    let Answer::Done(row) = client.package(1120).await else { panic!("done") };
    assert_eq!((row.id, row.validity, row.reloadable), (Some(1120), Some(30), Some(true)));

    let summary = catalog::sync(&db.pool, &client, &clock(), BRAKE, &|_| {}).await.unwrap();
    assert_eq!((summary.outcome, summary.counts.added), (Outcome::Applied, 1));
    let mut connection = db.pool.acquire().await.unwrap();
    let package = catalog::package_for_sale(&mut connection, 1120).await.unwrap().unwrap();
    assert_eq!((package.data, package.coverage), (Data::Bytes(5_368_709_120), Coverage::Local));
    assert_eq!(
        (package.slug.as_deref(), package.package_type.as_str()),
        (Some("france-5gb-30-days"), "data")
    );
    assert_eq!((package.cost.amount.to_string().as_str(), package.cost.currency.code()), ("4.2", "USD"));
    drop(connection);
    db.drop().await;
}
