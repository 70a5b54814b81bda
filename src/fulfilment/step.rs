//! What is next for a unit. Pure: the whole doubt algorithm (RELIABILITY 0.1, CONTRACT sections 5 and 8) in one place.

use std::time::Duration;

use time::OffsetDateTime;

use super::attempt::{Attempt, Judged, Outcome};
use super::terms::Terms;
use crate::orders::{HoldReason, Unit, UnitState};
use crate::shop::Times;

/// Everything that the decision depends on.
pub struct Facts<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Its attempts, the oldest first.
    pub attempts: &'a [Attempt],
    /// When its order was paid.
    pub paid_at: OffsetDateTime,
    /// The time now.
    pub now: OffsetDateTime,
    /// The limits.
    pub times: &'a Times,
    /// Whether the upstream's list of orders was ever read.
    pub listed: bool,
    /// Whether an order under this unit's name was ever listed.
    pub named: bool,
    /// What the wallet said in this round, if it was asked.
    pub funds: Option<Funds>,
    /// Whether it may be bought at today's cost.
    pub terms: Terms,
}

/// What the wallet holds, seen from one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funds {
    /// At least the unit's cost.
    Enough,
    /// Less than the unit's cost.
    TooLittle,
    /// It is in another currency than the unit's cost.
    OtherCurrency,
    /// Nobody knows.
    Unreadable,
}

/// The key of the next attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The first one, or the one after a definite refusal.
    New,
    /// The one that was used before.
    Same(String),
}

/// Why a unit will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// eSIMDual definitely refused it.
    Refused,
    /// eSIMDual accepted it and failed later.
    UpstreamFailed,
    /// It waited longer than we promise.
    Deadline,
    /// A person decided so.
    Person,
    /// The payer's bank asked the money back before it was bought.
    Disputed,
}

impl Failure {
    /// The word in the database and in the history.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::UpstreamFailed => "upstream_failed",
            Self::Deadline => "deadline",
            Self::Person => "person",
            Self::Disputed => "disputed",
        }
    }
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, ever.
    Nothing,
    /// Commit an attempt and send it.
    Send(Key),
    /// Read the upstream's list of orders: before the first purchase, or to settle a doubt.
    ReadList,
    /// Ask how this upstream order stands.
    Poll(i64),
    /// Ask what the wallet holds, then ask here again.
    ReadWallet,
    /// Hold the unit, then wait.
    Hold(HoldReason),
    /// It will not come: refund it.
    Refund(Failure),
    /// Nothing for now.
    Wait(Duration),
}

/// Decides what is next. Nothing is bought on terms that nobody agreed to.
pub fn next_step(facts: &Facts<'_>) -> Step {
    match (regardless_of_terms(facts), facts.terms.hold()) {
        (Step::Send(_), Some(_)) if deadline_over(facts) => Step::Refund(Failure::Deadline),
        (Step::Send(_), Some(reason)) => Step::Hold(reason),
        (step, _) => step,
    }
}

fn regardless_of_terms(facts: &Facts<'_>) -> Step {
    if facts.unit.state.status().is_final() {
        return Step::Nothing;
    }
    if let Some(id) = facts.unit.state.upstream_order_id() {
        return Step::Poll(id);
    }
    if facts.attempts.iter().any(Attempt::in_doubt) {
        return in_doubt(facts);
    }
    match facts.attempts.last() {
        None => first(facts),
        Some(last) if last.definitely_refused() => after_refusal(facts, last),
        Some(last) => again(facts, last),
    }
}

/// Somebody may have it: find out. Time alone never ends a doubt.
fn in_doubt(facts: &Facts<'_>) -> Step {
    let held = matches!(facts.unit.state, UnitState::OnHold { reason: HoldReason::DoubtExpired, .. });
    if !held && horizon_over(facts) {
        return Step::Hold(HoldReason::DoubtExpired);
    }
    Step::ReadList
}

