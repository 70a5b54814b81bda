//! The one clock. Leases, expiries and timestamps all come from it, and it follows the *database's* time, so that
//! a node whose own clock is wrong neither steals a lease nor expires an order early (RELIABILITY F100).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use time::{Duration, OffsetDateTime};

/// A cheap handle on the one clock of the program.
///
/// Between two readings of the database it is carried forward by the monotonic clock, which no
/// operator and no NTP step can move.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` for a clock that is moved by hand.
    started: Option<Instant>,
    /// Microseconds since 1970 at `started` (running clock), or now (clock moved by hand).
    micros: AtomicI64,
}

impl Clock {
    /// A running clock, set to the database's time.
    pub fn running(database_now: OffsetDateTime) -> Self {
        Self(Arc::new(Inner { started: Some(Instant::now()), micros: AtomicI64::new(micros(database_now)) }))
    }

    /// A clock that stands still until [`Clock::advance`] moves it: for tests.
    pub fn by_hand(now: OffsetDateTime) -> Self {
        Self(Arc::new(Inner { started: None, micros: AtomicI64::new(micros(now)) }))
    }

    /// The time now, to the microsecond (what PostgreSQL can store).
    pub fn now(&self) -> OffsetDateTime {
        let base = self.0.micros.load(Ordering::Relaxed);
        let since = self.0.started.map_or(0, elapsed_micros);
        OffsetDateTime::UNIX_EPOCH + Duration::microseconds(base.saturating_add(since))
    }

    /// Sets a running clock to a fresh reading of the database; a clock moved by hand stays where it is.
    pub fn follow(&self, database_now: OffsetDateTime) {
        if let Some(started) = self.0.started {
            self.0.micros.store(micros(database_now) - elapsed_micros(started), Ordering::Relaxed);
        }
    }

    /// Moves a clock that stands still.
    pub fn advance(&self, by: Duration) {
        self.0
            .micros
            .fetch_add(i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

fn elapsed_micros(started: Instant) -> i64 {
    i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX)
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_clock_moved_by_hand_stands_still_between_moves() {
        let clock = Clock::by_hand(datetime!(2026-11-22 12:00 UTC));
        assert_eq!(clock.now(), datetime!(2026-11-22 12:00 UTC));
        clock.advance(Duration::minutes(70));
        assert_eq!(clock.now(), datetime!(2026-11-22 13:10 UTC));
        clock.follow(datetime!(2030-01-01 0:00 UTC));
        assert_eq!(clock.now(), datetime!(2026-11-22 13:10 UTC));
    }

    #[test]
    fn a_running_clock_follows_the_database() {
        let clock = Clock::running(datetime!(2026-11-22 12:00 UTC));
        clock.follow(datetime!(2026-11-22 15:00 UTC));
        let now = clock.now();
        assert!(now >= datetime!(2026-11-22 15:00 UTC) && now < datetime!(2026-11-22 15:01 UTC));
    }
}
