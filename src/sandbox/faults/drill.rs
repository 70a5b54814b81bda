//! The drill: which faults are armed, what has struck, how orders go on, who called. Its events alone change it; what
//! the journal keeps of them is replayed after a restart, so that a drill goes on after a `kill -9`.

use std::collections::{BTreeMap, VecDeque};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::injection::Injection;
use super::kinds::{Fault, Point};
use crate::ground::Entropy;
use crate::sandbox::operation::Operation;
use crate::sandbox::settings::OrderMode;

/// How many of the newest strikes and calls are kept one by one; the counts know all of them.
const KEPT: usize = 10_000;

/// One strike of a fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Strike {
    /// Strikes are numbered from 0.
    pub number: u64,
    /// What went wrong.
    pub fault: Fault,
    /// What it struck; none where it waited for no call.
    pub operation: Option<Operation>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The `Idempotency-Key` of the call, if it had one.
    pub idempotency_key: Option<String>,
    /// The order that it was about, if that was known.
    pub order_id: Option<u64>,
    /// What was drawn or done: a field, a byte, a kind.
    pub detail: Option<String>,
}

/// Every strike so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Strikes {
    /// How often each fault struck.
    pub by_fault: BTreeMap<Fault, u64>,
    /// The newest strikes, the oldest first.
    pub strikes: Vec<Strike>,
}

/// One call of the API, as the log of calls has it.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What it asked for.
    pub operation: Operation,
    /// The status of its answer; none where the client went first, or the connection was cut.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Its `Idempotency-Key`, if it had one.
    pub idempotency_key: Option<String>,
    /// Its `Accept`, if it had one: without JSON in it, Laravel answers with pages and redirects.
    pub accept: Option<String>,
}

/// An injection at work.
#[derive(Clone, Debug, Serialize)]
pub(in crate::sandbox) struct Armed {
    #[serde(flatten)]
    pub injection: Injection,
    /// How often it has struck.
    pub struck: u32,
    /// How many calls it spared by chance.
    pub spared: u64,
}

impl Armed {
    /// Whether it could strike this; without an operation, no call is needed to strike.
    pub(super) fn fits(&self, point: Point, operation: Option<Operation>) -> bool {
        let Injection { fault, operation: only, times, .. } = &self.injection;
        let spent = times.is_some_and(|times| self.struck >= times);
        let reached = match (operation, only) {
            (Some(operation), Some(only)) => operation == *only,
            (Some(operation), None) => point != Point::Listener && fault.strikes(operation),
            (None, only) => only.is_none(),
        };
        !spent && fault.point() == point && reached
    }

    /// Whether chance has it strike now.
    pub(super) fn is_lucky(&self) -> bool {
        let Some(probability) = self.injection.probability else { return true };
        let chance = Decimal::from(self.source("chance").below(1_000_000));
        chance < probability * Decimal::from(1_000_000)
    }

    /// Where whatever this strike leaves open is drawn from.
    pub(super) fn entropy(&self) -> Entropy {
        self.source("strike")
    }

    /// A source of its own for each offer, so that a restart needs to remember two counts only.
    fn source(&self, purpose: &str) -> Entropy {
        let seed = self.injection.seed.unwrap_or(1);
        let offer = self.spared + u64::from(self.struck);
        let words = [seed, offer].into_iter().flat_map(u64::to_le_bytes);
        let bytes = words.chain(self.injection.fault.name().bytes()).chain(purpose.bytes());
        // FNV-1a, 64 bits: the seed of a generator, not a secret.
        let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |mixed, byte| {
            (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Entropy::seeded(mixed)
    }
}

/// A change of the drill: one line of its journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    Armed {
        injection: Box<Injection>,
    },
    Cleared,
    /// The injection at that place is stopped.
    Disarmed {
        place: usize,
    },
    /// Chance let a call pass.
    Spared {
        place: usize,
    },
    Struck {
        place: usize,
        strike: Box<Strike>,
    },
    Noted {
        number: u64,
        detail: String,
    },
    Mode {
        mode: OrderMode,
    },
    Called {
        operation: Operation,
    },
}

