//! What can be told about the desk: counts, times and the last fault of each operation, for staff and for Prometheus.
//! Labels are names of operations, words of outcomes and classes of statuses: nothing of a customer, no secret.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use time::OffsetDateTime;

use super::answer::Answer;
use super::breaker::BreakerState;
use super::door::LoginRefused;
use super::operation::Operation;
use super::pace::{BudgetUse, Urgency};
use super::turn::Turn;

/// How the desk of this node fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Since when the counts are kept.
    pub since: OffsetDateTime,
    /// Whether an upstream that fails is left alone.
    pub breaker: BreakerState,
    /// Whether the upstream refuses us, by what all nodes know.
    pub refused: Option<LoginRefused>,
    /// When a call of this node last got a usable answer, a refusal included.
    pub answered_at: Option<OffsetDateTime>,
    /// How much of this node's budget is used.
    pub budget: BudgetUse,
    /// Every operation that was asked, in the order of the description.
    pub operations: Vec<OperationHealth>,
}

/// How one operation fared since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationHealth {
    /// Its name, as in metrics.
    pub name: &'static str,
    /// Calls that ended well.
    pub done: u64,
    /// Definite refusals.
    pub refused: u64,
    /// Calls to be made again later, those that were not sent included.
    pub later: u64,
    /// Calls that nobody knows the end of.
    pub doubt: u64,
    /// Requests that were repeated.
    pub repeated: u64,
    /// The time that a call spent asking, on average; `None` where nothing was sent.
    pub mean: Option<Duration>,
    /// The longest.
    pub worst: Option<Duration>,
    /// The last *later* or *doubt*.
    pub last_fault: Option<Fault>,
}

/// A call that did not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When.
    pub at: OffsetDateTime,
    /// In words for staff.
    pub reason: String,
    /// The status, where there was an answer.
    pub http_status: Option<u16>,
}

#[derive(Debug, Default)]
struct Tally {
    done: u64,
    refused: u64,
    later: u64,
    doubt: u64,
    repeated: u64,
    asked: u32,
    took: Duration,
    worst: Duration,
    last_fault: Option<Fault>,
}

/// Counts.
#[derive(Debug)]
pub struct Meter {
    since: OffsetDateTime,
    answered_at: Mutex<Option<OffsetDateTime>>,
    tallies: Mutex<BTreeMap<Operation, Tally>>,
}

impl Meter {
    /// Nothing was asked yet.
    pub fn new(now: OffsetDateTime) -> Self {
        Self { since: now, answered_at: Mutex::default(), tallies: Mutex::default() }
    }

    /// Notes the end of a call.
    pub fn call<T>(&self, turn: &Turn, answer: &Answer<T>, now: OffsetDateTime) {
        let name = turn.operation.name();
        let outcome = word(answer);
        counter!("simfront_esimdual_calls_total", "operation" => name, "outcome" => outcome).increment(1);
        turn.span.record("outcome", outcome);
        if let Some(status) = turn.status() {
            turn.span.record("status", status);
        }
        if let Some(took) = turn.took() {
            histogram!("simfront_esimdual_call_seconds", "operation" => name).record(took);
            turn.span.record("took_ms", u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        }
        let fault = fault(answer, now);
        if fault.is_none() {
            *self.answered_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        self.with(turn.operation, |tally| tally.end(outcome, turn.took(), fault));
    }

    /// Notes a request that is repeated.
    pub fn repeated(&self, operation: Operation) {
        counter!("simfront_esimdual_retries_total", "operation" => operation.name()).increment(1);
        self.with(operation, |tally| tally.repeated += 1);
    }

    /// Everything that was counted.
    pub fn health(&self, breaker: BreakerState, refused: Option<LoginRefused>, budget: BudgetUse) -> Health {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let operations = tallies.iter().map(|(operation, tally)| tally.told(operation.name())).collect();
        let answered_at = *self.answered_at.lock().unwrap_or_else(PoisonError::into_inner);
        Health { since: self.since, breaker, refused, answered_at, budget, operations }
    }

    fn with(&self, operation: Operation, note: impl FnOnce(&mut Tally)) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        note(tallies.entry(operation).or_default());
    }
}

impl Tally {
    fn end(&mut self, outcome: &str, took: Option<Duration>, fault: Option<Fault>) {
        match outcome {
            "done" => self.done += 1,
            "refused" => self.refused += 1,
            "later" => self.later += 1,
            _ => self.doubt += 1,
        }
        if let Some(took) = took {
            self.asked = self.asked.saturating_add(1);
            self.took += took;
            self.worst = self.worst.max(took);
        }
        self.last_fault = fault.or(self.last_fault.take());
    }

