//! A mail server that takes a connection and says nothing.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use crate::stand::{Customer, Stand};

const FRANCE: u32 = 1120;

#[tokio::test]
async fn f103_a_mail_server_that_says_nothing_holds_up_no_delivery() {
    let mut stand = Stand::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stand.set("SMTP_URL", &format!("smtp://{}", silent.local_addr().unwrap()));
    let program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let began = Instant::now();
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(customer.buy(FRANCE).await);
    }
    for order in &orders {
        customer.until_status(order, "completed").await;
    }
    // Each mail waits for twenty seconds: had deliveries to wait behind them, these would take a minute.
    assert!(began.elapsed() < Duration::from_secs(19), "it took {:?}", began.elapsed());
    assert_eq!(stand.purchases().len(), 8);
    assert_eq!(stand.database.count("select count(*) from mails where sent_at is not null").await, 0);
    let (asked, _) = silent.accept().await.unwrap();
    drop(asked);
    drop(silent);
    program.stop().await;
    stand.end().await;
}
