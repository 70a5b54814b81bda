//! What every part of a running sandbox is handed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::book::Book;
use super::faults::Faults;
use super::ledger::Ledger;
use super::settings::Settings;
use super::webhooks::Sender;

/// A running sandbox's shared state. Its locks are never held across an `await`.
pub(super) struct Desk {
    pub settings: Settings,
    pub faults: Faults,
    pub sender: Sender,
    /// Tasks that outlive a request: webhooks and orders that wait for their time.
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
    book: Mutex<Book>,
}

impl Desk {
    pub(super) fn open(settings: Settings) -> anyhow::Result<Arc<Self>> {
        // The book comes first: it refuses a directory that another sandbox uses.
        let book = Mutex::new(Book::open(&settings)?);
        Ok(Arc::new(Self {
            faults: Faults::open(settings.state_dir.as_deref(), settings.mode)?,
            sender: Sender::new(&settings)?,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            book,
            settings,
        }))
    }

    /// The book, for as long as one decision takes.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything committed, as of now.
    pub(super) fn ledger(&self) -> Ledger {
        let book = self.book();
        let world = book.world();
        Ledger {
            balance: world.balance,
            currency: world.currency.clone(),
            orders: world.orders.values().cloned().collect(),
            order_requests: world.requests.clone(),
            transactions: world.transactions.clone(),
            webhooks: world.deliveries.clone(),
            calls: self.faults.calls(),
            call_log: self.faults.call_log(),
            faults: self.faults.strikes(),
        }
    }
}