    fn told(&self, name: &'static str) -> OperationHealth {
        OperationHealth {
            name,
            done: self.done,
            refused: self.refused,
            later: self.later,
            doubt: self.doubt,
            repeated: self.repeated,
            mean: self.took.checked_div(self.asked),
            worst: (self.asked > 0).then_some(self.worst),
            last_fault: self.last_fault.clone(),
        }
    }
}

fn word<T>(answer: &Answer<T>) -> &'static str {
    match answer {
        Answer::Done(_) => "done",
        Answer::Refused(_) => "refused",
        Answer::Later(_) => "later",
        Answer::Doubt(_) => "doubt",
    }
}

fn fault<T>(answer: &Answer<T>, at: OffsetDateTime) -> Option<Fault> {
    match answer {
        Answer::Done(_) | Answer::Refused(_) => None,
        Answer::Later(later) => {
            Some(Fault { at, reason: later.reason.clone(), http_status: later.http_status })
        }
        Answer::Doubt(doubt) => {
            Some(Fault { at, reason: doubt.reason.clone(), http_status: doubt.http_status })
        }
    }
}

/// Counts one request by the class of its answer's status.
pub(super) fn count_request(operation: Operation, status: Option<u16>) {
    let class = match status {
        None => "none",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        Some(_) => "other",
    };
    counter!("simfront_esimdual_requests_total", "operation" => operation.name(), "status" => class)
        .increment(1);
}

/// Shows whether the upstream is left alone.
pub(super) fn show_breaker(state: BreakerState) {
    let open = u8::from(state != BreakerState::Closed);
    gauge!("simfront_esimdual_breaker_open").set(open);
}

/// Notes how long a request waited for its place in the budget.
pub(super) fn count_wait(urgency: Urgency, waited: Duration) {
    histogram!("simfront_esimdual_budget_wait_seconds", "urgency" => urgency.name()).record(waited);
}

/// Counts a request that the budget had no place for.
pub(super) fn count_turned_away(urgency: Urgency) {
    counter!("simfront_esimdual_budget_refusals_total", "urgency" => urgency.name()).increment(1);
}

/// Says what each metric means; to be called once the metrics are being collected.
pub fn describe_metrics() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("simfront_esimdual_calls_total", "Calls of eSIMDual's API, by operation and outcome");
    describe_counter!(
        "simfront_esimdual_requests_total",
        "HTTP requests to eSIMDual, by operation and class of status"
    );
    describe_counter!("simfront_esimdual_retries_total", "Requests that were repeated after a passing fault");
    describe_counter!(
        "simfront_esimdual_logins_refused_total",
        "Logins or fresh tokens that eSIMDual refused"
    );
    describe_counter!(
        "simfront_esimdual_budget_refusals_total",
        "Requests that found no place in the budget in time"
    );
    describe_gauge!("simfront_esimdual_breaker_open", "1 while a failing eSIMDual is left alone");
    describe_histogram!("simfront_esimdual_call_seconds", "Time that a call spent asking, in seconds");
    describe_histogram!(
        "simfront_esimdual_budget_wait_seconds",
        "Wait for a place in the budget, in seconds"
    );
}
