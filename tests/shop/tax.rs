//! Prices that include a tax: asked for, frozen with the order, told everywhere, and never the shop's own.

use axum::body::Body;
use axum::http::Request;
use simfront::crew;
use simfront::sandbox::CatalogChange;
use simfront::tax::{self, Country, Mode, NewRate};
use time::Duration;

use crate::support::browser::Fields;
use crate::support::{FRANCE, Stand};

async fn rate(stand: &Stand, country: &str, percent: &str, after: Duration) {
    let rate = NewRate {
        country: Country::parse(country).unwrap(),
        percent: percent.parse().unwrap(),
        holds_from: stand.shop.now() + after,
    };
    let mut conn = stand.shop.db.acquire().await.unwrap();
    tax::set_rate(&mut conn, &rate, "olga@example.com", stand.shop.now()).await.unwrap();
}

/// A shop that tells tax: 22 percent in Italy, 19 in Germany, none elsewhere.
async fn inclusive() -> Stand {
    let stand = Stand::new().await;
    let mut conn = stand.shop.db.acquire().await.unwrap();
    tax::set_mode(&mut conn, Mode::Inclusive, "olga@example.com", stand.shop.now()).await.unwrap();
    drop(conn);
    rate(&stand, "it", "22", Duration::ZERO).await;
    rate(&stand, "de", "19", Duration::ZERO).await;
    stand
}

fn with(form: &Fields, field: &str, value: &str) -> Fields {
    let mut form = form.clone();
    form.retain(|(name, _)| name != field);
    form.push((field.to_owned(), value.to_owned()));
    form
}

/// Orders from this country and pays: the order's token.
async fn buy(stand: &Stand, country: &str, quantity: u32) -> String {
    let form = with(&stand.form(FRANCE, quantity).await, "country", country);
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    stand.answer(&pay, "pay").await
}

async fn staff_page(stand: &Stand, token: &str) -> String {
    let cookie = stand.owner().await;
    let number = stand.order_json(token).await["number"].as_str().unwrap().to_owned();
    let request = Request::get(format!("/admin/orders/{number}")).header("cookie", cookie);
    stand.ask(request.body(Body::empty()).unwrap()).await.body
}

async fn costs(stand: &Stand, cost: &str) {
    let (id, reseller_price) = (FRANCE.unsigned_abs(), cost.parse().unwrap());
    let change = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
}

fn mails(stand: &Stand) -> String {
    stand.mails().iter().map(|mail| mail.replace("=\r\n", "")).collect::<Vec<_>>().join("\n")
}

const FROZEN: &str =
    "select coalesce(o.tax_country, '-') || ' ' || coalesce(o.tax_percent::text, '-') || ' ' || o.tax_minor
                             || ' ' || sum(l.tax_minor)
                      from orders o
                      join order_lines l on l.order_id = o.id
                      group by o.id
                      order by o.id";

