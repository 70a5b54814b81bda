//! Two programs on one database, and a shop whose upstream is away.

use simfront::sandbox::{self, Settings};

use crate::stand::{Customer, Database, OWNER, PASSWORD, Program, command, folder, free_port, http};
use crate::stand::{Stand, attribute, until};

const FRANCE: u32 = 1120;

#[tokio::test]
async fn two_nodes_share_the_work_and_buy_each_order_once() {
    let stand = Stand::new().await;
    let one = stand.serve(&[]).await;
    let two = stand.serve_on(free_port(), &[]).await;
    let customers = [Customer::of(&one), Customer::of(&two)];
    let mut orders = Vec::new();
    for number in 0..5 {
        orders.push(customers[number % 2].buy(FRANCE).await);
    }
    let mut expected = Vec::new();
    for order in &orders {
        let seen = customers[0].until_status(order, "completed").await;
        expected.push(format!("{}-1-1", seen["number"].as_str().unwrap()));
    }
    expected.sort();
    assert_eq!(stand.purchases(), expected);
    one.stop().await;
    two.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_markup_that_one_node_publishes_shows_on_the_other() {
    let stand = Stand::new().await;
    let one = stand.serve(&[]).await;
    let two = stand.serve_on(free_port(), &["--no-worker"]).await;
    let (staff, customer) = (Customer::of(&one), Customer::of(&two));
    let price = async |customer: &Customer| {
        let page = customer.page(&format!("/checkout?package_id={FRANCE}&quantity=1")).await;
        attribute(&page, "name=\"shown_price\" value=\"").parse::<i64>().unwrap()
    };
    let before = price(&customer).await;
    let cookie = staff.sign_in(OWNER, PASSWORD).await;
    let fields = [("percent", "200"), ("fixed", "0"), ("rounding", "none")];
    let request = staff.http.post(format!("{}/admin/markup", one.url)).header("cookie", cookie).form(&fields);
    assert_eq!(request.send().await.unwrap().status(), 303);
    let after = until("the other node shows the new price", async || {
        Some(price(&customer).await).filter(|after| *after != before)
    })
    .await;
    // 25 percent on top became 200, and each is rounded up to the cent.
    assert!((after * 5 - before * 12).abs() <= 12, "{before} became {after}");
    one.stop().await;
    two.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_shop_whose_upstream_is_away_opens_names_it_and_recovers() {
    let (database, folder, port, upstream) = (Database::new().await, folder(), free_port(), free_port());
    let mut serve = command(folder.path(), &["serve"]);
    serve
        .env("DATABASE_URL", &database.url)
        .env("BIND_ADDR", format!("127.0.0.1:{port}"))
        .env("ESIMDUAL_BASE_URL", format!("http://127.0.0.1:{upstream}/api/reseller/v1"))
        .env("ESIMDUAL_EMAIL", "partner@example.com")
        .env("ESIMDUAL_PASSWORD", "StrongPassword123!")
        .env("SYNC_INTERVAL_SECONDS", "1");
    let mut program = Program::start(serve, port, folder.path());
    let (http, url) = (http(), program.url.clone());
    let said = program
        .answers("not ready, and says why", async || {
            let answer = http.get(format!("{url}/readyz")).send().await.ok()?;
            assert_eq!(answer.status(), 503);
            answer.text().await.ok()
        })
        .await;
    assert!(said.contains("eSIMDual") && said.contains("catalog"), "{said}");
    let home = http.get(format!("{url}/")).send().await.unwrap();
    assert_eq!(home.status(), 200, "the shop is open all the same");

    let late = sandbox::start(Settings { port: upstream, ..Settings::for_tests() }).await.unwrap();
    program.ready().await;
    program.stop().await;
    late.stop().await;
    database.end().await;
}
