//! Time, bytes and memory: no answer, however slow or large, takes more than its share.

use std::time::{Duration, Instant};

use simfront::esimdual::{Answer, Client, Settings};

use crate::support::{Act, Fake, ORDER, client, client_of, clock, no_database, reply, settings, token, word};

/// What this process has ever held at once, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// The beginning of a gzip stream that unpacks to about 2,000 times its size in spaces: one block of fixed codes, a
/// literal and then 258 bytes of it again, over and over (RFC 1951 section 3.2.6).
fn bomb(unpacked: usize) -> Vec<u8> {
    // Bits: not the last block, of fixed codes.
    let mut bits: Vec<u8> = vec![0, 1, 0];
    let code = |bits: &mut Vec<u8>, code: u32, length: u32| {
        bits.extend((0..length).rev().map(|at| u8::from(code >> at & 1 == 1)));
    };
    code(&mut bits, 0x30 + u32::from(b' '), 8);
    // Sixteen times thirteen bits: after two bytes the stream repeats every thirteen bytes.
    for _ in 0..16 {
        code(&mut bits, 0xC5, 8);
        code(&mut bits, 0, 5);
    }
    let bytes: Vec<u8> =
        bits.chunks_exact(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | bit)).collect();
    let mut stream: Vec<u8> = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    stream.extend_from_slice(&bytes[..2]);
    stream.extend(bytes[2..15].iter().cycle().take(13 * unpacked / (8 * 258)));
    stream
}

fn compressed(body: &[u8]) -> Act {
    let head = format!(
        "HTTP/1.1 201 X\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Act::Send([head.as_bytes(), body].concat())
}

fn impatient(url: &str, limit: Duration) -> Client {
    let settings = Settings { list_timeout: limit, catalog_timeout: limit, ..settings(url, token()) };
    client_of(settings, no_database(), &clock())
}

#[tokio::test]
async fn f22_endless_and_exploding_bodies_are_cut_at_the_limit_with_flat_memory() {
    let exploding = bomb(256 * 1024 * 1024);
    assert!(exploding.len() < 4 * 1024 * 1024);
    let fake = Fake::start(move |request, _| match request.line.as_str() {
        "POST /orders" => compressed(&exploding),
        _ => Act::Flood(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n{".to_vec()),
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let before = peak_memory();
    let Answer::Doubt(doubt) = client.place_order(&ORDER).await else { panic!("doubt") };
    assert_eq!(doubt.reason, "an answer larger than any honest one");
    let Answer::Later(later) = client.order(1).await else { panic!("later") };
    assert_eq!(later.reason, "an answer larger than any honest one");
    assert_eq!(fake.seen("GET /orders/1").len(), 1, "a body that is too large is not asked for again");
    let grown = peak_memory() - before;
    assert!(grown < 48 * 1024 * 1024, "{grown} bytes for bodies of a quarter of a gigabyte");
}

/// It brings every movement that there ever was: after ten thousand sales more than a megabyte.
#[tokio::test]
async fn a_wallet_with_a_long_history_is_read() {
    let movement = |id: u32| {
        format!(
            r#"{{"id":{id},"type":"debit","amount":4.2,"currency":"USD","post_balance":"1000.00","reference":null,
                "description":"Order payment","created_at":"2026-03-15T10:00:00Z"}}"#
        )
    };
    let movements = (0..20_000).map(movement).collect::<Vec<_>>().join(",");
    let body = format!(
        r#"{{"status":true,"data":{{"balance":"1000.00","currency":"USD","transactions":[{movements}]}}}}"#
    );
    assert!(body.len() > 3 * 1024 * 1024, "{} bytes", body.len());
    let fake = Fake::start(move |_, _| reply(200, &body)).await;
    let answer = client(&fake.url, token(), no_database(), &clock()).wallet().await;
    let Answer::Done(wallet) = answer else { panic!("{answer:?}") };
    assert_eq!(wallet.transactions.rows.len(), 20_000);
}

#[tokio::test]
async fn the_catalog_is_never_in_memory_whole() {
    const SPACES: usize = 96 * 1024 * 1024;
    let fake = Fake::start(|_, _| {
        let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", SPACES + 11);
        Act::Spaces(format!("{head}{{\"data\":[").into_bytes(), SPACES, b"]}".to_vec())
    })
    .await;
    let client = impatient(&fake.url, Duration::from_secs(600));
    let before = peak_memory();
    let Answer::Done(catalog) = client.packages().await else { panic!("done") };
    assert!(catalog.rows.is_empty());
    let grown = peak_memory() - before;
    assert!(grown < SPACES / 2, "{grown} bytes for a body of {SPACES}");
}

#[tokio::test]
async fn f23_a_slow_drip_ends_at_the_deadline_of_its_operation() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 900000\r\n\r\n{\"data\":[";
    let fake = Fake::start(move |_, _| Act::Drip(head.into())).await;
    let client = impatient(&fake.url, Duration::from_millis(700));
    let started = Instant::now();
    let (bought, order, orders, catalog, wallet) = tokio::join!(
        client.place_order(&ORDER),
        client.order(1),
        client.orders(),
        client.packages(),
        client.wallet()
    );
    assert_eq!((word(&bought), word(&order)), ("doubt", "later"));
    assert_eq!((word(&orders), word(&catalog), word(&wallet)), ("later", "later", "later"));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_limit_of_a_list_and_of_the_catalog_counts_for_all_pages_together() {
    let fake = Fake::start(|request, _| {
        let page = request.line.rsplit_once("page=").map_or("1", |(_, page)| page).to_owned();
        let body = format!(r#"{{"data":[{{"id":{page}}}],"meta":{{"last_page":100}}}}"#);
        Act::After(Duration::from_millis(150), Box::new(reply(200, &body)))
    })
    .await;
    let client = impatient(&fake.url, Duration::from_secs(3));
    let (orders, catalog) = tokio::join!(client.orders(), client.packages());
    assert_eq!((word(&orders), word(&catalog)), ("later", "later"));
    // A hundred pages would take fifteen seconds, and none of them as long as the limit.
    for list in ["GET /orders", "GET /packages"] {
        assert!((1..=21).contains(&fake.seen(list).len()), "{list}: {} pages", fake.seen(list).len());
    }
}
