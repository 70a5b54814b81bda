//! The circuit breaker: an upstream that fails and fails is left alone, so that a dead one costs nobody anything.
//!
//! After some faults in a row every call is answered *later* at once, with a time, and without a request. When the
//! time has come one call at a time is let through as a probe. Any real answer, to whatever call, closes the breaker.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::answer::Later;
use super::heard::Heard;
use super::operation::Operation;
use crate::ground::Clock;

/// So many faults in a row open it.
const FAULTS: u32 = 5;
/// The first pause; each probe that fails doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A probe that is still not answered after this keeps nobody else from probing.
const PROBE_HOLDS: Duration = Duration::from_secs(30);

/// The breaker of one process.
#[derive(Debug)]
pub struct Breaker {
    clock: Clock,
    longest_pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: u32,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    since: OffsetDateTime,
    pause: Duration,
    next_try_at: OffsetDateTime,
    probe_until: Option<OffsetDateTime>,
}

impl Open {
    /// A wait longer than its own pause comes from a clock that was set back since, and begins anew.
    fn may_probe(&mut self, now: OffsetDateTime) -> Result<(), Later> {
        self.next_try_at = self.next_try_at.min(now + self.pause);
        self.probe_until = self.probe_until.map(|until| until.min(now + PROBE_HOLDS));
        let wait = self.next_try_at.max(self.probe_until.unwrap_or(self.next_try_at)) - now;
        if wait.is_positive() { Err(left_alone(wait.unsigned_abs())) } else { Ok(()) }
    }
}

/// How the breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Requests pass.
    Closed,
    /// Nothing is asked before `next_try_at`.
    Open {
        /// Since when.
        since: OffsetDateTime,
        /// When a probe may pass; in the past while one is under way or nobody asks.
        next_try_at: OffsetDateTime,
    },
}