#[tokio::test]
async fn where_no_tax_is_told_nobody_is_asked_and_nothing_is_said() {
    let stand = Stand::new().await;
    // Rates alone say nothing.
    rate(&stand, "it", "22", Duration::ZERO).await;
    let page = stand.get("/checkout?package_id=1120").await;
    assert!(!page.body.contains(r#"name="country""#), "{}", page.body);
    let token = stand.buy(FRANCE, 1).await;
    let volunteered = buy(&stand, "it", 1).await;
    stand.drain().await;
    for token in [&token, &volunteered] {
        assert_eq!(stand.order_json(token).await["tax"], "0.00");
        assert!(!stand.get(&format!("/orders/{token}")).await.body.contains("VAT"));
    }
    assert!(!mails(&stand).contains("VAT"));
    assert_eq!(stand.texts(FROZEN).await, ["- - 0 0", "- - 0 0"]);
    stand.end().await;
}

#[tokio::test]
async fn checkout_asks_where_a_customer_lives_and_says_at_the_field_that_it_must_know() {
    let stand = inclusive().await;
    let page = stand.get("/checkout?package_id=1120").await.body;
    assert!(page.contains(r#"<select id="country" name="country""#), "{page}");
    assert!(page.contains(r#"<option value="de">Germany</option>"#), "nobody is chosen: {page}");
    let italian = stand.get("/it/checkout?package_id=1120").await.body;
    assert!(italian.contains(r#"<option value="de">Germania</option>"#), "{italian}");
    let form = stand.form(FRANCE, 1).await;
    for country in [None, Some(""), Some("zz"), Some("Italy"), Some("<b>")] {
        let form = country.map_or(form.clone(), |country| with(&form, "country", country));
        let answer = stand.post("/checkout", &form).await;
        assert_eq!(answer.status.as_u16(), 422, "{country:?}");
        for said in [r##"href="#country""##, r#"id="country-error""#, "ada@example.com"] {
            assert!(answer.body.contains(said), "{said}: {}", answer.body);
        }
    }
    let both = stand.post("/checkout", &with(&form, "email", "ada")).await;
    assert!(
        both.body.contains(r##"href="#country""##) && both.body.contains(r##"href="#email""##),
        "{}",
        both.body
    );
    // What was chosen stays, when something else is wrong.
    let wrong = with(&with(&form, "country", "it"), "email", "ada");
    let kept = stand.post("/checkout", &wrong).await.body;
    assert!(kept.contains(r#"<option value="it" selected>"#) && !kept.contains("country-error"), "{kept}");
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    // The same form from another country is another sale.
    stand.post("/checkout", &with(&form, "country", "IT")).await.to();
    assert_eq!(stand.post("/checkout", &with(&form, "country", "de")).await.status.as_u16(), 409);
    assert_eq!(stand.texts(FROZEN).await, ["it 22 95 95"]);
    stand.end().await;
}

#[tokio::test]
async fn the_tax_is_frozen_with_its_order_and_told_on_its_page_in_its_json_and_its_mails() {
    let stand = inclusive().await;
    let token = buy(&stand, "it", 3).await;
    let untaxed = buy(&stand, "fr", 1).await;
    stand.drain().await;
    // Whatever becomes of the rates later.
    rate(&stand, "it", "25", Duration::ZERO).await;
    rate(&stand, "it", "21.5", Duration::hours(1)).await;
    let second = buy(&stand, "it", 3).await;
    stand.shop.clock.advance(Duration::hours(1));
    let third = buy(&stand, "it", 3).await;
    let mut conn = stand.shop.db.acquire().await.unwrap();
    tax::set_mode(&mut conn, Mode::None, "olga@example.com", stand.shop.now()).await.unwrap();
    drop(conn);
    // 15.75 with 22 percent: 2.8401…; with 25: 3.15; with 21.5: 2.7870….
    for (token, tax) in [(&token, "2.84"), (&untaxed, "0.00"), (&second, "3.15"), (&third, "2.79")] {
        let order = stand.order_json(token).await;
        assert_eq!(order["tax"], tax);
    }
    assert_eq!(stand.texts(FROZEN).await, ["it 22 284 284", "fr 0 0 0", "it 25 315 315", "it 21.5 279 279"]);
    let page = stand.get(&format!("/orders/{token}")).await.body;
    assert!(page.contains("Includes 22 % VAT: $2.84"), "{page}");
    let italian = stand.get(&format!("/it/orders/{third}")).await.body;
    assert!(italian.contains("Include IVA al 21,5 %: ") && italian.contains("2,79"), "{italian}");
    assert!(!stand.get(&format!("/orders/{untaxed}")).await.body.contains("VAT"), "there is none to tell");
    let mails = mails(&stand);
    assert!(mails.contains("Includes 22 % VAT: $2.84"), "{mails}");
    assert!(!mails.contains("VAT: $0.00"), "{mails}");
    // 15.75 less 2.84 less 12.60.
    let staff = staff_page(&stand, &token).await;
    assert!(staff.contains("2.84 USD tax (22 %, IT)") && staff.contains("0.31 USD"), "{staff}");
    stand.drain().await;
    stand.end().await;
}

#[tokio::test]
async fn tax_within_a_price_is_no_finding_of_the_ledgers() {
    let stand = inclusive().await;
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.drain().await;
    for (country, quantity) in [("it", 3), ("de", 1), ("fr", 1)] {
        buy(&stand, country, quantity).await;
    }
    stand.drain().await;
    stand.pass(120).await;
    assert_eq!(
        stand.count("select count(*) from orders where tax_minor > 0 and status = 'completed'").await,
        2
    );
    let kinds = "select kind || ' ' || facts::text from ledger_findings where closed_at is null order by id";
    assert_eq!(stand.texts(kinds).await, [""; 0]);
    // What is really odd about a taxed order is still found.
    stand.sql("update order_lines set unit_price_minor = unit_price_minor + 1 where tax_minor > 0 and quantity = 1").await;
    stand.pass(120).await;
    let mismatches =
        "select count(*) from ledger_findings where kind = 'payment_mismatch' and closed_at is null";
    assert_eq!(stand.count(mismatches).await, 1);
    stand.sql("update order_lines set unit_price_minor = unit_price_minor - 1 where tax_minor > 0 and quantity = 1").await;
    stand.end().await;
}

#[tokio::test]
async fn a_refund_says_which_part_of_it_is_tax() {
    let stand = inclusive().await;
    let form = with(&stand.form(FRANCE, 1).await, "country", "it");
    let pay = stand.post("/checkout", &form).await.to().to_owned();
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: FRANCE.unsigned_abs() }).unwrap();
    let token = stand.answer(&pay, "pay").await;
    stand.pass(300).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    let mails = mails(&stand);
    assert!(mails.contains("Of this, $0.95 is VAT (22 %)."), "{mails}");
    assert!(staff_page(&stand, &token).await.contains("0.95 USD of it tax"));
    stand.end().await;
}

#[tokio::test]
async fn what_tax_takes_of_a_price_cannot_be_spent_on_its_purchase() {
    // Of 5.25 are 0.95 tax: 4.30 are left.
    for (cost, status) in [("4.30", "completed"), ("4.31", "on_hold")] {
        let stand = inclusive().await;
        let token = buy(&stand, "it", 1).await;
        costs(&stand, cost).await;
        stand.drain().await;
        assert_eq!(stand.units(&token).await, [status], "{cost}");
        stand.end().await;
    }
    for (cost, honoured) in [("4.30", true), ("4.31", false)] {
        let stand = inclusive().await;
        let form = with(&stand.form(FRANCE, 1).await, "country", "it");
        let pay = stand
            .post("/checkout", &with(&stand.form(FRANCE, 1).await, "country", "it"))
            .await
            .to()
            .to_owned();
        costs(&stand, cost).await;
        let status = if honoured { 303 } else { 409 };
        assert_eq!(stand.post("/checkout", &form).await.status.as_u16(), status, "a quote, {cost}");
        let token = stand.answer(&pay, "late").await;
        stand.drain().await;
        let end = if honoured { "completed" } else { "cancelled" };
        assert_eq!(stand.state(&token).await.0, end, "a late payment, {cost}");
        stand.end().await;
    }
}
