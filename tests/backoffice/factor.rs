//! The second factor: setting it up, signing in with it, losing it, and what guessing at it gets.

use axum::http::StatusCode;
use simfront::ground::EmailAddress;
use simfront::staff::totp::Secret;
use simfront::staff::{self, Role};
use time::Duration;

use crate::stand::{Answer, PASSWORD, Stand, codes_on, secret_on};

const ADA: &str = "ada@example.com";

async fn code(stand: &Stand, half_way: &Answer, code: &str) -> Answer {
    stand.post("/admin/login", &half_way.cookie(), &[("code", code)]).await
}

/// The whole way in.
async fn enter(stand: &Stand, secret: &Secret) -> Answer {
    stand.next_step();
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    code(stand, &half_way, &secret.shown_at(stand.shop.now())).await
}

/// The session among the cookies that an answer sets.
fn session(answer: &Answer) -> String {
    let all = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let found =
        all.filter_map(|value| value.split(';').next()).find(|pair| pair.starts_with("simfront_admin="));
    found.unwrap_or_else(|| panic!("no session: {}", answer.body)).to_owned()
}

#[tokio::test]
async fn after_the_password_comes_the_code_and_only_then_does_anything_open() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, _) = stand.enrol(&cookie).await;
    stand.next_step();
    let fields = [("email", ADA), ("password", PASSWORD), ("next", "/admin/orders?status=failed")];
    let half_way = stand.post("/admin/login", "", &fields).await;
    let to = half_way.header("location").to_owned();
    assert_eq!(to, "/admin/login?next=%2Fadmin%2Forders%3Fstatus%3Dfailed");
    assert!(half_way.header("set-cookie").starts_with("simfront_admin_code="));
    assert_eq!(stand.get("/admin", &half_way.cookie()).await.status, StatusCode::SEE_OTHER);
    let page = stand.get(&to, &half_way.cookie()).await;
    assert!(
        page.body.contains(r#"name="code""#) && !page.body.contains(r#"name="password""#),
        "{}",
        page.body
    );
    assert!(page.body.contains(r#"value="/admin/orders?status=failed""#));

    let wrong = code(&stand, &half_way, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'code_refused'").await, 1);
    let entered = code(&stand, &half_way, &secret.shown_at(stand.shop.now())).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    assert_eq!(stand.get("/admin", &session(&entered)).await.status, StatusCode::OK);
    stand.next_step();
    let twice = code(&stand, &half_way, &secret.shown_at(stand.shop.now())).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "the half-way sign-in is used up");

    stand.next_step();
    let now = secret.shown_at(stand.shop.now());
    let at_once =
        stand.post("/admin/login", "", &[("email", ADA), ("password", PASSWORD), ("code", &now)]).await;
    assert_eq!(
        stand.get("/admin", &session(&at_once)).await.status,
        StatusCode::OK,
        "a script gives all three"
    );
    stand.end().await;
}

/// RELIABILITY S32.
#[tokio::test]
async fn a_code_is_taken_once_and_one_step_early_or_late() {
    let mut stand = Stand::new().await;
    stand.unlimited();
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, _) = stand.enrol(&cookie).await;
    let now = stand.shop.now();
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    let enrolled_with = secret.shown_at(now);
    assert_eq!(
        code(&stand, &half_way, &enrolled_with).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "taken"
    );
    for (steps, taken) in [(2, false), (-2, false), (1, true), (1, false), (0, false), (-1, false)] {
        let half_way = stand.sign_in(ADA, PASSWORD).await;
        let typed = secret.shown_at(now + Duration::seconds(30 * steps));
        let entered = code(&stand, &half_way, &typed).await.status == StatusCode::SEE_OTHER;
        assert_eq!(entered, taken, "{steps}: after a later code an earlier one is worth nothing");
    }
    // Of many at once with the same code one gets in.
    stand.shop.clock.advance(Duration::seconds(300));
    let typed = secret.shown_at(stand.shop.now());
    let mut half_ways = Vec::new();
    for _ in 0..5 {
        half_ways.push(stand.sign_in(ADA, PASSWORD).await);
    }
    let answers = futures_util::future::join_all(half_ways.iter().map(|one| code(&stand, one, &typed))).await;
    let entered = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    assert_eq!(entered, 1);
    stand.end().await;
}

/// RELIABILITY S32.
#[tokio::test]
async fn a_thousand_guesses_get_nowhere_and_the_owner_gets_in_after_a_short_wait() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, _) = stand.enrol(&cookie).await;
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    let right = secret.shown_at(stand.shop.now() + Duration::seconds(30));
    let mut looked_at = 0;
    for guess in 0..1000 {
        let guess = format!("{guess:06}");
        if guess == right {
            continue;
        }
        let answer = code(&stand, &half_way, &guess).await;
        looked_at += i32::from(answer.status != StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(looked_at, 5, "five were compared, and not one more");
    stand.shop.clock.advance(Duration::seconds(30));
    let entered = code(&stand, &half_way, &right).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    stand.end().await;
}

#[tokio::test]
async fn ten_recovery_codes_are_shown_once_kept_hashed_and_each_opens_once() {
    let mut stand = Stand::new().await;
    stand.unlimited();
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (_, codes) = stand.enrol(&cookie).await;
    assert_eq!(codes.len(), 10);
    let account = stand.get("/admin/account", &cookie).await.body;
    assert!(codes.iter().all(|code| !account.contains(code)) && account.contains("10 of 10"), "{account}");
    let dump: Vec<String> = sqlx::query_scalar(
        "select to_jsonb(t)::text from admin_recovery_codes t union all select to_jsonb(f)::text from admin_second_factors f
         union all select to_jsonb(l)::text from audit_log l",
    )
    .fetch_all(&stand.shop.db)
    .await
    .unwrap();
    let dump = dump.join("\n");
    assert!(codes.iter().all(|code| !dump.contains(code) && !dump.contains(&code.replace('-', ""))));

    let half_way = stand.sign_in(ADA, PASSWORD).await;
    let entered = code(&stand, &half_way, &codes[3].to_uppercase()).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    assert_eq!(code(&stand, &half_way, &codes[3]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "once");
    let account = stand.get("/admin/account", &cookie).await.body;
    assert!(account.contains("9 of 10"), "{account}");

    let renewed = stand.post("/admin/account/recovery-codes", &cookie, &[("password", PASSWORD)]).await;
    let fresh = codes_on(&renewed.body);
    assert_eq!(code(&stand, &half_way, &codes[4]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "replaced");
    assert_eq!(code(&stand, &half_way, &fresh[0]).await.status, StatusCode::SEE_OTHER);
    stand.end().await;
}

#[tokio::test]
async fn setting_it_up_needs_the_password_and_a_code_and_ends_the_other_sessions() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let other = stand.sign_in(ADA, PASSWORD).await.cookie();
    for password in ["", "not this one"] {
        let asked = stand.post("/admin/account/second-factor", &cookie, &[("password", password)]).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!asked.body.contains("factor-qr"));
    }
    // Without a proposal there is nothing that a code could be of.
    let early = stand.post("/admin/account/second-factor/enrol", &cookie, &[("code", "123456")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    stand.post("/admin/account/second-factor", &cookie, &[("password", PASSWORD)]).await;
    let page = stand.get("/admin/account", &cookie).await.body;
    assert!(page.contains(r#"<div class="factor-qr" role="img""#) && page.contains("<svg"), "{page}");
    assert!(!stand.get("/admin/account", &other).await.body.contains("factor-qr"), "in that session alone");
    let wrong = stand.post("/admin/account/second-factor/enrol", &cookie, &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stand.sign_in(ADA, PASSWORD).await.header("location"), "/admin", "it is not on yet");
    let code = secret_on(&page).shown_at(stand.shop.now());
    let done = stand.post("/admin/account/second-factor/enrol", &cookie, &[("code", &code)]).await;
    assert_eq!(codes_on(&done.body).len(), 10);
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::OK);
    assert_eq!(stand.get("/admin", &other).await.status, StatusCode::SEE_OTHER, "RELIABILITY S18");
    let sealed: Vec<u8> = sqlx::query_scalar("select sealed_secret from admin_second_factors")
        .fetch_one(&stand.shop.db)
        .await
        .unwrap();
    assert!(sealed.len() > 40, "sealed, with its nonce");
    stand.end().await;
}

#[tokio::test]
async fn turning_it_off_needs_password_and_code_and_ends_the_other_sessions() {
    let mut stand = Stand::new().await;
    stand.unlimited();
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, codes) = stand.enrol(&cookie).await;
    let other = session(&enter(&stand, &secret).await);
    stand.next_step();
    let now = secret.shown_at(stand.shop.now());
    let off = async |password: &str, code: &str| {
        let fields = [("password", password), ("code", code)];
        stand.post("/admin/account/second-factor/off", &cookie, &fields).await
    };
    for (password, code) in [
        (PASSWORD, ""),
        ("", now.as_str()),
        ("wrong", now.as_str()),
        (PASSWORD, "000000"),
        (PASSWORD, codes[0].as_str()),
    ] {
        assert_eq!(off(password, code).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{password} {code}");
    }
    assert_eq!(off(PASSWORD, &now).await.header("location"), "/admin/account?said=off");
    assert_eq!(stand.get("/admin", &other).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stand.sign_in(ADA, PASSWORD).await.header("location"), "/admin");
    assert_eq!(stand.count("select count(*) from admin_recovery_codes").await, 0);
    stand.end().await;
}

/// RELIABILITY S33.
#[tokio::test]
async fn no_reset_of_the_password_skips_the_factor() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, _) = stand.enrol(&cookie).await;
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    let email = EmailAddress::parse(ADA).unwrap();
    let (db, clock, entropy) = (&stand.shop.db, &stand.shop.clock, &stand.shop.entropy);
    staff::reset_password(db, clock, entropy, &email, "another harbour, at noon").await.unwrap();
    stand.next_step();
    let late = code(&stand, &half_way, &secret.shown_at(stand.shop.now())).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "that sign-in ended with its password");
    let again = stand.sign_in(ADA, "another harbour, at noon").await;
    assert!(again.header("set-cookie").starts_with("simfront_admin_code="), "the code is still asked for");
    staff::reset_factor(db, clock, &email).await.unwrap();
    assert_eq!(stand.sign_in(ADA, "another harbour, at noon").await.header("location"), "/admin");
    stand.end().await;
}

#[tokio::test]
async fn an_owner_resets_the_factor_of_somebody_else_who_is_signed_out_at_once() {
    let stand = Stand::new().await;
    let mia = stand.signed_in("mia@example.com", Role::Manager).await;
    stand.enrol(&mia).await;
    let olga = stand.signed_in("olga@example.com", Role::Owner).await;
    let fields =
        [("change", "reset_factor"), ("reason", "lost the phone, seen in person"), ("password", PASSWORD)];
    let done = stand.post("/admin/team/1", &olga, &fields).await;
    assert_eq!(done.header("location"), "/admin/team?said=changed", "{}", done.body);
    assert_eq!(stand.get("/admin", &mia).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stand.sign_in("mia@example.com", PASSWORD).await.header("location"), "/admin");
    let told =
        "select count(*) from audit_log where action = 'second_factor_reset' and actor = 'olga@example.com'
                and detail->>'email' = 'mia@example.com' and detail->>'reason' like 'lost the phone%'";
    assert_eq!(stand.count(told).await, 1);
    stand.end().await;
}

#[tokio::test]
async fn where_it_is_required_setting_it_up_is_the_first_step() {
    let mut stand = Stand::new().await;
    let before = stand.signed_in(ADA, Role::Owner).await;
    stand.demanding();
    assert_eq!(
        stand.get("/admin", &before).await.status,
        StatusCode::SEE_OTHER,
        "older sessions open nothing"
    );
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    assert_eq!(half_way.header("location"), "/admin/login?next=%2Fadmin");
    assert_eq!(stand.get("/admin/account", &half_way.cookie()).await.status, StatusCode::SEE_OTHER);
    let page = stand.get("/admin/login", &half_way.cookie()).await.body;
    assert!(page.contains("factor-qr"), "{page}");
    let secret = secret_on(&page);
    assert_eq!(code(&stand, &half_way, "000000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        secret_on(&stand.get("/admin/login", &half_way.cookie()).await.body).text(),
        secret.text(),
        "the same"
    );
    let entered = code(&stand, &half_way, &secret.shown_at(stand.shop.now())).await;
    assert_eq!(codes_on(&entered.body).len(), 10);
    let cookie = session(&entered);
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::OK);
    let account = stand.get("/admin/account", &cookie).await.body;
    assert!(!account.contains("second-factor/off"), "{account}");
    stand.next_step();
    let now = secret.shown_at(stand.shop.now());
    let off = stand
        .post("/admin/account/second-factor/off", &cookie, &[("password", PASSWORD), ("code", &now)])
        .await;
    assert_eq!(off.status, StatusCode::CONFLICT);
    let entered = enter(&stand, &secret).await;
    assert_eq!(stand.get("/admin", &session(&entered)).await.status, StatusCode::OK);
    stand.end().await;
}

#[tokio::test]
async fn a_half_way_sign_in_ends_after_ten_minutes_and_when_it_is_given_up() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, _) = stand.enrol(&cookie).await;
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    stand.shop.clock.advance(Duration::minutes(10));
    let late = code(&stand, &half_way, &secret.shown_at(stand.shop.now())).await;
    assert!(late.body.contains("took too long"), "{}", late.body);
    let half_way = stand.sign_in(ADA, PASSWORD).await;
    stand.post("/admin/logout", &half_way.cookie(), &[]).await;
    let gone = code(&stand, &half_way, &secret.shown_at(stand.shop.now())).await;
    assert!(gone.body.contains("took too long"), "{}", gone.body);
    stand.end().await;
}

