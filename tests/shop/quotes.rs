//! The price that a customer sees, confirms and pays is one: a form's quote, its lifetime, and what nobody may do with it.

use rust_decimal::Decimal;
use simfront::ground::Currency;
use simfront::pricing::{self, Edit, Markup, Rounding, Rule, Scope};
use simfront::sandbox::{CatalogChange, Fault, Injection, Operation};
use simfront::window;

use crate::support::browser::{Answer, Fields, ask};
use crate::support::{FRANCE, Stand};

fn with(form: &Fields, field: &str, value: &str) -> Fields {
    let mut form = form.clone();
    form.retain(|(name, _)| name != field);
    form.push((field.to_owned(), value.to_owned()));
    form
}

fn of<'a>(form: &'a Fields, field: &str) -> &'a str {
    form.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
}

fn shows(answer: &Answer, field: &str) -> String {
    let found = answer.body.split(&format!("name=\"{field}\" value=\"")).nth(1);
    found.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// The form that came back, as it is sent again.
fn again(form: &Fields, answer: &Answer) -> Fields {
    let hidden = ["form_key", "quantity", "quote", "shown_price"];
    hidden.iter().fold(form.clone(), |form, field| with(&form, field, &shows(answer, field)))
}

async fn costs(stand: &Stand, cost: &str) {
    let (id, reseller_price) = (FRANCE.unsigned_abs(), cost.parse().unwrap());
    let change = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
}

/// A rule for France alone.
async fn marked_up(stand: &Stand, percent: u32, min_margin: &str) {
    let markup = Markup {
        percent: percent.into(),
        fixed: Decimal::ZERO,
        currency: Currency::parse("USD").unwrap(),
        rounding: Rounding::None,
    };
    let now = stand.shop.now();
    let rule = Rule {
        scope: Scope::Package(FRANCE),
        min_margin: min_margin.parse().unwrap(),
        ..Rule::shop_wide(markup, "olga@example.com", now)
    };
    let mut tx = stand.shop.db.begin().await.unwrap();
    pricing::edit_rules(&mut tx, &Edit::Add(rule), None, "olga@example.com", now).await.unwrap();
    tx.commit().await.unwrap();
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
}

fn later(stand: &Stand, seconds: i64) {
    stand.shop.clock.advance(time::Duration::seconds(seconds));
}

async fn sold(stand: &Stand) -> Vec<String> {
    let statement =
        "select l.unit_price_minor || ' ' || l.quantity || ' ' || o.total_minor || ' ' || p.amount_minor
                     from orders o
                     join order_lines l on l.order_id = o.id
                     join payments p on p.order_id = o.id
                     order by o.id";
    stand.texts(statement).await
}

#[tokio::test]
async fn f106_a_quoted_price_is_honoured_for_its_time_and_after_that_confirmed_by_the_customer() {
    let stand = Stand::new().await;
    let (one, two) = (stand.form(FRANCE, 2).await, stand.form(FRANCE, 2).await);
    marked_up(&stand, 80, "0").await;
    later(&stand, 1799);
    let pay = stand.post("/checkout", &one).await.to().to_owned();
    let token = stand.answer(&pay, "pay").await;
    let order = stand.order_json(&token).await;
    assert_eq!((&order["total"], &order["lines"][0]["unit_price"]), (&"10.50".into(), &"5.25".into()));
    let rule = "select count(*) from order_lines l join markup_rules r on r.id = l.markup_rule_id where r.percent = 25";
    assert_eq!(stand.count(rule).await, 1, "the order names the rule that made its price");
    later(&stand, 1);
    let asked = stand.post("/checkout", &with(&two, "device_imei", "490154203237518")).await;
    assert_eq!(asked.status.as_u16(), 409);
    for kept in ["each eSIM costs $7.56 now", "Pay $15.12", "ada@example.com", "490154203237518", " checked"]
    {
        assert!(asked.body.contains(kept), "{kept}: {}", asked.body);
    }
    assert_eq!(sold(&stand).await.len(), 1, "nobody agreed to it yet");
    stand.post("/checkout", &again(&two, &asked)).await.to();
    assert_eq!(sold(&stand).await, ["525 2 1050 1050", "756 2 1512 1512"]);
    stand.drain().await;
    stand.end().await;
}

#[tokio::test]
async fn f106_a_form_that_is_older_than_its_quote_sells_at_a_price_that_stayed() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    later(&stand, 20_000);
    stand.post("/checkout", &form).await.to();
    assert_eq!(sold(&stand).await, ["525 1 525 525"]);
    stand.end().await;
}

