//! Asking again: how often, how soon, and out of which budget (RELIABILITY F39).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::ground::Entropy;

/// A call is asked at most so many times more.
pub const TRIES_MORE: u32 = 2;
/// The longest pause before the first repetition; it doubles for the second.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// What a repetition costs.
const COST: u32 = 100;
/// What each call earns: a fifth of a repetition.
const EARNED: u32 = 20;
/// What can be saved: two repetitions, so that a burst stays small after hours of calm.
const CAP: u32 = 2 * COST;

/// The budget of repetitions of one process. However many calls fail, repetitions are at most a fifth of the calls
/// (and the one or two that were saved), so that an upstream that fails half the time is not asked twice as often.
#[derive(Debug)]
pub struct RetryBudget(Mutex<u32>);

impl RetryBudget {
    /// Begins with one repetition.
    pub fn new() -> Self {
        Self(Mutex::new(COST))
    }

    /// A call, or a page of one, begins.
    pub fn earn(&self) {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *saved = saved.saturating_add(EARNED).min(CAP);
    }

    /// Takes the price of one repetition; false where there is not enough.
    pub fn spend(&self) -> bool {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = *saved >= COST;
        if enough {
            *saved -= COST;
        }
        enough
    }
}

/// The pause before repetition `number` (from 0): anything from nothing to its limit ("full jitter"), so that callers
/// that failed together do not come back together.
pub fn pause(number: u32, entropy: &Entropy) -> Duration {
    let limit = FIRST_PAUSE.saturating_mul(1 << number.min(8));
    Duration::from_millis(entropy.below(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_a_fifth_of_the_calls_whatever_fails() {
        let budget = RetryBudget::new();
        let mut repeated = 0;
        for _ in 0..1000 {
            budget.earn();
            // Every call fails and would be repeated twice.
            repeated += usize::from(budget.spend()) + usize::from(budget.spend());
        }
        assert!((200..=201).contains(&repeated), "{repeated} repetitions");
    }

    #[test]
    fn calm_saves_two_repetitions_and_no_more() {
        let budget = RetryBudget::new();
        for _ in 0..1000 {
            budget.earn();
        }
        assert_eq!([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
    }

    #[test]
    fn pauses_are_spread_over_their_whole_range() {
        let entropy = Entropy::seeded(7);
        for (number, limit) in [(0, 250), (1, 500)] {
            let drawn: Vec<_> = (0..200).map(|_| pause(number, &entropy).as_millis()).collect();
            assert!(drawn.iter().all(|ms| *ms < limit));
            assert!(drawn.iter().any(|ms| *ms < limit / 4) && drawn.iter().any(|ms| *ms > limit * 3 / 4));
        }
    }
}
