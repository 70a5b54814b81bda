//! Checkout on a database of its own: what each post answers, and that only a redirect has stored anything.
#![allow(clippy::disallowed_methods, reason = "the database for tests is named by the environment")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod stand;
#[path = "../support/mod.rs"]
mod support;

use axum::http::StatusCode;
use simfront::ground::Language;
use stand::{Answer, Stand, fields, hidden, package_costs};

const FORM: &str = "/checkout?package_id=1120&quantity=2";

async fn stored(stand: &Stand) -> [i64; 5] {
    let mut counts = [0; 5];
    let tables = [
        "select count(*) from orders",
        "select count(*) from order_lines",
        "select count(*) from units",
        "select count(*) from payments",
        "select count(*) from jobs",
    ];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = stand.count(table).await;
    }
    counts
}

/// Refused with this status, as a page that nobody may keep, and without a trace.
async fn refused(stand: &Stand, answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(stored(stand).await, [0; 5]);
}

#[tokio::test]
async fn a_form_makes_an_order_its_units_and_its_payment() {
    let stand = Stand::new().await;
    let page = stand.get(FORM).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("Pay $10.50"), "{}", page.body);
    let answer = stand.post(&fields(&page, &[("device_imei", "49 015420 323751 8")])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let token: String = stand.text("select token from payments").await;
    assert_eq!(answer.header("location"), format!("/pay/test/{token}"));
    assert_eq!(stored(&stand).await, [1, 1, 2, 1, 1]);
    let right = "select count(*) from orders o join order_lines l on l.order_id = o.id join payments p on p.order_id = o.id
                 where o.email = 'ada@example.com' and o.device_imei = '490154203237518' and o.language = 'en'
                   and o.status = 'awaiting_payment' and o.payment_status = 'pending' and p.status = 'pending'
                   and o.total_minor = 1050 and p.amount_minor = 1050 and l.unit_price_minor = 525 and l.quantity = 2
                   and l.cost = 4.2 and l.markup_rule_id = 1 and l.name = 'France 5 GB - 30 Days'
                   and l.facts @> '{\"data_bytes\": 5368709120, \"unlimited\": false, \"validity_days\": 30, \"coverage\": \"local\", \"countries\": [\"fr\"]}'
                   and o.expires_at = o.created_at + interval '1 hour' and p.expires_at = o.expires_at";
    assert_eq!(stand.count(right).await, 1);
    let looked_after = "select count(*) from jobs j join orders o on j.key = 'advance:' || o.id
                        where j.kind = 'advance_order' and j.run_at = o.expires_at";
    assert_eq!(stand.count(looked_after).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn an_italian_order_stays_italian() {
    let stand = Stand::new().await;
    let answer = stand.post_in(Language::It, &fields(&stand.get(FORM).await, &[])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let token: String = stand.text("select token from payments").await;
    assert_eq!(answer.header("location"), format!("/it/pay/test/{token}"));
    assert_eq!(stand.text("select language from orders").await, "it");
    let wrong = stand.post_in(Language::It, &[("package_id".to_owned(), "1120".to_owned())]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.body.contains("cose da sistemare") && wrong.body.contains("/it/checkout"),
        "{}",
        wrong.body
    );
    stand.end().await;
}

#[tokio::test]
async fn twenty_posts_of_one_form_make_one_order() {
    let stand = Stand::new().await;
    let form = fields(&stand.get(FORM).await, &[]);
    let posts = (0..20).map(|_| stand.post(&form));
    let answers = futures_util::future::join_all(posts).await;
    let first = answers[0].header("location").to_owned();
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert_eq!(answer.header("location"), first);
    }
    assert_eq!(stored(&stand).await, [1, 1, 2, 1, 1]);
    // Later too: the price moved and the plan is gone, but this order exists.
    stand.sql("update packages set cost = 9.9, withdrawn_at = now()").await;
    assert_eq!(stand.post(&form).await.header("location"), first);
    stand.end().await;
}

/// They share commits; each is answered by itself.
#[tokio::test]
async fn forms_that_are_sent_together_each_get_what_is_theirs() {
    let stand = Stand::new().await;
    let mut forms = Vec::new();
    for n in 0..30 {
        let email = format!("traveller-{n}@example.com");
        let price = if n % 10 == 3 { "1" } else { "" };
        let mut form = fields(&stand.get(FORM).await, &[("email", &email), ("quantity", "3")]);
        if !price.is_empty() {
            form = fields(&stand.get(FORM).await, &[("email", &email), ("shown_price", price)]);
        }
        forms.push(form);
    }
    // One of them is sent twice at once.
    forms.push(forms[7].clone());
    let answers = futures_util::future::join_all(forms.iter().map(|form| stand.post(form))).await;
    for (n, answer) in answers.iter().enumerate() {
        let wanted = if n % 10 == 3 { StatusCode::CONFLICT } else { StatusCode::SEE_OTHER };
        assert_eq!(answer.status, wanted, "form {n}: {}", answer.body);
    }
    assert_eq!(answers[30].header("location"), answers[7].header("location"));
    assert_eq!(stored(&stand).await, [27, 27, 81, 27, 27]);
    let whose = "select count(distinct (o.email, o.token, p.token)) from orders o join payments p on p.order_id = o.id
                 join order_lines l on l.order_id = o.id and l.quantity = 3
                 where p.amount_minor = o.total_minor and o.total_minor = 3 * l.unit_price_minor
                   and 3 = (select count(*) from units u where u.line_id = l.id
                                and u.external_order_id = o.number || '-1-' || u.unit)";
    assert_eq!(stand.count(whose).await, 27);
    stand.end().await;
}

#[tokio::test]
async fn a_form_that_was_used_leads_to_its_order_once_that_is_paid() {
    let stand = Stand::new().await;
    let form = fields(&stand.get(FORM).await, &[]);
    assert_eq!(stand.post(&form).await.status, StatusCode::SEE_OTHER);
    stand.sql("update orders set status = 'processing', payment_status = 'paid', paid_at = now()").await;
    let token: String = stand.text("select token from orders").await;
    assert_eq!(stand.post(&form).await.header("location"), format!("/orders/{token}"));
    stand.end().await;
}

#[tokio::test]
async fn another_basket_under_a_used_key_is_refused_with_a_fresh_key() {
    let stand = Stand::new().await;
    let page = stand.get(FORM).await;
    assert_eq!(stand.post(&fields(&page, &[])).await.status, StatusCode::SEE_OTHER);
    let answer = stand.post(&fields(&page, &[("quantity", "3")])).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert_ne!(hidden(&answer, "form_key"), hidden(&page, "form_key"));
    assert_eq!(stand.count("select count(*) from orders").await, 1);
    assert_eq!(stand.post(&fields(&answer, &[])).await.status, StatusCode::SEE_OTHER, "it was confirmed");
    assert_eq!(stand.count("select count(*) from units").await, 5);
    stand.end().await;
}

const DEARER: &str =
    "insert into markup_rules (percent, fixed, currency, rounding, published_by, published_at)
                      values (50, 0, 'USD', 'none', 'x', now())";

#[tokio::test]
async fn a_price_that_moved_is_honoured_for_a_while_and_then_must_be_confirmed() {
    let stand = Stand::new().await;
    let (page, other) = (stand.get(FORM).await, stand.get(FORM).await);
    stand.sql(DEARER).await;
    stand.shop.clock.advance(time::Duration::seconds(1800));
    let answer = stand.post(&fields(&page, &[])).await;
    refused(&stand, &answer, StatusCode::CONFLICT).await;
    assert!(answer.body.contains("each eSIM costs $6.30 now"), "{}", answer.body);
    assert!(answer.body.contains("Pay $12.60"), "{}", answer.body);
    assert!(answer.body.contains("ada@example.com"), "what was typed is kept");
    let confirmed = stand.post(&fields(&answer, &[])).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{}", confirmed.body);
    stand.shop.clock.advance(time::Duration::seconds(-1));
    let honoured = stand.post(&fields(&other, &[])).await;
    assert_eq!(honoured.status, StatusCode::SEE_OTHER, "{}", honoured.body);
    let sold = "select string_agg(o.total_minor || ' by ' || l.markup_rule_id, ', ' order by o.id)
                from orders o join order_lines l on l.order_id = o.id";
    assert_eq!(stand.text(sold).await, "1260 by 2, 1050 by 1");
    stand.end().await;
}

#[tokio::test]
async fn a_price_that_moved_is_confirmed_by_who_sends_no_quote() {
    let stand = Stand::new().await;
    let page = stand.get(FORM).await;
    stand.sql(DEARER).await;
    let answer = stand.post(&fields(&page, &[("quote", "")])).await;
    refused(&stand, &answer, StatusCode::CONFLICT).await;
    let confirmed = stand.post(&fields(&page, &[("quote", ""), ("shown_price", "630")])).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{}", confirmed.body);
    assert_eq!(stand.count("select total_minor from orders").await, 1260);
    stand.end().await;
}

#[tokio::test]
async fn a_plan_that_is_gone_cannot_be_ordered() {
    let stand = Stand::new().await;
    let page = stand.get(FORM).await;
    stand.sql("update packages set withdrawn_at = now() where id = 1120").await;
    let answer = stand.post(&fields(&page, &[])).await;
    refused(&stand, &answer, StatusCode::CONFLICT).await;
    assert!(answer.body.contains("no longer sold") && !answer.body.contains("shown_price"));
    stand.end().await;
}

#[tokio::test]
async fn wrong_fields_come_back_with_what_was_typed() {
    let stand = Stand::new().await;
    let page = stand.get(FORM).await;
    let wrong = [("email", "ada@<b>"), ("device_imei", "123"), ("accept_terms", ""), ("coupon", "FREE")];
    let answer = stand.post(&fields(&page, &wrong)).await;
    refused(&stand, &answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    for kept in [
        "ada@&#60;b&#62;",
        "value=\"123\"",
        "value=\"FREE\"",
        "href=\"#email\"",
        "id=\"email-error\"",
        "href=\"#accept_terms\"",
    ] {
        assert!(answer.body.contains(kept), "{kept}: {}", answer.body);
    }
    assert_eq!(hidden(&answer, "form_key"), hidden(&page, "form_key"), "it is the same form still");
    for quantity in ["0", "-1", "1000000000", "1.5", ""] {
        let answer = stand.post(&fields(&page, &[("quantity", quantity)])).await;
        refused(&stand, &answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(answer.body.contains("id=\"quantity-error\""), "{quantity}");
    }
    for (field, value) in [("form_key", "x"), ("payment_method", "stripe"), ("package_id", "1e3")] {
        let answer = stand.post(&fields(&page, &[(field, value)])).await;
        refused(&stand, &answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    stand.end().await;
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let stand = Stand::new().await;
    let mut twice = fields(&stand.get(FORM).await, &[]);
    twice.push(("quantity".to_owned(), "5".to_owned()));
    assert_eq!(stand.post(&twice).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stored(&stand).await, [0; 5]);
    let asked = stand.get("/checkout?package_id=1120&quantity=1&quantity=2").await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST);
    stand.end().await;
}

#[tokio::test]
async fn the_browser_decides_nothing_but_what_and_how_many() {
    let stand = Stand::new().await;
    let extra = [("price", "1"), ("total", "1"), ("currency", "VND"), ("status", "completed"), ("cost", "0")];
    let mut form = fields(&stand.get(FORM).await, &extra);
    form.push(("price".to_owned(), "2".to_owned()));
    let answer = stand.post(&form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let sold = "select count(*) from orders where total_minor = 1050 and currency = 'USD' and status = 'awaiting_payment'";
    assert_eq!(stand.count(sold).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_price_that_nobody_showed_is_not_charged() {
    let stand = Stand::new().await;
    for price in ["1", "", "-525", "525.0"] {
        let answer =
            stand.post(&fields(&stand.get(FORM).await, &[("quote", ""), ("shown_price", price)])).await;
        refused(&stand, &answer, StatusCode::CONFLICT).await;
        assert_eq!(hidden(&answer, "shown_price"), "525");
    }
    stand.end().await;
}

#[tokio::test]
async fn without_a_way_to_pay_the_shop_is_not_open() {
    let mut stand = Stand::new().await;
    let form = fields(&stand.get(FORM).await, &[]);
    stand.pay_with(&[]);
    let page = stand.get(FORM).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("not open for orders") && !page.body.contains("method=\"post\""));
    let answer = stand.post(&form).await;
    refused(&stand, &answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(answer.header("retry-after"), "600");
    stand.end().await;
}

#[tokio::test]
async fn without_a_rule_or_a_currency_nothing_sells() {
    let stand = Stand::new().await;
    let form = fields(&stand.get(FORM).await, &[]);
    stand.sql("update installation set currency = 'EUR'").await;
    refused(&stand, &stand.post(&form).await, StatusCode::SERVICE_UNAVAILABLE).await;
    stand.sql("update installation set currency = null").await;
    refused(&stand, &stand.post(&form).await, StatusCode::SERVICE_UNAVAILABLE).await;
    stand.sql("update installation set currency = 'USD'; delete from markup_rules").await;
    refused(&stand, &stand.post(&form).await, StatusCode::SERVICE_UNAVAILABLE).await;
    stand.end().await;
}

#[tokio::test]
async fn what_cannot_be_chosen_is_said() {
    let stand = Stand::new().await;
    for (path, status) in [
        ("/checkout", StatusCode::OK),
        ("/checkout?package_id=1&quantity=1", StatusCode::NOT_FOUND),
        ("/checkout?package_id=abc", StatusCode::NOT_FOUND),
        ("/checkout?package_id=99&quantity=1", StatusCode::GONE),
        ("/checkout?package_id=1120", StatusCode::OK),
        ("/checkout?package_id=1120&quantity=0", StatusCode::UNPROCESSABLE_ENTITY),
        ("/checkout?package_id=1120&quantity=1.5", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(stand.get(path).await.status, status, "{path}");
    }
    stand.end().await;
}

#[tokio::test]
async fn an_old_catalog_sells_only_what_the_upstream_confirms() {
    let stand = Stand::new().await;
    let form = fields(&stand.get(FORM).await, &[]);
    stand.sql("update sync_runs set finished_at = finished_at - interval '3 days'").await;
    let away = stand.post(&form).await;
    refused(&stand, &away, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(away.header("retry-after").parse::<u64>().unwrap() >= 1);

    stand.upstream(404, r#"{"status":false,"message":"Package not found"}"#);
    refused(&stand, &stand.post(&form).await, StatusCode::CONFLICT).await;
    stand.upstream(200, &package_costs("4.21"));
    let dearer = stand.post(&form).await;
    refused(&stand, &dearer, StatusCode::CONFLICT).await;
    assert!(dearer.body.contains("waiting for the new one"), "{}", dearer.body);
    stand.upstream(200, &package_costs("4.20"));
    stand.upstream(200, &package_costs("4.20").replace("\"fr\"", "\"es\""));
    let another = stand.post(&form).await;
    refused(&stand, &another, StatusCode::CONFLICT).await;
    assert!(another.body.contains("no longer sold"), "its id is another plan's by now: {}", another.body);
    stand.upstream(200, &package_costs("4.20"));
    let same = stand.post(&form).await;
    assert_eq!(same.status, StatusCode::SEE_OTHER, "{}", same.body);
    stand.upstream(500, "");
    assert_eq!(stand.post(&form).await.header("location"), same.header("location"), "its order exists");
    stand.end().await;
}