#[tokio::test]
async fn f106_a_price_that_fell_is_paid_as_it_was_confirmed_and_the_next_customer_pays_the_new_one() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    costs(&stand, "2.00").await;
    stand.post("/checkout", &form).await.to();
    stand.order(FRANCE, 1).await;
    assert_eq!(sold(&stand).await, ["525 1 525 525", "250 1 250 250"]);
    stand.end().await;
}

/// What was frozen is what a unit may cost: it is bought although today's rules would ask more for it.
#[tokio::test]
async fn a_quote_is_honoured_down_to_the_cost_with_its_minimum_margin_and_then_bought() {
    for (cost, margin, status) in
        [("5.25", "0", 303), ("5.26", "0", 409), ("4.75", "0.50", 303), ("4.76", "0.50", 409)]
    {
        let stand = Stand::new().await;
        let form = stand.form(FRANCE, 1).await;
        costs(&stand, cost).await;
        marked_up(&stand, 25, margin).await;
        let answer = stand.post("/checkout", &form).await;
        assert_eq!(answer.status.as_u16(), status, "{cost} {margin}");
        if status == 303 {
            let token = stand.answer(answer.to(), "pay").await;
            stand.drain().await;
            assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{cost} {margin}");
            assert_eq!(stand.order_json(&token).await["total"], "5.25");
        } else {
            let confirmed = stand.post("/checkout", &again(&form, &answer)).await;
            assert_eq!(confirmed.status.as_u16(), 303, "{cost} {margin}: {}", confirmed.body);
        }
        stand.end().await;
    }
}

#[tokio::test]
async fn f106_a_mistake_in_a_field_moves_no_price_and_prolongs_no_quote() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    marked_up(&stand, 80, "0").await;
    later(&stand, 1000);
    let wrong = stand.post("/checkout", &with(&form, "email", "ada")).await;
    assert_eq!((wrong.status.as_u16(), shows(&wrong, "shown_price")), (422, "525".to_owned()));
    let more = with(&with(&form, "new_quantity", "3"), "step", "quantity");
    let recounted = stand.post("/checkout", &more).await;
    assert_eq!(recounted.status.as_u16(), 200);
    assert!(recounted.body.contains("15.75"), "{}", recounted.body);
    later(&stand, 799);
    stand.post("/checkout", &again(&form, &wrong)).await.to();
    later(&stand, 1);
    let late =
        stand.post("/checkout", &with(&again(&form, &recounted), "form_key", of(&form, "form_key"))).await;
    assert_eq!(late.status.as_u16(), 409, "{}", late.body);
    assert_eq!(sold(&stand).await, ["525 1 525 525"]);
    stand.end().await;
}

#[tokio::test]
async fn f46_open_quotes_for_a_re_used_id_die() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    // The same id and the same price, and another country's plan.
    stand
        .sql(
            "update packages set name = 'Spain 5 GB - 30 Days' where id = 1120;
             update package_countries set country_code = 'es' where package_id = 1120",
        )
        .await;
    let stale = stand.post("/checkout", &form).await;
    assert_eq!(stale.status.as_u16(), 409);
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    let asked = stand.post("/checkout", &form).await;
    assert_eq!(asked.status.as_u16(), 409);
    for said in ["not what it was", "Spain", "ada@example.com", r#"name="shown_price" value="525""#] {
        assert!(asked.body.contains(said), "{said}: {}", asked.body);
    }
    assert!(sold(&stand).await.is_empty());
    stand.post("/checkout", &again(&form, &asked)).await.to();
    assert_eq!(stand.texts("select name from order_lines").await, ["Spain 5 GB - 30 Days"]);
    stand.end().await;
}

