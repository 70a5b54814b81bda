//! The tax that prices include: entered, dated, kept, and refused where it makes no sense.

use axum::http::StatusCode;
use simfront::staff::Role;

use crate::stand::{Answer, Stand};

const SEED: &str = include_str!("seed.sql");

async fn stand() -> (Stand, String) {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    (stand, cookie)
}

fn saved(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.header("location"), "/admin/tax?saved=1");
}

#[tokio::test]
async fn tax_is_set_with_its_dates_and_what_was_set_stays_listed_and_in_the_audit_log() {
    let (stand, cookie) = stand().await;
    let page = stand.get("/admin/tax", &cookie).await;
    assert!(page.body.contains("None. A country without a rate has no tax."), "{}", page.body);
    saved(&stand.post("/admin/tax", &cookie, &[("mode", "inclusive")]).await);
    for (country, percent, from) in
        [("it", "22", ""), ("de", "19", "2026-01-01"), ("it", "23.5", "2099-01-01")]
    {
        let fields = [("country", country), ("percent", percent), ("from", from)];
        saved(&stand.post("/admin/tax/rates", &cookie, &fields).await);
    }
    let page = stand.get("/admin/tax?saved=1", &cookie).await;
    let in_force = page.body.split("What was set").next().unwrap();
    for text in ["Germany</td><td class=\"num\">19 %", "Italy</td><td class=\"num\">22 %"] {
        assert!(in_force.contains(text), "{text}: {}", page.body);
    }
    assert!(!in_force.contains("23.5 %") && page.body.contains("23.5 %"), "it begins later: {}", page.body);
    assert!(page.body.contains("1 Jan 2099") && page.body.contains("mia@example.com"), "{}", page.body);
    // The same mode again is no news.
    saved(&stand.post("/admin/tax", &cookie, &[("mode", "inclusive")]).await);
    saved(&stand.post("/admin/tax", &cookie, &[("mode", "none")]).await);
    assert_eq!(stand.count("select count(*) from tax_modes").await, 2);
    let told = "select count(*) from audit_log
                where actor = 'mia@example.com' and (action, detail ->> 'mode') in (('tax_mode_set', 'inclusive'), ('tax_mode_set', 'none'))
                   or (action, detail ->> 'country', detail ->> 'percent', detail ->> 'percent_before')
                      in (('tax_rate_set', 'it', '23.5', '22'))
                   or (action, detail ->> 'country', detail ->> 'percent') in (('tax_rate_set', 'it', '22'), ('tax_rate_set', 'de', '19'))";
    assert_eq!(stand.count(told).await, 5);
    stand.end().await;
}

#[tokio::test]
async fn impossible_rates_and_modes_are_refused_at_their_field_and_kept_as_typed() {
    let (stand, cookie) = stand().await;
    for (country, percent, from, error) in [
        ("zz", "22", "", "country-error"),
        ("", "22", "", "country-error"),
        ("it", "", "", "percent-error"),
        ("it", "-1", "", "percent-error"),
        ("it", "100.01", "", "percent-error"),
        ("it", "22,5", "", "percent-error"),
        ("it", "<b>", "", "percent-error"),
        ("it", "22", "31/12/2026", "from-error"),
        ("it", "22", "2026-02-30", "from-error"),
    ] {
        let fields = [("country", country), ("percent", percent), ("from", from)];
        let answer = stand.post("/admin/tax/rates", &cookie, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{country} {percent} {from}");
        assert!(answer.body.contains(&format!("id=\"{error}\"")), "{error}: {}", answer.body);
        let typed = percent.replace('<', "&#60;").replace('>', "&#62;");
        assert!(answer.body.contains(&format!("value=\"{typed}\"")), "{typed}: {}", answer.body);
    }
    for mode in ["", "exclusive", "provider"] {
        let answer = stand.post("/admin/tax", &cookie, &[("mode", mode)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{mode}");
        assert!(answer.body.contains("Choose one of the two."), "{}", answer.body);
    }
    assert_eq!(stand.count("select count(*) from tax_rates").await, 0);
    assert_eq!(stand.count("select count(*) from tax_modes").await, 0);
    let support = stand.signed_in("sam@example.com", Role::Support).await;
    let fields = [("country", "it"), ("percent", "22"), ("from", "")];
    assert_eq!(stand.post("/admin/tax/rates", &support, &fields).await.status, StatusCode::FORBIDDEN);
    assert!(stand.get("/admin/tax", &support).await.body.contains("may look at this but not change it"));
    stand.end().await;
}

#[tokio::test]
async fn prices_that_the_highest_tax_eats_up_are_counted() {
    let (stand, cookie) = stand().await;
    saved(&stand.post("/admin/tax", &cookie, &[("mode", "inclusive")]).await);
    let rate = async |percent: &str| {
        let fields = [("country", "hu"), ("percent", percent), ("from", "")];
        saved(&stand.post("/admin/tax/rates", &cookie, &fields).await);
        stand.get("/admin/tax", &cookie).await.body
    };
    // Prices are 25 percent above their costs.
    let fine = rate("20").await;
    assert!(!fine.contains("plans on sale the price leaves less"), "{fine}");
    let thin = rate("27").await;
    assert!(thin.contains("plans on sale the price leaves less") && thin.contains("27 % tax"), "{thin}");
    stand.end().await;
}
