//! What every part of a running sandbox is handed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::book::Book;
use super::faults::Faults;
use super::ledger::Ledger;
use super::operation::Operation;
use super::settings::{OrderMode, Settings};
use super::webhooks::Sender;

/// A running sandbox's shared state. Its locks are never held across an `await`.
pub(super) struct Desk {
    pub settings: Settings,
    pub faults: Faults,
    pub sender: Sender,
    /// Tasks that outlive a request: webhooks and orders that wait for their time.
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
    mode: Mutex<OrderMode>,
    book: Mutex<Book>,
    calls: Mutex<BTreeMap<Operation, u64>>,
}

impl Desk {
    pub(super) fn open(settings: Settings) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            faults: Faults::default(),
            sender: Sender::new(&settings)?,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            mode: Mutex::new(settings.mode),
            book: Mutex::new(Book::open(&settings)?),
            calls: Mutex::default(),
            settings,
        }))
    }

    /// The book, for as long as one decision takes.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// How an accepted order goes on.
    pub(super) fn mode(&self) -> OrderMode {
        *lock(&self.mode)
    }

    pub(super) fn set_mode(&self, mode: OrderMode) {
        *lock(&self.mode) = mode;
    }

    pub(super) fn count(&self, operation: Operation) {
        *lock(&self.calls).entry(operation).or_default() += 1;
    }

    /// Everything committed, as of now.
    pub(super) fn ledger(&self) -> Ledger {
        let calls = lock(&self.calls).clone();
        let book = self.book();
        let world = book.world();
        Ledger {
            balance: world.balance,
            currency: world.currency.clone(),
            orders: world.orders.values().cloned().collect(),
            order_requests: world.requests.clone(),
            transactions: world.transactions.clone(),
            webhooks: world.deliveries.clone(),
            calls,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
