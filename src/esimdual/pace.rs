//! How fast we ask: a budget of requests per minute in which orders come first, and what the upstream asks us to wait.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::Instant;

use crate::ground::Clock;

/// The longest wait that we let the upstream ask for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// After a 429 that does not say how long.
const UNSPOKEN_WAIT: Duration = Duration::from_secs(5);
/// The window of the budget.
const MINUTE: Duration = Duration::from_secs(60);

/// Who goes first when the budget is short. Each class leaves a share of the budget to those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Purchases and logins: they may use the whole budget.
    Purchase,
    /// What orders and customers wait for: look-ups, one order, the wallet, one package, pings: seven eighths.
    LookUp,
    /// Catalog, account, VPN plans: three quarters.
    Sync,
    /// Usage and lists of eSIMs: half.
    Usage,
}

impl Urgency {
    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::LookUp => "look_up",
            Self::Sync => "sync",
            Self::Usage => "usage",
        }
    }

    /// The places that it may use, of so many; at least one.
    fn places(self, per_minute: usize) -> usize {
        let eighths = match self {
            Self::Purchase => 8,
            Self::LookUp => 7,
            Self::Sync => 6,
            Self::Usage => 4,
        };
        (per_minute.saturating_mul(eighths) / 8).max(1)
    }
}

/// How much of the budget is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    /// Requests of the last 60 seconds.
    pub used: usize,
    /// Requests that any 60 seconds may hold.
    pub per_minute: usize,
    /// Nobody asks before, because the upstream asked us to wait.
    pub quiet_until: Option<OffsetDateTime>,
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
    /// The upstream asked for silence.
    quiet: Option<Quiet>,
}

#[derive(Clone, Copy, Debug)]
struct Quiet {
    until: OffsetDateTime,
    /// What it asked for.
    wait: Duration,
}

impl Quiet {
    /// What is left of it. More than was asked for comes from a clock that was set back since, and begins anew.
    fn left(&mut self, now: OffsetDateTime) -> Option<Duration> {
        self.until = self.until.min(now + self.wait);
        positive(self.until - now)
    }
}

impl Pace {
    /// A budget of so many requests in any 60 seconds; at least one.
    pub fn new(per_minute: u32, clock: Clock) -> Self {
        let per_minute = usize::try_from(per_minute.max(1)).unwrap_or(usize::MAX);
        Self { per_minute, window: MINUTE, clock, state: Mutex::default() }
    }

    /// Waits for a place in the budget, at most as long as `patience`, and says how long it waited.
    ///
    /// # Errors
    /// How long the wait would be, where it is longer than that: the caller should come back then.
    pub async fn admit(&self, urgency: Urgency, patience: Duration) -> Result<Duration, Duration> {
        let begun = Instant::now();
        while let Err(wait) = self.try_admit(urgency) {
            if begun.elapsed() + wait > patience {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
        Ok(begun.elapsed())
    }

    /// How much is used.
    pub fn used(&self) -> BudgetUse {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let wall = self.clock.now();
        let quiet_until = state.quiet.as_mut().and_then(|quiet| quiet.left(wall)).map(|left| wall + left);
        let recent = state.sent.iter().filter(|at| now.duration_since(**at) < self.window);
        BudgetUse { used: recent.count(), per_minute: self.per_minute, quiet_until }
    }

    fn try_admit(&self, urgency: Urgency) -> Result<(), Duration> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = state.quiet.as_mut().and_then(|quiet| quiet.left(self.clock.now())) {
            return Err(wait);
        }
        state.quiet = None;
        while state.sent.front().is_some_and(|at| now.duration_since(*at) >= self.window) {
            state.sent.pop_front();
        }
        let places = urgency.places(self.per_minute);
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
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.quiet.as_mut().and_then(|quiet| quiet.left(now)).is_none_or(|left| left < wait) {
            state.quiet = Some(Quiet { until: now + wait, wait });
        }
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

    #[test]
    fn f10_every_spelling_of_a_wait_is_understood_or_replaced_and_none_is_endless() {
        let clock = Clock::by_hand(NOW);
        let quiet = |value: Option<&str>| {
            let pace = Pace::new(60, clock.clone());
            pace.hold(value.and_then(|value| retry_after(value, NOW)));
            (pace.used().quiet_until.unwrap() - NOW).whole_seconds()
        };
        assert_eq!(quiet(Some("7")), 7);
        assert_eq!(quiet(Some("Sun, 22 Nov 2026 12:01:30 GMT")), 90);
        for absurdly_long in ["315360000", "Thu, 20 Nov 2036 12:00:00 GMT"] {
            assert_eq!(quiet(Some(absurdly_long)), 900, "{absurdly_long}");
        }
        for nonsense in [None, Some("-5"), Some("abc"), Some("1e12"), Some("Sat, 21 Nov 2026 12:00:00 GMT")] {
            assert_eq!(quiet(nonsense), 5, "{nonsense:?}");
        }
    }

    #[tokio::test]
    async fn each_class_leaves_a_share_to_those_above_it_and_no_minute_holds_more_than_the_budget() {
        let window = Duration::from_millis(400);
        let pace = Pace { window, ..Pace::new(8, Clock::by_hand(NOW)) };
        let places = [(Urgency::Usage, 4), (Urgency::Sync, 6), (Urgency::LookUp, 7), (Urgency::Purchase, 8)];
        let mut used = 0;
        for (urgency, until) in places {
            while used < until {
                assert!(pace.admit(urgency, Duration::ZERO).await.is_ok(), "{urgency:?} {used}");
                used += 1;
            }
            assert!(pace.admit(urgency, Duration::ZERO).await.is_err(), "{urgency:?}");
            assert_eq!(pace.used().used, used);
        }
        let waited = pace.admit(Urgency::Purchase, window * 2).await.unwrap();
        assert!(waited >= window / 2, "{waited:?}");
    }

    #[tokio::test]
    async fn a_429_keeps_everyone_quiet_until_its_time() {
        let clock = Clock::by_hand(NOW);
        let pace = Pace::new(60, clock.clone());
        pace.hold(Some(Duration::from_secs(7)));
        pace.hold(Some(Duration::from_secs(2)));
        assert_eq!(pace.admit(Urgency::Purchase, Duration::ZERO).await, Err(Duration::from_secs(7)));
        clock.advance(time::Duration::seconds(7));
        assert!(pace.admit(Urgency::Purchase, Duration::ZERO).await.is_ok());
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_no_silence_longer_than_was_asked_for() {
        let clock = Clock::by_hand(NOW);
        let pace = Pace::new(60, clock.clone());
        pace.hold(Some(Duration::from_secs(7)));
        clock.advance(time::Duration::hours(-5));
        assert_eq!(pace.used().quiet_until, Some(clock.now() + Duration::from_secs(7)));
        assert_eq!(pace.admit(Urgency::Purchase, Duration::ZERO).await, Err(Duration::from_secs(7)));
        clock.advance(time::Duration::seconds(7));
        assert!(pace.admit(Urgency::Purchase, Duration::ZERO).await.is_ok());
    }
}
