//! Rules in force, and the wallet's reading.

use simfront::ground::Currency;
use simfront::pricing::{self, Markup, Rounding};
use simfront::wallet;

use crate::support::{Database, Fake, client, clock, reply, token, word};

#[tokio::test]
async fn the_newest_rule_is_in_force() {
    let db = Database::new().await;
    let mut connection = db.pool.acquire().await.unwrap();
    assert_eq!(pricing::current(&mut connection).await.unwrap(), None);
    let usd = Currency::parse("USD").unwrap();
    let mut last = 0;
    for percent in ["25", "33.3333"] {
        let rule = Markup {
            percent: percent.parse().unwrap(),
            fixed: "0.65".parse().unwrap(),
            currency: usd,
            rounding: Rounding::To99,
        };
        let id = pricing::publish(&mut connection, &rule, "ada@example.com", clock().now()).await.unwrap();
        assert!(id > last);
        last = id;
        let current = pricing::current(&mut connection).await.unwrap().unwrap();
        assert_eq!((current.id, current.markup), (id, rule));
        assert_eq!((current.published_by.as_str(), current.published_at), ("ada@example.com", clock().now()));
    }
    let negative = Markup { percent: (-1).into(), fixed: 0.into(), currency: usd, rounding: Rounding::None };
    assert!(pricing::publish(&mut connection, &negative, "x", clock().now()).await.is_err());
    drop(connection);
    db.drop().await;
}

#[tokio::test]
async fn the_wallet_keeps_what_it_read_last() {
    let db = Database::new().await;
    let fake = Fake::start(|_, before| match before {
        0 => reply(200, r#"{"status":true,"data":{"balance":"245.80","currency":"USD","transactions":[]}}"#),
        _ => reply(500, ""),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, token(), db.pool.clone(), &clock);
    let mut connection = db.pool.acquire().await.unwrap();
    assert_eq!(wallet::last(&mut connection).await.unwrap(), None);
    assert_eq!(word(&wallet::read(&db.pool, &client, &clock).await.unwrap()), "done");
    let first = wallet::last(&mut connection).await.unwrap().unwrap();
    assert_eq!((first.balance.to_string().as_str(), first.currency.as_str()), ("245.80", "USD"));
    assert_eq!(word(&wallet::read(&db.pool, &client, &clock).await.unwrap()), "later");
    assert_eq!(wallet::last(&mut connection).await.unwrap().unwrap(), first);
    drop(connection);
    db.drop().await;
}
