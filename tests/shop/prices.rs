//! Rules with scopes and dates, as customers meet them.

use rust_decimal::Decimal;
use simfront::ground::Currency;
use simfront::pricing::{self, Edit, Markup, Rounding, Rule, Scope};
use simfront::{supply, window};

use crate::support::browser::{comes_to, plan_page};
use crate::support::{FRANCE, Stand};

fn rule(stand: &Stand, scope: Scope, percent: u32) -> Rule {
    let markup = Markup {
        percent: percent.into(),
        fixed: Decimal::ZERO,
        currency: Currency::parse("USD").unwrap(),
        rounding: Rounding::None,
    };
    Rule { scope, ..Rule::shop_wide(markup, "olga@example.com", stand.shop.now()) }
}

async fn publish(stand: &Stand, rule: Rule) {
    let mut tx = stand.shop.db.begin().await.unwrap();
    let edit = Edit::Add(rule);
    pricing::edit_rules(&mut tx, &edit, None, "olga@example.com", stand.shop.now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_most_specific_rule_prices_a_plan_and_the_order_names_it() {
    let stand = Stand::new().await;
    publish(&stand, rule(&stand, Scope::Country("fr".to_owned()), 50)).await;
    publish(&stand, rule(&stand, Scope::PackageType("data".to_owned()), 80)).await;
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    let of_france = "select id::text from markup_rules where scope = 'country' order by id desc limit 1";
    let page = plan_page(&stand.router).await;
    let priced =
        format!(r#"<span class="price" data-rule="{}">$6.30</span>"#, stand.texts(of_france).await[0]);
    assert!(page.contains(&priced), "{page}");
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let order = stand.order_json(&token).await;
    assert_eq!((&order["status"], &order["total"]), (&"completed".into(), &"6.30".into()));
    let named = "select count(*) from order_lines l join markup_rules r on r.id = l.markup_rule_id
                 where r.scope = 'country' and r.scope_key = 'fr' and l.unit_price_minor = 630";
    assert_eq!(stand.count(named).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_date_that_passes_changes_prices_by_itself() {
    let stand = Stand::new().await;
    let now = stand.shop.now();
    let week = Rule {
        priority: 1,
        starts_at: Some(now + time::Duration::hours(1)),
        ends_at: Some(now + time::Duration::hours(2)),
        ..rule(&stand, Scope::Shop, 10)
    };
    publish(&stand, week).await;
    supply::note_prices(&stand.shop).await.unwrap();
    tokio::spawn(window::keep_fresh(stand.shop.clone(), stand.stage.window.clone()));
    comes_to(&stand.router, "$5.25", true).await;
    stand.shop.clock.advance(time::Duration::hours(1));
    comes_to(&stand.router, "$4.62", true).await;
    stand.drain().await;
    let token = stand.buy(FRANCE, 1).await;
    assert_eq!(stand.order_json(&token).await["total"], "4.62");
    stand.shop.clock.advance(time::Duration::hours(1));
    comes_to(&stand.router, "$5.25", true).await;
    stand.drain().await;
    let noted = "select price_minor::text from price_history where package_id = 1120 order by noted_at";
    assert_eq!(stand.texts(noted).await, ["525", "462", "525"], "nobody synced or published at those dates");
    assert_eq!(stand.count("select count(*) from jobs where kind = 'note_prices'").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn a_late_payment_holds_only_where_the_minimum_margin_is_left() {
    for (min_margin, outcome) in [("1.05", "completed"), ("1.06", "cancelled")] {
        let stand = Stand::new().await;
        let pay = stand.order(FRANCE, 1).await;
        let thin =
            Rule { min_margin: min_margin.parse().unwrap(), ..rule(&stand, Scope::Package(FRANCE), 25) };
        publish(&stand, thin).await;
        let token = stand.answer(&pay, "late").await;
        stand.drain().await;
        assert_eq!(stand.order_json(&token).await["status"], outcome, "{min_margin}");
        stand.end().await;
    }
}
