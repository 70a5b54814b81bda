//! Who gets in, who does not, and when it ends.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use simfront::ground::EmailAddress;
use simfront::staff::{self, AccountRefusal, Role};
use time::Duration;

use crate::stand::{PASSWORD, Stand};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn the_right_password_opens_a_session_and_a_wrong_one_nothing() {
    let stand = Stand::new().await;
    stand.admin(ADA, Role::Owner).await;
    let wrong = stand.sign_in(ADA, "a quiet harbour at dusk").await;
    let unknown = stand.sign_in("nobody@example.com", PASSWORD).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.header("set-cookie").is_empty());
    // Nobody learns which of the two it was.
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(unknown.body, wrong.body.replace(ADA, "nobody@example.com"));
    assert!(!wrong.body.contains("dusk"), "a password is never shown again");

    let right = stand.sign_in("Ada@Example.com", PASSWORD).await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, "/admin"));
    assert!(
        right.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{}",
        right.header("set-cookie")
    );
    assert_eq!(stand.get("/admin", &right.cookie()).await.status, StatusCode::OK);
    let token = right.cookie().split_once('=').unwrap().1.to_owned();
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("select token_hash from admin_sessions").fetch_all(&stand.shop.db).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0] != token.as_bytes() && kept[0].len() == 32, "only the hash is kept");
    stand.end().await;
}

#[tokio::test]
async fn on_https_the_cookie_is_bound_to_the_host() {
    let stand = Stand::at("https://shop.example").await;
    stand.admin(ADA, Role::Owner).await;
    let cookie = stand.sign_in(ADA, PASSWORD).await;
    let set = cookie.header("set-cookie");
    assert!(
        set.starts_with("__Host-simfront_admin=")
            && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    assert_eq!(stand.get("/admin", &cookie.cookie()).await.status, StatusCode::OK);
    // The name that plain http uses means nothing here.
    let plain = cookie.cookie().replace("__Host-", "");
    assert_eq!(stand.get("/admin", &plain).await.status, StatusCode::SEE_OTHER);
    stand.end().await;
}

#[tokio::test]
async fn signing_in_leads_back_and_never_away() {
    let stand = Stand::new().await;
    stand.admin(ADA, Role::Owner).await;
    let sent = stand.get("/admin/orders?status=failed", "").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(sent.header("location"), "/admin/login?next=%2Fadmin%2Forders%3Fstatus%3Dfailed");
    let form = stand.get(sent.header("location"), "").await;
    assert!(form.body.contains(r#"name="next" value="/admin/orders?status=failed""#), "{}", form.body);
    for (next, to) in [
        ("/admin/orders?status=failed", "/admin/orders?status=failed"),
        ("//evil.test", "/admin"),
        ("/\\evil.test", "/admin"),
        ("https:evil.test", "/admin"),
        ("%2f%2fevil.test", "/admin"),
        ("javascript:alert(1)", "/admin"),
    ] {
        let fields = [("email", ADA), ("password", PASSWORD), ("next", next)];
        assert_eq!(stand.post("/admin/login", "", &fields).await.header("location"), to, "{next}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_session_dies_at_sign_out_and_a_new_sign_in_ends_the_old_one() {
    let stand = Stand::new().await;
    let first = stand.signed_in(ADA, Role::Owner).await;
    let fields = [("email", ADA), ("password", PASSWORD)];
    let second = stand.post("/admin/login", &first, &fields).await.cookie();
    assert_ne!(first, second);
    assert_eq!(stand.get("/admin", &first).await.status, StatusCode::SEE_OTHER, "the old id is dead");
    assert_eq!(stand.get("/admin", &second).await.status, StatusCode::OK);

    let out = stand.post("/admin/logout", &second, &[]).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/admin/login"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(stand.get("/admin", &second).await.status, StatusCode::SEE_OTHER, "replayed");
    stand.end().await;
}

#[tokio::test]
async fn a_session_ends_idle_and_after_eight_hours() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    for _ in 0..16 {
        stand.shop.clock.advance(Duration::minutes(29));
        assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::OK);
    }
    stand.shop.clock.advance(Duration::minutes(16));
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::SEE_OTHER, "eight hours");

    let cookie = stand.sign_in(ADA, PASSWORD).await.cookie();
    stand.shop.clock.advance(Duration::minutes(31));
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::SEE_OTHER, "idle");
    stand.end().await;
}

#[tokio::test]
async fn a_new_password_kills_every_session_and_a_disabled_account_is_out() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let email = EmailAddress::parse(ADA).unwrap();
    let (db, clock, entropy) = (&stand.shop.db, &stand.shop.clock, &stand.shop.entropy);
    staff::reset_password(db, clock, entropy, &email, "another harbour, at noon").await.unwrap();
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stand.sign_in(ADA, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let cookie = stand.sign_in(ADA, "another harbour, at noon").await.cookie();
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::OK);
    stand.sql("update admins set disabled_at = now()").await;
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stand.sign_in(ADA, "another harbour, at noon").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    stand.end().await;
}

