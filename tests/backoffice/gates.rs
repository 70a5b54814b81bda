//! The gate: every address of the back office stands behind one, and each role passes those that the table gives it.

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use simfront::backoffice::{self, Door};
use simfront::staff::{Act, AsksAgain, Role};

use crate::stand::{Answer, PASSWORD, Stand};

const SEED: &str = include_str!("seed.sql");

/// An address with its parameters filled in.
fn filled(door: &Door) -> String {
    let path = door.path.replace("{number}", "SF-4HX2PPRT").replace("{place}", "1-1").replace("{id}", "1");
    assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
    path
}

async fn knock(stand: &Stand, door: &Door, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let path = filled(door);
    if door.method == Method::POST {
        return stand.post(&path, cookie, fields).await;
    }
    stand.get(&path, cookie).await
}

/// What nobody may have changed by knocking.
async fn traces(stand: &Stand) -> i64 {
    stand
        .count(
            "select (select count(*) from audit_log where action <> 'signed_in' and action <> 'admin_created')
                  + (select count(*) from markup_rules) + (select count(*) from jobs) + (select count(*) from refunds)
                  + (select count(*) from orders) + (select count(*) from admin_invitations)
                  + (select count(*) from admins where disabled_at is not null)",
        )
        .await
}

#[tokio::test]
async fn every_door_opens_for_the_roles_of_the_table_and_for_no_other() {
    let mut stand = Stand::new().await;
    stand.sql(SEED).await;
    stand.unlimited();
    let doors = backoffice::doors();
    for act in Act::ALL {
        let used = doors.iter().any(|door| door.act == act);
        assert!(used || act == Act::SettleTransfers, "{act:?} guards no address");
    }
    for role in Role::ALL {
        let cookie = stand.signed_in(&format!("{}@example.com", role.word()), role).await;
        for door in &doors {
            let before = traces(&stand).await;
            // Nothing is typed: who passes is told what is missing, or asked for the password.
            let answer = knock(&stand, door, &cookie, &[]).await;
            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(refused, !role.may(door.act), "{role:?} {} {}", door.method, door.path);
            if refused {
                assert!(answer.body.contains("Not with this role"), "{}", door.path);
                assert_eq!(traces(&stand).await, before, "{role:?} {} changed something", door.path);
            } else {
                assert!(!answer.status.is_server_error(), "{role:?} {} {}", door.path, answer.body);
            }
        }
    }
    stand.end().await;
}

#[tokio::test]
async fn no_door_opens_without_a_session_or_half_way_through_a_sign_in() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let owner = stand.signed_in("olga@example.com", Role::Owner).await;
    stand.enrol(&owner).await;
    let half_way = stand.sign_in("olga@example.com", PASSWORD).await.cookie();
    let renamed = half_way.replace("simfront_admin_code", "simfront_admin");
    let before = traces(&stand).await;
    for cookie in ["", "simfront_admin=nonsense", half_way.as_str(), renamed.as_str()] {
        for door in backoffice::doors() {
            let fields = [("password", PASSWORD), ("reason", "because"), ("way", "give_up")];
            let answer = knock(&stand, &door, cookie, &fields).await;
            let closed = match door.method {
                Method::POST => StatusCode::UNAUTHORIZED,
                _ => StatusCode::SEE_OTHER,
            };
            assert_eq!(answer.status, closed, "{} {}", door.method, door.path);
        }
    }
    assert_eq!(traces(&stand).await, before);
    stand.end().await;
}

/// CONTRACT section 4: acts that move money ask for the password again; so does whatever changes the team.
#[tokio::test]
async fn every_act_that_the_table_says_so_of_asks_again_and_does_nothing_before() {
    let mut stand = Stand::new().await;
    stand.sql(SEED).await;
    stand.unlimited();
    let cookie = stand.signed_in("olga@example.com", Role::Owner).await;
    let asking = backoffice::doors().into_iter().filter(|door| door.act.asks_again() != AsksAgain::No);
    let mut asked = 0;
    for door in asking.filter(|door| door.method == Method::POST) {
        asked += 1;
        let before = traces(&stand).await;
        for password in ["", "a quiet harbour at dusk"] {
            let fields = [
                ("way", "give_up"),
                ("change", "disable"),
                ("email", "new@example.com"),
                ("role", "manager"),
                ("reason", "the words <that> were typed"),
                ("form_key", "6f7c2f6e-9b1d-4c62-8d0c-0f6f8a1f2b3c"),
                ("password", password),
            ];
            let answer = knock(&stand, &door, &cookie, &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", door.path);
            assert!(answer.body.contains("Is it you?"), "{}: {}", door.path, answer.body);
            let kept = r#"name="reason" value="the words &#60;that&#62; were typed""#;
            assert!(answer.body.contains(kept), "{} loses what was typed: {}", door.path, answer.body);
            assert!(!answer.body.contains("dusk"), "a password is never shown again");
            assert_eq!(answer.body.contains("That is not right"), !password.is_empty(), "{}", door.path);
        }
        // What is no form cannot carry a password, and gets no further either.
        let json = Request::post(filled(&door))
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"));
        assert_eq!(stand.ask(json.unwrap()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(traces(&stand).await, before, "{} did something", door.path);
    }
    assert!(asked >= 5, "{asked} forms ask again");
    stand.end().await;
}

/// The other half of "by type": nobody adds an address of the back office past the gate.
#[test]
fn no_source_adds_an_address_of_the_back_office_past_the_gate() {
    // What opens without a session: signing in, signing out, joining.
    let open = ["/admin/login", "/admin/logout", "/admin/join/{token}"];
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap_or_default();
            let code: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            for word in [".route(", ".nest(", ".route_service(", ".nest_service("] {
                let paths =
                    code.split(word).skip(1).filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
                found.extend(paths.filter(|path| path.starts_with("/admin")).map(str::to_owned));
            }
            let of_the_room = entry.components().any(|part| part.as_os_str() == "backoffice");
            let gate = entry.ends_with("gate.rs") || entry.ends_with("backoffice/mod.rs");
            assert!(
                !of_the_room || gate || !code.contains("Router::new("),
                "{} makes a router of its own; use Gated",
                entry.display()
            );
        }
    }
    found.sort();
    let mut expected = open.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_rail_leads_only_where_the_role_may_go() {
    let stand = Stand::new().await;
    for (role, team, audit) in
        [(Role::Owner, true, true), (Role::Manager, false, true), (Role::Support, false, false)]
    {
        let cookie = stand.signed_in(&format!("{}@example.com", role.word()), role).await;
        let body = stand.get("/admin", &cookie).await.body;
        assert_eq!(body.contains(r#"href="/admin/team""#), team, "{role:?}");
        assert_eq!(body.contains(r#"href="/admin/audit""#), audit, "{role:?}");
        assert!(body.contains(r#"href="/admin/account""#), "{role:?}");
    }
    stand.end().await;
}
