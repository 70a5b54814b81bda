//! An upstream that fails is left alone: it costs nobody anything, and it is found again soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use simfront::esimdual::{Answer, BreakerState};

use crate::support::{Act, Fake, ORDER, Request, client, clock, no_database, reply, token, word};

const WALLET: &str = r#"{"status":true,"data":{"balance":250,"currency":"USD"}}"#;
const BOUGHT: &str =
    r#"{"status":true,"data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","package":{"id":1120}}}"#;

/// Fails while `down`, in the way that is given.
async fn upstream(down: Arc<AtomicBool>, failing: fn() -> Act) -> Fake {
    Fake::start(move |request: &Request, _| match (down.load(Ordering::SeqCst), request.line.as_str()) {
        (true, _) => failing(),
        (false, "POST /orders") => reply(201, BOUGHT),
        (false, "GET /ping") => reply(200, r#"{"status":true}"#),
        (false, _) => reply(200, WALLET),
    })
    .await
}

#[tokio::test]
async fn a_dead_upstream_is_asked_no_more_and_answers_come_at_once_with_a_time() {
    let down = Arc::new(AtomicBool::new(true));
    // It takes the request and says nothing, so that each call would cost its whole deadline.
    let fake = upstream(down.clone(), || Act::After(Duration::from_secs(60), Box::new(Act::Close))).await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    let calls = (0..5).map(|_| client.wallet());
    futures_util::future::join_all(calls).await;
    let before = fake.seen("").len();
    let started = Instant::now();
    for _ in 0..200 {
        let Answer::Later(later) = client.wallet().await else { panic!("later") };
        assert_eq!((later.http_status, later.after), (None, Some(Duration::from_secs(1))));
        // It provably never left.
        assert_eq!(word(&client.place_order(&ORDER).await), "later");
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?} for 400 calls", started.elapsed());
    assert_eq!(fake.seen("").len(), before, "nothing was asked");
    assert!(matches!(client.health().await.breaker, BreakerState::Open { .. }));

    down.store(false, Ordering::SeqCst);
    clock.advance(time::Duration::seconds(1));
    assert_eq!(word(&client.wallet().await), "done");
    assert_eq!(client.health().await.breaker, BreakerState::Closed);
}

#[tokio::test]
async fn many_who_wait_send_one_probe() {
    let down = Arc::new(AtomicBool::new(true));
    let fake = upstream(down, || Act::After(Duration::from_millis(100), Box::new(reply(500, "")))).await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    for _ in 0..5 {
        client.wallet().await;
    }
    clock.advance(time::Duration::seconds(1));
    let before = fake.seen("").len();
    let answers = futures_util::future::join_all((0..20).map(|_| client.wallet())).await;
    assert!(answers.iter().all(|answer| word(answer) == "later"));
    assert_eq!(fake.seen("").len() - before, 1);
}

#[tokio::test]
async fn a_purchase_is_never_the_probe() {
    let down = Arc::new(AtomicBool::new(true));
    let fake = upstream(down.clone(), || Act::Close).await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    for _ in 0..5 {
        client.wallet().await;
    }
    assert_ne!(client.health().await.breaker, BreakerState::Closed);
    clock.advance(time::Duration::seconds(1));
    assert_eq!(word(&client.place_order(&ORDER).await), "later", "a ping went first, and died");
    assert!(fake.seen("POST /orders").is_empty());
    assert_eq!(fake.seen("GET /ping").len(), 1);

    down.store(false, Ordering::SeqCst);
    clock.advance(time::Duration::seconds(2));
    assert_eq!(word(&client.place_order(&ORDER).await), "done");
    assert_eq!((fake.seen("POST /orders").len(), fake.seen("GET /ping").len()), (1, 2));
}
