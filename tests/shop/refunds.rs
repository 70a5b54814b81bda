//! Money that a person gives back on an order's page, refunds that are tried again, and what customers are told of both.

use std::sync::Arc;

use futures_util::future::join_all;
use simfront::ground::{Currency, Price};
use simfront::orders::Actor;
use simfront::payments::{self, Wish};
use simfront::sandbox::CatalogChange;

use crate::support::browser::{Answer, PASSWORD, owned};
use crate::support::stripe::{Fault, Stripe};
use crate::support::{FRANCE, Plan, Stand};

const REFUNDS: &str = "/v1/refunds";

/// One delivered order of 5.25 USD, paid by card, and its owner's cookie.
struct Sold {
    stand: Stand,
    stripe: Stripe,
    token: String,
    /// `/admin/orders/{number}`
    page: String,
    cookie: String,
}

impl Sold {
    async fn new() -> Self {
        let (stand, stripe) = Stand::with_stripe().await;
        let token = stand.pay_by_card(&stripe, 1).await;
        Self::of(stand, stripe, token).await
    }

    async fn of(stand: Stand, stripe: Stripe, token: String) -> Self {
        let cookie = stand.owner().await;
        let order = stand.order_json(&token).await;
        let page = format!("/admin/orders/{}", order["number"].as_str().unwrap());
        let sold = Self { stand, stripe, token, page, cookie };
        // The password counts for minutes, so that forms can be sent at once.
        assert_eq!(sold.give("", "", "").await.status, 422);
        sold
    }

    async fn see(&self) -> String {
        let request = axum::http::Request::get(&self.page).header("cookie", &self.cookie);
        self.stand.ask(request.body(axum::body::Body::empty()).unwrap()).await.body
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let first =
            ("password", if fields.iter().all(|(_, value)| value.is_empty()) { PASSWORD } else { "" });
        self.stand.post_with(path, &[("cookie", &self.cookie)], &owned(&[fields, &[first]].concat())).await
    }

    async fn give(&self, amount: &str, reason: &str, form_key: &str) -> Answer {
        let fields = [("amount", amount), ("reason", reason), ("form_key", form_key)];
        self.post(&self.page, &fields).await
    }

    async fn subjects(&self) -> Vec<String> {
        let subjects = self.stand.texts("select subject from mails order by id").await;
        subjects.into_iter().map(|subject| subject.split(':').next().unwrap().to_owned()).collect()
    }

    async fn refunds(&self) -> Vec<String> {
        let rows = "select reason || ' ' || amount_minor || ' ' || status || ' ' || attempt from refunds order by id";
        self.stand.texts(rows).await
    }
}

fn states(order: &str, payment: &str) -> (String, String) {
    (order.to_owned(), payment.to_owned())
}

