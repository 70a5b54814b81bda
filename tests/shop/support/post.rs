//! Whoever posts webhooks: rightly signed or not, and what the shop made of them.

use axum::body::Body;
use axum::http::{Request, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use simfront::sandbox::{Fault, Injection};

use super::browser::Answer;
use super::{FRANCE, SECRET, Stand};

pub const PATH: &str = "/webhooks/esimdual";

pub fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

pub fn signed(body: &str) -> String {
    hex::encode(mac(SECRET, body.as_bytes()))
}

pub async fn post(stand: &Stand, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post(PATH).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stand.ask(request.body(body.into()).unwrap()).await
}

/// A rightly signed webhook.
pub async fn deliver(stand: &Stand, id: &str, body: &str) -> u16 {
    let signature = signed(body);
    let headers = [("x-esimdual-signature", signature.as_str()), ("x-esimdual-delivery", id)];
    post(stand, &headers, body.to_owned()).await.status.as_u16()
}

/// What the program does every few seconds.
pub async fn write_tally(stand: &Stand) {
    let settings = &stand.shop.settings;
    let tally = &stand.stage.inbox.tally;
    tally
        .write(&stand.shop.db, &settings.sealing_key, &settings.webhook_secrets, stand.shop.now())
        .await
        .unwrap();
}

pub async fn stored(stand: &Stand) -> i64 {
    stand.count("select count(*) from webhook_deliveries").await
}

pub async fn made_of(stand: &Stand) -> Vec<String> {
    stand.texts("select status from webhook_deliveries order by id").await
}

pub const PING: &str = r#"{"event":"ping","message":"eSIMDual webhook test","reseller_id":3}"#;

/// A paid order whose unit is still in work upstream, with the webhooks that were made for it, none of them sent:
/// first `order.processing`, then `order.completed`.
pub async fn two_events() -> (Stand, String, [String; 2]) {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.inject(Injection::times(Fault::WebhooksLost, 2));
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["processing"]);
    stand.sandbox.complete_order(stand.ledger().orders[0].id).unwrap().unwrap();
    let bodies: Vec<_> = stand.ledger().webhooks.into_iter().map(|webhook| webhook.body).collect();
    (stand, token, bodies.try_into().unwrap())
}