#[tokio::test]
async fn f51_from_an_old_catalog_a_quote_sells_only_what_the_upstream_confirms() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::times(Fault::BadGateway, 100_000).on(Operation::Packages));
    later(&stand, 86_400 + 60);
    stand.drain().await;
    let (one, two) = (stand.form(FRANCE, 1).await, stand.form(FRANCE, 1).await);
    marked_up(&stand, 80, "0").await;
    let asked = stand.ledger().calls_of(Operation::Package);
    stand.post("/checkout", &one).await.to();
    assert!(stand.ledger().calls_of(Operation::Package) > asked, "it was asked for");
    let (id, reseller_price) = (FRANCE.unsigned_abs(), "5.20".parse().unwrap());
    let dearer = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(dearer).unwrap();
    assert_eq!(stand.post("/checkout", &two).await.status.as_u16(), 409);
    assert_eq!(sold(&stand).await, ["525 1 525 525"]);
    stand.end().await;
}

#[tokio::test]
async fn s86_a_quote_that_was_changed_or_is_of_another_form_or_plan_gives_nobody_another_total() {
    let stand = Stand::new().await;
    let cheapest = "select id::text from packages where id <> 1120 order by cost, id limit 1";
    let cheapest = stand.texts(cheapest).await[0].parse().unwrap();
    let (mine, other, cheap) =
        (stand.form(FRANCE, 1).await, stand.form(FRANCE, 1).await, stand.form(cheapest, 1).await);
    marked_up(&stand, 80, "0").await;
    let quote = of(&mine, "quote");
    let changed = |place: usize| {
        let mut letters = quote.as_bytes().to_vec();
        letters[place] = if letters[place] == b'A' { b'B' } else { b'A' };
        String::from_utf8(letters).unwrap()
    };
    let mut tampered: Vec<Fields> =
        (0..quote.len()).step_by(7).map(|place| with(&mine, "quote", &changed(place))).collect();
    for bad in ["", "x", "525", of(&other, "quote"), of(&cheap, "quote"), &"A".repeat(112), &"A".repeat(9000)]
    {
        tampered.push(with(&mine, "quote", bad));
    }
    tampered.push(with(&mine, "form_key", of(&other, "form_key")));
    tampered.push(with(&with(&cheap, "package_id", &FRANCE.to_string()), "shown_price", ""));
    tampered.push(with(&mine, "shown_price", "1"));
    for form in &tampered {
        let answer = stand.post("/checkout", form).await;
        assert_eq!(answer.status.as_u16(), 409, "{form:?}");
        assert_eq!(shows(&answer, "shown_price"), "756", "{form:?}");
    }
    assert!(sold(&stand).await.is_empty());
    // Whatever a quote's form names, it pays what was quoted; and without any quote, today's price or nothing.
    let invented = with(&with(&mine, "price", "0.01"), "currency", "VND");
    stand.post("/checkout", &invented).await.to();
    let script = with(&with(&other, "quote", ""), "shown_price", "756");
    stand.post("/checkout", &script).await.to();
    assert_eq!(sold(&stand).await, ["525 1 525 525", "756 1 756 756"]);
    stand.end().await;
}

#[tokio::test]
async fn another_node_honours_a_quote_and_a_twice_sent_form_is_one_order() {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    marked_up(&stand, 80, "0").await;
    let (shop, stage, router) = stand.second_node();
    window::reload(&shop, &stage.window).await.unwrap();
    let body = crate::support::browser::encoded(&form);
    let request =
        axum::http::Request::post("/checkout").header("content-type", "application/x-www-form-urlencoded");
    let there = ask(&router, request.body(body.into()).unwrap()).await.to().to_owned();
    assert_eq!(stand.post("/checkout", &form).await.to(), there);
    assert_eq!(sold(&stand).await, ["525 1 525 525"]);
    stand.end().await;
}
