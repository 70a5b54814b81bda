//! A PostgreSQL that is restarted under load, and one whose connections are all taken.

use std::time::Duration;

use rustix::process::Signal;
use simfront::plumbing::private_postgres::{Owned, Settings};
use simfront::sandbox::OrderMode;
use sqlx::{Connection as _, PgConnection};

use crate::stand::{Customer, OWNER, PASSWORD, Stand, folder, until};

const FRANCE: u32 = 1120;

/// Buys until it worked, as somebody does who is asked to come again; the path of the order.
async fn buys_patiently(customer: &Customer) -> String {
    let send = async |path: &str, fields: &[(&str, String)]| {
        let address = format!("{}{path}", customer.shop);
        let answer = customer.http.post(address).form(fields).send().await.ok()?;
        if answer.status() != 303 {
            assert_eq!(answer.status(), 503, "{path}");
            assert!(answer.headers().contains_key("retry-after"), "{path}");
            return None;
        }
        let to = answer.headers()["location"].to_str().unwrap();
        Some(to.strip_prefix(&customer.shop).unwrap_or(to).to_owned())
    };
    let form = customer.form(FRANCE).await;
    let pay = until("the form is taken", async || send("/checkout", &form).await).await;
    let outcome = [("outcome", "pay".to_owned())];
    until("the payment is taken", async || send(&pay, &outcome).await).await
}

#[tokio::test]
async fn f91_a_database_that_is_restarted_again_and_again_needs_no_hand_and_loses_nothing() {
    let place = folder();
    let settings = Settings { data_dir: place.path().join("cluster"), bin_dir: None, durable: false };
    let mut postgres = Owned::start(&settings).await.unwrap();
    let url = postgres.url().to_owned();
    let mut stand = Stand::new().await;
    stand.set("DATABASE_URL", &url);
    let program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let mut orders = Vec::new();
    for _restart in 0..4 {
        let buying = async {
            let mut bought = Vec::new();
            for _ in 0..3 {
                bought.push(buys_patiently(&customer).await);
            }
            bought
        };
        let restarting = async {
            postgres.stop().await;
            // A page that is shown from memory needs no database.
            customer.page("/plans/1120").await;
            Owned::start(&settings).await.unwrap()
        };
        let (bought, started) = tokio::join!(buying, restarting);
        postgres = started;
        assert_eq!(postgres.url(), url, "it is back at its address");
        orders.extend(bought);
    }
    let mut expected = Vec::new();
    for order in &orders {
        let seen = customer.until_status(order, "completed").await;
        expected.push(format!("{}-1-1", seen["number"].as_str().unwrap()));
    }
    expected.sort();
    assert_eq!(stand.purchases(), expected, "each order once");
    let ready = customer.http.get(format!("{}/readyz", program.url)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    program.stop().await;
    postgres.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f92_visitors_who_take_every_connection_of_theirs_keep_no_worker_from_delivering() {
    let mut stand = Stand::without_webhooks().await;
    stand.sandbox.set_mode(OrderMode::Processing);
    stand.set("HEADER_READ_TIMEOUT_SECONDS", "60");
    let program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let order = customer.buy(FRANCE).await;
    until("it is bought", async || (!stand.purchases().is_empty()).then_some(())).await;
    let cookie = customer.sign_in(OWNER, PASSWORD).await;
    let form = customer.form(FRANCE).await;
    // What only pages of the back office read is held by somebody else: whoever opens one waits with a connection.
    let mut holder = PgConnection::connect(&stand.database.url).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("lock table admin_sessions in access exclusive mode").execute(&mut *held).await.unwrap();
    let visitors: Vec<_> = (0..40)
        .map(|_| {
            let request = customer.http.get(format!("{}/admin", program.url)).header("cookie", &cookie);
            tokio::spawn(async move { request.send().await.map(|answer| answer.status().as_u16()) })
        })
        .collect();
    until("nobody else is let in", async || {
        let address = format!("{}/checkout", program.url);
        let answer = customer.http.post(address).form(&form).send().await.unwrap();
        // Sent before all connections were taken, it found one.
        (answer.status() == 503 && answer.headers().contains_key("retry-after")).then_some(())
    })
    .await;
    let bought = stand.sandbox.ledger().orders[0].id;
    stand.sandbox.complete_order(bought).unwrap();
    let delivered = "select count(*) from units where status = 'completed'";
    until("it is delivered meanwhile", async || (stand.database.count(delivered).await == 1).then_some(()))
        .await;
    held.rollback().await.unwrap();
    holder.close().await.unwrap();
    for visitor in visitors {
        let status = visitor.await.unwrap().unwrap();
        assert!([200, 503].contains(&status), "{status}");
    }
    customer.until_status(&order, "completed").await;
    customer.buy(FRANCE).await;
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f97_a_stop_hands_back_the_jobs_that_it_cuts_off_and_the_next_start_goes_on_at_once() {
    let mut stand = Stand::without_webhooks().await;
    // Whoever had to wait for the lease of a job that was cut off would wait for an hour.
    stand.set("JOB_LEASE_SECONDS", "3600");
    stand.set("SHUTDOWN_GRACE_SECONDS", "5");
    stand.set("ESIMDUAL_TIMEOUT_SECONDS", "300");
    let mut program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let silent = simfront::sandbox::Injection::times(simfront::sandbox::Fault::SilentAfterCommit, 3);
    stand.sandbox.inject(silent);
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(customer.buy(FRANCE).await);
    }
    until("three wait for the upstream", async || (stand.purchases().len() >= 3).then_some(())).await;
    let told = std::time::Instant::now();
    program.signal(Signal::TERM);
    let status = program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", program.log());
    assert!(told.elapsed() < Duration::from_secs(30), "it took {:?}", told.elapsed());
    assert!(program.log().contains("handed back"), "{}", program.log());
    let held = "select count(*) from jobs where lease_until is not null";
    assert_eq!(stand.database.count(held).await, 0, "no job waits for a lease");

    let program = stand.serve(&[]).await;
    let mut expected = Vec::new();
    for order in &orders {
        let seen = customer.until_status(order, "completed").await;
        expected.push(format!("{}-1-1", seen["number"].as_str().unwrap()));
    }
    expected.sort();
    assert_eq!(stand.purchases(), expected);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f97_rolling_restarts_under_load_keep_every_order_and_buy_it_once() {
    let mut stand = Stand::new().await;
    stand.set("JOB_LEASE_SECONDS", "600");
    stand.set("SHUTDOWN_GRACE_SECONDS", "10");
    assert_eq!(stand.run(&["sync"]).await.code, Some(0));
    let web = stand.serve(&["--no-worker"]).await;
    let customer = Customer::of(&web);
    let buying = async {
        let mut orders = Vec::new();
        for _ in 0..16 {
            orders.push(buys_patiently(&customer).await);
        }
        orders
    };
    let restarting = async {
        for _ in 0..4 {
            let node = stand.serve_on(crate::stand::free_port(), &[]).await;
            // A stop comes at no particular moment.
            tokio::time::sleep(Duration::from_millis(300)).await;
            node.stop().await;
        }
        stand.serve_on(crate::stand::free_port(), &[]).await
    };
    let (orders, last) = tokio::join!(buying, restarting);
    let mut expected = Vec::new();
    for order in &orders {
        let seen = customer.until_status(order, "completed").await;
        expected.push(format!("{}-1-1", seen["number"].as_str().unwrap()));
    }
    expected.sort();
    assert_eq!(stand.purchases(), expected);
    last.stop().await;
    web.stop().await;
    stand.end().await;
}
