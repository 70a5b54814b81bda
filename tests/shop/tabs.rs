//! Browsers that go back, reload, and look at one purchase in two tabs.

use simfront::sandbox::{CatalogChange, Operation};

use crate::support::browser::{Fields, owned};
use crate::support::{FRANCE, Stand};

fn with(form: &Fields, field: &str, value: &str) -> Fields {
    let mut form = form.clone();
    form.retain(|(name, _)| name != field);
    form.push((field.to_owned(), value.to_owned()));
    form
}

async fn orders(stand: &Stand) -> i64 {
    stand.count("select count(*) from orders").await
}

#[tokio::test]
async fn f110_back_after_payment_and_pay_again_ends_at_the_order_that_is_there() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    // Back before paying, and the form sent again: the same payment.
    assert_eq!(stand.post("/checkout", &form).await.to(), pay);
    let token = stand.answer(&pay, "pay").await;
    let order = format!("/orders/{token}");
    for delivered in [false, true] {
        if delivered {
            stand.drain().await;
        }
        assert_eq!(stand.post("/checkout", &form).await.to(), order, "the form again, by back or by reload");
        assert_eq!(stand.get(&pay).await.to(), order, "the page to pay");
        assert_eq!(stand.answer(&pay, "pay").await, token, "its button again, by back or by reload");
    }
    assert_eq!(orders(&stand).await, 1);
    assert_eq!(stand.texts("select status from payments").await, ["paid"]);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.end().await;
}

#[tokio::test]
async fn f111_of_two_tabs_the_second_one_finds_what_the_first_one_did() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    // The quantity is changed in the other tab, which still has the first form's key.
    let changed = stand.post("/checkout", &with(&form, "quantity", "3")).await;
    assert_eq!(changed.status.as_u16(), 409);
    assert!(changed.body.contains("ada@example.com"), "what was typed is still there");
    assert_eq!(orders(&stand).await, 1);
    let fresh = changed.body.split(r#"name="form_key" value=""#).nth(1).unwrap();
    let key = fresh.split('"').next().unwrap();
    assert!(form.iter().all(|(_, value)| value != key), "and the form has a key of its own now");
    let second = with(&with(&form, "quantity", "3"), "form_key", key);
    let other = stand.post("/checkout", &second).await.to().to_owned();
    assert_ne!(other, pay, "another purchase, asked for once more");
    assert_eq!(stand.texts("select total_minor::text from orders order by id").await, ["525", "1575"]);
    // One is paid, the other one left: it ends by itself, with its payment, and owes nobody anything.
    let token = stand.answer(&other, "pay").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.pass(3600).await;
    let left =
        "select status || ' ' || (select string_agg(status, ',') from payments p where p.order_id = o.id)
                from orders o order by id";
    assert_eq!(stand.texts(left).await, ["cancelled expired", "completed paid"]);
    stand.end().await;
}

#[tokio::test]
async fn f111_an_order_that_ended_in_one_tab_and_is_paid_in_the_other_is_delivered_or_paid_back() {
    let gone = CatalogChange::Withdraw { id: FRANCE.unsigned_abs() };
    for (change, end) in [(None, ("completed", "paid")), (Some(gone), ("cancelled", "refunded"))] {
        let stand = Stand::new().await;
        let pay = stand.order(FRANCE, 1).await;
        let other_tab = stand.get(&pay).await;
        assert_eq!(other_tab.status.as_u16(), 200);
        stand.pass(3600).await;
        let token = stand.texts("select token from orders").await.remove(0);
        assert_eq!(stand.state(&token).await, ("cancelled".into(), "expired".into()));
        if let Some(change) = change {
            stand.sandbox.change_catalog(change).unwrap();
            stand.refresh().await;
        }
        assert_eq!(stand.answer(&pay, "pay").await, token);
        stand.drain().await;
        assert_eq!(stand.state(&token).await, (end.0.to_owned(), end.1.to_owned()));
        let orphans = "select count(*) from payments p
             where p.status = 'paid' and not p.counted and p.refunded_minor < p.amount_minor";
        assert_eq!(stand.count(orphans).await, 0, "no payment is without its order or its way back");
        stand.end().await;
    }
}

