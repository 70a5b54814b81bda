//! Rules with scopes and dates: rehearsed, published as versions, gone back to.

use axum::http::StatusCode;
use simfront::staff::Role;

use crate::stand::{Answer, Stand};

const SEED: &str = include_str!("seed.sql");
const PLACES: &str = "insert into countries (code, slug, name) values ('fr', 'france', 'France');
    insert into package_countries (package_id, country_code) values (1120, 'fr'), (1121, 'fr'), (2044, 'fr');";
const NEW: &str = "/admin/markup/rules/new";

async fn stand() -> (Stand, String) {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    stand.sql(PLACES).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    (stand, cookie)
}

/// A rule for France, as the form posts it; the last field of a name wins nothing, so that each is there once.
fn france<'a>(step: &'a str, seen: &'a str, percent: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("scope", "country"),
        ("key", "FR"),
        ("percent", percent),
        ("fixed", "0.10"),
        ("price", ""),
        ("min_margin", "1"),
        ("rounding", "none"),
        ("priority", ""),
        ("from", ""),
        ("until", ""),
        ("step", step),
        ("seen", seen),
    ]
}

/// The revision that a page's forms carry.
fn seen(page: &Answer) -> String {
    let rest = page.body.split(r#"name="seen" value=""#).nth(1).expect(&page.body);
    rest.split('"').next().unwrap().to_owned()
}

async fn published(stand: &Stand, path: &str, cookie: &str, fields: &[(&str, &str)]) {
    let answer = stand.post(path, cookie, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.header("location"), "/admin/markup?saved=1");
}

#[tokio::test]
async fn a_rule_is_rehearsed_published_as_a_version_and_undone_by_another() {
    let (stand, cookie) = stand().await;
    let shown = stand.post(NEW, &cookie, &france("rehearse", "1", "50")).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    // 4.20 × 1.5 + 0.10; 1.35 makes 2.125, under 2.35; the regional package covers France and is not local to it.
    for text in ["Not published yet", "6.40 USD", "2.35 USD", "2 dearer, 0 cheaper", "Every change"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    assert!(shown.body.contains("whose rule lies under cost plus minimum margin"), "{}", shown.body);
    assert!(!shown.body.contains("Europe 10 GB"), "{}", shown.body);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'markup_published'").await, 0);

    published(&stand, NEW, &cookie, &france("publish", "1", "50")).await;
    assert_eq!(stand.count("select count(*) from rule_versions").await, 1);
    assert_eq!(
        stand.count("select count(*) from markup_rules where version_id = 1 and scope = 'country' and scope_key = 'fr' and published_by = 'mia@example.com' and min_margin = 1").await,
        1
    );
    let newest = "select count(*) from markup_rules where id = (select max(id) from markup_rules) and scope = 'shop' and percent = 25";
    assert_eq!(
        stand.count(newest).await,
        1,
        "nodes of the former program find the shop-wide rule where it was"
    );
    let audited = "select count(*) from audit_log where action = 'markup_published' and actor = 'mia@example.com' and detail->>'what' = 'A rule for packages local to FR was added.'";
    assert_eq!(stand.count(audited).await, 1);
    let page = stand.get("/admin/markup", &cookie).await;
    // The middling local package, an example, is the one of 1.35.
    let rule = "50 % + 0.10 USD, as it comes, at least 1.00 USD over cost";
    for text in ["Packages local to FR", rule, "2.35 USD"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }

    let seen = seen(&page);
    published(&stand, "/admin/markup", &cookie, &[("percent", "10"), ("fixed", "0"), ("rounding", "none")])
        .await;
    let stale =
        stand.post("/admin/markup/versions/1", &cookie, &[("step", "publish"), ("seen", &seen)]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "made from rules that are not in force any more");
    let shown = stand.post("/admin/markup/versions/1", &cookie, &[("step", "rehearse")]).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.body.contains("Publish version 1 again") && shown.body.contains("Not published yet"));
    let fresh = self::seen(&shown);
    published(&stand, "/admin/markup/versions/1", &cookie, &[("step", "publish"), ("seen", &fresh)]).await;
    assert_eq!(stand.count("select count(*) from rule_versions where id = 3 and restored_from = 1").await, 1);
    assert_eq!(stand.count(newest).await, 1);
    let page = stand.get("/admin/markup", &cookie).await;
    assert!(page.body.contains("Version 1 was restored.") && page.body.contains("Packages local to FR"));
    assert_eq!(stand.post("/admin/markup/versions/99", &cookie, &[]).await.status, StatusCode::NOT_FOUND);
    stand.end().await;
}

#[tokio::test]
async fn a_rule_in_force_is_changed_and_removed_and_keeps_the_others() {
    let (stand, cookie) = stand().await;
    published(&stand, NEW, &cookie, &france("publish", "1", "50")).await;
    let region = [
        ("scope", "region"),
        ("key", "global"),
        ("percent", "5"),
        ("fixed", "0"),
        ("rounding", "99"),
        ("from", "2026-12-01"),
        ("until", "2026-12-24T12:00"),
        ("step", "publish"),
    ];
    published(&stand, NEW, &cookie, &region).await;
    let page = stand.get("/admin/markup", &cookie).await;
    assert!(page.body.contains("Global packages") && page.body.contains("Packages local to FR"));
    let id: i64 = sqlx::query_scalar(
        "select id from markup_rules where scope = 'country' and version_id = (select max(id) from rule_versions)",
    )
    .fetch_one(&stand.shop.db)
    .await
    .unwrap();
    let path = format!("/admin/markup/rules/{id}");
    let form = stand.get(&path, &cookie).await;
    assert!(form.body.contains(r#"value="50""#) && form.body.contains("In force for packages local to FR"));
    let shown = stand.post(&path, &cookie, &[("change", "remove"), ("seen", &seen(&form))]).await;
    assert!(
        shown.body.contains("Remove the rule") && shown.body.contains("0 dearer, 2 cheaper"),
        "{}",
        shown.body
    );
    published(&stand, &path, &cookie, &france("publish", &seen(&form), "60")).await;
    let of_version = |rest| {
        format!(
            "select count(*) from markup_rules where version_id = (select max(id) from rule_versions){rest}"
        )
    };
    let count = async |rest| {
        let sql = sqlx::AssertSqlSafe(of_version(rest));
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&stand.shop.db).await.unwrap()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count(" and scope = 'country' and percent = 60").await, 1);
    let former = stand.get(&path, &cookie).await;
    assert!(former.body.contains("not in force any more") && !former.body.contains("<form class=\"rule"));
    let removed = stand.post(&path, &cookie, &[("change", "remove"), ("step", "publish")]).await;
    assert_eq!(removed.status, StatusCode::CONFLICT);
    assert!(removed.body.contains("not in force any more"), "{}", removed.body);
    stand.end().await;
}

/// RELIABILITY F105, for rules with a scope.
#[tokio::test]
async fn f105_of_two_rules_that_are_published_at_once_the_second_is_told() {
    let (stand, mia) = stand().await;
    let olga = stand.signed_in("olga@example.com", Role::Owner).await;
    let (one, two) = (france("publish", "1", "30"), france("publish", "1", "40"));
    let (first, second) = tokio::join!(stand.post(NEW, &mia, &one), stand.post(NEW, &olga, &two));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let loser = if first.status == StatusCode::CONFLICT { first } else { second };
    assert!(loser.body.contains("somebody else changed the rules"), "{}", loser.body);
    assert_eq!(stand.count("select count(*) from rule_versions").await, 1);
    assert_eq!(stand.count("select count(*) from markup_rules where scope = 'country'").await, 1);
    let stale = stand.post(NEW, &mia, &france("rehearse", "1", "50")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "already when it is rehearsed");
    stand.end().await;
}

/// RELIABILITY F105: who comes second loses no word that was typed, and publishes over the rule that holds by then.
#[tokio::test]
async fn f105_an_overtaken_rule_keeps_what_was_typed_and_can_be_published_after_all() {
    let (stand, cookie) = stand().await;
    published(&stand, NEW, &cookie, &france("publish", "1", "50")).await;
    let in_force = async || -> i64 {
        sqlx::query_scalar("select max(id) from markup_rules where scope = 'country'")
            .fetch_one(&stand.shop.db)
            .await
            .unwrap()
    };
    let path = format!("/admin/markup/rules/{}", in_force().await);
    let old = seen(&stand.get(&path, &cookie).await);
    published(&stand, "/admin/markup", &cookie, &[("percent", "10"), ("fixed", "0"), ("rounding", "none")])
        .await;
    let now = in_force().await;
    let mut typed = france("publish", &old, "61.5");
    typed.iter_mut().find(|(name, _)| *name == "until").unwrap().1 = "2026-12-24T12:00";
    let refused = stand.post(&path, &cookie, &typed).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    for kept in [
        "somebody else changed the rules",
        r#"value="61.5""#,
        r#"value="2026-12-24T12:00""#,
        r#"value="FR""#,
        "In force for packages local to FR: 50 %",
        &format!(r#"action="/admin/markup/rules/{now}""#),
    ] {
        assert!(refused.body.contains(kept), "{kept}: {}", refused.body);
    }
    let fresh = seen(&refused);
    assert_ne!(fresh, old);
    let mut again = typed.clone();
    again.iter_mut().find(|(name, _)| *name == "seen").unwrap().1 = &fresh;
    published(&stand, &format!("/admin/markup/rules/{now}"), &cookie, &again).await;
    let held = "select count(*) from markup_rules where version_id = (select max(id) from rule_versions) and scope = 'country'";
    assert_eq!(stand.count(held).await, 1, "it took the place of the one that held");

    // A rule that is new stays new, and one that nobody has any more becomes one.
    let refused = stand.post(NEW, &cookie, &france("publish", "1", "44")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body.contains(r#"action="/admin/markup/rules/new""#)
            && refused.body.contains(r#"value="44""#)
    );
    let gone = [("scope", "package"), ("key", "1120"), ("percent", "7"), ("seen", "1"), ("step", "publish")];
    let refused = stand.post(&path, &cookie, &gone).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body.contains(r#"action="/admin/markup/rules/new""#)
            && refused.body.contains(r#"value="1120""#)
    );
    stand.end().await;
}

/// RELIABILITY F104, for rules with a scope.
#[tokio::test]
async fn f104_impossible_rules_are_refused_at_their_field() {
    let (stand, cookie) = stand().await;
    for (field, typed, said) in [
        ("scope", "world", "Choose whom the rule is for."),
        ("key", "", "Say which one."),
        ("key", "xx", "The catalog knows none like that."),
        ("percent", "-1", "A markup cannot be negative"),
        ("min_margin", "1,5", "Write decimals with a dot"),
        ("price", "9", "Only a rule for one package can have a fixed price."),
        ("priority", "1.5", "Write a whole number"),
        ("from", "tomorrow", "Write a date such as"),
        ("rounding", "98", "Choose one of the endings."),
    ] {
        let mut fields = france("publish", "1", "30");
        fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = typed;
        let answer = stand.post(NEW, &cookie, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={typed}");
        assert!(answer.body.contains(said), "{field}={typed}: {}", answer.body);
    }
    let mut shop = france("publish", "1", "30");
    shop[0].1 = "shop";
    let answer = stand.post(NEW, &cookie, &shop).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("needs a date"), "{}", answer.body);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_fixed_price_under_the_floor_is_told_before_it_is_published() {
    let (stand, cookie) = stand().await;
    let fixed = |step| {
        [
            ("scope", "package"),
            ("key", "3001"),
            ("price", "30"),
            ("rounding", "none"),
            ("min_margin", "0.50"),
            ("step", step),
        ]
    };
    let shown = stand.post(NEW, &cookie, &fixed("rehearse")).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    // 38.00 and 0.50.
    assert!(
        shown.body.contains("38.50 USD") && shown.body.contains("Under the floor</caption>"),
        "{}",
        shown.body
    );
    published(&stand, NEW, &cookie, &fixed("publish")).await;
    let page = stand.get("/admin/markup", &cookie).await;
    assert!(page.body.contains("30.00 USD, fixed, at least 0.50 USD over cost"), "{}", page.body);
    stand.end().await;
}

/// A rule of France from a day on, instead of one that holds already.
#[tokio::test]
async fn a_rule_that_is_put_off_is_rehearsed_at_both_moments() {
    let (stand, cookie) = stand().await;
    published(&stand, NEW, &cookie, &france("publish", "1", "50")).await;
    let newest = "select max(id) from markup_rules where scope = 'country'";
    let id: i64 = sqlx::query_scalar(newest).fetch_one(&stand.shop.db).await.unwrap();
    let path = format!("/admin/markup/rules/{id}");
    let later = |step| {
        let mut form = france(step, "", "100");
        form.iter_mut().filter(|(name, _)| *name == "from").for_each(|(_, from)| *from = "2026-12-01");
        form
    };
    let shown = stand.post(&path, &cookie, &later("rehearse")).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    // Until then both are priced by the shop-wide rule, which is less; from then on by the new one, which is more.
    assert!(shown.body.contains("0 dearer, 2 cheaper"), "{}", shown.body);
    assert!(!shown.body.contains("Shown are the prices from"), "{}", shown.body);
    let then = "it is otherwise: 2 prices differ from those without this change, 2 dearer and 0 cheaper";
    assert!(shown.body.contains(then), "{}", shown.body);

    published(&stand, &path, &cookie, &later("publish")).await;
    let id: i64 = sqlx::query_scalar(newest).fetch_one(&stand.shop.db).await.unwrap();
    let path = format!("/admin/markup/rules/{id}");
    let gone = stand.post(&path, &cookie, &[("change", "remove"), ("step", "rehearse")]).await;
    assert!(gone.body.contains("0 dearer, 2 cheaper"), "{}", gone.body);
    let from = r#"Shown are the prices from <time datetime="2026-12-01T00:00:00Z""#;
    assert!(gone.body.contains(from), "{}", gone.body);
    stand.end().await;
}

#[tokio::test]
async fn the_shop_wide_rule_has_a_minimum_margin_which_scripts_need_not_send() {
    let (stand, cookie) = stand().await;
    let rule = |min_margin: &'static str| {
        vec![("percent", "25"), ("fixed", "0.10"), ("rounding", "none"), ("min_margin", min_margin)]
    };
    let refused = stand.post("/admin/markup", &cookie, &rule("-1")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"min_margin-error\"") && refused.body.contains("value=\"-1\""));
    published(&stand, "/admin/markup", &cookie, &rule("1.50")).await;
    let newest = "select count(*) from markup_rules
                  where id = (select max(id) from markup_rules) and min_margin = 1.5 and percent in (25, 30)";
    assert_eq!(stand.count(newest).await, 1);
    let page = stand.get("/admin/markup", &cookie).await;
    assert!(page.body.contains("at least 1.50 USD over cost"), "{}", page.body);
    published(&stand, "/admin/markup", &cookie, &[("percent", "30"), ("fixed", "0"), ("rounding", "none")])
        .await;
    assert_eq!(stand.count(newest).await, 1);
    // What it said and what was there before stand in the audit log.
    let told = "select count(*) from audit_log where action = 'markup_published'
                and detail->>'min_margin' = '1.5' and detail->>'text_before' like '%at least 1.50 USD over cost'
                and detail->>'rule' = (select max(id)::text from markup_rules)";
    assert_eq!(stand.count(told).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_rule_of_the_past_can_be_read_by_its_number_and_old_versions_be_reached() {
    let (stand, cookie) = stand().await;
    published(&stand, NEW, &cookie, &france("publish", "1", "50")).await;
    let newest = "select max(id) from markup_rules where scope = 'country'";
    let old: i64 = sqlx::query_scalar(newest).fetch_one(&stand.shop.db).await.unwrap();
    for percent in 1..=21 {
        let percent = percent.to_string();
        let rule = [("percent", percent.as_str()), ("fixed", "0"), ("rounding", "none")];
        published(&stand, "/admin/markup", &cookie, &rule).await;
    }
    let page = stand.get(&format!("/admin/markup/rules/{old}"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in ["not in force any more", "Packages local to FR", "50 % + 0.10 USD", "mia@example.com"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    for nobody in ["99999", "0", "-1", "x"] {
        let path = format!("/admin/markup/rules/{nobody}");
        assert_eq!(stand.get(&path, &cookie).await.status, StatusCode::NOT_FOUND, "{nobody}");
    }
    let listed = stand.get("/admin/markup", &cookie).await;
    assert!(!listed.body.contains("Go back to 1<"), "{}", listed.body);
    assert!(listed.body.contains("/admin/markup?before=3#versions"), "{}", listed.body);
    let older = stand.get("/admin/markup?before=3", &cookie).await;
    assert!(older.body.contains("Go back to 1<") && older.body.contains("Go back to 2<"), "{}", older.body);
    assert!(!older.body.contains("Older versions"), "{}", older.body);
    stand.end().await;
}
