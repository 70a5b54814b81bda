//! What the shop does while its PostgreSQL is busy, refuses, or loses answers.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use simfront::sandbox::{Fault, Injection, Operation};
use simfront::{crew, supply};

use crate::support::browser::{Answer, owned};
use crate::support::{FRANCE, LEASE, Plan, SECRET, Stand};

/// A rightly signed webhook.
async fn webhook(stand: &Stand, id: &str, body: &str) -> Answer {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let request = Request::post("/webhooks/esimdual")
        .header("x-esimdual-signature", signature)
        .header("x-esimdual-delivery", id);
    stand.ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

const PING: &str = r#"{"event":"ping","message":"eSIMDual webhook test","reseller_id":3}"#;

fn asks_to_come_again(answer: &Answer) -> bool {
    answer.status.as_u16() == 503 && answer.header("retry-after").parse::<u32>().is_ok_and(|after| after > 0)
}

/// Works, whatever the table of jobs answers, and lets time pass, until the order is delivered.
async fn until_completed(stand: &Stand, token: &str) {
    for _ in 0..30 {
        let _passing = crew::crew(&stand.shop).drain(LEASE).await;
        let page = stand.get_json(&format!("/orders/{token}")).await;
        if page.status.is_success() && page.json()["status"] == "completed" {
            return;
        }
        stand.shop.clock.advance(time::Duration::seconds(70));
    }
    panic!("{:?}", stand.state(token).await);
}

/// The outside is silent, and the only connection is free for whoever comes.
#[tokio::test]
async fn f92_with_one_connection_many_orders_wait_for_the_upstream_and_hold_none() {
    let patience = Duration::from_secs(120);
    let mut stand = Stand::with(Plan { connections: 1, patience, ..Plan::default() }).await;
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(stand.buy(FRANCE, 1).await);
    }
    stand.sandbox.inject(Injection::times(Fault::SilentAfterCommit, 4));
    let crews: Vec<_> = (0..4)
        .map(|_| {
            let crew = crew::crew(&stand.shop);
            tokio::spawn(async move { crew.drain(LEASE).await })
        })
        .collect();
    stand.eventually("all four wait for the upstream", || stand.ledger().orders.len() == 4).await;
    stand.eventually("the connection is free", || stand.shop.db.num_idle() == 1).await;
    let sessions = "select count(*) from pg_stat_activity where datname = current_database()";
    assert_eq!(stand.count(sessions).await, 1);
    let pay = stand.order(FRANCE, 1).await;
    tokens.push(stand.answer(&pay, "pay").await);
    assert_eq!(webhook(&stand, "while-it-is-silent", PING).await.status.as_u16(), 200);
    assert!(crews.iter().all(|crew| !crew.is_finished()), "they still wait");
    let port = stand.upstream_goes_away().await;
    for crew in crews {
        crew.await.unwrap().unwrap();
    }
    stand.upstream_comes_back(port).await;
    stand.pass(150).await;
    for token in &tokens {
        assert_eq!(stand.state(token).await, ("completed".into(), "paid".into()));
    }
    // A sync that hangs holds none either.
    stand.sandbox.inject(Injection::times(Fault::SilentBeforeCommit, 1).on(Operation::Packages));
    let (shop, asked) = (stand.shop.clone(), stand.ledger().calls_of(Operation::Packages));
    let sync = tokio::spawn(async move { supply::refresh(&shop, &|_| {}).await.map(drop) });
    stand.eventually("it asks", || stand.ledger().calls_of(Operation::Packages) > asked).await;
    stand.order(FRANCE, 1).await;
    sync.abort();
    stand.end().await;
}

