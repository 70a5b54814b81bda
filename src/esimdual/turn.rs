//! One call from its beginning to its end: the time that it has left, and what it cost.

use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use super::answer::Later;
use super::operation::Operation;
use super::settings::Settings;

/// A call, with everything that it waited for, is over after so many of its operation's limits.
const ENDS_AFTER: u32 = 3;

/// One call, over all its requests.
#[derive(Debug)]
pub struct Turn {
    /// What is asked.
    pub operation: Operation,
    /// In which everything that is logged meanwhile stands. It never holds a body, a token, a key or a customer's name.
    pub span: Span,
    /// When it is over, whatever it waited for.
    ends: Instant,
    left: Duration,
    took: Duration,
    requests: u32,
    status: Option<u16>,
}

impl Turn {
    /// A call that has not asked yet and has all its time.
    pub fn new(operation: Operation, settings: &Settings) -> Self {
        let span = tracing::info_span!(
            "esimdual",
            operation = operation.name(),
            outcome = Empty,
            status = Empty,
            took_ms = Empty
        );
        let left = operation.deadline(settings);
        let ends = Instant::now() + left.saturating_mul(ENDS_AFTER);
        Self { operation, span, ends, left, took: Duration::ZERO, requests: 0, status: None }
    }

    /// The same, over no later than the call on whose behalf it is made.
    pub fn within(self, ends: Instant) -> Self {
        Self { ends: self.ends.min(ends), ..self }
    }

    /// When it is over, whatever it waited for.
    pub fn ends(&self) -> Instant {
        self.ends
    }

    /// The time left for asking, or for waiting where that is less.
    ///
    /// # Errors
    /// *Later* where there is none.
    pub fn left(&self) -> Result<Duration, Later> {
        let left = self.left.min(self.ends.saturating_duration_since(Instant::now()));
        match left.is_zero() {
            false => Ok(left),
            true => Err(Later {
                reason: "the time for this call is over".to_owned(),
                http_status: self.status,
                after: None,
            }),
        }
    }

    /// A request was made.
    pub fn asked(&mut self, took: Duration, status: Option<u16>) {
        self.spend(took);
        self.requests = self.requests.saturating_add(1);
        self.status = status;
    }

    /// Time passed for this call: a request, or the pause before a repetition.
    pub fn spend(&mut self, took: Duration) {
        self.took += took;
        self.left = self.left.saturating_sub(took);
    }

    /// What its requests and pauses took together; `None` where nothing was asked.
    pub fn took(&self) -> Option<Duration> {
        (self.requests > 0).then_some(self.took)
    }

    /// The status of the last answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_without_asking_ends_a_call_after_three_limits_and_the_login_for_it_too() {
        let limit = Duration::from_secs(10);
        let settings = Settings {
            base_url: String::new(),
            credentials: None,
            connect_timeout: limit,
            timeout: limit,
            list_timeout: limit * 3,
            catalog_timeout: limit * 30,
            requests_per_minute: 60,
            login_pause: limit,
            longest_rest: limit,
        };
        let turn = Turn::new(Operation::CreateOrder, &settings);
        tokio::time::advance(limit * 2).await;
        let login = Turn::new(Operation::LogIn, &settings).within(turn.ends());
        assert_eq!(turn.left().ok(), Some(limit), "waiting is not asking");
        tokio::time::advance(limit * 3 / 4).await;
        assert_eq!(turn.left().ok(), Some(limit / 4));
        assert_eq!(login.left().ok(), Some(limit / 4));
        tokio::time::advance(limit / 4).await;
        assert!(turn.left().is_err() && login.left().is_err());
    }
}
