//! Password or code once more: how long it counts, who else it counts for, and that guessing at it is slow.

use axum::http::StatusCode;
use simfront::staff::Role;
use time::Duration;

use crate::stand::{PASSWORD, Stand};

const SEED: &str = include_str!("seed.sql");
/// A unit in doubt, whose price a person may give back.
const UNIT: &str = "/admin/orders/SF-4HX2PPRT/units/1-1";
/// Confirmed, and refused by the form itself: nothing changes, so that it can be asked many times.
const NO_REASON: [(&str, &str); 1] = [("way", "give_up")];

async fn asks(stand: &Stand, cookie: &str) -> bool {
    let answer = stand.post(UNIT, cookie, &NO_REASON).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    let asks = answer.body.contains("Is it you?");
    assert_ne!(asks, answer.body.contains("Say why"), "{}", answer.body);
    asks
}

#[tokio::test]
async fn the_password_counts_for_minutes_in_its_own_session_and_a_sign_in_does_not_count() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let other = stand.sign_in("mia@example.com", PASSWORD).await.cookie();
    assert!(asks(&stand, &cookie).await, "a sign-in is no confirmation");
    let given = stand.post(UNIT, &cookie, &[("way", "give_up"), ("password", PASSWORD)]).await;
    assert!(given.body.contains("Say why"), "{}", given.body);
    assert!(!asks(&stand, &cookie).await, "for minutes it counts");
    assert!(asks(&stand, &other).await, "in that session alone");
    stand.shop.clock.advance(Duration::seconds(299));
    assert!(!asks(&stand, &cookie).await);
    stand.shop.clock.advance(Duration::seconds(1));
    assert!(asks(&stand, &cookie).await, "five minutes are over");
    stand.end().await;
}

#[tokio::test]
async fn what_changes_the_team_asks_each_time() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in("olga@example.com", Role::Owner).await;
    let invite = |email: &'static str, password: &'static str| {
        [("email", email), ("role", "support"), ("password", password)]
    };
    let done = stand.post("/admin/team", &cookie, &invite("one@example.com", PASSWORD)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let asked = stand.post("/admin/team", &cookie, &invite("two@example.com", "")).await;
    assert!(asked.body.contains("Is it you?"), "{}", asked.body);
    assert_eq!(stand.count("select count(*) from admin_invitations").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn what_was_typed_reaches_the_act_after_a_wrong_password_and_stands_in_the_audit_log() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let reason = "a reason with “quotes” & <signs>";
    let fields = [("way", "give_up"), ("reason", reason), ("password", "not this one")];
    let page = stand.post(UNIT, &cookie, &fields).await.body;
    assert!(page.contains(&format!(r#"action="{UNIT}""#)), "{page}");
    assert!(page.contains("a reason with “quotes” &#38; &#60;signs&#62;"), "{page}");
    assert!(page.contains("Give up"), "people read what they are about to do");
    // As the page's form sends it on.
    let fields = [("way", "give_up"), ("reason", reason), ("password", PASSWORD)];
    let done = stand.post(UNIT, &cookie, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let kept: Vec<String> = sqlx::query_scalar(
        "select actor || ': ' || (detail->>'way') || ', ' || (detail->>'reason') from audit_log where action = 'unit_decided'",
    )
    .fetch_all(&stand.shop.db)
    .await
    .unwrap();
    assert_eq!(kept, [format!("mia@example.com: give_up, {reason}")]);
    let owner = stand.signed_in("olga@example.com", Role::Owner).await;
    let log = stand.get("/admin/audit?actor=MIA@example.com&action=Unit%20decided", &owner).await.body;
    assert!(log.contains("Unit decided") && log.contains("&#60;signs&#62;"), "{log}");
    stand.end().await;
}

#[tokio::test]
async fn guessing_in_a_session_slows_down_on_every_node() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let mut looked_at = 0;
    for guess in 0..20 {
        let guess = format!("guess number {guess}");
        let answer = stand.post(UNIT, &cookie, &[("way", "give_up"), ("password", &guess)]).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        } else {
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 5, "five were compared, and not one more");
    // The count stands in the database, beside the account: the right password waits as well, and then passes.
    let right = [("way", "give_up"), ("password", PASSWORD)];
    assert_eq!(stand.post(UNIT, &cookie, &right).await.status, StatusCode::TOO_MANY_REQUESTS);
    stand.shop.clock.advance(Duration::seconds(1));
    assert!(stand.post(UNIT, &cookie, &right).await.body.contains("Say why"));
    assert_eq!(stand.count("select tries::bigint from admins").await, 0);
    stand.end().await;
}
