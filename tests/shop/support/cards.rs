//! A shop that takes cards, and what its customers do.

use std::sync::Arc;

use axum::body::Body;
use serde_json::Value;

use super::browser::Answer;
use super::stripe::{KEY, SECRET, Stripe};
use super::{FRANCE, Stand};

impl Stand {
    /// A shop that takes cards by Stripe, and the Stripe that it asks.
    pub async fn with_stripe() -> (Self, Stripe) {
        let mut stand = Self::new().await;
        let stripe = Stripe::start(stand.shop.clock.clone()).await;
        stand.use_stripe(&stripe);
        (stand, stripe)
    }

    /// The same shop as it is after a start with this Stripe.
    pub fn use_stripe(&mut self, stripe: &Stripe) {
        let desk = simfront::stripe::Settings {
            secret_key: KEY.to_owned().into(),
            api_base: stripe.base.clone(),
            webhook_secrets: vec![SECRET.to_owned().into()],
            timeout: std::time::Duration::from_secs(20),
        };
        let settings = simfront::shop::Settings {
            payment_methods: vec!["stripe".to_owned()],
            payment_origins: vec![stripe.base.clone()],
            ..(*self.shop.settings).clone()
        };
        self.shop.stripe = Some(simfront::stripe::Client::new(desk).unwrap());
        self.shop.settings = Arc::new(settings);
        self.router = simfront::site::site(&self.shop, &self.stage).unwrap();
    }

    /// Fills in the checkout and is led on: the order's token, and where to.
    pub async fn check_out(&self, package: i64, quantity: u32) -> (String, String) {
        let form = self.form(package, quantity).await;
        let location = self.post("/checkout", &form).await.to().to_owned();
        let key = &form.iter().find(|(name, _)| name == "form_key").unwrap().1;
        let token = sqlx::query_scalar("select token from orders where form_key = $1").bind(key);
        (token.fetch_one(&self.shop.db).await.unwrap(), location)
    }

    /// Posts a webhook with this signature.
    pub async fn hook(&self, body: &str, signature: &str) -> u16 {
        let request = axum::http::Request::post("/webhooks/stripe").header("stripe-signature", signature);
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await.status.as_u16()
    }

    /// Stripe tells of an object, rightly signed.
    pub async fn told(&self, stripe: &Stripe, name: &str, object: &Value) {
        let body = stripe.event(name, object);
        assert_eq!(self.hook(&body, &stripe.signature(&body)).await, 200, "{name}");
    }

    /// The browser comes back from the page of a session.
    pub async fn come_back(&self, token: &str, session: &str) -> Answer {
        self.get(&format!("/orders/{token}?session_id={session}")).await
    }

    /// Checks out one plan of France, pays it, and is told by a webhook; nothing is bought before jobs run. The token.
    pub async fn pay_by_card(&self, stripe: &Stripe, quantity: u32) -> String {
        let (token, _) = self.check_out(FRANCE, quantity).await;
        let number = stripe.sessions().len() - 1;
        stripe.pay(number);
        self.told(stripe, "checkout.session.completed", &stripe.sessions()[number]).await;
        token
    }
}
