//! Who is on the team: asking somebody to join, changing roles, disabling; an owner is always left.

use axum::http::StatusCode;
use simfront::staff::Role;
use time::Duration;

use crate::stand::{Answer, PASSWORD, Stand};

const OLGA: &str = "olga@example.com";
const MIA: &str = "mia@example.com";

async fn id(stand: &Stand, email: &str) -> i64 {
    sqlx::query_scalar("select id from admins where email = $1")
        .bind(email)
        .fetch_one(&stand.shop.db)
        .await
        .unwrap()
}

async fn change(stand: &Stand, cookie: &str, email: &str, fields: &[(&str, &str)]) -> Answer {
    let path = format!("/admin/team/{}", id(stand, email).await);
    let more = [("reason", "so it was decided"), ("password", PASSWORD)];
    stand.post(&path, cookie, &[fields, &more].concat()).await
}

/// The link in the last mail.
async fn link(stand: &Stand) -> String {
    let plain: String = sqlx::query_scalar("select plain from mails order by id desc limit 1")
        .fetch_one(&stand.shop.db)
        .await
        .unwrap();
    let link = plain.split_whitespace().find(|word| word.contains("/admin/join/")).unwrap();
    link.strip_prefix("http://127.0.0.1:3000").unwrap().to_owned()
}

async fn invite(stand: &Stand, cookie: &str, email: &str, role: &str) -> Answer {
    stand.post("/admin/team", cookie, &[("email", email), ("role", role), ("password", PASSWORD)]).await
}

