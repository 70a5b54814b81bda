//! The calls.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;

use super::reading::{Dispute, List, Refund, Session, Warning};
use super::reply::{Reply, judge};
use super::settings::Settings;
use crate::plumbing::http;

/// The pinned version of the API. Sent with every request; the webhook endpoint is made with the same.
pub const VERSION: &str = "2026-10-28.endive";

/// No answer that we read is larger.
const LARGEST: usize = 1 << 20;
/// The most pages of one list; each holds a hundred.
const PAGES: usize = 10;

/// Parameters of a form, in their order.
pub type Pairs = Vec<(String, String)>;

/// The way to Stripe. A clone is a handle on the same connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    settings: Settings,
}

impl Client {
    /// A way that has not been used yet.
    ///
    /// # Errors
    /// When the TLS machinery cannot be set up.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        // The connection's own limit must strike first: only it proves that nothing left.
        let http = http::client(settings.timeout / 2, settings.timeout)?;
        Ok(Self(Arc::new(Inner { http, settings })))
    }

    /// What it was told.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Opens a session of the hosted page, once for one key.
    pub async fn create_session(&self, key: &str, parameters: &[(String, String)]) -> Reply<Session> {
        self.post("/v1/checkout/sessions", Some(key), parameters).await
    }

    /// A session with its intent and the last try to charge it.
    pub async fn session(&self, id: &str) -> Reply<Session> {
        let query = [("expand[]", "payment_intent.latest_charge")];
        self.get(&format!("/v1/checkout/sessions/{}", plain(id)), &query).await
    }

    /// Ends an open session, so that nobody can pay it; refused where it is not open.
    pub async fn expire_session(&self, id: &str) -> Reply<Session> {
        let path = format!("/v1/checkout/sessions/{}/expire", plain(id));
        // Said twice it changes nothing, so that the name is key enough.
        self.post(&path, Some(&format!("expire-{}", plain(id))), &[]).await
    }

    /// Pays money back, once for one key.
    pub async fn create_refund(&self, key: &str, parameters: &[(String, String)]) -> Reply<Refund> {
        self.post("/v1/refunds", Some(key), parameters).await
    }

    /// Every refund of an intent.
    pub async fn refunds(&self, intent: &str) -> Reply<Vec<Refund>> {
        self.list("/v1/refunds", intent, |refund: &Refund| refund.id.clone()).await
    }

    /// Every dispute of an intent.
    pub async fn disputes(&self, intent: &str) -> Reply<Vec<Dispute>> {
        self.list("/v1/disputes", intent, |dispute: &Dispute| dispute.id.clone()).await
    }

    /// Every warning of fraud about an intent. A key that may not read them, or an account without them, has none.
    pub async fn warnings(&self, intent: &str) -> Reply<Vec<Warning>> {
        let path = "/v1/radar/early_fraud_warnings";
        match self.list(path, intent, |warning: &Warning| warning.id.clone()).await {
            Reply::Later(None) | Reply::Refused(_) => Reply::Done(Vec::new()),
            said => said,
        }
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        intent: &str,
        id: impl Fn(&T) -> String,
    ) -> Reply<Vec<T>> {
        let mut all: Vec<T> = Vec::new();
        for _ in 0..PAGES {
            let after = all.last().map(&id);
            let mut query = vec![("payment_intent", intent), ("limit", "100")];
            query.extend(after.as_deref().map(|id| ("starting_after", id)));
            match self.get::<List<T>>(path, &query).await {
                Reply::Done(page) => {
                    let more = page.has_more && !page.data.is_empty();
                    all.extend(page.data);
                    if !more {
                        return Reply::Done(all);
                    }
                }
                said => return said.map(|_| Vec::new()),
            }
        }
        Reply::Doubt("a list without an end".to_owned())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Reply<T> {
        let request = self.request(Method::GET, path).query(query);
        send(request, path).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        parameters: &[(String, String)],
    ) -> Reply<T> {
        let mut request = self.request(Method::POST, path).form(parameters);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        send(request, path).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let Settings { api_base, secret_key, .. } = &self.0.settings;
        self.0
            .http
            .request(method, format!("{api_base}{path}"))
            .bearer_auth(secret_key.expose_secret())
            .header("stripe-version", VERSION)
    }
}

async fn send<T: DeserializeOwned>(request: reqwest::RequestBuilder, path: &str) -> Reply<T> {
    let what = path.split('/').nth(2).unwrap_or_default();
    let response = match request.send().await {
        Ok(response) => response,
        // It provably never left.
        Err(error) if error.is_connect() || error.is_builder() => return Reply::Later(None),
        Err(error) => return Reply::Doubt(format!("no answer ({})", error.without_url())),
    };
    let status = response.status().as_u16();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = match http::read_bounded(response, LARGEST).await {
        Ok(body) => body,
        Err(error) => return Reply::Doubt(error.to_string()),
    };
    let reply = judge(status, after.as_deref(), &body);
    tracing::debug!(status, what, "asked Stripe");
    if matches!(status, 401 | 403) {
        tracing::error!(status, what, "Stripe does not accept STRIPE_SECRET_KEY for this");
    }
    reply
}

/// A name in a path: whatever it holds, it stays one part of it.
fn plain(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}
