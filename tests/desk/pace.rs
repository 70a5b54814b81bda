//! How fast the desk asks, over the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use simfront::esimdual::{Answer, Settings};

use crate::support::{Act, Fake, ORDER, client, client_of, clock, no_database, reply, settings, token, word};

const WALLET: &str = r#"{"status":true,"data":{"balance":250,"currency":"USD"}}"#;
const BOUGHT: &str =
    r#"{"status":true,"data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","package":{"id":1120}}}"#;

#[tokio::test]
async fn f09_one_429_slows_every_call_of_every_clone_and_is_not_repeated() {
    let fake = Fake::start(|request, before| match (request.line.as_str(), before) {
        ("GET /wallet", 0) => {
            Act::Send(b"HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_vec())
        }
        ("POST /orders", _) => reply(201, BOUGHT),
        _ => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    let other = client.clone();
    let Answer::Later(later) = client.wallet().await else { panic!("later") };
    assert_eq!((later.http_status, later.after), (Some(429), Some(Duration::from_secs(7))));
    clock.advance(time::Duration::seconds(6));
    assert_eq!((word(&other.place_order(&ORDER).await), word(&other.wallet().await)), ("later", "later"));
    assert_eq!(fake.seen("").len(), 1);
    clock.advance(time::Duration::seconds(1));
    assert_eq!(word(&other.place_order(&ORDER).await), "done");
}

#[tokio::test]
async fn f38_after_an_outage_the_backlog_leaves_at_the_budgets_rate_and_purchases_go_first() {
    const BUDGET: u32 = 40;
    let down = Arc::new(AtomicBool::new(true));
    let watched = down.clone();
    let fake = Fake::start(move |request, _| match (watched.load(Ordering::SeqCst), request.line.as_str()) {
        (true, _) => reply(503, ""),
        (false, "POST /orders") => reply(201, BOUGHT),
        (false, _) => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let tight = Settings { requests_per_minute: BUDGET, ..settings(&fake.url, token()) };
    let client = client_of(tight, no_database(), &clock);
    // Six hours of outage, in which almost nothing is asked.
    for _ in 0..6 {
        for _ in 0..50 {
            assert_eq!(word(&client.wallet().await), "later");
            assert!(matches!(word(&client.place_order(&ORDER).await), "later" | "doubt"));
        }
        clock.advance(time::Duration::hours(1));
    }
    let during = fake.seen("").len();
    assert!(during < BUDGET as usize / 2, "{during} requests in the outage");

    down.store(false, Ordering::SeqCst);
    clock.advance(time::Duration::seconds(30));
    assert_eq!(word(&client.wallet().await), "done", "the probe");
    let usages = join_all((0..200).map(|_| client.usage(1))).await;
    let looked_up = join_all((0..200).map(|_| client.wallet())).await;
    let bought = join_all((0..200).map(|_| client.place_order(&ORDER))).await;
    let asked = fake.seen("").len();
    assert_eq!(asked, BUDGET as usize, "no minute holds more");
    let done = |words: Vec<&str>| words.into_iter().filter(|word| *word == "done").count();
    // Usage fills half, look-ups seven eighths, purchases the rest.
    // Usage fills half, look-ups seven eighths, purchases the rest.
    let half = BUDGET as usize / 2;
    assert_eq!(done(usages.iter().map(word).collect()), half - during - 1);
    assert_eq!(done(looked_up.iter().map(word).collect()), BUDGET as usize * 7 / 8 - half);
    assert_eq!(done(bought.iter().map(word).collect()), BUDGET as usize / 8);
    for answer in bought {
        match answer {
            Answer::Done(_) => {}
            Answer::Later(later) => {
                assert!(later.after.is_some_and(|after| after <= Duration::from_secs(60)))
            }
            Answer::Refused(_) | Answer::Doubt(_) => panic!("nothing was lost"),
        }
    }
    let budget = client.health().await.budget;
    assert_eq!((budget.used, budget.per_minute), (asked, BUDGET as usize));
}
