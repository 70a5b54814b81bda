//! The way in, shared by all nodes: one login for everyone, and no hammering where it is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use simfront::esimdual::{Answer, Client, Credentials, Later};
use simfront::ground::Clock;

use crate::support::{
    Act, Database, Fake, ORDER, Request, client, clock, login, no_database, reply, token, word,
};

const WALLET: &str = r#"{"status":true,"data":{"balance":250,"currency":"USD"}}"#;
const BOUGHT: &str =
    r#"{"status":true,"data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","package":{"id":1120}}}"#;

/// Gives the tokens `1|t`, `2|t` …, slowly, and takes only those after the revoked ones.
async fn upstream(revoked: Arc<AtomicUsize>) -> Fake {
    let given = Arc::new(AtomicUsize::new(0));
    Fake::start(move |request: &Request, _| {
        if request.line == "POST /login" {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            let token = format!(r#"{{"status":true,"access_token":"{number}|t"}}"#);
            return Act::After(Duration::from_millis(150), Box::new(reply(200, &token)));
        }
        let newest = given.load(Ordering::SeqCst);
        let held = request.header("authorization") == Some(&format!("Bearer {newest}|t"));
        match (held && newest > revoked.load(Ordering::SeqCst), request.line.as_str()) {
            (false, _) => reply(401, r#"{"message":"Unauthenticated."}"#),
            (true, "POST /orders") => reply(201, BOUGHT),
            (true, _) => reply(200, WALLET),
        }
    })
    .await
}

async fn refusing() -> Fake {
    Fake::start(|_, _| reply(401, r#"{"status":false,"message":"Invalid login details"}"#)).await
}

/// Ten minutes, a call of each node every second.
async fn ten_minutes_of_calls(nodes: &[Client], clock: &Clock) {
    for _ in 0..600 {
        for answer in join_all(nodes.iter().map(Client::wallet)).await {
            let told = |later: &Later| later.after.is_some_and(|after| after <= Duration::from_secs(15 * 60));
            assert!(matches!(&answer, Answer::Later(later) if told(later)), "{answer:?}");
        }
        clock.advance(time::Duration::seconds(1));
    }
}

#[tokio::test]
async fn f11_twenty_calls_with_a_revoked_token_cause_one_login_on_one_node_and_on_two() {
    for nodes in [1, 2] {
        let db = Database::new().await;
        let revoked = Arc::new(AtomicUsize::new(0));
        let fake = upstream(revoked.clone()).await;
        let clock = clock();
        let nodes: Vec<Client> =
            (0..nodes).map(|_| client(&fake.url, login(), db.pool.clone(), &clock)).collect();
        for round in 1..=3 {
            let calls = (0..20).map(|number| nodes[number % nodes.len()].place_order(&ORDER));
            let answers = join_all(calls).await;
            assert!(answers.iter().all(|answer| word(answer) == "done"), "{answers:?}");
            assert_eq!(fake.seen("POST /login").len(), round, "{} nodes", nodes.len());
            revoked.store(round, Ordering::SeqCst);
        }
        let orders = fake.seen("POST /orders");
        assert!(orders.len() <= 3 * 20 + 2 * 20, "one replay each: {}", orders.len());
        assert!(orders.iter().all(|order| order.header("idempotency-key") == Some("key-1")));
        db.drop().await;
    }
}

#[tokio::test]
async fn f12_a_login_that_is_refused_is_tried_at_most_six_times_in_ten_minutes() {
    let table = [
        (401, r#"{"status":false,"message":"Invalid login details"}"#),
        (200, r#"{"status":false,"message":"Invalid login details"}"#),
        (200, "<html>Sign in</html>"),
        (302, ""),
        (404, "<html>Not found</html>"),
        (423, r#"{"message":"Locked"}"#),
    ];
    for (status, body) in table {
        let db = Database::new().await;
        let fake = Fake::start(move |_, _| reply(status, body)).await;
        let clock = clock();
        let node = client(&fake.url, login(), db.pool.clone(), &clock);
        ten_minutes_of_calls(std::slice::from_ref(&node), &clock).await;
        let logins = fake.seen("POST /login").len();
        assert!((2..=6).contains(&logins), "{logins} logins in ten minutes after {status} {body}");
        assert_eq!(fake.seen("").len(), logins, "nothing else was asked");
        assert_eq!(node.health().await.refused.unwrap().http_status, Some(status), "{body}");
        db.drop().await;
    }
}

#[tokio::test]
async fn a_login_that_gets_no_usable_answer_is_tried_less_and_less_often_without_an_alarm() {
    let db = Database::new().await;
    let well = Arc::new(AtomicBool::new(false));
    let watched = well.clone();
    let fake = Fake::start(move |request, _| match (watched.load(Ordering::SeqCst), request.line.as_str()) {
        (false, _) => reply(408, ""),
        (true, "POST /login") => reply(200, r#"{"status":true,"access_token":"1|t"}"#),
        (true, _) => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let node = client(&fake.url, login(), db.pool.clone(), &clock);
    ten_minutes_of_calls(std::slice::from_ref(&node), &clock).await;
    let logins = fake.seen("POST /login").len();
    assert!((5..=9).contains(&logins), "at 0 s, 2 s, 6 s, 14 s and so on: {logins}");
    assert_eq!(node.health().await.refused, None);
    well.store(true, Ordering::SeqCst);
    clock.advance(time::Duration::minutes(15));
    assert_eq!(word(&node.wallet().await), "done");
    db.drop().await;
}

#[tokio::test]
async fn the_alarm_of_a_node_that_went_away_ends_while_another_is_let_in() {
    let db = Database::new().await;
    let shut = Arc::new(AtomicBool::new(false));
    let watched = shut.clone();
    let fake = Fake::start(move |_, _| match watched.load(Ordering::SeqCst) {
        true => reply(401, r#"{"message":"Unauthenticated."}"#),
        false => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let node = || client(&fake.url, token(), db.pool.clone(), &clock);
    let stays = node();
    assert_eq!(word(&stays.wallet().await), "done");
    shut.store(true, Ordering::SeqCst);
    clock.advance(time::Duration::seconds(1));
    let goes = node();
    assert_eq!(word(&goes.wallet().await), "later");
    drop(goes);
    assert_eq!(stays.health().await.refused.unwrap().times, 1, "newer than what this node was answered");
    shut.store(false, Ordering::SeqCst);
    clock.advance(time::Duration::seconds(1));
    assert_eq!(word(&stays.wallet().await), "done");
    assert_eq!(stays.health().await.refused, None);
    assert_eq!(node().health().await.refused, None, "and so it is for a node that knows nothing");
    db.drop().await;
}

#[tokio::test]
async fn one_operation_that_refuses_every_token_shuts_nothing_else_and_costs_few_logins() {
    for credentials in [login(), token()] {
        let db = Database::new().await;
        let fixed = matches!(credentials, Credentials::Token(_));
        let well = Arc::new(AtomicBool::new(false));
        let (watched, given) = (well.clone(), AtomicUsize::new(0));
        let fake = Fake::start(move |request, _| match request.line.as_str() {
            "POST /login" => {
                let number = given.fetch_add(1, Ordering::SeqCst);
                reply(200, &format!(r#"{{"status":true,"access_token":"{number}|t"}}"#))
            }
            "GET /wallet" if !watched.load(Ordering::SeqCst) => reply(401, r#"{"message":"no"}"#),
            "POST /orders" => reply(201, BOUGHT),
            _ => reply(200, WALLET),
        })
        .await;
        let clock = clock();
        let client = client(&fake.url, credentials, db.pool.clone(), &clock);
        for _ in 0..600 {
            assert_eq!(word(&client.wallet().await), "later");
            assert_eq!(word(&client.place_order(&ORDER).await), "done");
            clock.advance(time::Duration::seconds(1));
        }
        assert_eq!(fake.seen("POST /login").len(), if fixed { 0 } else { 2 });
        assert!(fake.seen("GET /wallet").len() <= 7, "{} questions", fake.seen("GET /wallet").len());
        assert_eq!(client.health().await.refused, None);
        well.store(true, Ordering::SeqCst);
        clock.advance(time::Duration::minutes(15));
        assert_eq!(word(&client.wallet().await), "done");
        db.drop().await;
    }
}

#[tokio::test]
async fn f12_two_nodes_and_a_restart_together_try_no_more_often_than_one() {
    let db = Database::new().await;
    let fake = refusing().await;
    let clock = clock();
    let node = || client(&fake.url, login(), db.pool.clone(), &clock);
    let nodes = [node(), node()];
    ten_minutes_of_calls(&nodes, &clock).await;
    let logins = fake.seen("POST /login").len();
    assert!((2..=6).contains(&logins), "{logins} logins in ten minutes");
    // A node that has just started finds the pause in the database.
    assert_eq!(word(&node().wallet().await), "later");
    assert_eq!(fake.seen("POST /login").len(), logins);
    // Staff see it on any node.
    for health in [nodes[0].health().await, nodes[1].health().await, node().health().await] {
        let refused = health.refused.unwrap();
        assert_eq!(usize::try_from(refused.times).unwrap(), logins);
        assert_eq!(
            (refused.since, refused.http_status),
            (clock.now() - time::Duration::minutes(10), Some(401))
        );
        assert!(refused.next_try_at > clock.now() && refused.reason.contains("refused"));
    }
    db.drop().await;
}

#[tokio::test]
async fn the_alarm_ends_when_the_upstream_lets_us_in_again() {
    let db = Database::new().await;
    let shut = Arc::new(AtomicBool::new(true));
    let watched = shut.clone();
    let fake = Fake::start(move |request, _| match (watched.load(Ordering::SeqCst), request.line.as_str()) {
        (true, _) => reply(422, r#"{"message":"Invalid","errors":{"email":["unknown"]}}"#),
        (false, "POST /login") => reply(200, r#"{"status":true,"access_token":"1|t"}"#),
        (false, _) => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let nodes = [0, 1].map(|_| client(&fake.url, login(), db.pool.clone(), &clock));
    assert_eq!(word(&nodes[0].wallet().await), "later");
    assert_eq!(nodes[1].health().await.refused.unwrap().http_status, Some(422));
    shut.store(false, Ordering::SeqCst);
    assert_eq!(word(&nodes[1].wallet().await), "later", "the pause counts for both");
    clock.advance(time::Duration::seconds(30));
    assert_eq!(word(&nodes[1].wallet().await), "done");
    assert_eq!(nodes[0].health().await.refused, None);
    // The other node takes the token that it finds, whatever pause it remembers.
    assert_eq!(word(&nodes[0].wallet().await), "done");
    assert_eq!(fake.seen("POST /login").len(), 2);
    db.drop().await;
}

#[tokio::test]
async fn f17_a_disabled_account_is_left_alone_with_an_alarm_and_found_again() {
    let disabled = Arc::new(AtomicBool::new(true));
    let watched = disabled.clone();
    let fake = Fake::start(move |_, _| match watched.load(Ordering::SeqCst) {
        true => reply(403, r#"{"status":false,"message":"Account disabled"}"#),
        false => reply(200, WALLET),
    })
    .await;
    let db = Database::new().await;
    let clock = clock();
    let client = client(&fake.url, token(), db.pool.clone(), &clock);
    for _ in 0..600 {
        assert_eq!(word(&client.wallet().await), "later");
        clock.advance(time::Duration::seconds(1));
    }
    assert!(fake.seen("").len() <= 8, "{} requests in ten minutes", fake.seen("").len());
    assert_eq!(client.health().await.refused.unwrap().http_status, Some(403));
    disabled.store(false, Ordering::SeqCst);
    clock.advance(time::Duration::minutes(15));
    assert_eq!(word(&client.wallet().await), "done");
    assert_eq!(client.health().await.refused, None);
    db.drop().await;
}

#[tokio::test]
async fn a_configured_token_that_is_refused_is_not_sent_again_and_again() {
    let fake = refusing().await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    for _ in 0..120 {
        assert_eq!(word(&client.wallet().await), "later");
        clock.advance(time::Duration::seconds(1));
    }
    assert_eq!(fake.seen("GET /wallet").len(), 3, "at 0 s, 30 s and 90 s");
    // Without a database the node tells what it knows itself.
    assert_eq!(client.health().await.refused.unwrap().times, 3);
}

#[tokio::test]
async fn a_logout_forgets_the_token_here_and_in_the_database() {
    let db = Database::new().await;
    let fake = upstream(Arc::default()).await;
    let client = client(&fake.url, login(), db.pool.clone(), &clock());
    assert_eq!(word(&client.log_out().await), "done", "nothing to do");
    assert!(fake.seen("POST /logout").is_empty());
    assert_eq!(word(&client.log_in().await), "done");
    assert_eq!(word(&client.log_out().await), "done");
    assert_eq!(fake.seen("POST /logout")[0].header("authorization"), Some("Bearer 1|t"));
    let kept: i64 =
        sqlx::query_scalar("select count(*) from upstream_tokens").fetch_one(&db.pool).await.unwrap();
    assert_eq!(kept, 0);
    assert_eq!(word(&client.wallet().await), "done");
    assert_eq!(fake.seen("POST /login").len(), 2);
    db.drop().await;
}

#[tokio::test]
async fn a_password_that_was_set_right_waits_for_nothing_and_a_wrong_one_keeps_its_pause() {
    let db = Database::new().await;
    let fake = Fake::start(|request: &Request, _| match request.line.as_str() {
        "POST /login" if request.body.contains("the right one") => {
            reply(200, r#"{"status":true,"access_token":"1|t"}"#)
        }
        "POST /login" => reply(401, r#"{"status":false,"message":"Invalid login details"}"#),
        _ => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let with = |password: &str| {
        let Credentials::Login { email, device_name, .. } = login() else { panic!("a login") };
        let password = password.into();
        client(&fake.url, Credentials::Login { email, password, device_name }, db.pool.clone(), &clock)
    };
    assert_eq!(word(&with("a wrong one").wallet().await), "later");
    assert_eq!(word(&with("a wrong one").wallet().await), "later");
    assert_eq!(fake.seen("POST /login").len(), 1, "a restart alone changes nothing");
    let right = with("the right one");
    assert_eq!(word(&right.wallet().await), "done");
    assert_eq!((fake.seen("POST /login").len(), right.health().await.refused), (2, None));
    db.drop().await;
}

#[tokio::test]
async fn whoever_has_seen_to_the_account_may_try_at_once() {
    let db = Database::new().await;
    let shut = Arc::new(AtomicBool::new(true));
    let watched = shut.clone();
    let fake = Fake::start(move |request, _| match (watched.load(Ordering::SeqCst), request.line.as_str()) {
        (true, _) => reply(403, r#"{"status":false,"message":"Your account is disabled."}"#),
        (false, "POST /login") => reply(200, r#"{"status":true,"access_token":"1|t"}"#),
        (false, _) => reply(200, WALLET),
    })
    .await;
    let clock = clock();
    let nodes = [0, 1].map(|_| client(&fake.url, login(), db.pool.clone(), &clock));
    assert_eq!(word(&nodes[1].wallet().await), "later");
    assert_eq!(word(&nodes[0].try_again().await), "later", "it is still refused");
    assert_eq!(fake.seen("POST /login").len(), 2);
    shut.store(false, Ordering::SeqCst);
    assert_eq!(word(&nodes[1].wallet().await), "later");
    assert_eq!(word(&nodes[0].try_again().await), "done");
    assert_eq!(word(&nodes[1].wallet().await), "done", "the other node goes on with its token");
    assert_eq!(nodes[1].health().await.refused, None);
    db.drop().await;
}

#[tokio::test]
async fn nobody_waits_for_anothers_login_longer_than_three_limits() {
    let db = Database::new().await;
    let fake = upstream(Arc::default()).await;
    let clock = clock();
    let node = || client(&fake.url, login(), db.pool.clone(), &clock);
    assert_eq!(word(&node().wallet().await), "done");
    sqlx::query("delete from upstream_tokens").execute(&db.pool).await.unwrap();
    // Another node took the place, and does not come back.
    sqlx::query("update upstream_logins set busy_until = $1")
        .bind(clock.now() + time::Duration::seconds(20))
        .execute(&db.pool)
        .await
        .unwrap();
    let started = std::time::Instant::now();
    assert_eq!(word(&node().place_order(&ORDER).await), "later");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?} with a limit of 0.8 s", started.elapsed());
    assert_eq!(fake.seen("POST /orders").len(), 0);
    db.drop().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_neither_keeps_the_door_shut_nor_a_new_token_out() {
    let db = Database::new().await;
    let revoked = Arc::new(AtomicUsize::new(0));
    let fake = upstream(revoked.clone()).await;
    let clock = clock();
    let node = || client(&fake.url, login(), db.pool.clone(), &clock);
    let first = node();
    assert_eq!(word(&first.wallet().await), "done");
    clock.advance(time::Duration::hours(-5));
    revoked.store(1, Ordering::SeqCst);
    assert_eq!(word(&first.wallet().await), "done");
    assert_eq!(word(&node().wallet().await), "done");
    assert_eq!(fake.seen("POST /login").len(), 2, "the next start finds the new token");

    let shut = refusing().await;
    let refused = client(&shut.url, login(), db.pool.clone(), &clock);
    assert_eq!(word(&refused.wallet().await), "later");
    clock.advance(time::Duration::hours(-5));
    let Answer::Later(later) = refused.wallet().await else { panic!("later") };
    assert_eq!(later.after, Some(Duration::from_secs(30)));
    clock.advance(time::Duration::seconds(30));
    assert_eq!(word(&refused.wallet().await), "later");
    assert_eq!(shut.seen("POST /login").len(), 2, "after its pause, not after five hours");
    db.drop().await;
}
