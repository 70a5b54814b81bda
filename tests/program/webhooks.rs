//! Webhooks at the port of the real program: killed right after its answer, flooded, starved, and without its database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use simfront::plumbing::private_postgres::{self, Owned};
use simfront::sandbox::{Fault, Injection, Operation};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stand::{Customer, Stand, folder, http, until};

const FRANCE: u32 = 1120;
const PING: &str = r#"{"event":"ping","message":"eSIMDual webhook test","reseller_id":3}"#;

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Posts a ping to a port; `None` where no answer came.
async fn ping(client: &reqwest::Client, url: &str, signature: &str, id: &str) -> Option<reqwest::Response> {
    let request = client.post(format!("{url}/webhooks/esimdual")).header("x-esimdual-delivery", id);
    request.header("x-esimdual-signature", signature).body(PING).send().await.ok()
}

fn right(stand: &Stand) -> String {
    signature(&stand.sandbox.settings().webhook_secret, PING)
}

async fn connect(stand: &Stand) -> TcpStream {
    TcpStream::connect(("127.0.0.1", stand.port)).await.unwrap()
}

/// Reads until the other side closes or resets.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn f70_every_webhook_that_was_answered_200_is_there_after_a_kill_9_in_the_middle_of_many() {
    let stand = Stand::without_webhooks().await;
    let synced = stand.run(&["sync"]).await;
    assert_eq!(synced.code, Some(0), "{synced:?}");
    let right = right(&stand);
    let mut answered = Vec::new();
    for round in 0..3 {
        let program = stand.serve(&["--no-worker"]).await;
        let killed = AtomicBool::new(false);
        let (url, right, killed_now) = (&program.url.clone(), &right, &killed);
        let sender = async |sender: usize| {
            let (client, mut answered) = (http(), Vec::new());
            for n in 0.. {
                let id = format!("{round}-{sender}-{n}");
                match ping(&client, url, right, &id).await {
                    Some(answer) if answer.status() == 200 => answered.push(id),
                    Some(answer) => panic!("{}", answer.status()),
                    None if killed_now.load(Ordering::SeqCst) => break,
                    None => panic!("no answer, and nobody was killed"),
                }
            }
            answered
        };
        let kill = async {
            // At a moment when some are answered and others are under way.
            tokio::time::sleep(Duration::from_millis(300 + 150 * round)).await;
            killed.store(true, Ordering::SeqCst);
            program.kill().await;
        };
        let (all, ()) = tokio::join!(futures_util::future::join_all((0..8).map(sender)), kill);
        let before = answered.len();
        answered.extend(all.into_iter().flatten());
        assert!(answered.len() > before, "some were answered in round {round}");
    }
    let stored = stand.database.texts("select delivery_id from webhook_deliveries").await;
    let stored: std::collections::BTreeSet<_> = stored.into_iter().collect();
    let lost: Vec<_> = answered.iter().filter(|id| !stored.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), answered.len());
    // And each is worked on by whoever starts next.
    let program = stand.serve(&[]).await;
    let waiting = "select count(*) from webhook_deliveries where status = 'received'";
    until("all are worked on", async || (stand.database.count(waiting).await == 0).then_some(())).await;
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f69_with_its_database_away_no_webhook_is_taken_and_it_is_taken_after_its_return() {
    let mut stand = Stand::without_webhooks().await;
    let place = folder();
    let settings =
        private_postgres::Settings { data_dir: place.path().join("pg"), bin_dir: None, durable: false };
    let postgres = Owned::start(&settings).await.unwrap();
    stand.set("DATABASE_URL", postgres.url());
    let program = stand.serve(&[]).await;
    let (client, right) = (http(), right(&stand));
    let answer = ping(&client, &program.url, &right, "before").await.unwrap();
    assert_eq!(answer.status(), 200);

    postgres.stop().await;
    for n in 0..3 {
        let answer = ping(&client, &program.url, &right, &format!("away-{n}")).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
    }
    let forged = ping(&client, &program.url, &"0".repeat(64), "forged").await.unwrap();
    assert_eq!(forged.status(), 401, "a forger learns nothing");

    let postgres = Owned::start(&settings).await.unwrap();
    until("it is taken", async || {
        let answer = ping(&client, &program.url, &right, "away-0").await?;
        (answer.status() == 200).then_some(())
    })
    .await;
    let pool = sqlx::PgPool::connect(postgres.url()).await.unwrap();
    until("both are worked on", async || {
        let done = "select count(*) from webhook_deliveries where status = 'done'";
        let done: i64 = sqlx::query_scalar(done).fetch_one(&pool).await.unwrap();
        (done == 2).then_some(())
    })
    .await;
    pool.close().await;
    program.stop().await;
    postgres.stop().await;
    private_postgres::forget(&settings.data_dir).await.unwrap();
    stand.end().await;
}