#[tokio::test]
async fn guessing_slows_down_and_a_reset_begins_anew() {
    let stand = Stand::new().await;
    stand.admin(ADA, Role::Owner).await;
    let mut refused = 0;
    for guess in 0..50 {
        let answer = stand.sign_in(ADA, &format!("guess number {guess}")).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
            refused += 1;
        }
    }
    assert_eq!(refused, 45, "five guesses were looked at, and not one more");
    assert_eq!(stand.sign_in(ADA, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    // The account's memory begins anew with a new password; the address still waits for what it did.
    let email = EmailAddress::parse(ADA).unwrap();
    let (db, clock, entropy) = (&stand.shop.db, &stand.shop.clock, &stand.shop.entropy);
    staff::reset_password(db, clock, entropy, &email, "another harbour, at noon").await.unwrap();
    stand.shop.clock.advance(Duration::seconds(1));
    let reset = stand.sign_in(ADA, "another harbour, at noon").await;
    assert_eq!(reset.status, StatusCode::SEE_OTHER, "{}", reset.header("retry-after"));
    stand.end().await;
}

#[tokio::test]
async fn without_limits_nobody_waits() {
    let mut stand = Stand::new().await;
    stand.unlimited();
    stand.admin(ADA, Role::Owner).await;
    for _ in 0..8 {
        assert_eq!(stand.sign_in(ADA, "not this one").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(stand.sign_in(ADA, PASSWORD).await.status, StatusCode::SEE_OTHER);
    stand.end().await;
}

#[tokio::test]
async fn the_first_owner_is_made_once_and_weak_passwords_never() {
    let stand = Stand::new().await;
    let (db, clock, entropy) = (&stand.shop.db, &stand.shop.clock, &stand.shop.entropy);
    let email = EmailAddress::parse(ADA).unwrap();
    let weak = staff::ensure_first(db, clock, entropy, &email, "password123").await;
    assert!(matches!(weak, Err(AccountRefusal::Password(_))));
    let (one, two) = tokio::join!(
        staff::ensure_first(db, clock, entropy, &email, PASSWORD),
        staff::ensure_first(db, clock, entropy, &email, PASSWORD),
    );
    assert_ne!(one.unwrap(), two.unwrap(), "two nodes that start at once make one");
    let other = EmailAddress::parse("eve@example.com").unwrap();
    assert!(!staff::ensure_first(db, clock, entropy, &other, PASSWORD).await.unwrap());
    let accounts = staff::list(db).await.unwrap();
    assert_eq!(accounts.iter().map(|a| (a.email.as_str(), a.role)).collect::<Vec<_>>(), [(ADA, Role::Owner)]);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'admin_created'").await, 1);
    let hash: String = sqlx::query_scalar("select password_hash from admins").fetch_one(db).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    stand.end().await;
}

#[tokio::test]
async fn an_outdated_hash_is_strengthened_at_the_next_sign_in() {
    let stand = Stand::new().await;
    stand.admin(ADA, Role::Owner).await;
    use argon2::password_hash::{PasswordHasher as _, phc::PasswordHash};
    let weak = argon2::Params::new(8192, 1, 1, None).unwrap();
    let hash: PasswordHash = argon2::Argon2::from(weak).hash_password(PASSWORD.as_bytes()).unwrap();
    sqlx::query("update admins set password_hash = $1")
        .bind(hash.to_string())
        .execute(&stand.shop.db)
        .await
        .unwrap();
    let cookie = stand.sign_in(ADA, PASSWORD).await.cookie();
    assert_eq!(
        stand
            .count("select count(*) from admins where password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'")
            .await,
        1
    );
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::OK);
    assert_eq!(stand.sign_in(ADA, PASSWORD).await.status, StatusCode::SEE_OTHER);
    stand.end().await;
}

#[tokio::test]
async fn odd_forms_are_refused() {
    let stand = Stand::new().await;
    stand.admin(ADA, Role::Owner).await;
    for (email, password) in
        [("", ""), ("ada", PASSWORD), (ADA, ""), ("' or 1=1 --", "x"), ("a\0@example.com", PASSWORD)]
    {
        assert_eq!(
            stand.sign_in(email, password).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{email:?}"
        );
    }
    assert_eq!(stand.count("select count(*) from admin_sessions").await, 0);
    let json = Request::post("/admin/login")
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from(format!("email={ADA}&password={PASSWORD}")))
        .unwrap();
    assert_eq!(stand.ask(json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    stand.end().await;
}
