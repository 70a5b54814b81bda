//! The one retry layer: reads after passing faults, out of a budget; never a purchase, never a login.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use simfront::esimdual::{Answer, Settings};

use crate::support::{
    Act, Database, Fake, ORDER, client, client_of, clock, login, no_database, reply, settings, token, word,
};

const WALLET: &str = r#"{"status":true,"data":{"balance":250,"currency":"USD"}}"#;

#[tokio::test]
async fn a_read_is_asked_again_after_a_fault_that_passes_and_only_then() {
    type Misbehave = fn() -> Act;
    let table: Vec<(&str, Misbehave, bool)> = vec![
        ("silence", || Act::Close, true),
        ("a bad gateway", || reply(502, "<html>"), true),
        ("unavailable", || reply(503, ""), true),
        ("a gateway's timeout", || reply(504, ""), true),
        (
            "a body that breaks off",
            || Act::Send(b"HTTP/1.1 200 X\r\ncontent-length: 90\r\n\r\n{".to_vec()),
            true,
        ),
        (
            "unavailable, and told to wait",
            || Act::Send(b"HTTP/1.1 503 X\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n".to_vec()),
            false,
        ),
        ("its own failure", || reply(500, ""), false),
        ("a refusal", || reply(422, r#"{"status":false,"message":"no"}"#), false),
        ("a request to wait", || reply(429, ""), false),
        ("nonsense", || reply(200, "<html>"), false),
        ("a redirect", || reply(302, ""), false),
    ];
    for (name, misbehave, again) in table {
        let fake =
            Fake::start(move |_, before| if before == 0 { misbehave() } else { reply(200, WALLET) }).await;
        let client = client(&fake.url, token(), no_database(), &clock());
        let answer = client.wallet().await;
        assert_eq!(matches!(answer, Answer::Done(_)), again, "{name}: {answer:?}");
        assert_eq!(fake.seen("GET /wallet").len(), 1 + usize::from(again), "{name}");
    }
}

#[tokio::test]
async fn neither_a_purchase_nor_a_login_is_ever_repeated() {
    let db = Database::new().await;
    let fake = Fake::start(|_, _| Act::Close).await;
    let buyer = client(&fake.url, token(), no_database(), &clock());
    assert_eq!(word(&buyer.place_order(&ORDER).await), "doubt");
    assert_eq!(fake.seen("POST /orders").len(), 1);
    let guest = client(&fake.url, login(), db.pool.clone(), &clock());
    assert_eq!(word(&guest.wallet().await), "later");
    assert_eq!(fake.seen("POST /login").len(), 1);
    db.drop().await;
}

#[tokio::test]
async fn repetitions_stay_within_the_deadline_of_their_call() {
    let fake = Fake::start(|_, _| Act::After(Duration::from_millis(400), Box::new(Act::Close))).await;
    let hurried = Settings { timeout: Duration::from_millis(900), ..settings(&fake.url, token()) };
    let client = client_of(hurried, no_database(), &clock());
    let started = Instant::now();
    assert_eq!(word(&client.wallet().await), "later");
    assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_page_that_fails_is_asked_again_and_not_the_list() {
    let fake = Fake::start(|request, before| match (request.line.as_str(), before) {
        ("GET /orders?page=2", 0) => reply(503, ""),
        ("GET /orders?page=2", _) => reply(200, r#"{"data":[{"id":2}],"meta":{"last_page":2}}"#),
        _ => reply(200, r#"{"data":[{"id":1}],"meta":{"last_page":2}}"#),
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Done(listing) = client.orders().await else { panic!("done") };
    assert_eq!(listing.orders.iter().map(|order| order.id).collect::<Vec<_>>(), [1, 2]);
    let lines: Vec<String> = fake.seen("GET /orders").into_iter().map(|request| request.line).collect();
    assert_eq!(lines, ["GET /orders", "GET /orders?page=2", "GET /orders?page=2"]);
}

#[tokio::test]
async fn a_page_of_the_catalog_that_breaks_off_is_asked_again_and_nothing_of_it_comes_twice() {
    let rows = r#"{"data":[{"id":1,"name":"a"},{"id":2,"name":"b"}]}"#;
    let fake = Fake::start(move |_, before| match before {
        0 => {
            let (length, half) = (rows.len(), &rows[..40]);
            Act::Send(format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n{half}").into_bytes())
        }
        _ => reply(200, rows),
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Done(catalog) = client.packages().await else { panic!("done") };
    assert_eq!(catalog.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(fake.seen("GET /packages").len(), 2);
}

#[tokio::test]
async fn f39_at_half_of_all_calls_failing_requests_grow_by_a_fifth_and_no_more() {
    const CALLS: usize = 300;
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = asked.clone();
    // Every second request fails, whatever it is.
    let fake = Fake::start(move |_, _| match counting.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => reply(503, ""),
        _ => reply(200, WALLET),
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let mut done = 0;
    for _ in 0..CALLS {
        done += usize::from(word(&client.wallet().await) == "done");
    }
    let requests = asked.load(Ordering::SeqCst);
    assert!(requests > CALLS, "something was repeated");
    // A fifth, and the repetition that was saved at the start.
    assert!(requests <= CALLS + CALLS / 5 + 1, "{requests} requests for {CALLS} calls");
    assert!(done >= CALLS / 2, "{done} of {CALLS} calls ended well");
    let health = client.health().await;
    let wallet = health.operations.iter().find(|one| one.name == "get_wallet").unwrap();
    assert_eq!(usize::try_from(wallet.repeated).unwrap(), requests - CALLS);
}