#[tokio::test]
async fn f111_a_price_that_moved_meanwhile_is_honoured_in_each_tab_or_confirmed_in_the_one_that_pays() {
    let stand = Stand::new().await;
    let mut tabs = Vec::new();
    for _ in 0..3 {
        tabs.push(stand.form(FRANCE, 1).await);
    }
    let cost = async |cost: &str| {
        let (id, reseller_price) = (FRANCE.unsigned_abs(), cost.parse().unwrap());
        let change = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
        stand.sandbox.change_catalog(change).unwrap();
        stand.refresh().await;
    };
    let pay = stand.post("/checkout", &tabs[0]).await.to().to_owned();
    // Dearer, and still under what the tabs show: what they show is what they pay.
    cost("5.20").await;
    let second = stand.post("/checkout", &tabs[1]).await.to().to_owned();
    for pay in [&pay, &second] {
        stand.answer(pay, "pay").await;
    }
    stand.drain().await;
    // Beyond its time the price is confirmed anew.
    stand.shop.clock.advance(time::Duration::seconds(1800));
    let asked = stand.post("/checkout", &tabs[2]).await;
    assert_eq!(asked.status.as_u16(), 409);
    assert!(asked.body.contains("6.50") && asked.body.contains("ada@example.com"), "{}", asked.body);
    assert_eq!(orders(&stand).await, 2, "nobody agreed to the new price yet");
    stand.post("/checkout", &with(&tabs[2], "shown_price", "650")).await.to();
    // A leap above what was shown is confirmed at once.
    let fourth = stand.form(FRANCE, 1).await;
    cost("6.60").await;
    let asked = stand.post("/checkout", &fourth).await;
    assert_eq!(asked.status.as_u16(), 409);
    assert!(asked.body.contains("8.25"), "{}", asked.body);
    let totals = "select total_minor || ' ' || status from orders order by id";
    assert_eq!(stand.texts(totals).await, ["525 completed", "525 completed", "650 awaiting_payment"]);
    stand.end().await;
}

#[tokio::test]
async fn f112_a_form_without_its_key_or_with_an_impossible_quantity_comes_back_as_it_was_typed() {
    let stand = Stand::new().await;
    let imei = "490154203237518";
    let form = with(&stand.form(FRANCE, 2).await, "device_imei", imei);
    let wrong = [
        ("quantity", "0"),
        ("quantity", "-1"),
        ("quantity", "1000000000"),
        ("quantity", "1.5"),
        ("quantity", ""),
        ("form_key", ""),
        ("form_key", "an old one"),
    ];
    for (field, value) in wrong {
        let answer = stand.post("/checkout", &with(&form, field, value)).await;
        assert_eq!(answer.status.as_u16(), 422, "{field}={value}");
        for kept in [r#"value="ada@example.com""#, &format!(r#"value="{imei}""#), " checked"] {
            assert!(answer.body.contains(kept), "{field}={value}: {kept} is gone\n{}", answer.body);
        }
        assert!(answer.body.contains(r#"role="alert""#), "{field}={value}: nothing says what is wrong");
        // The form that came back can be sent, and makes an order.
        let key = answer.body.split(r#"name="form_key" value=""#).nth(1).unwrap().split('"').next().unwrap();
        let quantity = answer.body.split(r#"name="quantity" value=""#).nth(1);
        assert!(quantity.is_some_and(|rest| !rest.starts_with("0\"")), "{field}={value}");
        assert!(key.len() >= 16, "{field}={value}: {key}");
    }
    for quantity in ["0", "-1", "1000000000", "1.5"] {
        let page = stand.get(&format!("/checkout?package_id={FRANCE}&quantity={quantity}")).await;
        assert_eq!(page.status.as_u16(), 422, "{quantity}");
    }
    assert_eq!(orders(&stand).await, 0);
    let answer = stand.post("/checkout", &with(&form, "form_key", "")).await;
    let key = answer.body.split(r#"name="form_key" value=""#).nth(1).unwrap().split('"').next().unwrap();
    stand.post("/checkout", &with(&form, "form_key", key)).await.to();
    assert_eq!(orders(&stand).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f112_another_quantity_keeps_what_was_typed_and_shows_its_total_before_it_is_paid() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    let button = with(&with(&form, "new_quantity", "3"), "step", "quantity");
    // The button beside the quantity, and the one that pays while another quantity is chosen.
    for (form, status) in [(&button, 200), (&with(&form, "new_quantity", "3"), 409)] {
        let answer = stand.post("/checkout", form).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        for kept in [r#"value="ada@example.com""#, " checked", "15.75", r#"name="quantity" value="3""#] {
            assert!(answer.body.contains(kept), "{kept} is not there\n{}", answer.body);
        }
    }
    let none = with(&button, "new_quantity", "0");
    assert_eq!(stand.post("/checkout", &none).await.status.as_u16(), 422);
    assert_eq!(orders(&stand).await, 0);
    let shown = with(&with(&form, "quantity", "3"), "new_quantity", "3");
    stand.post("/checkout", &shown).await.to();
    assert_eq!(stand.texts("select total_minor::text from orders").await, ["1575"]);
    stand.end().await;
}

#[tokio::test]
async fn f112_a_staff_session_that_is_over_asks_to_sign_in_and_changes_nothing() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let rule = owned(&[("percent", "0"), ("fixed", "0"), ("rounding", "none")]);
    stand.sql("delete from admin_sessions").await;
    let answer = stand.post_with("/admin/markup", &[("cookie", &cookie)], &rule).await;
    assert_eq!(answer.status.as_u16(), 401);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    // Customers have no session that could end: a payment's page works for as long as the order does.
    let pay = stand.order(FRANCE, 1).await;
    stand.shop.clock.advance(time::Duration::seconds(3590));
    let token = stand.answer(&pay, "pay").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}
