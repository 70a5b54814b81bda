//! How the sandbox can be told to misbehave. Each [`Fault`] has a name, acts at one point, and is counted down or
//! drawn by chance from a seed, so that a run can be repeated.

use std::sync::{Mutex, PoisonError};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amounts;
use super::operation::Operation;
use crate::ground::Entropy;

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is committed and nothing is ever answered; the connection stays open until the client goes.
    SilentBeforeCommit,
    /// 500 in the API's envelope, nothing committed.
    ServerErrorBeforeCommit,
    /// 502 with a page of HTML, nothing committed.
    BadGateway,
    /// 429 with `Retry-After`, nothing committed.
    TooManyRequests,
    /// The token that was sent is revoked, then 401.
    TokenRevoked,
    /// 302 to `/login`, as Laravel answers a browser that is not signed in.
    LoginRedirect,
    /// 403: the account is disabled.
    AccountDisabled,
    /// 422 "Insufficient balance", whatever the wallet holds.
    InsufficientBalance,
    /// The package is gone: 422 for an order, 404 for a look.
    PackageGone,
    /// 200 with an empty list.
    EmptyCatalog,
    /// The answer comes late, but comes.
    SlowAnswer,

    /// Committed and debited, then never answered; the connection stays open until the client goes.
    SilentAfterCommit,
    /// Committed and debited, then the connection closes without a byte.
    DroppedAfterCommit,
    /// Committed and debited, then 500; the same key then finds the true answer.
    ServerErrorAfterCommit,
    /// Committed and debited, then 500; the same key gets that 500 for ever.
    ServerErrorKept,
    /// Committed and debited, then 502 with a page of HTML.
    BadGatewayAfterCommit,
    /// Committed and debited, then 201 with JSON that ends in the middle.
    MalformedAfterCommit,

    /// `order.completed` is delivered and answered before the answer to `POST /orders` leaves.
    WebhookBeforeAnswer,
    /// Completed, but without its eSIM until the control page completes it again.
    CompletedWithoutEsim,
    /// Accepted as `processing`, completed after the delay.
    CompletesLater,
    /// Accepted as `processing`, failed after the delay.
    FailsLater,
    /// Accepted as `processing`; only the control page moves it.
    StaysProcessing,

    /// The webhook is never sent.
    WebhooksLost,
    /// The webhook is sent twice at once, the second time with a fresh delivery id.
    WebhooksDoubled,
    /// Before the true webhook, one with an invented eSIM and a signature by another secret.
    WebhookForged,
}

/// Where a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Before the operation is carried out (`api/gate.rs`).
    Before,
    /// How a new order goes on (`purchase.rs`).
    Course,
    /// Between the commit of an order and its answer (`api/orders.rs`).
    Announce,
    /// In place of the answer to a committed order (`api/orders.rs`).
    After,
    /// When a webhook is made (`webhooks.rs`).
    Webhook,
}

impl Fault {
    pub(super) fn point(self) -> Point {
        match self {
            Self::SilentBeforeCommit
            | Self::ServerErrorBeforeCommit
            | Self::BadGateway
            | Self::TooManyRequests
            | Self::TokenRevoked
            | Self::LoginRedirect
            | Self::AccountDisabled
            | Self::InsufficientBalance
            | Self::PackageGone
            | Self::EmptyCatalog
            | Self::SlowAnswer => Point::Before,
            Self::SilentAfterCommit
            | Self::DroppedAfterCommit
            | Self::ServerErrorAfterCommit
            | Self::ServerErrorKept
            | Self::BadGatewayAfterCommit
            | Self::MalformedAfterCommit => Point::After,
            Self::WebhookBeforeAnswer => Point::Announce,
            Self::CompletedWithoutEsim | Self::CompletesLater | Self::FailsLater | Self::StaysProcessing => {
                Point::Course
            }
            Self::WebhooksLost | Self::WebhooksDoubled | Self::WebhookForged => Point::Webhook,
        }
    }

    /// The operations that it strikes unless the injection names one.
    fn strikes(self, operation: Operation) -> bool {
        match self {
            Self::TokenRevoked | Self::LoginRedirect => !operation.is_open(),
            Self::AccountDisabled => operation == Operation::Login || !operation.is_open(),
            Self::PackageGone => matches!(operation, Operation::CreateOrder | Operation::Package),
            Self::EmptyCatalog => matches!(operation, Operation::Packages | Operation::Pricing),
            _ => operation == Operation::CreateOrder,
        }
    }
}

