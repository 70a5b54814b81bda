//! The list of popular destinations: who may write it, what it takes, and that nothing is lost on the way.

use axum::http::StatusCode;
use simfront::plumbing::bell::Ring;
use simfront::staff::Role;

use crate::stand::{Answer, Stand};

const SEED: &str = include_str!("seed.sql");
const PAGE: &str = "/admin/catalog/popular";

async fn chosen(stand: &Stand) -> String {
    sqlx::query_scalar("select array_to_string(countries, ' ') from popular_destinations")
        .fetch_one(&stand.shop.db)
        .await
        .unwrap()
}

async fn choose(stand: &Stand, cookie: &str, countries: &str) -> Answer {
    stand.post(PAGE, cookie, &[("countries", countries)]).await
}

const AUDITED: &str = "select count(*) from audit_log where action = 'popular_destinations_chosen'";

#[tokio::test]
async fn the_list_takes_codes_and_names_is_audited_and_rung_for() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    stand.sql("insert into package_countries (package_id, country_code) values (1120, 'fr')").await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let mut bell = stand.shop.bell.listen();
    // As a script posts it: without what a page would carry along.
    let saved = choose(&stand, &cookie, "UK, Japan\r\nit; Stati Uniti, Fra").await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/admin/catalog/popular?saved=1"),
        "{}",
        saved.body
    );
    assert_eq!(bell.try_recv(), Ok(Ring::Window));
    assert_eq!(chosen(&stand).await, "gb jp it us fr");
    let entry = "select count(*) from audit_log
        where action = 'popular_destinations_chosen'
            and actor = 'mia@example.com'
            and detail = '{\"countries\": \"gb jp it us fr\", \"countries_before\": \"\"}'";
    assert_eq!(stand.count(entry).await, 1);

    let page = stand.get(saved.header("location"), &cookie).await.body;
    assert!(page.contains("Saved.") && page.contains(">GB, JP, IT, US, FR</textarea>"), "{page}");
    assert!(page.contains("Last changed by mia@example.com"), "{page}");
    assert!(page.contains(r#"name="seen" value="1""#), "{page}");
    let japan = page.split("<li>").find(|line| line.starts_with("Japan")).unwrap();
    assert!(japan.contains("JP, left out while no plan for it is on sale"), "{japan}");
    let france = page.split("<li>").find(|line| line.starts_with("France")).unwrap();
    assert!(!france.contains("left out"), "{france}");

    // The same list once more is no change, and an empty one is one.
    choose(&stand, &cookie, "GB, JP").await;
    choose(&stand, &cookie, "gb,jp").await;
    assert_eq!((chosen(&stand).await.as_str(), stand.count(AUDITED).await), ("gb jp", 2));
    assert_eq!(choose(&stand, &cookie, " ").await.status, StatusCode::SEE_OTHER);
    assert_eq!((chosen(&stand).await.as_str(), stand.count(AUDITED).await), ("", 3));
    stand.end().await;
}

#[tokio::test]
async fn what_names_no_country_is_told_at_the_field_with_what_was_typed() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("olga@example.com", Role::Owner).await;
    let many: String = simfront::tax::Country::all(simfront::ground::Language::En)
        .iter()
        .take(51)
        .map(|(country, _)| format!("{},", country.code))
        .collect();
    for (typed, said) in [
        ("fr, Atlantis", "No country is called “Atlantis”."),
        ("fr, xx, <b>", "No country is called “xx”. No country is called “&#60;b&#62;”."),
        ("fr, Jap", "No country is called “Jap”."),
        (many.as_str(), "These are 51 countries; 50 are the most."),
    ] {
        let refused = choose(&stand, &cookie, typed).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        let kept = typed.replace('<', "&#60;").replace('>', "&#62;");
        for text in [
            said,
            &format!(">{kept}</textarea>"),
            r#"<label for="countries">"#,
            r#"<textarea id="countries" name="countries""#,
            r#"aria-describedby="countries-hint countries-error" aria-invalid="true""#,
            r#"<p class="error" id="countries-error">"#,
            r#"id="countries-hint""#,
        ] {
            assert!(refused.body.contains(text), "{typed}: {text} is missing in {}", refused.body);
        }
    }
    let page = stand.get(PAGE, &cookie).await.body;
    assert!(!page.contains("aria-invalid") && !page.contains("countries-error"), "{page}");
    assert_eq!((chosen(&stand).await.as_str(), stand.count(AUDITED).await), ("", 0));
    stand.end().await;
}

#[tokio::test]
async fn of_two_who_choose_at_once_the_second_is_told_and_keeps_what_was_typed() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let olga = stand.signed_in("olga@example.com", Role::Owner).await;
    let mia = stand.signed_in("mia@example.com", Role::Manager).await;
    let page = stand.get(PAGE, &olga).await.body;
    assert!(page.contains(r#"name="seen" value="0""#), "{page}");
    let (one, two) = ([("countries", "fr"), ("seen", "0")], [("countries", "it"), ("seen", "0")]);
    let (first, second) = tokio::join!(stand.post(PAGE, &olga, &one), stand.post(PAGE, &mia, &two));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let (loser, typed, cookie, stands) = match first.status {
        StatusCode::CONFLICT => (first, "fr", &olga, "it"),
        _ => (second, "it", &mia, "fr"),
    };
    assert!(loser.body.contains(&format!(">{typed}</textarea>")), "{}", loser.body);
    assert!(loser.body.contains("somebody else changed this list"), "{}", loser.body);
    assert_eq!((chosen(&stand).await.as_str(), stand.count(AUDITED).await), (stands, 1));
    // The next try is about the list that stands now.
    assert!(loser.body.contains(r#"name="seen" value="1""#), "{}", loser.body);
    let again = stand.post(PAGE, cookie, &[("countries", typed), ("seen", "1")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(chosen(&stand).await, typed);
    let nonsense = stand.post(PAGE, cookie, &[("countries", "us"), ("seen", "x")]).await;
    assert_eq!(nonsense.status, StatusCode::CONFLICT);
    assert_eq!(chosen(&stand).await, typed);
    stand.end().await;
}

#[tokio::test]
async fn support_may_look_at_the_list_and_not_change_it() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let page = stand.get(PAGE, &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("<textarea") && page.body.contains("not change it"), "{}", page.body);
    assert_eq!(choose(&stand, &cookie, "fr").await.status, StatusCode::FORBIDDEN);
    assert_eq!(chosen(&stand).await, "");
    assert!(stand.get("/admin/catalog", &cookie).await.body.contains(&format!(r#"href="{PAGE}""#)));
    stand.end().await;
}
