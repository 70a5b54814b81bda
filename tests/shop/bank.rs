//! Bank transfers: how a customer is asked, what a person confirms, and what of it goes back.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use simfront::sandbox::CatalogChange;
use simfront::shop::Settings;
use simfront::site;

use crate::support::browser::{Answer, PASSWORD, owned};
use crate::support::{FRANCE, Stand};

const WEEK: i64 = 604_800;

/// A shop that takes transfers.
async fn stand() -> Stand {
    let mut stand = Stand::new().await;
    let payment_methods = vec!["bank_transfer".to_owned()];
    stand.shop.settings = Arc::new(Settings { payment_methods, ..(*stand.shop.settings).clone() });
    stand.router = site::site(&stand.shop, &stand.stage).unwrap();
    stand
}

/// Places an order of France: its token.
async fn place(stand: &Stand, language: &str) -> String {
    let form = stand.form(FRANCE, 1).await;
    let sent = stand.post(&format!("{language}/checkout"), &form).await;
    let pay = sent.to().to_owned();
    assert!(pay.starts_with(&format!("{language}/pay/bank_transfer/")), "{pay}");
    let led = stand.get(&pay).await;
    led.to().strip_prefix(&format!("{language}/orders/")).unwrap().to_owned()
}

/// Lets days pass at once, and runs what became due, with what that asks for.
async fn leap(stand: &Stand, seconds: i64) {
    stand.shop.clock.advance(time::Duration::seconds(seconds));
    stand.drain().await;
}

async fn page(stand: &Stand, cookie: &str, path: &str) -> String {
    let request = Request::get(path).header("cookie", cookie).body(Body::empty());
    stand.ask(request.unwrap()).await.body
}

async fn post(stand: &Stand, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut fields = owned(fields);
    fields.push(("password".to_owned(), PASSWORD.to_owned()));
    stand.post_with(path, &[("cookie", cookie)], &fields).await
}

/// The payment that an order asked for first.
async fn payment(stand: &Stand, token: &str) -> i64 {
    sqlx::query_scalar(
        "select min(p.id) from payments p join orders o on o.id = p.order_id where o.token = $1",
    )
    .bind(token)
    .fetch_one(&stand.shop.db)
    .await
    .unwrap()
}

/// Confirms a receipt, after so many were seen.
async fn confirm(
    stand: &Stand,
    cookie: &str,
    token: &str,
    (amount, currency, seen): (&str, &str, &str),
) -> Answer {
    let path = format!("/admin/transfers/{}", payment(stand, token).await);
    let fields =
        [("amount", amount), ("currency", currency), ("seen", seen), ("note", "statement 12, line 3")];
    post(stand, cookie, &path, &fields).await
}

/// Marks the only thing on the work list as paid back.
async fn pay_back(stand: &Stand, cookie: &str, amount: &str) {
    let page = page(stand, cookie, "/admin/transfers").await;
    let row =
        page.split("<tr class=\"attention\">").find(|row| row.contains("/admin/transfers/refunds/")).unwrap();
    assert!(row.contains(amount), "{amount} is missing in {row}");
    let id = row.split("/admin/transfers/refunds/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/admin/transfers/refunds/{id}");
    let none = post(stand, cookie, &path, &[("note", "  ")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "not without saying how");
    assert_eq!(
        post(stand, cookie, &path, &[("note", "sent on the 23rd")]).await.to(),
        "/admin/transfers?said=paid_back"
    );
    assert_eq!(post(stand, cookie, &path, &[("note", "again")]).await.status, StatusCode::NOT_FOUND, "once");
    let kept = "select count(*) from refunds where status = 'done' and settled_by = 'owner@example.com'
                and settled_note = 'sent on the 23rd'";
    assert_eq!(stand.count(kept).await, 1);
    let told =
        "select count(*) from audit_log where action = 'paid_back_by_hand' and actor = 'owner@example.com'
                and detail->>'reason' = 'sent on the 23rd'";
    assert_eq!(stand.count(told).await, 1);
}

#[tokio::test]
async fn how_to_transfer_stands_on_the_page_and_in_a_mail_in_the_customers_language() {
    let stand = stand().await;
    for (language, words) in
        [("", "Transfer the money to finish your order"), ("/it", "Fai il bonifico per completare")]
    {
        let token = place(&stand, language).await;
        stand.drain().await;
        let order = stand.order_json(&token).await;
        let number = order["number"].as_str().unwrap();
        let body = stand.get(&format!("{language}/orders/{token}")).await.body;
        let amount = if language.is_empty() { "$5.25" } else { "5,25\u{a0}$" };
        for text in [words, number, "Example Ltd", "IBAN XX00 0000 0000", amount] {
            assert!(body.contains(text), "{text} is missing in {body}");
        }
        assert!(!body.contains("class=\"button\" href=\"/pay"), "there is nothing to click");
        assert!(order["pay_url"].as_str().unwrap().contains("/pay/bank_transfer/"));
        let mails = stand.texts("select subject || ' ' || plain from mails order by id desc limit 1").await;
        for text in [words, number, "IBAN XX00 0000 0000"] {
            assert!(mails[0].contains(text), "{text} is missing in {}", mails[0]);
        }
        let left =
            stand.count("select extract(epoch from max(expires_at - created_at))::bigint from orders").await;
        assert_eq!(left, WEEK);
    }
    stand.end().await;
}

#[tokio::test]
async fn the_exact_sum_pays_and_delivers_and_stands_in_history_and_audit_log() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    let number = stand.order_json(&token).await["number"].as_str().unwrap().to_owned();
    let listed = page(&stand, &cookie, "/admin/transfers").await;
    assert!(listed.contains(&number) && listed.contains("5.25 USD"), "{listed}");
    let done = confirm(&stand, &cookie, &token, ("5.25", "USD", "0")).await;
    assert_eq!(done.to(), "/admin/transfers?said=whole");
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    let told =
        "select count(*) from audit_log where action = 'transfer_confirmed' and actor = 'owner@example.com'
                and detail->>'amount' = '5.25' and detail->>'reason' = 'statement 12, line 3'";
    assert_eq!(stand.count(told).await, 1);
    let order = page(&stand, &cookie, &format!("/admin/orders/{number}")).await;
    assert!(order.contains("Transfer received") && order.contains("statement 12, line 3"), "{order}");
    assert!(!page(&stand, &cookie, "/admin/transfers").await.contains("It arrived"), "nothing is waited for");
    stand.end().await;
}