#[tokio::test]
async fn a_code_confirms_what_moves_money_as_the_password_does_and_only_once() {
    let stand = Stand::new().await;
    stand.sql(include_str!("seed.sql")).await;
    let cookie = stand.signed_in(ADA, Role::Owner).await;
    let (secret, codes) = stand.enrol(&cookie).await;
    let unit = "/admin/orders/SF-4HX2PPRT/units/1-1";
    stand.next_step();
    let now = secret.shown_at(stand.shop.now());
    let asked = stand.post(unit, &cookie, &[("way", "give_up"), ("code", &codes[0])]).await;
    assert!(asked.body.contains("Is it you?"), "a recovery code is for the way in alone");
    let invite = [("email", "one@example.com"), ("role", "support"), ("code", now.as_str())];
    assert_eq!(stand.post("/admin/team", &cookie, &invite).await.status, StatusCode::SEE_OTHER);
    let again = [("email", "two@example.com"), ("role", "support"), ("code", now.as_str())];
    assert!(stand.post("/admin/team", &cookie, &again).await.body.contains("That is not right"));
    stand.end().await;
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_old_one_and_ends_the_other_sessions() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in(ADA, Role::Support).await;
    let other = stand.sign_in(ADA, PASSWORD).await.cookie();
    let change = async |old: &str, new: &str| {
        stand.post("/admin/account/password", &cookie, &[("password", old), ("new_password", new)]).await
    };
    for (old, new) in
        [("wrong", "another harbour, at noon"), (PASSWORD, "short"), (PASSWORD, ""), ("", "another harbour")]
    {
        assert_eq!(change(old, new).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{old} {new}");
    }
    assert_eq!(
        change(PASSWORD, "another harbour, at noon").await.header("location"),
        "/admin/account?said=password"
    );
    assert_eq!(stand.get("/admin", &cookie).await.status, StatusCode::OK);
    assert_eq!(stand.get("/admin", &other).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stand.sign_in(ADA, "another harbour, at noon").await.status, StatusCode::SEE_OTHER);
    stand.end().await;
}
