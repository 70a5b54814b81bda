//! Tokens and eSIMs: what time and people do to them.

use std::time::Duration;

use serde_json::{Value, json};
use simfront::sandbox::Settings;

use crate::stand::{Stand, read};

async fn status_of(stand: &Stand, token: &str) -> u16 {
    stand.http.get(stand.api("/me")).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn each_login_is_a_token_of_its_own_and_each_ends_by_itself() {
    let stand = Stand::new().await;
    let (server, laptop) = (stand.log_in("server").await, stand.log_in("laptop").await);
    let list = async || read(stand.http.get(stand.control("tokens")).send().await.unwrap()).await.1;
    let tokens = list().await;
    let id_of = |device: &str| {
        let mut all = tokens.as_array().unwrap().iter();
        all.find(|token| token["device_name"] == device).unwrap()["id"].as_u64().unwrap()
    };
    assert_eq!(tokens.as_array().unwrap().len(), 3);
    assert!(!tokens.to_string().contains(server.split_once('|').unwrap().1), "no secret is told again");

    let (_, revoked) = stand.tell(&format!("tokens/{}", id_of("server")), &json!({})).await;
    assert_eq!(revoked["standing"], "revoked");
    assert_eq!((status_of(&stand, &server).await, status_of(&stand, &laptop).await), (401, 200));
    stand.http.post(stand.api("/logout")).bearer_auth(&laptop).send().await.unwrap();
    assert_eq!((status_of(&stand, &laptop).await, status_of(&stand, &stand.token).await), (401, 200));
    stand.tell("tokens", &json!({})).await;
    assert_eq!(status_of(&stand, &stand.token).await, 401);
    assert!(list().await.as_array().unwrap().iter().all(|token| token["standing"] == "revoked"));
    assert_eq!(stand.tell("tokens/1", &json!({})).await.0, 404);
}

/// The age of a token is told by its stored time, so that no test has to wait for it.
#[tokio::test]
async fn a_token_ends_when_it_is_older_than_the_lifetime() {
    let home = tempfile::tempdir().unwrap();
    let with = |lifetime: Option<u64>| Settings {
        state_dir: Some(home.path().to_owned()),
        token_lifetime: lifetime.map(Duration::from_secs),
        ..Settings::for_tests()
    };
    let first = Stand::with(with(Some(3600))).await;
    let token = first.token.clone();
    assert_eq!(status_of(&first, &token).await, 200);
    first.sandbox.stop().await;
    for (lifetime, expected) in [(Some(0), 401), (Some(3600), 200), (None, 200)] {
        let stand = Stand::with(with(lifetime)).await;
        assert_eq!(status_of(&stand, &token).await, expected, "{lifetime:?}");
        stand.sandbox.stop().await;
    }
}

async fn usage(stand: &Stand, esim: &Value) -> (u16, Value) {
    let (status, answer) = stand.get(&format!("/esims/{esim}/usage")).await;
    (status, if status == 200 { answer["data"].clone() } else { answer["message"].clone() })
}

#[tokio::test]
async fn usage_is_what_a_hand_made_of_it_and_survives_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let settings = Settings { state_dir: Some(home.path().to_owned()), ..Settings::for_tests() };
    let stand = Stand::with(settings.clone()).await;
    let order = stand.buy("U-1").await;
    let esim = &order["esim"]["id"];
    let fresh = stand.get(&format!("/esims/{esim}")).await.1["data"].clone();
    assert!(
        fresh["activated_at"].is_null()
            && fresh["installed_at"].is_null()
            && fresh["provider_expiry_at"].is_null()
    );
    assert_eq!(usage(&stand, esim).await.1["used"], "0 GB");

    let control = format!("esims/{esim}");
    assert_eq!(stand.tell(&control, &json!({ "use_mb": 1844 })).await.0, 200);
    let used = usage(&stand, esim).await.1;
    assert_eq!(
        (&used["total"], &used["used"], &used["remaining"]),
        (&json!("5 GB"), &json!("1.8 GB"), &json!("3.2 GB"))
    );
    let live = stand.get(&format!("/esims/{esim}")).await.1["data"].clone();
    assert!(live["installed_at"].is_string() && live["activated_at"].is_string());
    assert!(live["provider_expiry_at"].is_string() && live["provider_status"] == "ACTIVE");

    stand.tell(&control, &json!({ "expired": true })).await;
    assert_eq!(stand.get(&format!("/esims/{esim}")).await.1["data"]["provider_status"], "EXPIRED");
    stand.tell(&control, &json!({ "silent": true })).await;
    stand.sandbox.stop().await;

    let again = Stand::with(settings).await;
    assert_eq!(usage(&again, esim).await, (400, json!("Usage unavailable")));
    again.tell(&control, &json!({ "silent": false })).await;
    assert_eq!(usage(&again, esim).await.1["used"], "1.8 GB");
    again.tell(&control, &json!({ "installed": false })).await;
    assert_eq!(usage(&again, esim).await.1["used"], "0 GB");
    for wrong in [json!({}), json!({ "use_mb": -1 }), json!({ "eaten": true })] {
        assert_eq!(again.tell(&control, &wrong).await.0, 422, "{wrong}");
    }
    assert_eq!(again.tell("esims/1", &json!({ "use_mb": 1 })).await.0, 404);
}

#[tokio::test]
async fn usage_is_unlimited_unavailable_or_unknown_where_it_should_be() {
    let stand = Stand::with(Settings { packages: 3000, ..Settings::for_tests() }).await;
    let buy = async |query: &str| {
        let package = stand.get(&format!("/packages?{query}")).await.1["data"][0]["id"].clone();
        let request = stand.http.post(stand.api("/orders")).bearer_auth(&stand.token);
        read(request.json(&json!({ "package_id": package })).send().await.unwrap()).await.1["data"].clone()
    };
    let unlimited = usage(&stand, &buy("search=unlimited").await["esim"]["id"]).await.1;
    assert_eq!((&unlimited["total"], &unlimited["remaining"]), (&json!("Unlimited"), &json!("Unlimited")));
    let voice = buy("package_type=VOICE").await;
    assert_eq!(usage(&stand, &voice["esim"]["id"]).await, (400, json!("Usage unavailable")));
    stand.tell(&format!("orders/{}", voice["id"]), &json!({ "status": "processing" })).await;
    assert_eq!(usage(&stand, &voice["esim"]["id"]).await.0, 400);
    assert_eq!(stand.get(&format!("/esims/{}", voice["esim"]["id"])).await.0, 404);
    assert_eq!(usage(&stand, &json!(1)).await, (404, json!("eSIM not found")));
}