#[tokio::test]
async fn less_is_noted_and_asked_for_until_the_whole_sum_is_there() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    leap(&stand, WEEK - 3600).await;
    let cookie = {
        drop(cookie);
        stand.sign_in_again().await
    };
    assert_eq!(
        confirm(&stand, &cookie, &token, ("5.00", "USD", "0")).await.to(),
        "/admin/transfers?said=part"
    );
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "pending".into()));
    assert_eq!(stand.ledger().orders.len(), 0, "a part buys nothing");
    let body = stand.get(&format!("/orders/{token}")).await.body;
    assert!(body.contains("A part has arrived") && body.contains("$0.25"), "{body}");
    let mails = stand.texts("select plain from mails where key like 'transfer-rest-1:%'").await;
    assert!(mails[0].contains("$0.25"), "{mails:?}");
    // It waits as long again for the rest.
    leap(&stand, 7200).await;
    assert_eq!(stand.state(&token).await.0, "awaiting_payment");
    let cookie = {
        drop(cookie);
        stand.sign_in_again().await
    };
    assert_eq!(
        confirm(&stand, &cookie, &token, ("0.25", "USD", "1")).await.to(),
        "/admin/transfers?said=whole"
    );
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn more_pays_the_order_and_what_is_above_goes_back_by_hand() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    assert_eq!(
        confirm(&stand, &cookie, &token, ("7.00", "USD", "0")).await.to(),
        "/admin/transfers?said=over"
    );
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    pay_back(&stand, &cookie, "1.75 USD").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "what it was paid with stays");
    stand.end().await;
}

#[tokio::test]
async fn another_currency_is_parked_and_goes_back_by_hand_in_its_own() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    assert_eq!(
        confirm(&stand, &cookie, &token, ("5.25", "EUR", "0")).await.to(),
        "/admin/transfers?said=parked"
    );
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "pending".into()));
    assert_eq!(stand.order_json(&token).await["attention"], true);
    assert_eq!(stand.ledger().orders.len(), 0);
    let listed = page(&stand, &cookie, "/admin/transfers").await;
    assert!(listed.contains("Parked: in another currency") && listed.contains("5.25 EUR"), "{listed}");
    let back = post(&stand, &cookie, "/admin/transfers/parked/1", &[("note", "we take dollars")]).await;
    assert_eq!(back.to(), "/admin/transfers?said=returned");
    let twice = post(&stand, &cookie, "/admin/transfers/parked/1", &[("note", "we take dollars")]).await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);
    stand.drain().await;
    pay_back(&stand, &cookie, "5.25 EUR").await;
    // The order waits still, and can be paid.
    assert_eq!(stand.state(&token).await.0, "awaiting_payment");
    assert_eq!(
        confirm(&stand, &cookie, &token, ("5.25", "USD", "1")).await.to(),
        "/admin/transfers?said=whole"
    );
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

