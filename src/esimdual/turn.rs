//! One call from its beginning to its end: the time that it has left, and what it cost.

use std::time::Duration;

use tracing::Span;
use tracing::field::Empty;

use super::answer::Later;
use super::operation::Operation;
use super::settings::Settings;

/// One call, over all its requests.
#[derive(Debug)]
pub struct Turn {
    /// What is asked.
    pub operation: Operation,
    /// In which everything that is logged meanwhile stands. It never holds a body, a token, a key or a customer's name.
    pub span: Span,
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
        Self { operation, span, left, took: Duration::ZERO, requests: 0, status: None }
    }

    /// The time left for asking.
    ///
    /// # Errors
    /// *Later* where there is none.
    pub fn left(&self) -> Result<Duration, Later> {
        match self.left.is_zero() {
            false => Ok(self.left),
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
