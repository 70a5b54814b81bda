//! How the sandbox can be told to misbehave. Each [`Fault`] has a name, acts at one point, and is counted down or
//! drawn by chance from a seed, so that a run can be repeated: the same seed and the same calls make the same strikes
//! and draw the same bytes. Every strike is on record.

mod answer_form;
mod cards;
mod catalog;
mod drill;
mod encodings;
mod identity;
mod injection;
mod kinds;
mod lists;
mod text;
mod tree;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::journal::Journal;
use super::ledger::Order;
use super::moment;
use super::operation::Operation;
use super::settings::OrderMode;
use crate::ground::Entropy;

pub(super) use answer_form::{Told, html};
pub use cards::{Card, Group, Parameter, UNPROVOKED};
pub(super) use drill::Armed;
pub use drill::{Call, Strike, Strikes};
use drill::{Drill, Event};
pub(super) use encodings::reencoded;
pub use injection::{Injection, WrongInjection};
pub use kinds::Fault;
pub(super) use kinds::{ENCODINGS, MISTYPES, Point};
pub(super) use lists::Asked;
pub(super) use tree::Tree;

/// What a call was about, as far as it is known when a fault strikes it.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub idempotency_key: Option<String>,
    pub order_id: Option<u64>,
}

impl About {
    pub(super) fn of(order: &Order) -> Self {
        Self { order_id: Some(order.id), idempotency_key: order.idempotency_key.clone() }
    }
}

/// A fault that strikes now.
#[derive(Clone, Debug)]
pub(super) struct Struck {
    pub injection: Injection,
    /// The strike's number on record.
    pub number: u64,
    /// Where whatever it leaves open is drawn from.
    pub entropy: Entropy,
}

impl Struck {
    pub(super) fn fault(&self) -> Fault {
        self.injection.fault
    }

    /// One of the kinds: the given one, else a drawn one.
    pub(super) fn kind_of<'a>(&'a self, kinds: &[&'a str]) -> &'a str {
        match self.injection.text("kind") {
            "drawn" | "" => {
                let end = u64::try_from(kinds.len()).unwrap_or(0);
                let drawn = usize::try_from(self.entropy.below(end)).unwrap_or(0);
                kinds.get(drawn).copied().unwrap_or_default()
            }
            given => given,
        }
    }

    /// The byte at which `length` bytes are cut: the given one, else a drawn one.
    pub(super) fn cut_of(&self, length: usize) -> usize {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let at = self.injection.at_byte.unwrap_or_else(|| self.entropy.below(length));
        usize::try_from(at.min(length)).unwrap_or(usize::MAX)
    }
}

/// Spoils an answer. Says what was drawn or done; `None` where there was nothing to spoil.
pub(super) fn spoil(told: &mut Told, struck: &Struck, list: &Asked, oldest: Option<u64>) -> Option<String> {
    if let Some(note) = answer_form::spoil(told, struck) {
        return Some(note);
    }
    let mut answer = match struck.fault().card().group {
        Group::Catalog => Tree::read_rows_closed(&told.text)?,
        _ => Tree::read(&told.text)?,
    };
    let note = lists::spoil(&mut answer, struck, list).or_else(|| {
        let data = answer.get_mut("data")?;
        identity::spoil(data, struck, oldest).or_else(|| catalog::spoil(data, struck))
    })?;
    told.text = answer.to_string();
    Some(note)
}

/// Every injection that was asked for, in the order of asking, and what became of them.
#[derive(Debug)]
pub(super) struct Faults(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    drill: Drill,
    journal: Option<Journal>,
}

impl Kept {
    /// Makes a change and writes it down. A drill that cannot be written down goes on all the same: what is at stake
    /// is no purchase, only that a restart forgets a fault.
    fn record(&mut self, event: Event) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.append(&event)
        {
            tracing::error!(error = format!("{error:#}"), "the sandbox could not write its drill down");
        }
        self.drill.apply(event);
    }
}

impl Faults {
    /// Opens the drill: what the directory remembers of it, or none.
    pub(super) fn open(directory: Option<&Path>, mode: OrderMode) -> anyhow::Result<Self> {
        let mut drill = Drill::new(mode);
        let mut journal = None;
        if let Some(directory) = directory {
            let (opened, events) = Journal::open(directory, "drill.jsonl")?;
            events.into_iter().for_each(|event| drill.apply(event));
            journal = Some(opened);
        }
        Ok(Self(Mutex::new(Kept { drill, journal })))
    }