#[tokio::test]
async fn a_person_gives_a_part_back_once_however_often_the_form_is_sent_and_the_customer_is_told() {
    let sold = Sold::new().await;
    sold.stand.drain().await;
    let page = sold.see().await;
    assert!(
        page.contains(r#"name="amount""#) && page.contains(r#"value="5.25""#),
        "all that is left is offered"
    );
    let clicks = (0..6).map(|_| sold.give("2.00", "the hotel had no signal", "form-1"));
    for answer in join_all(clicks).await {
        assert!(answer.to().starts_with(&sold.page), "{}", answer.body);
    }
    sold.stand.drain().await;
    assert_eq!(sold.stand.state(&sold.token).await, states("completed", "partially_refunded"));
    assert_eq!((sold.stripe.posts(REFUNDS), sold.stripe.refunds().len()), (1, 1));
    assert_eq!(sold.stripe.refunds()[0]["amount"], 200);
    assert_eq!(sold.stand.units(&sold.token).await, ["completed"], "what was delivered stays delivered");
    assert_eq!(sold.stand.count("select count(*) from audit_log where action = 'refunded'").await, 1);
    assert_eq!(
        sold.subjects().await.iter().filter(|subject| *subject == "Your money was paid back").count(),
        1
    );
    let mails = "select count(*) from mails where plain like '%$2.00 went back the way you paid%'";
    assert_eq!(sold.stand.count(mails).await, 1);
    let page = sold.see().await;
    assert!(page.contains("the hotel had no signal") && page.contains(r#"value="3.25""#), "{page}");
    let other = sold.give("3.00", "again", "form-1").await;
    assert_eq!(other.status, 422, "the same form is the same refund");
    // A script sends no key.
    assert!(sold.give("3.25", "the rest", "").await.to().starts_with(&sold.page));
    sold.stand.drain().await;
    assert_eq!(sold.stand.state(&sold.token).await, states("completed", "refunded"));
    assert!(!sold.see().await.contains(r#"name="amount""#), "nothing is left to give");
    sold.stand.end().await;
}

#[tokio::test]
async fn what_cannot_go_back_is_refused_at_its_field_with_what_was_typed() {
    let sold = Sold::new().await;
    sold.stand.come_back(&sold.token, "cs_test_0").await;
    let early = sold.give("5.25", "too early", "early").await;
    assert_eq!(early.status, 422);
    assert!(early.body.contains("belongs to eSIMs that are still to come"), "{}", early.body);
    sold.stand.drain().await;
    for (amount, reason, said) in [
        ("5.26", "too much", "At most 5.25 USD can go back"),
        ("0", "nothing", "give an amount above zero"),
        ("-1", "less than nothing", "give an amount above zero"),
        ("1.005", "half a cent", "at most 2 decimals"),
        ("1,50", "a comma", "with a dot"),
        ("a lot", "words", "with a dot"),
        ("99999999999999999999", "digits", "give an amount above zero"),
        ("1.50", " ", "Say why"),
    ] {
        let answer = sold.give(amount, reason, "form-2").await;
        assert_eq!(answer.status, 422, "{amount}");
        assert!(answer.body.contains(said), "{amount}: {}", answer.body);
        assert!(answer.body.contains(&format!(r#"value="{amount}""#)), "{amount} stays");
        assert!(answer.body.contains(r#"value="form-2""#), "the form stays the same one");
        assert!(answer.body.contains("aria-invalid"), "{amount}");
    }
    assert!(sold.refunds().await.is_empty());
    assert_eq!(sold.stand.count("select count(*) from audit_log where action = 'refunded'").await, 0);
    // Nothing that was refused spoils the form.
    assert!(sold.give("1.50", "a reason", "form-2").await.to().starts_with(&sold.page));
    sold.stripe.dispute(0, 375);
    let notice = sold.stripe.disputes()[0].clone();
    sold.stand.told(&sold.stripe, "charge.dispute.created", &notice).await;
    sold.stand.drain().await;
    let disputed = sold.give("0.50", "beside the bank", "form-3").await;
    assert!(disputed.body.contains("bank asks for this money"), "{}", disputed.body);
    sold.stand.end().await;
}

#[tokio::test]
async fn f84_a_customer_is_told_that_money_went_back_once_it_did_and_before_that_no_more_than_that_it_is_on_its_way()
 {
    let sold = Sold::new().await;
    sold.stand.drain().await;
    sold.stripe.refunds_are("pending");
    sold.give("1.00", "a wish", "one").await;
    sold.stand.drain().await;
    sold.stand.pass(60).await;
    assert_eq!(sold.stand.state(&sold.token).await.1, "paid", "under way is not refunded");
    let told = |subjects: &[String], what: &str| subjects.iter().filter(|subject| *subject == what).count();
    let subjects = sold.subjects().await;
    assert_eq!(told(&subjects, "A refund is on its way"), 1);
    assert_eq!(told(&subjects, "Your money was paid back"), 0);
    sold.stripe.set_refund(0, "succeeded");
    for _ in 0..3 {
        let notice = sold.stripe.refunds()[0].clone();
        sold.stand.told(&sold.stripe, "refund.updated", &notice).await;
        sold.stand.drain().await;
    }
    let subjects = sold.subjects().await;
    assert_eq!(told(&subjects, "A refund is on its way"), 1);
    assert_eq!(told(&subjects, "Your money was paid back"), 1);
    sold.stand.end().await;
}

#[tokio::test]
async fn f84_a_failed_order_says_that_its_money_is_on_its_way_and_later_that_it_arrived_in_the_buyers_language()
 {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.refunds_are("pending");
    let mut form = stand.form(FRANCE, 1).await;
    form.retain(|(name, _)| name != "payment_method");
    form.push(("payment_method".to_owned(), "stripe".to_owned()));
    stand.post("/it/checkout", &form).await;
    let token = stand.texts("select token from orders").await.remove(0);
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: FRANCE.unsigned_abs() }).unwrap();
    stripe.pay(0);
    stand.come_back(&token, "cs_test_0").await;
    stand.drain().await;
    let subjects = "select split_part(subject, ' SF-', 1) from mails order by id";
    let first = stand.texts(subjects).await;
    assert_eq!(first, ["Il pagamento è arrivato: ordine", "Non siamo riusciti a consegnare l’ordine"]);
    stripe.set_refund(0, "succeeded");
    let notice = stripe.refunds()[0].clone();
    stand.told(&stripe, "refund.updated", &notice).await;
    stand.drain().await;
    assert_eq!(stand.texts(subjects).await[2..], ["Il tuo denaro è stato restituito: ordine"]);
    stand.end().await;
}

#[tokio::test]
async fn f84_a_refund_that_failed_is_tried_again_by_a_person_under_another_key_once() {
    let sold = Sold::new().await;
    sold.stand.drain().await;
    sold.stripe.fault("refunds", Fault::Status(400));
    sold.give("5.25", "a wish", "one").await;
    sold.stand.drain().await;
    assert_eq!(sold.refunds().await, ["by_person 525 failed 1"]);
    let page = sold.see().await;
    assert!(page.contains("Try again") && page.contains("Pay it back by hand"), "{page}");
    let path = format!("{}/refunds/1", sold.page);
    let presses = (0..4).map(|_| sold.post(&path, &[("attempt", "1"), ("how", "same_way")]));
    let answers = join_all(presses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1, "one of them tries");
    assert!(answers.iter().all(|answer| answer.status == 303 || answer.body.contains("under way or done")));
    sold.stand.drain().await;
    assert_eq!(sold.refunds().await, ["by_person 525 done 2"]);
    assert_eq!(sold.stand.state(&sold.token).await, states("completed", "refunded"));
    let asked = sold.stripe.books().asked.clone();
    let keys: Vec<_> =
        asked.into_iter().filter(|asked| asked.path == REFUNDS).map(|asked| asked.key).collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
    assert_eq!(
        sold.stand.count("select count(*) from audit_log where action = 'refund_tried_again'").await,
        1
    );
    let late = sold.post(&path, &[("attempt", "2")]).await;
    assert_eq!(late.status, 409, "what arrived is not paid out again");
    assert_eq!(sold.stripe.refunds().len(), 1);
    sold.stand.end().await;
}

#[tokio::test]
async fn a_refund_that_cannot_go_the_way_it_was_paid_joins_the_work_list() {
    let sold = Sold::new().await;
    sold.stand.drain().await;
    sold.stripe.fault("refunds", Fault::Status(400));
    sold.give("5.25", "a wish", "one").await;
    sold.stand.drain().await;
    let path = format!("{}/refunds/1", sold.page);
    sold.post(&path, &[("attempt", "1"), ("how", "by_hand")]).await.to();
    sold.stand.drain().await;
    assert_eq!(
        sold.stand.state(&sold.token).await,
        states("completed", "paid"),
        "not before somebody sent it"
    );
    sold.post("/admin/transfers/refunds/1", &[("note", "by transfer of today")]).await.to();
    assert_eq!(sold.stand.state(&sold.token).await, states("completed", "refunded"));
    assert_eq!(sold.stripe.posts(REFUNDS), 1);
    assert!(sold.subjects().await.contains(&"Your money was paid back".to_owned()));
    sold.stand.end().await;
}

#[tokio::test]
async fn f75_a_slow_method_that_fails_is_told_by_mail_with_the_way_to_pay_again() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay_slowly(0);
    stand.come_back(&token, "cs_test_0").await;
    stand.shop.clock.advance(time::Duration::days(3));
    stand.drain().await;
    stripe.fail(0);
    for _ in 0..2 {
        let session = stripe.sessions()[0].clone();
        stand.told(&stripe, "checkout.session.async_payment_failed", &session).await;
        stand.drain().await;
    }
    let mails =
        stand.texts("select plain from mails where subject like 'Your payment did not arrive%'").await;
    assert_eq!(mails.len(), 1, "told once");
    assert!(mails[0].contains(&format!("{}/orders/{token}", stand.origin)), "{}", mails[0]);
    let page = stand.get(&format!("/orders/{token}")).await.body;
    assert!(page.contains("/pay/stripe/"), "the page that the mail leads to has the way to pay again");
    stand.end().await;
}

/// So many tries to give money back, by 25 hands at once; `REFUND_ATTEMPTS` chooses.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f82_of_many_concurrent_refunds_no_more_goes_back_than_was_paid() {
    let attempts: usize = std::env::var("REFUND_ATTEMPTS").map_or(500, |text| text.parse().unwrap());
    // Nothing here depends on a fast machine.
    let wait = std::time::Duration::from_secs(600);
    let mut stand = Stand::with(Plan { connection_wait: wait, ..Plan::default() }).await;
    let stripe = Stripe::start(stand.shop.clock.clone()).await;
    stand.use_stripe(&stripe);
    stand.pay_by_card(&stripe, 4).await;
    stand.drain().await;
    let stand = Arc::new(stand);
    let order: i64 = stand.count("select id from orders").await;
    let hands = (0..25).map(|hand| {
        let stand = Arc::clone(&stand);
        tokio::spawn(async move {
            let by = Actor::Admin(format!("admin-{hand}@example.com"));
            let (mut given, mut sum) = (0, 0);
            for number in (hand..attempts).step_by(25) {
                // Of 1 cent to 60 percent of 21.00, each form pressed twice, the second time by another hand.
                let minor = i64::try_from(1 + number / 2 * 7919 % 1260).unwrap();
                let wish = Wish { by: &by, reason: "a wish", now: stand.shop.now() };
                let mut tx = stand.shop.db.begin().await.unwrap();
                let amount = Price::new(minor, Currency::USD);
                let key = format!("form-{}", number / 2);
                match payments::by_person(&mut tx, order, amount, &key, &wish).await {
                    Ok(()) => {
                        tx.commit().await.unwrap();
                        (given, sum) = (given + 1, sum + minor);
                    }
                    // Its lock goes with it.
                    Err(_) => tx.rollback().await.unwrap(),
                }
                if number % 100 == 0 {
                    stand.drain().await;
                }
            }
            (given, sum)
        })
    });
    let done: Vec<(i64, i64)> = join_all(hands).await.into_iter().map(Result::unwrap).collect();
    let (given, sum) = done.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let stand = Arc::into_inner(stand).unwrap();
    stand.drain().await;
    let at_stripe: i64 = stripe.refunds().iter().map(|refund| refund["amount"].as_i64().unwrap()).sum();
    println!(
        "{attempts} attempts: {given} refunds of {sum} cents in all, {at_stripe} at Stripe, of 2100 paid"
    );
    assert!(given > 0 && sum <= 2100, "{sum}");
    assert_eq!(at_stripe, sum);
    assert_eq!(stripe.refunds().len(), usize::try_from(given).unwrap());
    assert_eq!(stand.count("select refunded_minor from payments").await, sum);
    assert_eq!(stand.count("select count(*) from refunds where status <> 'done'").await, 0);
    stand.end().await;
}