#[tokio::test]
async fn f92_with_every_connection_taken_a_request_waits_a_little_and_is_asked_to_come_again() {
    let connection_wait = Duration::from_secs(1);
    let stand = Stand::with(Plan { connections: 2, connection_wait, ..Plan::default() }).await;
    let (form, pay) = (stand.form(FRANCE, 1).await, stand.order(FRANCE, 1).await);
    let token = stand.texts("select token from orders").await.remove(0);
    let taken = (stand.shop.db.acquire().await.unwrap(), stand.shop.db.acquire().await.unwrap());
    let outcome = owned(&[("outcome", "pay")]);
    let order = format!("/orders/{token}");
    let began = Instant::now();
    let (checkout, paid, webhook_answer, seen, shown) = tokio::join!(
        stand.post("/checkout", &form),
        stand.post(&pay, &outcome),
        webhook(&stand, "nobody-is-free", PING),
        stand.get(&order),
        stand.get("/plans/1120"),
    );
    assert!(began.elapsed() < Duration::from_secs(15), "the wait has an end: {:?}", began.elapsed());
    for answer in [&checkout, &paid, &webhook_answer, &seen] {
        assert!(asks_to_come_again(answer), "{answer:?}");
    }
    assert_eq!(shown.status.as_u16(), 200, "what is shown from memory needs none");
    drop(taken);
    stand.post("/checkout", &form).await.to();
    assert_eq!(stand.answer(&pay, "pay").await, token);
    assert_eq!(webhook(&stand, "nobody-is-free", PING).await.status.as_u16(), 200);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f93_fifty_hands_on_one_order_at_once_buy_it_once_and_break_nothing() {
    let stand = Stand::with_webhooks().await;
    let form = stand.form(FRANCE, 2).await;
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    let token = stand.texts("select token from orders").await.remove(0);
    let (order, outcomes) = (format!("/orders/{token}"), ["pay", "twice", "decline", "late", "pay"]);
    let payments = (0..20).map(|n| {
        let fields = owned(&[("outcome", outcomes[n % outcomes.len()])]);
        let (stand, pay) = (&stand, &pay);
        async move { stand.post(pay, &fields).await.status.as_u16() }
    });
    let checkouts = (0..10).map(|_| async { stand.post("/checkout", &form).await.status.as_u16() });
    let looks = (0..10).map(|_| async { stand.get_json(&order).await.status.as_u16() });
    let crews: Vec<_> = (0..10).map(|_| crew::crew(&stand.shop)).collect();
    let work = join_all(crews.iter().map(|crew| crew.drain(LEASE)));
    let (payments, checkouts, looks, work) =
        tokio::join!(join_all(payments), join_all(checkouts), join_all(looks), work);
    let answers: Vec<u16> = [payments, checkouts, looks].concat();
    assert!(answers.iter().all(|status| [200, 303].contains(status)), "{answers:?}");
    assert!(work.iter().all(Result::is_ok), "{work:?}");
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2, "two units, two purchases");
    assert_eq!(stand.count("select count(*) from jobs where last_error is not null").await, 0);
    let kept = "select sum(amount_minor - refunded_minor)::bigint from payments where status = 'paid'";
    assert_eq!(stand.count(kept).await, 1050);
    stand.end().await;
}

/// The first writes of each table lose, as if against another transaction, wherever they stand.
const LOSE: &str = "
    create function lose() returns trigger language plpgsql as $$
    begin
        if nextval(tg_argv[0]::regclass) <= 2 then
            raise exception 'lost on purpose' using errcode = tg_argv[1];
        end if;
        return null;
    end $$;
    do $$
    declare name text;
    begin
        foreach name in array array['orders', 'units', 'attempts', 'esims', 'payments', 'order_history', 'mails',
                                    'webhook_deliveries', 'upstream_orders', 'upstream_listings'] loop
            execute format('create sequence %I', 'lost_' || name);
            execute format('create trigger lose after insert or update on %I for each statement
                            execute function lose(%L, %L)', name, 'lost_' || name,
                           case when length(name) % 2 = 0 then '40001' else '40P01' end);
        end loop;
    end $$;";

