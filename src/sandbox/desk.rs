//! What every part of a running sandbox is handed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::absence::Absence;
use super::book::Book;
use super::control::Notices;
use super::faults::{About, Fault, Faults, Injection, Point};
use super::ledger::Ledger;
use super::operation::Operation;
use super::settings::Settings;
use super::webhooks::Sender;

/// A running sandbox's shared state. Its locks are never held across an `await`.
pub(super) struct Desk {
    pub settings: Settings,
    pub faults: Faults,
    /// What was just done on the control page.
    pub notices: Notices,
    pub sender: Sender,
    /// Whether the listener is to be closed for a time.
    pub absence: Absence,
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
            notices: Notices::default(),
            sender: Sender::new(&settings)?,
            absence: Absence::default(),
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

    /// Arms a fault; an absence that waits for no call begins at once.
    pub(super) fn inject(&self, injection: Injection) {
        if injection.fault == Fault::Away && injection.operation.is_none() {
            self.faults.inject(Injection { times: Some(1), probability: None, ..injection });
            self.leave(None, &About::default());
        } else {
            self.faults.inject(injection);
        }
    }

    /// Closes the listener for a time, if a fault says so with this call, or without any.
    pub(super) fn leave(&self, operation: Option<Operation>, about: &About) -> bool {
        let struck = self.faults.draw(Point::Listener, operation, about);
        if let Some(struck) = &struck {
            self.absence.begin(struck.injection.delay().unwrap_or_default());
        }
        struck.is_some()
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