/// RELIABILITY S34.
#[tokio::test]
async fn who_is_asked_chooses_a_password_by_a_link_that_works_once() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(OLGA, Role::Owner).await;
    assert_eq!(invite(&stand, &cookie, "New@Example.com", "manager").await.status, StatusCode::SEE_OTHER);
    let first = link(&stand).await;
    assert_eq!(invite(&stand, &cookie, "new@example.com", "support").await.status, StatusCode::SEE_OTHER);
    let second = link(&stand).await;
    assert_eq!(stand.get(&first, "").await.status, StatusCode::NOT_FOUND, "a newer one took its place");
    // Mail programs look at links by themselves: that uses nothing up.
    for _ in 0..2 {
        assert!(stand.get(&second, "").await.body.contains("new@example.com"));
    }
    let weak = stand.post(&second, "", &[("password", "password1")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let joined = stand.post(&second, "", &[("password", "the tide comes in at noon")]).await;
    assert_eq!((joined.status, joined.header("location")), (StatusCode::SEE_OTHER, "/admin/login"));
    let again = stand.post(&second, "", &[("password", "the tide goes out at noon")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "once");
    let entered = stand.sign_in("new@example.com", "the tide comes in at noon").await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    assert_eq!(stand.get("/admin/team", &entered.cookie()).await.status, StatusCode::FORBIDDEN, "support");
    let token = second.rsplit('/').next().unwrap();
    let kept =
        "select count(*) from admin_invitations where encode(token_hash, 'escape') like '%' || $1 || '%'";
    let kept: i64 = sqlx::query_scalar(kept).bind(token).fetch_one(&stand.shop.db).await.unwrap();
    assert_eq!(kept, 0, "only a hash is kept");
    for (action, actor) in [("admin_invited", OLGA), ("admin_joined", "new@example.com")] {
        let told: i64 = sqlx::query_scalar("select count(*) from audit_log where action = $1 and actor = $2")
            .bind(action)
            .bind(actor)
            .fetch_one(&stand.shop.db)
            .await
            .unwrap();
        assert!(told >= 1, "{action}");
    }
    assert_eq!(invite(&stand, &cookie, "new@example.com", "owner").await.status, StatusCode::CONFLICT);
    stand.end().await;
}

#[tokio::test]
async fn a_link_ends_after_three_days_and_when_it_is_taken_back() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(OLGA, Role::Owner).await;
    invite(&stand, &cookie, MIA, "manager").await;
    let old = link(&stand).await;
    stand.shop.clock.advance(Duration::days(3));
    let late = stand.post(&old, "", &[("password", PASSWORD)]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    let cookie = stand.sign_in(OLGA, PASSWORD).await.cookie();
    invite(&stand, &cookie, MIA, "manager").await;
    let fresh = link(&stand).await;
    let taken_back = stand.post("/admin/team/invitations/1", &cookie, &[("password", PASSWORD)]).await;
    assert_eq!(taken_back.header("location"), "/admin/team?said=withdrawn", "{}", taken_back.body);
    assert_eq!(stand.get(&fresh, "").await.status, StatusCode::NOT_FOUND);
    for odd in ["/admin/join/x", "/admin/join/%00", "/admin/join/..%2f"] {
        assert_eq!(stand.get(odd, "").await.status, StatusCode::NOT_FOUND, "{odd}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_role_holds_from_the_next_request_on_and_a_disabled_account_is_out_at_once() {
    let stand = Stand::new().await;
    let olga = stand.signed_in(OLGA, Role::Owner).await;
    let mia = stand.signed_in(MIA, Role::Manager).await;
    assert_eq!(stand.get("/admin/audit", &mia).await.status, StatusCode::OK);
    let changed = change(&stand, &olga, MIA, &[("change", "role"), ("role", "support")]).await;
    assert_eq!(changed.header("location"), "/admin/team?said=changed", "{}", changed.body);
    assert_eq!(stand.get("/admin/audit", &mia).await.status, StatusCode::FORBIDDEN);

    change(&stand, &olga, MIA, &[("change", "disable")]).await;
    assert_eq!(stand.get("/admin", &mia).await.status, StatusCode::SEE_OTHER, "the session is gone");
    assert_eq!(stand.sign_in(MIA, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    change(&stand, &olga, MIA, &[("change", "enable")]).await;
    assert_eq!(stand.get("/admin", &mia).await.status, StatusCode::SEE_OTHER, "and stays gone");
    assert_eq!(stand.sign_in(MIA, PASSWORD).await.status, StatusCode::SEE_OTHER);
    let told: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where actor = $1 and detail->>'email' = $2 and detail->>'reason' = 'so it was decided' order by id",
    )
    .bind(OLGA)
    .bind(MIA)
    .fetch_all(&stand.shop.db)
    .await
    .unwrap();
    assert_eq!(told, ["role_changed", "admin_disabled", "admin_enabled"]);
    stand.end().await;
}

#[tokio::test]
async fn the_last_owner_stays_also_when_two_owners_remove_each_other_at_once() {
    let mut stand = Stand::new().await;
    stand.unlimited();
    let olga = stand.signed_in(OLGA, Role::Owner).await;
    for fields in [[("change", "disable"), ("role", "")], [("change", "role"), ("role", "manager")]] {
        let refused = change(&stand, &olga, OLGA, &fields).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains("the last owner"), "{}", refused.body);
        assert!(refused.body.contains(r#"value="so it was decided""#), "what was typed is there");
    }
    for _ in 0..5 {
        let ada = match stand.count("select count(*) from admins").await {
            1 => stand.signed_in("ada@example.com", Role::Owner).await,
            _ => stand.sign_in("ada@example.com", PASSWORD).await.cookie(),
        };
        let olga = stand.sign_in(OLGA, PASSWORD).await.cookie();
        let (one, two) = tokio::join!(
            change(&stand, &olga, "ada@example.com", &[("change", "disable")]),
            change(&stand, &ada, OLGA, &[("change", "disable")]),
        );
        let done = [&one, &two].iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!(done, 1, "{} {}", one.status, two.status);
        let left = "select count(*) from admins where role = 'owner' and disabled_at is null";
        assert_eq!(stand.count(left).await, 1);
        stand.sql("update admins set disabled_at = null").await;
    }
    stand.end().await;
}

#[tokio::test]
async fn changes_without_sense_or_reason_change_nothing() {
    let stand = Stand::new().await;
    let olga = stand.signed_in(OLGA, Role::Owner).await;
    stand.admin(MIA, Role::Manager).await;
    let path = format!("/admin/team/{}", id(&stand, MIA).await);
    for (fields, status) in [
        (vec![("change", "role"), ("role", "root"), ("reason", "x")], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![("change", "delete"), ("reason", "x")], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![("change", "disable"), ("reason", " \u{0} ")], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![("change", "role"), ("role", "manager"), ("reason", "x")], StatusCode::CONFLICT),
        (vec![("change", "enable"), ("reason", "x")], StatusCode::CONFLICT),
        (vec![("change", "reset_factor"), ("reason", "x")], StatusCode::CONFLICT),
    ] {
        let fields = [fields, vec![("password", PASSWORD)]].concat();
        assert_eq!(stand.post(&path, &olga, &fields).await.status, status, "{fields:?}");
    }
    let nobody = stand.post(
        "/admin/team/999",
        &olga,
        &[("change", "disable"), ("reason", "x"), ("password", PASSWORD)],
    );
    assert_eq!(nobody.await.status, StatusCode::NOT_FOUND);
    for (email, role) in [("", "support"), ("no address", "support"), ("x@example.com", "root")] {
        assert_eq!(invite(&stand, &olga, email, role).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let made = "select count(*) from audit_log where action not in ('signed_in', 'admin_created')";
    assert_eq!(stand.count(made).await, 0);
    stand.end().await;
}