#[tokio::test]
async fn f93_a_transaction_that_loses_is_run_again_whole_and_its_purchase_is_not() {
    let stand = Stand::new().await;
    stand.sql(LOSE).await;
    let form = stand.form(FRANCE, 2).await;
    let mut answers = Vec::new();
    let pay = loop {
        let answer = stand.post("/checkout", &form).await;
        answers.push(answer.status.as_u16());
        assert!(answers.len() < 30, "{answers:?}");
        match answer.status.as_u16() {
            303 => break answer.to().to_owned(),
            _ => assert!(asks_to_come_again(&answer), "{answer:?}"),
        }
    };
    assert_eq!(stand.count("select count(*) from orders").await, 1);
    let taken = stand.count("select count(*) from units where status = 'pending'").await;
    assert_eq!(taken, 2, "nothing of the ones that lost is left");
    let mut tries = 0;
    let token = loop {
        tries += 1;
        let answer = stand.post(&pay, &owned(&[("outcome", "pay")])).await;
        match answer.status.as_u16() {
            303 => break answer.to().strip_prefix("/orders/").unwrap().to_owned(),
            _ => assert!(asks_to_come_again(&answer) && tries < 30, "{answer:?}"),
        }
    };
    let mut answered = 0;
    while webhook(&stand, "one-that-loses", PING).await.status.as_u16() != 200 {
        answered += 1;
        assert!(answered < 10);
    }
    until_completed(&stand, &token).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2, "what was asked outside was asked once");
    let lost =
        "select count(*) from pg_sequences where sequencename like 'lost!_%' escape '!' and last_value <= 2";
    assert_eq!(stand.count(lost).await, 0, "each table's writes lost twice, and then did not");
    stand.end().await;
}

#[tokio::test]
async fn f93_a_payment_that_loses_once_is_written_by_the_same_request() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    for table in ["orders", "payments", "order_history"] {
        let pay = if table == "orders" { pay.clone() } else { stand.order(FRANCE, 1).await };
        stand.sql("drop function if exists lose_once() cascade; drop sequence if exists once; create sequence once")
            .await;
        stand
            .sql(
                "create function lose_once() returns trigger language plpgsql as $$
                 begin
                     if nextval('once') = 1 then
                         raise exception 'lost on purpose' using errcode = '40P01';
                     end if;
                     return null;
                 end $$",
            )
            .await;
        stand
            .sql(match table {
                "orders" => "create trigger once after update on orders execute function lose_once()",
                "payments" => "create trigger once after update on payments execute function lose_once()",
                _ => "create trigger once after insert on order_history execute function lose_once()",
            })
            .await;
        let token = stand.answer(&pay, "pay").await;
        assert_eq!(stand.state(&token).await.1, "paid", "{table}");
        assert!(stand.count("select last_value from once").await > 1, "{table}: it did lose");
    }
    stand.sql("drop function lose_once() cascade").await;
    stand.drain().await;
    assert_eq!(stand.ledger().orders.len(), 3);
    stand.end().await;
}

#[tokio::test]
async fn f94_whoever_asks_again_after_a_commit_without_an_answer_finds_what_was_done() {
    let stand = Stand::with(Plan { wire: true, ..Plan::default() }).await;
    let wire = stand.wire.clone().unwrap();
    let form = stand.form(FRANCE, 1).await;
    wire.cut_commit(1);
    let lost = stand.post("/checkout", &form).await;
    assert!(wire.was_cut() && asks_to_come_again(&lost), "{lost:?}");
    assert_eq!(stand.count("select count(*) from orders").await, 1, "it was committed all the same");
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    assert_eq!(stand.count("select count(*) from orders").await, 1);
    wire.cut_commit(1);
    let lost = stand.post(&pay, &owned(&[("outcome", "pay")])).await;
    assert!(wire.was_cut() && asks_to_come_again(&lost), "{lost:?}");
    assert_eq!(stand.texts("select status from payments where counted").await, ["paid"]);
    let token = stand.answer(&pay, "pay").await;
    wire.cut_commit(1);
    let lost = webhook(&stand, "unknown-whether-stored", PING).await;
    assert!(wire.was_cut() && asks_to_come_again(&lost), "{lost:?}");
    assert_eq!(webhook(&stand, "unknown-whether-stored", PING).await.status.as_u16(), 200);
    assert_eq!(stand.count("select count(*) from webhook_deliveries").await, 1);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!((stand.ledger().orders.len(), stand.mails().len()), (1, 2));
    stand.end().await;
}