#[tokio::test]
async fn f61_ten_megabytes_in_any_framing_are_refused_with_flat_memory() {
    let stand = Stand::without_webhooks().await;
    let program = stand.serve(&[]).await;
    let right = right(&stand);
    let before = program.memory_kib();
    let mut most = before;
    for n in 0..24 {
        let framing = if n % 2 == 0 { "content-length: 10000000" } else { "transfer-encoding: chunked" };
        let head = format!(
            "POST /webhooks/esimdual HTTP/1.1\r\nhost: shop\r\nx-esimdual-signature: {right}\r\n{framing}\r\n\r\n"
        );
        let mut stream = connect(&stand).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        // The program hangs up in the middle of it: then the rest cannot be written.
        for _ in 0..160 {
            if stream.write_all(if n % 2 == 0 { &[b'x'; 0x10000] } else { &chunk }).await.is_err() {
                break;
            }
        }
        most = most.max(program.memory_kib());
        let answer = until_closed(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    assert!(most < before + 20 * 1024, "from {before} to {most} KiB");
    let answer = ping(&http(), &program.url, &right, "after").await.unwrap();
    assert_eq!(answer.status(), 200);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f67_a_flood_of_forged_posts_leaves_one_row_and_hinders_neither_true_ones_nor_customers() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    let (client, right) = (http(), right(&stand));
    let customer = Customer::of(&program);
    let flooding = AtomicBool::new(true);
    let (url, over) = (&program.url.clone(), &flooding);
    let forger = async |forger: usize| {
        let (client, mut posts) = (http(), 0_i64);
        while over.load(Ordering::SeqCst) {
            let answer =
                ping(&client, url, &"0".repeat(64), &format!("forged-{forger}-{posts}")).await.unwrap();
            assert_eq!(answer.status(), 401);
            posts += 1;
        }
        posts
    };
    let honest = async {
        for n in 0..50 {
            let answer = ping(&client, url, &right, &format!("true-{n}")).await.unwrap();
            assert_eq!(answer.status(), 200);
        }
        let order = customer.buy(FRANCE).await;
        customer.until_status(&order, "completed").await;
        over.store(false, Ordering::SeqCst);
    };
    let (forged, ()) = tokio::join!(futures_util::future::join_all((0..4).map(forger)), honest);
    let forged: i64 = forged.into_iter().sum();
    assert!(forged > 200, "{forged} forged posts are no flood");
    let counted = "select coalesce(sum(count), 0)::bigint from webhook_refusals where reason = 'signature'";
    until("they are counted", async || (stand.database.count(counted).await == forged).then_some(())).await;
    assert!(stand.database.count("select count(*) from webhook_refusals").await <= 2, "a row a day");
    let stored = "select count(*) from webhook_deliveries where delivery_id like 'forged%'";
    assert_eq!(stand.database.count(stored).await, 0);
    let kept = "select count(*) from webhook_deliveries where delivery_id like 'true%'";
    assert_eq!(stand.database.count(kept).await, 50);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f71_five_hundred_silent_senders_are_closed_in_time_and_others_are_served_meanwhile() {
    let mut stand = Stand::without_webhooks().await;
    stand.set("HEADER_READ_TIMEOUT_SECONDS", "5");
    let program = stand.serve(&[]).await;
    let right = right(&stand);
    let half_a_head = "POST /webhooks/esimdual HTTP/1.1\r\nhost: shop\r\nx-esimdual-sig";
    let no_body = format!(
        "POST /webhooks/esimdual HTTP/1.1\r\nhost: shop\r\nx-esimdual-signature: {right}\r\ncontent-length: {}\r\n\r\n{{",
        PING.len()
    );
    let began = Instant::now();
    let mut silent = Vec::new();
    for n in 0..500 {
        let mut stream = connect(&stand).await;
        let said = if n % 2 == 0 { half_a_head } else { &no_body };
        stream.write_all(said.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let client = http();
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let asked = Instant::now();
        assert_eq!(ping(&client, &program.url, &right, &format!("n-{n}")).await.unwrap().status(), 200);
        assert_eq!(client.get(format!("{}/", program.url)).send().await.unwrap().status(), 200);
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(4), "a sender and a visitor waited {slowest:?}");
    let closed = futures_util::future::join_all(silent.into_iter().map(until_closed));
    let answers = tokio::time::timeout(Duration::from_secs(30), closed).await.expect("all are closed");
    assert!(began.elapsed() >= Duration::from_secs(4), "each was given its time");
    for answer in &answers {
        let fine = answer.is_empty() || answer.starts_with("HTTP/1.1 408");
        assert!(fine, "{answer}");
    }
    assert_eq!(stand.database.count("select count(*) from webhook_deliveries").await, 20);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f67_an_upstream_that_says_nothing_holds_up_no_webhook() {
    let mut stand = Stand::without_webhooks().await;
    stand.set("ESIMDUAL_TIMEOUT_SECONDS", "300");
    let program = stand.serve(&[]).await;
    let silent = Injection::times(Fault::SilentBeforeCommit, 8).on(Operation::CreateOrder);
    stand.sandbox.inject(silent);
    let customer = Customer::of(&program);
    for _ in 0..8 {
        customer.buy(FRANCE).await;
    }
    // As many purchases wait for their answers as workers buy.
    let buying = "select count(*) from attempts where outcome is null";
    until("purchases wait", async || (stand.database.count(buying).await == 4).then_some(())).await;
    let answer = ping(&http(), &program.url, &right(&stand), "1").await.unwrap();
    assert_eq!(answer.status(), 200);
    let done = "select count(*) from webhook_deliveries where status = 'done'";
    until("the webhook is worked on", async || (stand.database.count(done).await == 1).then_some(())).await;
    assert_eq!(stand.database.count(buying).await, 4, "while they still wait");
    program.kill().await;
    stand.end().await;
}
