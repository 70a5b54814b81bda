//! The page of exchange rates: entered, imported, refused with what was typed, confirmed, and told apart when two enter at
//! once.

use axum::http::StatusCode;
use simfront::staff::Role;

use crate::stand::{Answer, Stand};

const SEED: &str = include_str!("seed.sql");
/// Customers pay in euros, and the account is in dollars, as a first contact leaves it.
const EUROS: &str = "update installation set currency = 'EUR';
    insert into markup_rules (percent, fixed, currency, rounding, published_by, published_at)
    values (25, 0, 'EUR', 'none', 'first start', '2026-11-20 09:00Z');
    insert into exchange_terms (from_currency, to_currency, margin_percent, max_age_days, published_by, published_at)
    values ('USD', 'EUR', 2, 7, 'first start', '2026-11-20 09:00Z');";
pub const PAGE: &str = "/admin/rates";
pub const IMPORT: &str = "/admin/rates/import";
pub const TERMS: &str = "/admin/rates/terms";
pub const RATES: &str = "select count(*) from exchange_rates";

pub async fn stand() -> (Stand, String) {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    stand.sql(EUROS).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    (stand, cookie)
}

pub fn seen(page: &Answer) -> String {
    let rest = page.body.split(r#"name="seen" value=""#).nth(1).expect(&page.body);
    rest.split('"').next().unwrap().to_owned()
}

/// Enters a rate of the day of all tests.
pub async fn enter(stand: &Stand, cookie: &str, rate: &str) {
    let fields = [("date", "2026-11-22"), ("rate", rate), ("confirm", "yes")];
    let answer = stand.post(PAGE, cookie, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn the_first_rate_is_asked_about_then_priced_by_and_audited() {
    let (stand, cookie) = stand().await;
    let page = stand.get(PAGE, &cookie).await;
    assert!(page.body.contains("no exchange rate from USD to EUR"), "{}", page.body);
    let seen = seen(&page);
    let fields = |confirm| {
        vec![("seen", seen.as_str()), ("date", "2026-11-22"), ("rate", "0.9200"), ("confirm", confirm)]
    };
    let asked = stand.post(PAGE, &cookie, &fields("")).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(asked.body.contains("right way round") && asked.body.contains("0.9200"), "{}", asked.body);
    assert_eq!(stand.count(RATES).await, 0);
    let sent = stand.post(PAGE, &cookie, &fields("yes")).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/admin/rates?saved=1"));
    // The same form again, of a double click, finds it there.
    let again = stand.post(PAGE, &cookie, &fields("yes")).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    let row = "select count(*) from exchange_rates where from_currency = 'USD' and to_currency = 'EUR' and rate = 0.92
               and valid_on = '2026-11-22' and source = 'by_hand' and entered_by = 'mia@example.com'";
    assert_eq!((stand.count(RATES).await, stand.count(row).await), (1, 1));
    let audited =
        "select count(*) from audit_log where action = 'exchange_rates_entered' and actor = 'mia@example.com'
                   and detail->>'rates' = '2026-11-22: 0.92' and detail->>'confirmed_leaps' = '1'";
    assert_eq!(stand.count(audited).await, 1);
    let page = stand.get(PAGE, &cookie).await.body;
    for text in ["1 USD = 0.92 EUR", "100 USD of cost are 93.84 EUR in a price", "In force", "by hand"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // 4.20 by 0.9384, and a quarter; the margin is by the rate alone.
    let catalog = stand.get("/admin/catalog", &cookie).await.body;
    assert!(catalog.contains("4.93 EUR") && catalog.contains("1.066 EUR (22 %)"), "{catalog}");
    let markup = stand.get("/admin/markup", &cookie).await.body;
    assert!(markup.contains("Costs are exchanged into EUR") && markup.contains("1.35 USD"), "{markup}");
    let noted = "select count(*) from price_history where package_id = 1120 and price_minor = 493 and currency = 'EUR'";
    assert_eq!(stand.count(noted).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_changed_rule_is_rehearsed_in_the_currency_of_prices() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let fields = [("percent", "50"), ("fixed", "0"), ("rounding", "none"), ("step", "rehearse")];
    let shown = stand.post("/admin/markup", &cookie, &fields).await.body;
    // 3.94128 and a half is 5.91192, of which 3.864 is the cost.
    for text in ["4 dearer, 0 cheaper", "4.93 EUR", "5.92 EUR", "2.056 EUR (35 %)"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    stand.end().await;
}

#[tokio::test]
async fn f104_nonsense_is_no_rate_and_is_refused_at_its_field() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let table = [
        ("2026-11-22", "0", "more than nothing"),
        ("2026-11-22", "-0.92", "more than nothing"),
        ("2026-11-22", "0,92", "with a dot"),
        ("2026-11-22", "NaN", "not a number"),
        ("2026-11-22", "1e400", "not a number"),
        ("2026-11-22", "0.1234567891", "At most 9 decimals"),
        ("2026-11-22", "99999999", "too much"),
        ("22/11/2026", "0.93", "Write a date"),
        ("2026-11-30", "0.93", "7 days ahead"),
        ("1999-12-31", "0.93", "of no use"),
        ("<b>", "<i>", "Write a date"),
    ];
    for (date, rate, why) in table {
        let answer = stand.post(PAGE, &cookie, &[("date", date), ("rate", rate), ("confirm", "yes")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{date} {rate}");
        assert!(
            answer.body.contains(why) && answer.body.contains(r#"aria-invalid="true""#),
            "{why}: {}",
            answer.body
        );
        assert!(!answer.body.contains("<i>"), "inert");
        if !rate.contains('<') {
            assert!(answer.body.contains(&format!(r#"value="{rate}""#)), "{rate} is kept: {}", answer.body);
        }
    }
    for (rate, asked) in [("1.0121", true), ("1.012", false), ("0.8363", true), ("0.8364", false)] {
        stand.sql("delete from exchange_rates where valid_on > '2026-11-22'").await;
        let answer = stand.post(PAGE, &cookie, &[("date", "2026-11-23"), ("rate", rate)]).await;
        assert_eq!(answer.body.contains("more than 10 % away from 0.92"), asked, "{rate}: {}", answer.body);
        let status = if asked { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::SEE_OTHER };
        assert_eq!(answer.status, status, "{rate}");
    }
    for (margin, days) in [("-1", "7"), ("51", "7"), ("2", "0"), ("2", "366"), ("", ""), ("two", "1.5")] {
        let answer = stand.post(TERMS, &cookie, &[("margin", margin), ("max_age_days", days)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{margin} {days}");
        assert!(answer.body.contains(&format!(r#"value="{margin}""#)), "{}", answer.body);
    }
    assert_eq!(stand.count("select count(*) from exchange_terms").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_list_is_imported_whole_or_refused_line_by_line() {
    let (stand, cookie) = stand().await;
    let list = "date,from,to,rate\n2026-11-20,USD,EUR,0.91\n2026-11-21,USD,EUR,zero\n2026-11-21,EUR,USD,1.09\n\
                2026-11-20,USD,EUR,0.92\n<script>,USD,EUR,1";
    let refused = stand.post(IMPORT, &cookie, &[("list", list), ("confirm", "yes")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in [
        "Line 3: This is not a number",
        "Line 4: This shop needs rates from USD to EUR",
        "Line 5: This date stands in line 2 already",
        "Line 6: Write a date",
        "2026-11-21,USD,EUR,zero",
    ] {
        assert!(refused.body.contains(text), "{text}: {}", refused.body);
    }
    assert!(!refused.body.contains("<script>,"), "inert");
    assert_eq!(stand.count(RATES).await, 0);
    let many: String = (0..3_000).map(|_| "nonsense\n").collect();
    let refused = stand.post(IMPORT, &cookie, &[("list", &many)]).await.body;
    assert!(
        refused.contains("Line 20:") && !refused.contains("Line 21:") && refused.contains("And 2980 more.")
    );

    let list = "2026-11-20,usd,eur,0.91\r\n2026-11-21,USD,EUR,0.92\r\n2026-11-22,USD,EUR,0.93\r\n";
    let asked = stand.post(IMPORT, &cookie, &[("list", list)]).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        asked.body.contains("it is the first rate") && asked.body.contains("2026-11-21,USD,EUR,0.92"),
        "{}",
        asked.body
    );
    let sent = stand.post(IMPORT, &cookie, &[("list", list), ("confirm", "yes")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let longer = "2026-11-21,USD,EUR,0.92\n2026-11-22,USD,EUR,0.94";
    assert_eq!(stand.post(IMPORT, &cookie, &[("list", longer)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        stand.count(RATES).await,
        4,
        "what stands there is not entered twice, and a correction is kept beside it"
    );
    assert_eq!(stand.count("select count(*) from exchange_rates where source = 'imported'").await, 4);
    let page = stand.get(PAGE, &cookie).await.body;
    assert!(page.contains("1 USD = 0.94 EUR</strong>") && page.contains("Corrected"), "{page}");
    assert_eq!(
        stand.count("select count(*) from audit_log where action = 'exchange_rates_entered'").await,
        2
    );
    stand.end().await;
}

#[tokio::test]
async fn f105_of_two_who_change_rates_at_once_the_second_is_told() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let seen = seen(&stand.get(PAGE, &cookie).await);
    let rate = |rate| vec![("seen", seen.as_str()), ("date", "2026-11-22"), ("rate", rate)];
    let (first, second) = (rate("0.93"), rate("0.94"));
    let (one, other) = tokio::join!(stand.post(PAGE, &cookie, &first), stand.post(PAGE, &cookie, &second));
    let mut told = [one.status.as_u16(), other.status.as_u16()];
    told.sort_unstable();
    assert_eq!(told, [303, 409]);
    assert_eq!(stand.count(RATES).await, 2);
    let late = stand.post(TERMS, &cookie, &[("seen", &seen), ("margin", "3"), ("max_age_days", "2")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.body.contains("somebody else changed the rates") && late.body.contains(r#"value="3""#),
        "{}",
        late.body
    );
    assert_eq!(stand.count("select count(*) from exchange_terms").await, 1);
    let list = "2026-11-21,USD,EUR,0.92";
    let late = stand.post(IMPORT, &cookie, &[("seen", &seen), ("list", list)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains(list), "{}", late.body);
    stand.end().await;
}

#[tokio::test]
async fn terms_are_published_once_and_audited() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    for _ in 0..2 {
        let sent = stand.post(TERMS, &cookie, &[("margin", "5"), ("max_age_days", "1")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    }
    assert_eq!(stand.count("select count(*) from exchange_terms").await, 2);
    let audited =
        "select count(*) from audit_log where action = 'exchange_terms_published' and detail->>'margin' = '5'
                   and detail->>'margin_before' = '2' and detail->>'max_age_days' = '1'";
    assert_eq!(stand.count(audited).await, 1);
    // 4.20 × 0.92 × 1.05 and a quarter is 5.0715.
    assert!(stand.get("/admin/catalog", &cookie).await.body.contains("5.08 EUR"));
    stand.shop.clock.advance(time::Duration::hours(36));
    let cookie = stand.sign_in("mia@example.com", crate::stand::PASSWORD).await.cookie();
    let page = stand.get(PAGE, &cookie).await.body;
    assert!(page.contains("is too old since 2026-11-24") && page.contains("Too old"), "{page}");
    assert!(stand.get("/admin/catalog", &cookie).await.body.contains("the exchange rate is too old"));
    stand.end().await;
}

#[tokio::test]
async fn a_shop_in_its_accounts_currency_needs_no_rate_and_takes_none() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let page = stand.get(PAGE, &cookie).await.body;
    assert!(page.contains("No exchange rate is needed") && !page.contains("<textarea"), "{page}");
    let posts: [(&str, &[(&str, &str)]); 3] = [
        (PAGE, &[("date", "2026-11-22"), ("rate", "0.92"), ("confirm", "yes")]),
        (IMPORT, &[("list", "2026-11-22,USD,EUR,0.92"), ("confirm", "yes")]),
        (TERMS, &[("margin", "2"), ("max_age_days", "7")]),
    ];
    for (path, fields) in posts {
        assert_eq!(stand.post(path, &cookie, fields).await.status, StatusCode::CONFLICT, "{path}");
    }
    assert_eq!(stand.count(RATES).await + stand.count("select count(*) from exchange_terms").await, 0);
    let support = stand.signed_in("sam@example.com", Role::Support).await;
    assert_eq!(stand.post(PAGE, &support, &[("date", "2026-11-22")]).await.status, StatusCode::FORBIDDEN);
    stand.end().await;
}

#[tokio::test]
async fn prices_that_a_tax_eats_up_are_counted_in_the_currency_of_the_prices() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let saved = async |path: &str, fields: &[(&str, &str)]| {
        assert_eq!(stand.post(path, &cookie, fields).await.status, StatusCode::SEE_OTHER, "{path}");
    };
    saved("/admin/tax", &[("mode", "inclusive")]).await;
    // 25 percent above costs that are exchanged with 2 percent on the rate.
    for (percent, eats) in [("19", false), ("27", true)] {
        saved("/admin/tax/rates", &[("country", "hu"), ("percent", percent), ("from", "")]).await;
        let page = stand.get("/admin/tax", &cookie).await;
        assert_eq!(page.body.contains("plans on sale the price leaves less"), eats, "{}", page.body);
    }
    stand.end().await;
}