/// A fault, and when it strikes. With neither `times` nor `probability` it strikes once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Injection {
    /// What goes wrong.
    pub fault: Fault,
    /// The only operation that it strikes; each fault has its own otherwise, mostly `create_order`.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// How often it strikes before it is spent.
    #[serde(default)]
    pub times: Option<u32>,
    /// How likely each call is struck, from 0 to 1.
    #[serde(with = "amounts::maybe_text", default)]
    pub probability: Option<Decimal>,
    /// The seed that the chances are drawn from (1).
    #[serde(default)]
    pub seed: Option<u64>,
    /// For `too_many_requests`: the `Retry-After`, as it is sent (`7`).
    #[serde(default)]
    pub retry_after: Option<String>,
    /// For `slow_answer`: how late, in milliseconds (2000).
    #[serde(default)]
    pub delay_ms: Option<u64>,
}

impl Injection {
    /// A fault that strikes the next `times` calls that it can.
    pub fn times(fault: Fault, times: u32) -> Self {
        Self {
            fault,
            operation: None,
            times: Some(times),
            probability: None,
            seed: None,
            retry_after: None,
            delay_ms: None,
        }
    }

    /// The same on one operation only.
    pub fn on(self, operation: Operation) -> Self {
        Self { operation: Some(operation), ..self }
    }
}

/// An injection at work.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Armed {
    #[serde(flatten)]
    pub injection: Injection,
    /// How often it has struck.
    pub struck: u32,
    #[serde(skip)]
    chances: Entropy,
}

impl Armed {
    fn is_spent(&self) -> bool {
        self.injection.times.is_some_and(|times| self.struck >= times)
    }

    fn is_lucky(&self) -> bool {
        let Some(probability) = self.injection.probability else { return true };
        Decimal::from(self.chances.below(1_000_000)) < probability * Decimal::from(1_000_000)
    }
}

/// Every injection that was asked for, in the order of asking.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Armed>>);

impl Faults {
    pub(super) fn inject(&self, mut injection: Injection) {
        if injection.times.is_none() && injection.probability.is_none() {
            injection.times = Some(1);
        }
        let chances = Entropy::seeded(injection.seed.unwrap_or(1));
        self.lock().push(Armed { injection, struck: 0, chances });
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn list(&self) -> Vec<Armed> {
        self.lock().clone()
    }

    /// The first fault that strikes this operation at this point, now struck once more.
    pub(super) fn draw(&self, point: Point, operation: Operation) -> Option<Injection> {
        let strikes = |armed: &Armed| {
            let Injection { fault, operation: only, .. } = &armed.injection;
            fault.point() == point && only.map_or_else(|| fault.strikes(operation), |only| only == operation)
        };
        let mut all = self.lock();
        let armed = all.iter_mut().find(|armed| !armed.is_spent() && strikes(armed) && armed.is_lucky())?;
        armed.struck += 1;
        Some(armed.injection.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_where_and_as_often_as_it_was_asked_to() {
        let faults = Faults::default();
        faults.inject(Injection::times(Fault::TooManyRequests, 2));
        assert!(faults.draw(Point::Before, Operation::Packages).is_none());
        assert!(faults.draw(Point::After, Operation::CreateOrder).is_none());
        assert!(faults.draw(Point::Before, Operation::CreateOrder).is_some());
        assert!(faults.draw(Point::Before, Operation::CreateOrder).is_some());
        assert!(faults.draw(Point::Before, Operation::CreateOrder).is_none());
    }

    #[test]
    fn chances_repeat_with_their_seed() {
        let run = || {
            let faults = Faults::default();
            let half = r#"{"fault": "bad_gateway", "probability": 0.5, "seed": 9}"#;
            faults.inject(serde_json::from_str(half).unwrap());
            (0..200).map(|_| faults.draw(Point::Before, Operation::CreateOrder).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        let struck = run().into_iter().filter(|struck| *struck).count();
        assert!((60..140).contains(&struck), "{struck}");
    }
}
