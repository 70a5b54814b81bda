//! Being away: the listener is closed for a time, and connections are refused meanwhile.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// An absence that was asked for, until the accept loop takes it.
#[derive(Debug, Default)]
pub(super) struct Absence {
    length: Mutex<Duration>,
    wanted: Notify,
}

impl Absence {
    /// Asks for one.
    pub(super) fn begin(&self, length: Duration) {
        *self.length.lock().unwrap_or_else(PoisonError::into_inner) = length;
        self.wanted.notify_one();
    }

    /// Waits until one is asked for, and tells its length.
    pub(super) async fn begins(&self) -> Duration {
        self.wanted.notified().await;
        *self.length.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
