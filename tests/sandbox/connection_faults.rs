//! What goes wrong below HTTP, and with bodies: the connection is refused, reset, silent, slow, or never ends.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::json;
use simfront::sandbox::{Fault, Operation};

use crate::client::{Client, arm, eventually, france, sandbox};

#[tokio::test]
async fn away_refuses_connections_and_comes_back_on_the_same_port() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "away:delay_ms=600");
    let mut refused = false;
    for _ in 0..200 {
        if let Err(error) = client.http.get(format!("{}/ping", client.base)).send().await {
            refused = refused || error.is_connect();
        } else if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(refused, "the port was closed, also for a connection that was open");
    assert_eq!(client.buy("back", "SF-1-1-1").await.0, 201, "the token is known as before");
    let strikes = sandbox.ledger().faults.strikes;
    assert_eq!((strikes.len(), strikes[0].operation), (1, None));
}

#[tokio::test]
async fn away_can_wait_for_a_call_which_it_resets() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "away:operation=create_order,delay_ms=200");
    assert_eq!(client.get("/ping").await.0, 200);
    let lost = client.order("k", &france("SF-1-1-1")).send().await;
    assert!(lost.is_err() && sandbox.ledger().orders.is_empty());
    let begun = Instant::now();
    while client.http.get(format!("{}/ping", client.base)).send().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(sandbox.ledger().faults.strikes[0].operation, Some(Operation::CreateOrder));
}

#[tokio::test]
async fn a_reset_is_a_reset_before_a_byte_after_the_head_and_at_any_byte_of_the_body() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "reset_before_commit");
    let wire = client.buy_by_hand("before", "SF-1-1-1").await;
    assert_eq!((wire.bytes.len(), wire.error), (0, Some(ErrorKind::ConnectionReset)));
    assert!(sandbox.ledger().orders.is_empty());

    arm(&sandbox, "reset_after_commit");
    let wire = client.buy_by_hand("after", "SF-1-1-2").await;
    assert_eq!((wire.bytes.len(), wire.error), (0, Some(ErrorKind::ConnectionReset)));
    let whole = client.buy("after", "SF-1-1-2").await;
    assert_eq!(whole.0, 201);
    let length =
        client.order("after", &france("SF-1-1-2")).send().await.unwrap().bytes().await.unwrap().len();

    arm(&sandbox, "reset_after_head");
    let wire = client.buy_by_hand("after", "SF-1-1-2").await;
    let head = wire.text();
    assert!(
        head.starts_with("HTTP/1.1 201") && head.contains(&format!("content-length: {length}")),
        "{head}"
    );
    assert_eq!((wire.body(), wire.error), (String::new(), Some(ErrorKind::ConnectionReset)));

    for at in [1, 7, length - 1] {
        arm(&sandbox, &format!("reset_in_body:at_byte={at}"));
        let wire = client.buy_by_hand("after", "SF-1-1-2").await;
        assert_eq!((wire.body().len(), wire.error), (at, Some(ErrorKind::ConnectionReset)), "{at}");
    }
    arm(&sandbox, "reset_in_body:at_byte=9,framing=chunked");
    let wire = client.buy_by_hand("after", "SF-1-1-2").await;
    assert!(wire.text().contains("transfer-encoding: chunked"), "{}", wire.text());
    assert_eq!(
        (wire.body().as_str(), wire.error),
        ("9\r\n{\"status\"\r\n", Some(ErrorKind::ConnectionReset))
    );
    for framing in ["length", "chunked"] {
        arm(&sandbox, &format!("reset_in_body:at_byte=9,ending=close,framing={framing}"));
        let wire = client.buy_by_hand("after", "SF-1-1-2").await;
        assert!(wire.error.is_none() && wire.text().contains("{\"status\"") && !wire.text().contains("true"));
        assert!(!wire.text().ends_with("0\r\n\r\n"), "no proper end: {}", wire.text());
    }
    assert_eq!(sandbox.ledger().debits().len(), 1, "one purchase, whatever became of its answers");
}

#[tokio::test]
async fn silence_lasts_until_the_client_goes_before_and_after_the_commit_and_on_any_operation() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "silent_before_commit:operation=wallet");
    let silent = client.http.get(format!("{}/wallet", client.base)).bearer_auth(&client.token);
    assert!(silent.timeout(Duration::from_millis(200)).send().await.unwrap_err().is_timeout());
    arm(&sandbox, "silent_after_commit");
    let silent = client.order("k", &france("SF-1-1-1")).timeout(Duration::from_secs(1)).send().await;
    assert!(silent.unwrap_err().is_timeout());
    assert_eq!(sandbox.ledger().orders.len(), 1);
    eventually("both calls are on the log, without an answer", || {
        sandbox.ledger().call_log.iter().filter(|call| call.status.is_none()).count() == 2
    })
    .await;
}

