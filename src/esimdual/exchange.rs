//! One request and what was heard: budget, breaker, deadline, bounds and headers. Knows no token's origin and judges
//! nothing.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret as _, SecretString};

use super::answer::Later;
use super::breaker::Breaker;
use super::health::{count_request, count_turned_away, count_wait, show_breaker};
use super::heard::{Cut, Heard};
use super::operation::{Operation, SMALL};
use super::pace::{Pace, Urgency, retry_after};
use super::settings::Settings;
use super::turn::Turn;
use crate::ground::Clock;
use crate::plumbing::http::{self, ReadError};

/// Reads the body of a 2xx while it comes, and keeps what it read to itself.
pub type Sink = Arc<dyn Fn(&mut dyn Read) + Send + Sync>;

/// One request to make.
#[derive(Clone)]
pub struct Errand<'a> {
    /// What is asked.
    pub operation: Operation,
    /// Who goes first when the budget is short: the operation's, but for a ping on behalf of a purchase.
    pub urgency: Urgency,
    /// Behind the base URL.
    pub path: &'a str,
    /// JSON.
    pub body: Option<Vec<u8>>,
    /// For purchases.
    pub idempotency_key: Option<&'a str>,
    /// Takes the body of a 2xx, of which nothing is left in what was heard then.
    pub sink: Option<Sink>,
}

impl<'a> Errand<'a> {
    /// A request without a body.
    pub fn to(operation: Operation, path: &'a str) -> Self {
        Self { operation, urgency: operation.urgency(), path, body: None, idempotency_key: None, sink: None }
    }
}

/// The way to the upstream.
pub struct Wire {
    http: reqwest::Client,
    base_url: String,
    /// The budget.
    pub pace: Pace,
    /// Keeps us from asking an upstream that fails.
    pub breaker: Breaker,
    clock: Clock,
}

impl Wire {
    /// A way that has not been used yet.
    pub fn new(settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        // The connection's own limit must strike first: only it proves that nothing left.
        let connect_timeout = settings.connect_timeout.min(settings.timeout / 2);
        let longest = settings.timeout.max(settings.list_timeout).max(settings.catalog_timeout);
        Ok(Self {
            http: http::client(connect_timeout, longest)?,
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            pace: Pace::new(settings.requests_per_minute, clock.clone()),
            breaker: Breaker::new(clock.clone(), settings.longest_rest),
            clock,
        })
    }

    /// Without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends one request when the budget has a place for it, within the time that its call has left.
    ///
    /// # Errors
    /// *Later*, without having sent anything: the breaker is open, the budget has no place soon, or the call's time is
    /// over.
    pub async fn send(
        &self,
        errand: &Errand<'_>,
        token: Option<&SecretString>,
        turn: &mut Turn,
    ) -> Result<Heard, Later> {
        let left = turn.left()?;
        self.breaker.check()?;
        self.place(errand.urgency, left).await?;
        // What the wait took of it is gone.
        let left = turn.left()?;
        let leave = self.breaker.admit(errand.operation)?;
        let started = tokio::time::Instant::now();
        let heard = self.request(errand, token, left).await;
        let took = started.elapsed();
        leave.end(&heard);
        show_breaker(self.breaker.standing());
        if let Heard::Reply { status: 429, retry_after, .. } = &heard {
            self.pace.hold(*retry_after);
        }
        turn.asked(took, heard.status());
        count_request(errand.operation, heard.status());
        tracing::debug!(
            status = heard.status(),
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "asked eSIMDual"
        );
        Ok(heard)
    }

    async fn place(&self, urgency: Urgency, patience: Duration) -> Result<(), Later> {
        match self.pace.admit(urgency, patience).await {
            Ok(waited) => {
                count_wait(urgency, waited);
                Ok(())
            }
            Err(wait) => {
                count_turned_away(urgency);
                let reason = "the budget of requests is used up".to_owned();
                Err(Later { reason, http_status: None, after: Some(wait) })
            }
        }
    }

    async fn request(&self, errand: &Errand<'_>, token: Option<&SecretString>, left: Duration) -> Heard {
        let mut request = self
            .http
            .request(errand.operation.method(), format!("{}{}", self.base_url, errand.path))
            .timeout(left)
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
            Ok(response) => self.reply(response, errand).await,
            Err(error) => fault(&error),
        }
    }

    async fn reply(&self, response: Response, errand: &Errand<'_>) -> Heard {
        let status = response.status().as_u16();
        let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wish.and_then(|value| retry_after(value, self.clock.now()));
        let limit = errand.operation.limit();
        let body = match &errand.sink {
            Some(sink) if (200..=299).contains(&status) => {
                let sink = Arc::clone(sink);
                http::read_streamed(response, limit, move |body| sink(body)).await.map(|()| Vec::new())
            }
            // Of an operation whose success is streamed, a refusal is small.
            Some(_) => http::read_bounded(response, SMALL).await,
            None => http::read_bounded(response, limit).await,
        };
        let body = body.map_err(|error| match error {
            ReadError::TooLarge(_) => Cut::TooLarge,
            ReadError::Broken(_) | ReadError::Unread => Cut::BrokeOff,
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
