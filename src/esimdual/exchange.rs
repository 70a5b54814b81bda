//! One request and what was heard: deadlines, bounds and headers. Knows no token's origin and judges nothing.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret as _, SecretString};

use super::answer::Later;
use super::client::Settings;
use super::heard::{Cut, Heard};
use super::pace::{Pace, Urgency, retry_after};
use crate::ground::Clock;
use crate::plumbing::http::{self, ReadError};

/// One request to make.
#[derive(Clone)]
pub struct Errand<'a> {
    /// GET or POST.
    pub method: Method,
    /// Behind the base URL.
    pub path: &'a str,
    /// JSON.
    pub body: Option<Vec<u8>>,
    /// For purchases.
    pub idempotency_key: Option<&'a str>,
    /// From the first try to connect to the last byte of the answer.
    pub timeout: Duration,
    /// Bytes of the answer.
    pub limit: usize,
    /// Who goes first.
    pub urgency: Urgency,
}

/// The way to the upstream.
pub struct Wire {
    http: reqwest::Client,
    base_url: String,
    pace: Pace,
    clock: Clock,
}

impl Wire {
    /// A way that has not been used yet.
    pub fn new(settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        // The connection's own limit must strike first: only it proves that nothing left.
        let connect_timeout = settings.connect_timeout.min(settings.timeout / 2);
        Ok(Self {
            http: http::client(connect_timeout, settings.catalog_timeout)?,
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            pace: Pace::new(settings.requests_per_minute, clock.clone()),
            clock,
        })
    }

    /// Without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends one request when the budget has a place for it.
    ///
    /// # Errors
    /// *Later*, without having sent anything, where the budget has no place soon.
    pub async fn send(&self, errand: &Errand<'_>, token: Option<&SecretString>) -> Result<Heard, Later> {
        self.pace.admit(errand.urgency, errand.timeout).await.map_err(|wait| Later {
            reason: "the budget of requests is used up".to_owned(),
            http_status: None,
            after: Some(wait),
        })?;
        let started = tokio::time::Instant::now();
        let heard = self.request(errand, token).await;
        if let Heard::Reply { status: 429, retry_after, .. } = &heard {
            self.pace.hold(*retry_after);
        }
        tracing::debug!(
            method = %errand.method,
            path = errand.path,
            status = heard.status(),
            took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "asked eSIMDual"
        );
        Ok(heard)
    }

    async fn request(&self, errand: &Errand<'_>, token: Option<&SecretString>) -> Heard {
        let mut request = self
            .http
            .request(errand.method.clone(), format!("{}{}", self.base_url, errand.path))
            .timeout(errand.timeout)
            .header(ACCEPT, "application/json");
        if let Some(token) = token {
            let Some(value) = bearer(token) else {
                return Heard::NeverSent("the token is not a header's text");
            };
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(key) = errand.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = &errand.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        match request.send().await {
            Ok(response) => self.reply(response, errand.limit).await,
            Err(error) => fault(&error),
        }
    }

    async fn reply(&self, response: Response, limit: usize) -> Heard {
        let status = response.status().as_u16();
        let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wish.and_then(|value| retry_after(value, self.clock.now()));
        let body = http::read_bounded(response, limit).await.map_err(|error| match error {
            ReadError::TooLarge(_) => Cut::TooLarge,
            ReadError::Broken(_) => Cut::BrokeOff,
        });
        Heard::Reply { status, retry_after, body }
    }
}

fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Only a connection that was never made proves that nothing left.
fn fault(error: &reqwest::Error) -> Heard {
    match () {
        () if error.is_builder() => Heard::NeverSent("the request could not be built"),
        () if error.is_connect() => Heard::NeverSent("no connection (name, address or certificate)"),
        () if error.is_timeout() => Heard::Silence("no answer in time"),
        () => Heard::Silence("the connection broke before an answer"),
    }
}