#[tokio::test]
async fn answers_come_late_before_the_commit_and_after_it() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "slow_answer:delay_ms=150,operation=packages");
    let begun = Instant::now();
    assert_eq!(client.get("/packages").await.0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));

    arm(&sandbox, "slow_answer:delay_ms=60000");
    let gone = client.order("k", &france("SF-1-1-1")).timeout(Duration::from_millis(200)).send().await;
    assert!(gone.is_err() && sandbox.ledger().orders.is_empty(), "whoever hangs up has bought nothing");

    arm(&sandbox, "late_answer:delay_ms=60000");
    let gone = client.order("k", &france("SF-1-1-1")).timeout(Duration::from_secs(1)).send().await;
    assert!(gone.is_err());
    assert_eq!(sandbox.ledger().orders.len(), 1, "committed first");
}

#[tokio::test]
async fn a_request_that_was_held_up_is_carried_out_though_its_client_has_gone_and_its_key_is_one_purchase() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "delayed_request:delay_ms=1500");
    let gone = client.order("twin", &france("SF-1-1-1")).timeout(Duration::from_millis(500)).send().await;
    assert!(gone.unwrap_err().is_timeout());
    let first = client.buy("twin", "SF-1-1-1").await;
    assert_eq!(first.0, 201, "the retry comes first");
    eventually("the late twin", || sandbox.ledger().order_requests.len() == 2).await;
    let ledger = sandbox.ledger();
    let outcomes: Vec<_> = ledger.order_requests.iter().map(|request| request.outcome.as_str()).collect();
    assert_eq!((outcomes, ledger.debits().len()), (vec!["bought", "replayed"], 1));

    arm(&sandbox, "delayed_request:delay_ms=1500");
    let gone = client.order("alone", &france("SF-1-1-2")).timeout(Duration::from_millis(500)).send().await;
    assert!(gone.is_err());
    eventually("bought for nobody", || sandbox.ledger().purchases_of("SF-1-1-2").len() == 1).await;
}

#[tokio::test]
async fn answers_drip_from_the_body_on_or_from_the_head_on() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let honest = client.buy("drip", "SF-1-1-1").await;
    for part in ["body", "head"] {
        arm(&sandbox, &format!("slow_drip:bytes=100,interval_ms=20,part={part}"));
        let begun = Instant::now();
        assert_eq!(client.buy("drip", "SF-1-1-1").await, honest, "{part}");
        assert!(begun.elapsed() >= Duration::from_millis(100), "{part} took {:?}", begun.elapsed());
        let begun = Instant::now();
        assert_eq!(client.get("/packages").await.0, 200);
        assert!(begun.elapsed() < Duration::from_secs(5), "only that answer dripped");
    }
    arm(&sandbox, "slow_drip:bytes=1,interval_ms=60000,part=head");
    let stuck = client.order("drip", &france("SF-1-1-1")).timeout(Duration::from_millis(200)).send().await;
    assert!(stuck.unwrap_err().is_timeout(), "not even the head is whole");
    arm(&sandbox, "slow_drip:bytes=1,interval_ms=60000");
    let answer = client.order("drip", &france("SF-1-1-1")).timeout(Duration::from_secs(1)).send().await;
    assert!(answer.unwrap().bytes().await.unwrap_err().is_timeout(), "the head came, the body did not");
}

#[tokio::test]
async fn a_body_can_be_endless_or_a_bomb_while_little_is_sent() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "endless_body");
    let mut endless = client.order("k", &france("SF-1-1-1")).send().await.unwrap();
    let mut read = 0;
    while read < 8_000_000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }
    drop(endless);
    arm(&sandbox, "endless_body:bytes=200000");
    let ended = client.order("k", &france("SF-1-1-1")).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(ended.len(), 200_000 + br#"{"status":true,"message":"Success","data":["#.len());

    arm(&sandbox, "gzip_bomb:bytes=20000000");
    let mut bomb = client.order("k", &france("SF-1-1-1")).send().await.unwrap();
    let mut unpacked = 0;
    let mut beginning = Vec::new();
    while unpacked < 20_000_000 {
        let chunk = bomb.chunk().await.unwrap().expect("more");
        unpacked += chunk.len();
        if beginning.len() < 60 {
            beginning.extend(&chunk);
        }
    }
    assert!(beginning.starts_with(br#"{"status":true,"message":"Success","data":[  "#));
    // The same bomb as it travels: a client that does not unpack.
    arm(&sandbox, "gzip_bomb:bytes=20000000");
    let packed = client.buy_by_hand("k", "SF-1-1-1").await;
    assert!(packed.bytes.len() < 200_000, "{} bytes mean twenty million", packed.bytes.len());
    assert_eq!(sandbox.ledger().debits().len(), 1);
}

#[tokio::test]
async fn every_second_call_of_any_kind_fails_while_the_sandbox_flaps() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let half = json!({ "fault": "flapping", "probability": 0.5, "seed": 4 });
    assert_eq!(client.control("faults", &half).await.0, 200);
    let mut failed = 0;
    for n in 0..100 {
        let path = ["/wallet", "/orders", "/packages/1120", "/me"][n % 4];
        failed += usize::from(client.get(path).await.0 == 503);
    }
    assert!((30..70).contains(&failed), "{failed}");
    assert_eq!(sandbox.ledger().faults.by_fault[&Fault::Flapping], u64::try_from(failed).unwrap());
}