/// RELIABILITY F89.
#[tokio::test]
async fn f89_of_two_people_who_confirm_the_same_money_at_once_one_is_told() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    let opened = confirm(&stand, &cookie, &token, ("", "USD", "0")).await;
    assert_eq!(
        opened.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the password is given, for the minutes of this test"
    );
    let presses = (0..12).map(|_| confirm(&stand, &cookie, &token, ("5.25", "USD", "0")));
    let answers = futures_util::future::join_all(presses).await;
    let done = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    let told = answers.iter().filter(|answer| answer.status == StatusCode::CONFLICT).count();
    assert_eq!((done, told), (1, 11));
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders.len(), 1);
    assert_eq!(stand.count("select count(*) from refunds").await, 0, "no money that never came goes back");
    // Money that came twice does go back.
    assert_eq!(
        confirm(&stand, &cookie, &token, ("5.25", "USD", "1")).await.to(),
        "/admin/transfers?said=back"
    );
    stand.drain().await;
    pay_back(&stand, &cookie, "5.25 USD").await;
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn who_has_not_paid_is_reminded_once_and_a_late_receipt_reopens_what_still_holds() {
    let stand = stand().await;
    stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    leap(&stand, WEEK - 172_800 - 60).await;
    let reminders = "select count(*) from mails where key like 'transfer-reminder:%'";
    assert_eq!(stand.count(reminders).await, 0);
    leap(&stand, 120).await;
    assert_eq!(stand.count(reminders).await, 1);
    leap(&stand, 172_800).await;
    assert_eq!(stand.count(reminders).await, 1);
    assert_eq!(stand.state(&token).await, ("cancelled".into(), "expired".into()));
    stand.refresh().await;
    let cookie = stand.sign_in_again().await;
    let number = stand.order_json(&token).await["number"].as_str().unwrap().to_owned();
    assert!(!page(&stand, &cookie, "/admin/transfers").await.contains("It arrived"));
    let found = page(&stand, &cookie, &format!("/admin/transfers?q={}", number.to_lowercase())).await;
    assert!(found.contains("It arrived"), "{found}");
    assert_eq!(
        confirm(&stand, &cookie, &token, ("5.25", "USD", "0")).await.to(),
        "/admin/transfers?said=back"
    );
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "plan and price still hold");
    stand.end().await;
}

#[tokio::test]
async fn a_late_receipt_of_what_is_not_sold_any_more_goes_back_and_so_do_parts_of_an_order_that_ended() {
    let stand = stand().await;
    stand.owner().await;
    let (gone, part) = (place(&stand, "").await, place(&stand, "").await);
    stand.drain().await;
    let cookie = stand.sign_in_again().await;
    assert_eq!(
        confirm(&stand, &cookie, &part, ("2.00", "USD", "0")).await.to(),
        "/admin/transfers?said=part"
    );
    leap(&stand, 2 * WEEK).await;
    assert_eq!(stand.state(&gone).await.0, "cancelled");
    assert_eq!(stand.state(&part).await, ("cancelled".into(), "expired".into()));
    let cookie = stand.sign_in_again().await;
    pay_back(&stand, &cookie, "2.00 USD").await;
    assert_eq!(stand.state(&part).await, ("cancelled".into(), "refunded".into()));
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: FRANCE.try_into().unwrap() }).unwrap();
    stand.refresh().await;
    confirm(&stand, &cookie, &gone, ("5.25", "USD", "0")).await;
    stand.drain().await;
    assert_eq!(stand.state(&gone).await.0, "cancelled");
    let waiting = stand
        .texts("select amount_minor || ' ' || reason from refunds where status = 'pending' and by_hand")
        .await;
    assert_eq!(waiting, ["525 late"]);
    assert_eq!(stand.ledger().orders.len(), 0);
    stand.end().await;
}

#[tokio::test]
async fn what_could_not_be_delivered_is_paid_back_by_hand_and_not_called_done_before() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    stand.drain().await;
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: FRANCE.try_into().unwrap() }).unwrap();
    confirm(&stand, &cookie, &token, ("5.25", "USD", "0")).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "paid".into()), "a refund under way is not done");
    pay_back(&stand, &cookie, "5.25 USD").await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    stand.end().await;
}

#[tokio::test]
async fn a_receipt_that_cannot_be_read_is_refused_with_what_was_typed() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let token = place(&stand, "").await;
    for amount in ["", "0", "-5.25", "5,25", "5.255", "1e999", "NaN", "5.25 USD"] {
        let refused = confirm(&stand, &cookie, &token, (amount, "USD", "0")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{amount}");
        assert!(refused.body.contains("statement 12, line 3"), "{amount}: the note is kept");
    }
    for (currency, seen) in [("XXX", "0"), ("", "0"), ("USD", ""), ("USD", "-1"), ("USD", "7")] {
        let refused = confirm(&stand, &cookie, &token, ("5.25", currency, seen)).await;
        assert!(refused.status.is_client_error(), "{currency} {seen}");
    }
    assert_eq!(stand.count("select count(*) from transfers").await, 0);
    let path = format!("/admin/transfers/{}", payment(&stand, &token).await + 77);
    let fields = [("amount", "5.25"), ("currency", "USD"), ("seen", "0"), ("note", "x")];
    assert_eq!(post(&stand, &cookie, &path, &fields).await.status, StatusCode::NOT_FOUND);
    stand.end().await;
}