    pub(super) fn inject(&self, injection: Injection) {
        self.lock().record(Event::Armed { injection: Box::new(injection.counted()) });
    }

    /// Those of some injections that are not armed and unspent already, each armed one standing for one of them.
    pub(super) fn missing(&self, wanted: Vec<Injection>) -> Vec<Injection> {
        let list = self.list();
        let unspent = |armed: &&Armed| armed.injection.times.is_none_or(|times| armed.struck < times);
        let mut there: Vec<&Injection> = list.iter().filter(unspent).map(|armed| &armed.injection).collect();
        let mut missing: Vec<_> = wanted.into_iter().map(Injection::counted).collect();
        missing.retain(|injection| {
            let place = there.iter().position(|armed| *armed == injection);
            place.map(|place| there.swap_remove(place)).is_none()
        });
        missing
    }

    /// Stops the injection at a place of the list; false if there is none.
    pub(super) fn disarm(&self, place: usize) -> bool {
        let mut kept = self.lock();
        let there = place < kept.drill.armed().len();
        if there {
            kept.record(Event::Disarmed { place });
        }
        there
    }

    pub(super) fn clear(&self) {
        self.lock().record(Event::Cleared);
    }

    pub(super) fn list(&self) -> Vec<Armed> {
        self.lock().drill.armed().to_vec()
    }

    /// How an accepted order goes on.
    pub(super) fn mode(&self) -> OrderMode {
        self.lock().drill.mode()
    }

    pub(super) fn set_mode(&self, mode: OrderMode) {
        self.lock().record(Event::Mode { mode });
    }

    /// The first fault that strikes this operation at this point, now struck once more.
    pub(super) fn draw(&self, point: Point, operation: Option<Operation>, about: &About) -> Option<Struck> {
        self.draw_each(point, operation, about, |_| true).pop()
    }

    /// Every fault that strikes this operation at this point, each once, up to the first one that ends the matter.
    pub(super) fn draw_each(
        &self,
        point: Point,
        operation: Option<Operation>,
        about: &About,
        ends: impl Fn(Fault) -> bool,
    ) -> Vec<Struck> {
        let mut kept = self.lock();
        let mut drawn = Vec::new();
        for place in 0..kept.drill.armed().len() {
            let Some(armed) = kept.drill.armed().get(place).filter(|armed| armed.fits(point, operation))
            else {
                continue;
            };
            let injection = armed.injection.clone();
            let (lucky, entropy) = (armed.is_lucky(), armed.entropy());
            if !lucky {
                kept.record(Event::Spared { place });
                continue;
            }
            let strike = Strike {
                number: kept.drill.struck(),
                fault: injection.fault,
                operation,
                at: moment::now(),
                idempotency_key: about.idempotency_key.clone(),
                order_id: about.order_id,
                detail: None,
            };
            let number = strike.number;
            kept.record(Event::Struck { place, strike: Box::new(strike) });
            let last = ends(injection.fault);
            drawn.push(Struck { injection, number, entropy });
            if last {
                break;
            }
        }
        drawn
    }

    /// Says on record what a strike drew or did.
    pub(super) fn note(&self, struck: &Struck, detail: impl Into<String>) {
        self.lock().record(Event::Noted { number: struck.number, detail: detail.into() });
    }

    /// The status that a key is refused with while its twin is said to run.
    pub(super) fn busy(&self, key: &str) -> Option<u16> {
        self.lock().drill.busy(key, moment::now())
    }

    /// A call has come.
    pub(super) fn called(&self, operation: Operation) {
        self.lock().record(Event::Called { operation });
    }

    /// Puts a call on the log.
    pub(super) fn log(&self, call: Call) {
        self.lock().drill.log(call);
    }

    pub(super) fn calls(&self) -> std::collections::BTreeMap<Operation, u64> {
        self.lock().drill.calls().clone()
    }

    pub(super) fn call_log(&self) -> Vec<Call> {
        self.lock().drill.call_log()
    }

    /// What struck so far.
    pub(super) fn strikes(&self) -> Strikes {
        self.lock().drill.strikes()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