fn first(facts: &Facts<'_>) -> Step {
    match (facts.listed && !facts.named, deadline_over(facts)) {
        (true, false) => Step::Send(Key::New),
        (true, true) => Step::Refund(Failure::Deadline),
        // Nobody could read the list in all that time: then nothing was asked for either.
        (false, true) if !facts.named => Step::Refund(Failure::Deadline),
        (false, _) => Step::ReadList,
    }
}

/// After `later`, or a doubt whose order proved absent: the same key, inside its horizon.
fn again(facts: &Facts<'_>, last: &Attempt) -> Step {
    // Bought, they said, and yet the unit is bound to nothing: asking again could buy it twice.
    if last.outcome == Outcome::Done {
        return Step::Wait(facts.times.reconcile_interval);
    }
    if deadline_over(facts) {
        return Step::Refund(Failure::Deadline);
    }
    let same_key = |attempt: &&Attempt| attempt.key == last.key;
    let was_doubt = facts
        .attempts
        .iter()
        .filter(same_key)
        .any(|attempt| matches!(attempt.outcome, Outcome::Doubt { .. }));
    if was_doubt && horizon_over(facts) {
        return Step::Hold(HoldReason::DoubtExpired);
    }
    match last.retry_at.map(|at| at - facts.now) {
        Some(wait) if wait.is_positive() => Step::Wait(wait.unsigned_abs()),
        _ => Step::Send(Key::Same(last.key.clone())),
    }
}

fn after_refusal(facts: &Facts<'_>, last: &Attempt) -> Step {
    if last.http_status != Some(422) {
        return Step::Refund(Failure::Refused);
    }
    match last.judged {
        // Balance: wait for a top-up, by itself, until the deadline.
        None | Some(Judged::Balance) => match facts.funds {
            _ if deadline_over(facts) => Step::Refund(Failure::Deadline),
            None => Step::ReadWallet,
            Some(Funds::TooLittle) => Step::Hold(HoldReason::Balance),
            Some(Funds::OtherCurrency) => Step::Hold(HoldReason::CurrencyDiffers),
            Some(Funds::Unreadable) => Step::Hold(HoldReason::WalletUnreadable),
            Some(Funds::Enough) => Step::Send(Key::New),
        },
        Some(Judged::Sufficient) => {
            let unexplained = |a: &&Attempt| a.definitely_refused() && a.judged == Some(Judged::Sufficient);
            let tries = facts.attempts.iter().filter(unexplained).count();
            match !last.named_fields.is_empty() || tries > 1 {
                true => Step::Refund(Failure::Refused),
                false => Step::Send(Key::New),
            }
        }
    }
}

fn deadline_over(facts: &Facts<'_>) -> bool {
    facts.now - facts.paid_at >= facts.times.delivery_deadline
}

/// The horizon is counted from the first time the current key was committed.
fn horizon_over(facts: &Facts<'_>) -> bool {
    let Some(last) = facts.attempts.last() else { return false };
    let first = facts.attempts.iter().find(|attempt| attempt.key == last.key);
    first.is_some_and(|attempt| facts.now - attempt.committed_at >= facts.times.key_horizon)
}

/// How long until an order that the upstream has for `age` is asked about again: often while it is young, because most are
/// completed within seconds, then at the usual interval, and slower once it is past the promised time and a person was
/// called. No webhook is needed.
pub fn pause_between_polls(age: Duration, usual: Duration, past_deadline: bool) -> Duration {
    match past_deadline {
        false => (age / 4).clamp(usual / 15, usual),
        true => (age / 20).clamp(usual, usual.saturating_mul(3)),
    }
}

/// How long to wait after the n-th `later` in a row: 2 s, doubling, to five minutes; longer where the upstream asks.
pub fn pause_after_later(in_a_row: u32, asked: Option<Duration>) -> Duration {
    let own = Duration::from_secs(2 << in_a_row.saturating_sub(1).min(8)).min(Duration::from_secs(300));
    own.max(asked.unwrap_or_default())
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