/// A key whose twin is said to run.
#[derive(Clone, Copy, Debug)]
struct Busy {
    until: OffsetDateTime,
    status: u16,
}

/// Everything about misbehaviour.
#[derive(Debug)]
pub(super) struct Drill {
    mode: OrderMode,
    armed: Vec<Armed>,
    struck: u64,
    by_fault: BTreeMap<Fault, u64>,
    strikes: VecDeque<Strike>,
    busy: BTreeMap<String, Busy>,
    calls: BTreeMap<Operation, u64>,
    call_log: VecDeque<Call>,
}

impl Drill {
    pub(super) fn new(mode: OrderMode) -> Self {
        Self {
            mode,
            armed: Vec::new(),
            struck: 0,
            by_fault: BTreeMap::new(),
            strikes: VecDeque::new(),
            busy: BTreeMap::new(),
            calls: BTreeMap::new(),
            call_log: VecDeque::new(),
        }
    }

    /// Makes one change.
    pub(super) fn apply(&mut self, event: Event) {
        match event {
            Event::Armed { injection } => {
                self.armed.push(Armed { injection: *injection, struck: 0, spared: 0 });
            }
            Event::Cleared => {
                self.armed.clear();
                self.busy.clear();
            }
            Event::Disarmed { place } if place < self.armed.len() => drop(self.armed.remove(place)),
            // Nothing stands there.
            Event::Disarmed { .. } => {}
            Event::Spared { place } => {
                if let Some(armed) = self.armed.get_mut(place) {
                    armed.spared += 1;
                }
            }
            Event::Struck { place, strike } => self.strike(place, *strike),
            Event::Noted { number, detail } => {
                if let Some(strike) = self.strikes.iter_mut().rev().find(|strike| strike.number == number) {
                    strike.detail = Some(detail);
                }
            }
            Event::Mode { mode } => self.mode = mode,
            Event::Called { operation } => *self.calls.entry(operation).or_default() += 1,
        }
    }

    fn strike(&mut self, place: usize, strike: Strike) {
        if let Some(armed) = self.armed.get_mut(place) {
            armed.struck += 1;
            if let (Fault::KeyInUse, Some(key)) = (strike.fault, &strike.idempotency_key) {
                let until = strike.at + armed.injection.delay().unwrap_or_default();
                self.busy.insert(key.clone(), Busy { until, status: armed.injection.status() });
            }
        }
        self.struck += 1;
        *self.by_fault.entry(strike.fault).or_default() += 1;
        push(&mut self.strikes, strike);
    }

    pub(super) fn armed(&self) -> &[Armed] {
        &self.armed
    }

    pub(super) fn mode(&self) -> OrderMode {
        self.mode
    }

    /// How many strikes there were.
    pub(super) fn struck(&self) -> u64 {
        self.struck
    }

    pub(super) fn strikes(&self) -> Strikes {
        Strikes { by_fault: self.by_fault.clone(), strikes: self.strikes.iter().cloned().collect() }
    }

    pub(super) fn busy(&self, key: &str, now: OffsetDateTime) -> Option<u16> {
        self.busy.get(key).filter(|busy| now < busy.until).map(|busy| busy.status)
    }

    pub(super) fn calls(&self) -> &BTreeMap<Operation, u64> {
        &self.calls
    }

    pub(super) fn log(&mut self, call: Call) {
        push(&mut self.call_log, call);
    }

    pub(super) fn call_log(&self) -> Vec<Call> {
        self.call_log.iter().cloned().collect()
    }
}

/// Keeps the newest ones.
fn push<T>(kept: &mut VecDeque<T>, newest: T) {
    if kept.len() >= KEPT {
        kept.pop_front();
    }
    kept.push_back(newest);
}