/// Leave to send one request. Dropped without an answer (a caller that went away), it says nothing about the upstream.
#[derive(Debug)]
pub struct Leave<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    /// Closed. No pause will be longer than `longest_pause`.
    pub fn new(clock: Clock, longest_pause: Duration) -> Self {
        Self { clock, longest_pause, state: Mutex::default() }
    }

    /// Leave to send. A purchase is never a probe, not even where the breaker opened after the purchase was begun.
    ///
    /// # Errors
    /// *Later*, with a time, while it is open: nothing is sent.
    pub fn admit(&self, operation: Operation) -> Result<Leave<'_>, Later> {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(open) = &mut state.open else { return Ok(Leave { breaker: self, probe: false }) };
        open.may_probe(now)?;
        if operation == Operation::CreateOrder {
            return Err(left_alone(FIRST_PAUSE));
        }
        open.probe_until = Some(now + PROBE_HOLDS);
        Ok(Leave { breaker: self, probe: true })
    }

    /// *Later* while it is open and no probe may pass; takes nothing.
    ///
    /// # Errors
    /// The same as [`Breaker::admit`]'s.
    pub fn check(&self) -> Result<(), Later> {
        let now = self.clock.now();
        self.lock().open.as_mut().map_or(Ok(()), |open| open.may_probe(now))
    }

    /// Whether it is open: the next request, if one may pass, is a probe.
    pub fn is_open(&self) -> bool {
        self.lock().open.is_some()
    }

    /// How it stands.
    pub fn standing(&self) -> BreakerState {
        match self.lock().open {
            None => BreakerState::Closed,
            Some(Open { since, next_try_at, .. }) => BreakerState::Open { since, next_try_at },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// Notes what came of the request.
    pub fn end(mut self, heard: &Heard) {
        let probe = std::mem::take(&mut self.probe);
        let now = self.breaker.clock.now();
        let mut state = self.breaker.lock();
        if !heard.is_fault() {
            let was_open = state.open.is_some();
            *state = State::default();
            if was_open {
                tracing::info!("eSIMDual answers again");
            }
            return;
        }
        state.faults = state.faults.saturating_add(1);
        let faults = state.faults;
        match &mut state.open {
            Some(open) if probe => {
                open.pause = open.pause.saturating_mul(2).min(self.breaker.longest_pause);
                open.next_try_at = now + open.pause;
                open.probe_until = None;
            }
            // It was under way when the breaker opened.
            Some(_) => {}
            None if faults >= FAULTS => {
                let pause = FIRST_PAUSE.min(self.breaker.longest_pause);
                let next_try_at = now + pause;
                state.open = Some(Open { since: now, pause, next_try_at, probe_until: None });
                tracing::warn!(faults, "eSIMDual fails; it is left alone for a while");
            }
            None => {}
        }
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(open) = &mut self.breaker.lock().open
        {
            open.probe_until = None;
        }
    }
}

fn left_alone(wait: Duration) -> Later {
    let reason = "eSIMDual failed several times in a row and is left alone for a while".to_owned();
    Later { reason, http_status: None, after: Some(wait) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const LONGEST: Duration = Duration::from_secs(30);
    const SILENT: Heard = Heard::Silence("no answer in time");

    fn answered(status: u16) -> Heard {
        Heard::Reply { status, retry_after: None, body: Ok(Vec::new()) }
    }

    fn clock() -> Clock {
        Clock::by_hand(datetime!(2026-11-22 12:00 UTC))
    }

    fn opened(clock: &Clock) -> Breaker {
        let breaker = Breaker::new(clock.clone(), LONGEST);
        for _ in 0..FAULTS {
            breaker.admit(Operation::Wallet).unwrap().end(&SILENT);
        }
        breaker
    }

    #[test]
    fn faults_in_a_row_open_it_and_an_answer_between_them_does_not_let_it() {
        let breaker = Breaker::new(clock(), LONGEST);
        for _ in 0..4 {
            for fault in [SILENT, answered(500), Heard::NeverSent("name"), answered(503)] {
                breaker.admit(Operation::Wallet).unwrap().end(&fault);
            }
            // Somebody is there, whatever it says.
            breaker.admit(Operation::Wallet).unwrap().end(&answered(422));
        }
        assert_eq!(breaker.standing(), BreakerState::Closed);
        for _ in 0..FAULTS {
            breaker.admit(Operation::Wallet).unwrap().end(&answered(500));
        }
        assert_eq!(breaker.admit(Operation::Wallet).unwrap_err().after, Some(FIRST_PAUSE));
    }

    #[test]
    fn one_probe_at_a_time_with_growing_pauses_up_to_the_longest() {
        let clock = clock();
        let breaker = opened(&clock);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let wait = breaker.admit(Operation::Wallet).unwrap_err().after.unwrap();
            pauses.push(wait.as_secs());
            clock.advance(time::Duration::try_from(wait).unwrap());
            let probe = breaker.admit(Operation::Wallet).unwrap();
            assert!(breaker.admit(Operation::Wallet).is_err(), "one at a time");
            probe.end(&SILENT);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        clock.advance(time::Duration::seconds(30));
        breaker.admit(Operation::Wallet).unwrap().end(&answered(401));
        assert_eq!(breaker.standing(), BreakerState::Closed);
        assert!(breaker.admit(Operation::Wallet).is_ok() && breaker.admit(Operation::Wallet).is_ok());
    }

    #[test]
    fn a_probe_whose_caller_went_away_makes_room_for_the_next() {
        let clock = clock();
        let breaker = opened(&clock);
        clock.advance(time::Duration::seconds(1));
        drop(breaker.admit(Operation::Wallet).unwrap());
        let stuck = breaker.admit(Operation::Wallet).unwrap();
        assert!(breaker.check().is_err());
        clock.advance(time::Duration::seconds(30));
        assert!(breaker.check().is_ok());
        let other = breaker.admit(Operation::Wallet).unwrap();
        other.end(&answered(200));
        stuck.end(&SILENT);
        assert_eq!(breaker.standing(), BreakerState::Closed);
    }

    #[test]
    fn a_purchase_is_never_the_probe_and_keeps_nobody_else_from_being_it() {
        let clock = clock();
        let breaker = opened(&clock);
        clock.advance(time::Duration::seconds(1));
        assert!(breaker.check().is_ok(), "a probe may pass");
        assert_eq!(breaker.admit(Operation::CreateOrder).unwrap_err().after, Some(FIRST_PAUSE));
        breaker.admit(Operation::Ping).unwrap().end(&answered(200));
        assert!(breaker.admit(Operation::CreateOrder).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_it_open_no_longer_than_its_pause() {
        let clock = clock();
        let breaker = opened(&clock);
        clock.advance(time::Duration::hours(-5));
        assert_eq!(breaker.check().unwrap_err().after, Some(FIRST_PAUSE));
        clock.advance(time::Duration::seconds(1));
        let probe = breaker.admit(Operation::Wallet).unwrap();
        clock.advance(time::Duration::hours(-5));
        assert_eq!(breaker.check().unwrap_err().after, Some(PROBE_HOLDS));
        drop(probe);
        assert_eq!(breaker.check().unwrap_err().after, Some(FIRST_PAUSE));
    }

    #[test]
    fn what_was_under_way_when_it_opened_neither_prolongs_it_nor_is_unheard() {
        let clock = clock();
        let breaker = Breaker::new(clock.clone(), LONGEST);
        let under_way: Vec<_> = (0..8).map(|_| breaker.admit(Operation::Wallet).unwrap()).collect();
        let early = breaker.admit(Operation::Wallet).unwrap();
        for leave in under_way {
            leave.end(&SILENT);
        }
        assert_eq!(breaker.admit(Operation::Wallet).unwrap_err().after, Some(FIRST_PAUSE));
        early.end(&answered(200));
        assert_eq!(breaker.standing(), BreakerState::Closed);
    }
}
