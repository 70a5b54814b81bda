//! A mail server that takes a connection and says nothing.

use tokio::net::TcpListener;

use crate::stand::{Customer, Stand, until};

const FRANCE: u32 = 1120;

#[tokio::test]
async fn f103_a_mail_server_that_says_nothing_holds_up_no_delivery() {
    let mut stand = Stand::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stand.set("SMTP_URL", &format!("smtp://{}", silent.local_addr().unwrap()));
    let program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(customer.buy(FRANCE).await);
    }
    // Each of the sixteen mails waits for twenty seconds: were mail sent by those who deliver, all of them would wait.
    let waiting = "select count(*) from jobs where kind = 'send_mail' and lease_until is not null";
    until("mails wait", async || (stand.database.count(waiting).await > 0).then_some(())).await;
    for order in &orders {
        customer.until_status(order, "completed").await;
        assert!(stand.database.count(waiting).await <= 2, "the others are free to deliver");
    }
    assert_eq!(stand.purchases().len(), 8);
    assert_eq!(stand.database.count("select count(*) from mails where sent_at is not null").await, 0);
    let (asked, _) = silent.accept().await.unwrap();
    drop(asked);
    drop(silent);
    program.stop().await;
    stand.end().await;
}
