//! Operations that refuse a token which others accept: they alone are left alone for a while, and nobody logs in for them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::answer::Later;
use super::door::pause_after;
use super::operation::Operation;

/// Refusals in a row, and when the operation is tried again.
#[derive(Clone, Copy, Debug)]
struct Shut {
    times: u32,
    until: OffsetDateTime,
}

/// The operations that stand alone in refusing us.
#[derive(Debug, Default)]
pub struct Alone(Mutex<BTreeMap<Operation, Shut>>);

impl Alone {
    /// *Later* while an operation is left alone.
    ///
    /// # Errors
    /// Why, and for how long still.
    pub fn check(&self, operation: Operation, now: OffsetDateTime) -> Result<(), Later> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&operation).copied();
        let left = known.and_then(|shut| Duration::try_from(shut.until - now).ok()).unwrap_or_default();
        if left.is_zero() {
            return Ok(());
        }
        let reason = "this alone refuses the token that all else accepts".to_owned();
        Err(Later { reason, http_status: Some(401), after: Some(left) })
    }

    /// Whether an operation has refused alone since it last accepted a token.
    pub fn has(&self, operation: Operation) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&operation)
    }

    /// It did, once more: each time the pause is twice as long. What was under way already counts as the same.
    pub fn shut(&self, operation: Operation, now: OffsetDateTime, first_pause: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = match known.get(&operation) {
            Some(shut) if shut.until > now => return,
            Some(shut) => shut.times,
            None => 0,
        };
        let until = now + pause_after(times, first_pause);
        known.insert(operation, Shut { times: times.saturating_add(1), until });
        tracing::warn!(operation = operation.name(), times, "eSIMDual refuses a good token for this alone");
    }

    /// It accepted a token.
    pub fn open(&self, operation: Operation) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&operation);
    }

    /// Somebody wants everything tried now.
    pub fn open_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_with_each_refusal_and_ends_with_the_first_acceptance() {
        let (alone, first) = (Alone::default(), Duration::from_secs(30));
        let mut now = OffsetDateTime::UNIX_EPOCH;
        for pause in [30, 60, 120, 240, 480, 900, 900] {
            alone.shut(Operation::Wallet, now, first);
            alone.shut(Operation::Wallet, now, first);
            let after = alone.check(Operation::Wallet, now).unwrap_err().after;
            assert_eq!(after, Some(Duration::from_secs(pause)));
            assert!(alone.check(Operation::Orders, now).is_ok());
            now += Duration::from_secs(pause);
            assert!(alone.check(Operation::Wallet, now).is_ok() && alone.has(Operation::Wallet));
        }
        alone.open(Operation::Wallet);
        assert!(!alone.has(Operation::Wallet));
    }
}
