//! One login for everyone, kept sealed; a refused one is not hammered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use simfront::esimdual::Answer;

use crate::support::{Act, Database, Fake, ORDER, Request, client, clock, login, reply, word};

const WALLET: &str = r#"{"status":true,"data":{"balance":250,"currency":"USD"}}"#;

/// Gives the tokens `1|t`, `2|t` … and takes only the newest; `revoke` makes it forget that one too.
async fn upstream(revoked: Arc<AtomicUsize>) -> Fake {
    let given = Arc::new(AtomicUsize::new(0));
    Fake::start(move |request: &Request, _| {
        if request.line == "POST /login" {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            return reply(
                200,
                &format!(r#"{{"status":true,"access_token":"{number}|t","token_type":"Bearer"}}"#),
            );
        }
        let newest = given.load(Ordering::SeqCst);
        let held = request.header("authorization") == Some(&format!("Bearer {newest}|t"));
        match held && newest > revoked.load(Ordering::SeqCst) {
            true if request.line == "POST /orders" => reply(
                201,
                r#"{"status":true,"data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","package":{"id":1120}}}"#,
            ),
            true => reply(200, WALLET),
            false => reply(401, r#"{"message":"Unauthenticated."}"#),
        }
    })
    .await
}

#[tokio::test]
async fn ten_calls_share_one_login_and_one_renewal() {
    let db = Database::new().await;
    let revoked = Arc::new(AtomicUsize::new(0));
    let fake = upstream(revoked.clone()).await;
    let client = client(&fake.url, login(), db.pool.clone(), &clock());
    for round in 1..=2 {
        let calls = (0..10).map(|_| client.place_order(&ORDER));
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| word(answer) == "done"), "{answers:?}");
        assert_eq!(fake.seen("POST /login").len(), round);
        revoked.store(round, Ordering::SeqCst);
    }
    let orders = fake.seen("POST /orders");
    assert!(orders.len() <= 30, "at most one replay each: {}", orders.len());
    assert!(orders.iter().all(|order| order.header("idempotency-key") == Some("key-1")));
    assert!(orders.iter().all(|order| order.body == orders[0].body));
    db.drop().await;
}

#[tokio::test]
async fn the_token_is_kept_sealed_and_found_again() {
    let db = Database::new().await;
    let fake = upstream(Arc::default()).await;
    for _ in 0..3 {
        let client = client(&fake.url, login(), db.pool.clone(), &clock());
        assert_eq!(word(&client.wallet().await), "done");
    }
    assert_eq!(fake.seen("POST /login").len(), 1, "the next start finds the token");
    let sealed: Vec<u8> =
        sqlx::query_scalar("select sealed from upstream_tokens").fetch_one(&db.pool).await.unwrap();
    assert!(!sealed.windows(3).any(|window| window == b"1|t"));
    let account: String =
        sqlx::query_scalar("select account from upstream_tokens").fetch_one(&db.pool).await.unwrap();
    assert_eq!(account, format!("{} partner@example.com", fake.url));
    db.drop().await;
}

#[tokio::test]
async fn a_refused_login_is_tried_again_with_growing_pauses_only() {
    let db = Database::new().await;
    let fake = Fake::start(|_, _| reply(401, r#"{"status":false,"message":"Invalid login details"}"#)).await;
    let clock = clock();
    let client = client(&fake.url, login(), db.pool.clone(), &clock);
    // Ten minutes, a call each second.
    for _ in 0..600 {
        let Answer::Later(later) = client.wallet().await else { panic!("later") };
        assert!(later.after.is_some());
        clock.advance(time::Duration::seconds(1));
    }
    let logins = fake.seen("POST /login").len();
    assert!((2..=6).contains(&logins), "{logins} logins in ten minutes");
    assert!(fake.seen("GET /wallet").is_empty());
    db.drop().await;
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_opens_the_breaker() {
    let db = Database::new().await;
    let fake = Fake::start(|request, _| match request.line.as_str() {
        "POST /login" => reply(200, r#"{"status":true,"access_token":"1|t"}"#),
        _ => reply(401, ""),
    })
    .await;
    let client = client(&fake.url, login(), db.pool.clone(), &clock());
    for _ in 0..20 {
        assert_eq!(word(&client.place_order(&ORDER).await), "later");
    }
    assert!(fake.seen("POST /login").len() <= 2, "{} logins", fake.seen("POST /login").len());
    db.drop().await;
}

#[tokio::test]
async fn a_redirect_makes_an_old_token_be_renewed_once() {
    let db = Database::new().await;
    let fake = Fake::start(|request, before| match request.line.as_str() {
        "POST /login" => reply(200, &format!(r#"{{"status":true,"access_token":"{before}|t"}}"#)),
        "GET /wallet" if request.header("authorization") == Some("Bearer 0|t") && before > 0 => {
            Act::Send(b"HTTP/1.1 302 X\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n".to_vec())
        }
        _ => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, login(), db.pool.clone(), &clock);
    assert_eq!(word(&client.wallet().await), "done");
    clock.advance(time::Duration::minutes(5));
    assert_eq!(word(&client.wallet().await), "later");
    assert_eq!(word(&client.wallet().await), "done");
    assert_eq!(fake.seen("POST /login").len(), 2);
    db.drop().await;
}
