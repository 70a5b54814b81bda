//! Placing an order upstream, row by row of the fault matrix (F1 to F9): what leaves, what is heard, and what the desk
//! makes of it. The sandbox's ledger tells what was really bought.

use std::time::{Duration, Instant};

use simfront::esimdual::{Answer, Client, NewOrder, Order};
use simfront::ground::Clock;
use simfront::sandbox::{self, Fault, Injection, Operation, Running};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Act, Database, Fake, ORDER, client, clock, login, no_database, reply, token, word};

/// The client's total limit of one request (`support::settings`), with room for a slow machine.
const LIMIT: Duration = Duration::from_millis(800 + 1200);

/// A sandbox with a client that has logged in.
pub struct Stage {
    pub db: Database,
    pub sandbox: Running,
    pub client: Client,
    pub clock: Clock,
}

impl Stage {
    pub async fn new() -> Self {
        let db = Database::new().await;
        let sandbox = sandbox::start(sandbox::Settings::for_tests()).await.unwrap();
        let clock = clock();
        let client = client(&sandbox.base_url(), login(), db.pool.clone(), &clock);
        assert_eq!(word(&client.wallet().await), "done");
        Self { db, sandbox, client, clock }
    }

    /// Places the order while this goes wrong once.
    pub async fn place_under(&self, injection: Injection) -> Answer<Order> {
        self.sandbox.inject(injection.on(Operation::CreateOrder));
        let answer = self.client.place_order(&ORDER).await;
        self.sandbox.clear_faults();
        answer
    }

    /// How often the unit was really bought.
    pub fn bought(&self) -> usize {
        self.sandbox.ledger().purchases_of(ORDER.external_order_id).len()
    }

    /// Whether the upstream's list names the unit.
    pub async fn listed(&self) -> bool {
        match self.client.orders().await {
            Answer::Done(listing) => listing.orders.iter().any(is_ours),
            other => unreachable!("the list is readable: {other:?}"),
        }
    }

    /// After a doubt: the list tells the truth, and the same key ends with one purchase.
    pub async fn settles_as_one(self, bought: usize) {
        assert_eq!(self.bought(), bought);
        assert_eq!(self.listed().await, bought == 1, "the list tells what was bought");
        assert_eq!(word(&self.client.place_order(&ORDER).await), "done", "the same key again");
        assert_eq!(self.bought(), 1);
        self.end().await;
    }

    pub async fn end(self) {
        self.sandbox.stop().await;
        self.db.drop().await;
    }
}

fn is_ours(order: &Order) -> bool {
    order.external_order_id.as_deref() == Some(ORDER.external_order_id)
}

#[tokio::test]
async fn f01_who_refuses_the_connection_or_has_no_name_was_never_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [closed.as_str(), "http://name.invalid"] {
        let client = client(url, token(), no_database(), &clock());
        assert_eq!(word(&client.place_order(&ORDER).await), "later", "{url}");
    }
}

#[tokio::test]
async fn f02_a_request_that_is_swallowed_ends_at_the_total_deadline_and_is_a_doubt() {
    let stage = Stage::new().await;
    let started = Instant::now();
    let answer = stage.place_under(Injection::of(Fault::SilentBeforeCommit)).await;
    assert_eq!(word(&answer), "doubt");
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    stage.settles_as_one(0).await;
}

#[tokio::test]
async fn f03_a_timeout_after_the_commit_is_found_in_the_list() {
    for fault in [Fault::SilentAfterCommit, Fault::DroppedAfterCommit] {
        let stage = Stage::new().await;
        assert_eq!(word(&stage.place_under(Injection::of(fault)).await), "doubt", "{fault:?}");
        stage.settles_as_one(1).await;
    }
}

#[tokio::test]
async fn f03_five_timeouts_in_a_row_are_one_purchase() {
    let stage = Stage::new().await;
    stage.sandbox.inject(Injection::times(Fault::SilentAfterCommit, 5));
    for attempt in 1..=5 {
        let again = NewOrder { doubted: attempt > 1, ..ORDER };
        assert_eq!(word(&stage.client.place_order(&again).await), "doubt", "attempt {attempt}");
    }
    // Whoever fails so often is left alone for a while.
    stage.clock.advance(time::Duration::minutes(10));
    stage.settles_as_one(1).await;
}

/// The answer to a purchase, whole.
const GOOD: &str = r#"{"status":true,"message":"ok","data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1",
    "status":"completed","currency":"USD","price":4.2,"package":{"id":1120},
    "esim":{"id":108,"iccid":"8988207000000000001","qr_code":"LPA:1$example.com$CODE"}}}"#;

/// Answers each purchase with the next of these byte strings, then resets the connection; a ping is answered well.
async fn resetting(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut answers = answers.into_iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = match asks_to_buy(&mut stream).await {
                true => answers.next().unwrap(),
                false => PONG.to_vec(),
            };
            stream.write_all(&answer).await.unwrap();
            // What was sent must be on its way before the reset overtakes it.
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
            stream.set_zero_linger().unwrap();
        }
    });
    url
}