#[tokio::test]
async fn f94_whichever_commit_of_a_delivery_loses_its_answer_it_is_bought_once() {
    let stand = Stand::with(Plan { wire: true, ..Plan::default() }).await;
    let wire = stand.wire.clone().unwrap();
    let (mut orders, mut cut) = (0, true);
    // Until a delivery ends before the commit that was to lose its answer: then each of them has.
    while cut {
        orders += 1;
        let token = stand.buy(FRANCE, 1).await;
        wire.cut_commit(orders);
        until_completed(&stand, &token).await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "commit {orders}");
        cut = wire.was_cut();
    }
    wire.cut_commit(usize::MAX / 2);
    assert!(orders > 6, "{orders}: attempt, answer, two mails, and the ends of their jobs");
    stand.pass(150).await;
    assert_eq!(stand.ledger().orders.len(), orders);
    let asked = usize::try_from(stand.ledger().calls_of(Operation::CreateOrder)).unwrap();
    assert_eq!(asked, orders, "nobody asked twice");
    assert_eq!(stand.mails().len(), 2 * orders);
    stand.end().await;
}

async fn sessions_end(stand: &Stand) {
    stand
        .tell_server("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'DATABASE'")
        .await;
}

#[tokio::test]
async fn f95_a_database_that_only_reads_takes_nothing_half_and_goes_on_when_it_writes_again() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    let (form, pay) = (stand.form(FRANCE, 2).await, stand.order(FRANCE, 1).await);
    stand.tell_server("alter database DATABASE set default_transaction_read_only = on").await;
    sessions_end(&stand).await;
    let outcome = owned(&[("outcome", "pay")]);
    for answer in [
        stand.post("/checkout", &form).await,
        stand.post(&pay, &outcome).await,
        webhook(&stand, "read-only", PING).await,
    ] {
        assert!(asks_to_come_again(&answer), "{answer:?}");
    }
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()), "the order's page is there");
    assert_eq!(stand.get("/plans/1120").await.status.as_u16(), 200);
    assert!(crew::crew(&stand.shop).drain(LEASE).await.is_err(), "no job can be claimed");
    assert!(stand.ledger().calls_of(Operation::CreateOrder) == 0, "nothing is bought that cannot be noted");
    assert_eq!(stand.count("select count(*) from orders").await, 2);
    stand.tell_server("alter database DATABASE reset default_transaction_read_only").await;
    sessions_end(&stand).await;
    stand.post("/checkout", &form).await.to();
    let second = stand.answer(&pay, "pay").await;
    assert_eq!(webhook(&stand, "read-only", PING).await.status.as_u16(), 200);
    stand.drain().await;
    for token in [&token, &second] {
        assert_eq!(stand.state(token).await, ("completed".into(), "paid".into()));
    }
    stand.end().await;
}

#[tokio::test]
async fn f95_a_full_disk_in_the_middle_of_a_transaction_leaves_nothing_of_it() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 2).await;
    let full = "create function full_disk() returns trigger language plpgsql as $$
                begin raise exception 'no space left' using errcode = '53100'; end $$;
                create trigger full_disk after insert on payments execute function full_disk();
                create trigger full_disk after insert on esims execute function full_disk()";
    stand.sql(full).await;
    let answer = stand.post("/checkout", &form).await;
    assert!(asks_to_come_again(&answer), "{answer:?}");
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    stand.sql("drop trigger full_disk on payments").await;
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    let token = stand.answer(&pay, "pay").await;
    stand.drain().await;
    stand.pass(120).await;
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()), "bought, not stored yet");
    assert_eq!(stand.ledger().orders.len(), 2);
    stand.sql("drop function full_disk() cascade").await;
    until_completed(&stand, &token).await;
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2, "and nothing was bought again");
    stand.end().await;
}
