//! Visitors who hang up: at any moment, thousands of them.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt as _;
use simfront::plumbing::db;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::browser::encoded;
use crate::support::{FRANCE, Stand};

const IDLE: &str = "select count(*) from pg_stat_activity
     where datname = current_database() and state like 'idle in transaction%'";

/// Polls a future until it has waited so often, and drops it then.
async fn dropped_after<F: Future>(waits: usize, future: F) {
    let (mut future, mut left) = (pin!(future), waits);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Pending if left > 0 => {
            left -= 1;
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}

#[tokio::test]
async fn f101_a_connection_that_was_left_while_a_transaction_began_comes_back_clean() {
    let stand = Stand::new().await;
    let pool = db::pool(1).connect_with((*stand.shop.db.connect_options()).clone()).await.unwrap();
    for waits in 0..40 {
        dropped_after(waits % 8, pool.begin()).await;
        let mut conn = pool.acquire().await.unwrap();
        // Two statements that tell two transactions from one.
        let first: String =
            sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(&mut *conn).await.unwrap();
        let second: String =
            sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(&mut *conn).await.unwrap();
        assert_ne!(first, second, "after {waits} waits the next borrower is inside somebody's transaction");
    }
    pool.close().await;
    stand.end().await;
}

/// How many visitors hang up: `make torture` sends more of them.
fn visitors() -> usize {
    std::env::var("HANG_UPS").map_or(2000, |number| number.parse().unwrap())
}

/// What visitors of the storm ask for.
fn request(address: &str, number: usize, order: &str, pay: &str, cookie: &str, form: &str) -> String {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    match number % 5 {
        0 => post("/checkout", form),
        1 => get(&format!("/orders/{order}")),
        2 => post(pay, "outcome=decline"),
        3 => get("/admin/orders"),
        _ => get("/checkout?package_id=1120"),
    }
}

#[tokio::test]
async fn f101_visitors_who_hang_up_poison_no_connection_and_leave_no_half_order() {
    let stand = Stand::new().await;
    let (pay, cookie) = (stand.order(FRANCE, 1).await, stand.owner().await);
    let order = stand.texts("select token from orders").await.remove(0);
    let numbers = stand.texts("select number from orders").await.remove(0);
    let address = stand.origin.strip_prefix("http://").unwrap().to_owned();
    let form = stand.form(FRANCE, 2).await;
    let visitors = (0..visitors()).map(|number| {
        let mut form = form.clone();
        let key = stand.shop.entropy.token();
        form.iter_mut()
            .filter(|field| field.0 == "form_key")
            .for_each(|field| field.1 = key.as_str().to_owned());
        let mut text = request(&address, number, &order, &pay, &cookie, &encoded(&form));
        if number % 10 == 3 {
            text = text.replace("/admin/orders", &format!("/admin/orders/{numbers}"));
        }
        let (address, after) = (&address, Duration::from_micros(stand.shop.entropy.below(50_000)));
        // Of every fourth, only a part of the request leaves.
        let sent = if number % 4 == 0 { text.len() * (number % 97) / 97 } else { text.len() };
        async move {
            let Ok(mut stream) = TcpStream::connect(address).await else { return };
            let _gone = stream.write_all(&text.as_bytes()[..sent]).await;
            tokio::time::sleep(after).await;
        }
    });
    futures_util::stream::iter(visitors).buffer_unordered(40).collect::<Vec<()>>().await;
    stand
        .eventually("every connection came back", || {
            stand.shop.db.num_idle() == usize::try_from(stand.shop.db.size()).unwrap()
        })
        .await;
    assert_eq!(stand.count(IDLE).await, 0);
    let broken = "select count(*) from orders o
         where (select count(*) from units u where u.order_id = o.id) not in (1, 2)
            or (select count(*) from order_lines l where l.order_id = o.id) <> 1
            or (select count(*) from payments p where p.order_id = o.id) <> 1
            or not exists (select 1 from jobs j where j.payload ->> 'order' = o.id::text)";
    assert_eq!(stand.count(broken).await, 0, "each order is whole");
    assert!(stand.count("select count(*) from orders").await > 1, "some of them did order");
    let mut bought = Vec::new();
    for _ in 0..10 {
        bought.push(stand.buy(FRANCE, 1).await);
    }
    stand.drain().await;
    for token in &bought {
        assert_eq!(stand.state(token).await, ("completed".into(), "paid".into()));
    }
    stand.end().await;
}
