//! What the wallet can pay: checkout pauses before it takes money that it cannot turn into eSIMs, and staff are told in
//! time.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use rust_decimal::Decimal;
use simfront::crew;
use simfront::sandbox::{Fault, Injection, Operation};

use crate::support::browser::{Answer, Fields, owned};
use crate::support::{FRANCE, Stand};

const SENTENCE: &str = "Right now we could not be sure to deliver this order";
const FRASE: &str = "In questo momento non saremmo sicuri di poter consegnare";

/// A shop that has begun its rounds with so many cents in the wallet.
async fn stand_with(cents: i64) -> Stand {
    let stand = Stand::new().await;
    stand.sandbox.set_balance(Decimal::new(cents, 2)).unwrap();
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.drain().await;
    stand
}

async fn send(stand: &Stand, form: &Fields) -> Answer {
    stand.post("/checkout", form).await
}

/// Whether one more of the plan for France can be ordered; nobody pays for it.
async fn sells(stand: &Stand, quantity: u32) -> bool {
    let form = stand.form(FRANCE, quantity).await;
    match send(stand, &form).await.status {
        StatusCode::SEE_OTHER => true,
        StatusCode::SERVICE_UNAVAILABLE => false,
        other => panic!("{other}"),
    }
}

async fn page(stand: &Stand, path: &str, cookie: &str) -> String {
    let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty());
    stand.ask(request.unwrap()).await.body
}

#[tokio::test]
async fn f14_checkout_pauses_while_the_wallet_cannot_pay_for_the_basket_and_resumes_by_itself() {
    let stand = stand_with(839).await;
    let form = stand.form(FRANCE, 2).await;
    for (path, sentence) in [("/checkout", SENTENCE), ("/it/checkout", FRASE)] {
        let shown = stand.get(&format!("{path}?package_id={FRANCE}&quantity=2")).await;
        assert!(shown.status == StatusCode::OK && shown.body.contains(sentence), "{}", shown.body);
        let sent = stand.post(path, &form).await;
        assert_eq!(sent.status, StatusCode::SERVICE_UNAVAILABLE, "{}", sent.body);
        assert_eq!(sent.header("retry-after"), "60", "by then the wallet was read again");
        assert!(sent.body.contains(sentence), "{}", sent.body);
        let key = &form.iter().find(|(name, _)| name == "form_key").unwrap().1;
        for typed in ["ada@example.com", key.as_str()] {
            assert!(sent.body.contains(typed), "{typed} is kept");
        }
    }
    for table in
        ["select count(*) from orders", "select count(*) from payments", "select count(*) from units"]
    {
        assert_eq!(stand.count(table).await, 0, "{table}");
    }
    assert!(sells(&stand, 1).await, "a smaller basket is paid for");
    stand.sandbox.set_balance(Decimal::new(840, 2)).unwrap();
    assert_eq!(send(&stand, &form).await.status, StatusCode::SERVICE_UNAVAILABLE, "nobody knows of it yet");
    stand.pass(60).await;
    assert!(!stand.get(&format!("/checkout?package_id={FRANCE}&quantity=2")).await.body.contains(SENTENCE));
    assert_eq!(send(&stand, &form).await.status, StatusCode::SEE_OTHER, "to the cent");
    stand.end().await;
}