const PONG: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-length: 32\r\nconnection: close\r\n\r\n{\"status\":true,\"message\":\"pong\"}";

/// Reads a request to its end, and says whether it is a purchase.
async fn asks_to_buy(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    let ends = |bytes: &[u8]| match bytes.starts_with(b"POST") {
        true => bytes.ends_with(b"}"),
        false => bytes.ends_with(b"\r\n\r\n"),
    };
    while !ends(&bytes) {
        let read = stream.read(&mut chunk).await.unwrap();
        assert_ne!(read, 0, "the request came whole");
        bytes.extend_from_slice(&chunk[..read]);
    }
    bytes.starts_with(b"POST")
}

fn by_length(body: &str) -> String {
    format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn chunked(body: &str) -> String {
    let (one, two) = body.split_at(body.len() / 2);
    format!(
        "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    )
}

#[tokio::test]
async fn f04_a_reset_after_the_head_is_a_doubt() {
    for whole in [by_length(GOOD), chunked(GOOD)] {
        let head = whole.find("\r\n\r\n").unwrap() + 4;
        let url = resetting(vec![whole.as_bytes()[..head].to_vec()]).await;
        let client = client(&url, token(), no_database(), &clock());
        assert_eq!(word(&client.place_order(&ORDER).await), "doubt");
    }
    let stage = Stage::new().await;
    for framing in ["length", "chunked"] {
        let reset = Injection::of(Fault::ResetAfterHead).with("framing", framing).unwrap();
        assert_eq!(word(&stage.place_under(reset).await), "doubt", "{framing}");
    }
    stage.settles_as_one(1).await;
}

#[tokio::test]
async fn f05_an_answer_that_is_cut_at_any_byte_is_never_used() {
    for whole in [by_length(GOOD), chunked(GOOD)] {
        // The last bytes of a chunked answer only say that nothing more comes: without them it is cut too.
        let cuts = (0..whole.len()).map(|end| whole.as_bytes()[..end].to_vec()).collect();
        let url = resetting(cuts).await;
        let clock = clock();
        let client = client(&url, token(), no_database(), &clock);
        for end in 0..whole.len() {
            // Whoever fails so often is left alone for a while.
            clock.advance(time::Duration::hours(1));
            let answer = client.place_order(&ORDER).await;
            assert_eq!(word(&answer), "doubt", "cut at byte {end} of {}: {answer:?}", whole.len());
        }
    }
}

#[tokio::test]
async fn f05_a_true_purchase_whose_answer_is_cut_is_found_in_the_list() {
    let stage = Stage::new().await;
    for (at, framing) in [("0", "length"), ("1", "chunked"), ("77", "length"), ("300", "chunked")] {
        let cut = Injection::of(Fault::ResetInBody).with("at_byte", at).unwrap();
        let answer = stage.place_under(cut.with("framing", framing).unwrap()).await;
        assert_eq!(word(&answer), "doubt", "{framing} at {at}");
    }
    stage.settles_as_one(1).await;
}

#[tokio::test]
async fn f06_a_500_before_the_commit_is_a_doubt_that_the_list_settles() {
    let stage = Stage::new().await;
    let answer = stage.place_under(Injection::of(Fault::ServerErrorBeforeCommit)).await;
    assert_eq!(word(&answer), "doubt");
    stage.settles_as_one(0).await;
}

#[tokio::test]
async fn f07_a_500_that_its_key_replays_for_ever_stays_a_doubt_and_the_list_has_the_order() {
    let stage = Stage::new().await;
    assert_eq!(word(&stage.place_under(Injection::of(Fault::ServerErrorKept)).await), "doubt");
    for _ in 0..3 {
        let again = NewOrder { doubted: true, ..ORDER };
        assert_eq!(word(&stage.client.place_order(&again).await), "doubt", "the same 500 again");
    }
    assert!(stage.listed().await);
    assert_eq!(stage.bought(), 1);
    stage.end().await;
}

#[tokio::test]
async fn f08_a_page_of_html_is_a_doubt_and_its_words_are_not_kept() {
    for status in [502, 503, 504] {
        let fake = Fake::start(move |_, _| reply(status, "<html><h1>Bad Gateway of nginx</h1></html>")).await;
        let client = client(&fake.url, token(), no_database(), &clock());
        let answer = client.place_order(&ORDER).await;
        assert_eq!(word(&answer), "doubt", "{status}");
        assert!(!format!("{answer:?}").contains("nginx"), "{answer:?}");
        assert_eq!(fake.seen("POST /orders").len(), 1);
    }
    for (fault, bought) in [(Fault::BadGateway, 0), (Fault::BadGatewayAfterCommit, 1)] {
        let stage = Stage::new().await;
        assert_eq!(word(&stage.place_under(Injection::of(fault)).await), "doubt", "{fault:?}");
        stage.settles_as_one(bought).await;
    }
}

#[tokio::test]
async fn f09_a_429_keeps_every_other_call_waiting_too() {
    let fake = Fake::start(|request, before| match (request.line.as_str(), before) {
        ("POST /orders", 0) => {
            Act::Send(b"HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_vec())
        }
        ("POST /orders", _) => reply(201, GOOD),
        _ => reply(200, r#"{"status":true,"data":{"balance":1,"currency":"USD"}}"#),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    let Answer::Later(later) = client.place_order(&ORDER).await else { panic!("later") };
    assert_eq!((later.http_status, later.after), (Some(429), Some(Duration::from_secs(7))));
    clock.advance(time::Duration::milliseconds(6900));
    assert_eq!(word(&client.wallet().await), "later", "the limiter is shared");
    assert_eq!(word(&client.place_order(&ORDER).await), "later", "not before seven seconds are over");
    assert_eq!(fake.seen("").len(), 1, "nothing was sent meanwhile");
    clock.advance(time::Duration::milliseconds(200));
    assert_eq!(word(&client.place_order(&ORDER).await), "done");
}
