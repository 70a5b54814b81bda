//! How fast we ask: a budget of requests per minute in which orders come first, and what the upstream asks us to wait.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::Instant;

use crate::ground::Clock;

/// The longest wait that we let the upstream ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// After a 429 that does not say how long.
const UNSPOKEN_WAIT: Duration = Duration::from_secs(5);
/// The window of the budget.
const MINUTE: Duration = Duration::from_secs(60);

/// Who goes first when the budget is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Purchases and logins: they may use the whole budget.
    Order,
    /// Everything else: leaves a quarter of the budget free.
    Other,
}

/// The budget of one process.
#[derive(Debug)]
pub struct Pace {
    per_minute: usize,
    window: Duration,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the requests of the last minute were let through, oldest first.
    sent: VecDeque<Instant>,
    /// The upstream asked for silence until then.
    quiet_until: Option<OffsetDateTime>,
}

impl Pace {
    /// A budget of so many requests in any 60 seconds; at least one.
    pub fn new(per_minute: u32, clock: Clock) -> Self {
        let per_minute = usize::try_from(per_minute.max(1)).unwrap_or(usize::MAX);
        Self { per_minute, window: MINUTE, clock, state: Mutex::default() }
    }

    /// Waits for a place in the budget, at most as long as `patience`.
    ///
    /// # Errors
    /// How long the wait would be, where it is longer than that: the caller should come back then.
    pub async fn admit(&self, urgency: Urgency, patience: Duration) -> Result<(), Duration> {
        let give_up = Instant::now() + patience;
        while let Err(wait) = self.try_admit(urgency) {
            if Instant::now() + wait > give_up {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn try_admit(&self, urgency: Urgency) -> Result<(), Duration> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = state.quiet_until.and_then(|until| positive(until - self.clock.now())) {
            return Err(wait);
        }
        state.quiet_until = None;
        while state.sent.front().is_some_and(|at| now.duration_since(*at) >= self.window) {
            state.sent.pop_front();
        }
        let places = match urgency {
            Urgency::Order => self.per_minute,
            Urgency::Other => (self.per_minute * 3 / 4).max(1),
        };
        let too_many = state.sent.len().checked_sub(places).and_then(|over| state.sent.get(over).copied());
        match too_many {
            // The place is free when this request is a minute old.
            Some(oldest) => {
                Err(self.window.saturating_sub(now.duration_since(oldest)).max(Duration::from_millis(1)))
            }
            None => {
                state.sent.push_back(now);
                Ok(())
            }
        }
    }

    /// Heeds a 429: nobody asks anything before the wait is over.
    pub fn hold(&self, asked: Option<Duration>) {
        let wait = asked.unwrap_or(UNSPOKEN_WAIT).min(LONGEST_WAIT);
        let until = self.clock.now() + wait;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.quiet_until = Some(state.quiet_until.map_or(until, |known| known.max(until)));
    }
}

fn positive(wait: time::Duration) -> Option<Duration> {
    Duration::try_from(wait).ok().filter(|wait| !wait.is_zero())
}

/// Reads `Retry-After` in both its forms (RFC 9110 section 10.2.3), capped at a quarter of an hour; `None` for a time
/// that has passed and for anything else.
pub fn retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.bytes().all(|b| b.is_ascii_digit()) {
        true if value.is_empty() => return None,
        // More digits than fit are absurd, and so is the wait.
        true => Duration::from_secs(value.parse().ok()?),
        false => positive(OffsetDateTime::parse(value, &Rfc2822).ok()? - now)?,
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    #[test]
    fn retry_after_in_both_forms_capped() {
        let seconds = |value| retry_after(value, NOW).map(|wait| wait.as_secs());
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("100000"), Some(900));
        assert_eq!(seconds("Sun, 22 Nov 2026 12:01:30 GMT"), Some(90));
        assert_eq!(seconds("Sun, 22 Nov 2036 12:00:00 GMT"), Some(900));
        for absurd in
            ["-5", "abc", "1e12", "", "7.5", "Sun, 22 Nov 2026 11:00:00 GMT", "99999999999999999999999"]
        {
            assert_eq!(seconds(absurd), None, "{absurd}");
        }
    }

    #[tokio::test]
    async fn orders_come_first_and_no_minute_holds_more_than_the_budget() {
        let window = Duration::from_millis(300);
        let pace = Pace { window, ..Pace::new(4, Clock::by_hand(NOW)) };
        for _ in 0..3 {
            assert_eq!(pace.admit(Urgency::Other, Duration::ZERO).await, Ok(()));
        }
        assert!(pace.admit(Urgency::Other, Duration::ZERO).await.is_err());
        assert_eq!(pace.admit(Urgency::Order, Duration::ZERO).await, Ok(()));
        assert!(pace.admit(Urgency::Order, Duration::ZERO).await.is_err());
        let before = Instant::now();
        assert_eq!(pace.admit(Urgency::Order, window * 2).await, Ok(()));
        assert!(before.elapsed() >= Duration::from_millis(200));
    }

    #[tokio::test]
    async fn a_429_keeps_everyone_quiet_until_its_time() {
        let clock = Clock::by_hand(NOW);
        let pace = Pace::new(60, clock.clone());
        pace.hold(Some(Duration::from_secs(7)));
        assert_eq!(pace.admit(Urgency::Order, Duration::ZERO).await, Err(Duration::from_secs(7)));
        clock.advance(time::Duration::seconds(7));
        assert_eq!(pace.admit(Urgency::Order, Duration::ZERO).await, Ok(()));
    }
}