#[tokio::test]
async fn staff_read_the_wallet_and_sales_resume_at_once() {
    let stand = stand_with(100).await;
    let cookie = stand.owner().await;
    assert!(page(&stand, "/admin/wallet", &cookie).await.contains("1.00 USD"));
    assert!(!sells(&stand, 1).await);
    stand.sandbox.set_balance(Decimal::ONE_HUNDRED).unwrap();
    let read = stand.post_with("/admin/wallet", &[("cookie", &cookie)], &[]).await;
    assert_eq!(read.to(), "/admin/wallet?said=read");
    assert!(sells(&stand, 1).await);
    assert!(page(&stand, "/admin/wallet", &cookie).await.contains("100.00 USD"));
    assert_eq!(stand.count("select count(*) from audit_log where action = 'wallet_read'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn paid_units_that_are_not_bought_yet_are_reserved_and_unpaid_orders_are_not() {
    let stand = stand_with(1000).await;
    let mut unpaid = Vec::new();
    for _ in 0..4 {
        unpaid.push(stand.order(FRANCE, 1).await);
    }
    assert!(sells(&stand, 2).await, "forms that nobody pays for reserve nothing");
    stand.answer(&unpaid[0], "pay").await;
    assert!(sells(&stand, 1).await && !sells(&stand, 2).await, "5.80 is left");
    stand.answer(&unpaid[1], "pay").await;
    assert!(!sells(&stand, 1).await, "1.60 is left");
    // What was bought since the reading counts until the next one knows of it.
    stand.shop.clock.advance(time::Duration::seconds(1));
    stand.drain().await;
    assert_eq!(stand.ledger().orders.len(), 2);
    assert!(!sells(&stand, 1).await);
    stand.pass(90).await;
    assert!(!sells(&stand, 1).await, "and the wallet itself says so now");
    stand.end().await;
}

#[tokio::test]
async fn a_reading_that_is_missing_or_old_pauses_nobody() {
    let stand = Stand::new().await;
    stand.sandbox.set_balance(Decimal::ZERO).unwrap();
    assert!(sells(&stand, 1).await, "it was never read");
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.drain().await;
    assert!(!sells(&stand, 1).await);
    stand.sandbox.inject(Injection::times(Fault::BadGateway, 100_000).on(Operation::Wallet));
    stand.pass(600).await;
    assert!(!sells(&stand, 1).await, "ten minutes old");
    stand.pass(30).await;
    assert!(sells(&stand, 1).await, "nobody knows any more");
    stand.end().await;
}

#[tokio::test]
async fn an_order_that_was_placed_before_the_pause_can_be_paid_and_its_form_finds_it() {
    let stand = stand_with(500).await;
    let form = stand.form(FRANCE, 1).await;
    let pay = send(&stand, &form).await.to().to_owned();
    stand.sandbox.set_balance(Decimal::ONE).unwrap();
    stand.pass(60).await;
    assert_eq!(send(&stand, &form).await.to(), pay, "the same form finds its order");
    let token = stand.answer(&pay, "pay").await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"], "it waits for a top-up, or its money goes back");
    stand.sandbox.set_balance(Decimal::ONE_HUNDRED).unwrap();
    stand.pass(90).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn a_low_wallet_is_told_on_the_pages_and_once_a_day_to_every_owner() {
    let stand = stand_with(10_000).await;
    let cookie = stand.owner().await;
    let mails = "select count(*) from mails where key like 'wallet-low:%'";
    stand.buy(FRANCE, 2).await;
    stand.drain().await;
    stand.pass(120).await;
    assert_eq!(stand.count(mails).await, 0, "91.60 at 8.40 a day is more than ten days");
    assert!(!page(&stand, "/admin", &cookie).await.contains("The wallet is"));
    stand.sandbox.set_balance(Decimal::new(2000, 2)).unwrap();
    stand.pass(180).await;
    assert_eq!(stand.count(mails).await, 1, "20 at 8.40 a day is less than three days");
    let mail = stand.mails().into_iter().find(|mail| mail.contains("Subject: Your eSIMDual wallet is low"));
    let mail = mail.expect("it left").replace("=\r\n", "");
    assert!(
        mail.contains("owner@example.com") && mail.contains("20.00 USD") && mail.contains("2.3 days"),
        "{mail}"
    );
    let overview = page(&stand, "/admin", &cookie).await;
    assert!(overview.contains("The wallet is low") && overview.contains("2.3 days of sales"), "{overview}");
    assert!(page(&stand, "/admin/wallet", &cookie).await.contains("less than 3 days of sales"));
    stand.shop.clock.advance(time::Duration::DAY);
    stand.drain().await;
    stand.pass(60).await;
    assert_eq!(stand.count(mails).await, 2, "it still is");
    stand.sandbox.set_balance(Decimal::ONE_THOUSAND).unwrap();
    stand.pass(120).await;
    assert!(!page(&stand, "/admin", &cookie).await.contains("The wallet is"));
    assert_eq!(stand.count("select count(*) from ledger_matching where not wallet_low").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn the_wallets_movements_are_kept_once_and_shown_in_pages() {
    let stand = stand_with(100).await;
    let cookie = stand.owner().await;
    for cents in 0..60_i64 {
        stand.sandbox.set_balance(Decimal::new(200 + cents, 2)).unwrap();
    }
    stand.pass(300).await;
    assert_eq!(
        stand.count("select count(*) from wallet_movements").await,
        61,
        "however often they are listed"
    );
    let first = page(&stand, "/admin/wallet", &cookie).await;
    let next = first.split(r#"href=""#).find(|part| part.contains(r#"rel="next""#)).unwrap();
    let next = next.split(['"', '#']).next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = page(&stand, &next, &cookie).await;
    let rows = |body: &str| body.matches("Balance adjustment").count();
    assert_eq!((rows(&first), rows(&second)), (50, 11));
    let reason = owned(&[("reason", "nothing")]);
    let nobody = stand.post_with("/admin/wallet/findings/7", &[("cookie", &cookie)], &reason).await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
    stand.end().await;
}
