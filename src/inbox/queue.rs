//! What arrives together is committed together: a commit costs the disk the same for one webhook and for a hundred. A
//! webhook that comes alone waits for nobody; while its commit is under way, those that follow gather for the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::delivery::Delivery;
use super::store;
use crate::plumbing::db;

/// Commits under way at once: while one waits for the disk, the next are put together.
const WRITERS: usize = 3;
/// The most that one commit holds.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 2 << 20;
/// The most that waits to be written; whoever comes then is asked to come again.
const WAITING: usize = 1024;
const WAITING_BYTES: usize = 16 << 20;
/// A commit that lost against another one is tried again this often.
const TRIES: u32 = 3;
/// Nobody waits longer for an answer; what is stored after that is known when the sender comes again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a webhook was not stored, as far as is known.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotStored {
    /// Too much waits already.
    #[error("more webhooks wait than may")]
    Saturated,
    /// The database's fault.
    #[error("{0}")]
    Fault(Arc<sqlx::Error>),
    /// No answer in time.
    #[error("the database took too long")]
    Late,
}

/// The webhooks of this node that wait to be written. A clone is a handle on the same ones.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    writers: usize,
}

#[derive(Debug)]
struct Waiting {
    delivery: Delivery,
    now: OffsetDateTime,
    answer: oneshot::Sender<Result<(), NotStored>>,
}

impl Queue {
    /// Stores a delivery once, with its job. When this returns `Ok` it is committed, now or earlier.
    ///
    /// # Errors
    /// [`NotStored`]; the sender should try again.
    pub async fn store(&self, db: &PgPool, delivery: Delivery, now: OffsetDateTime) -> Result<(), NotStored> {
        let (answer, stored) = oneshot::channel();
        if self.line_up(Waiting { delivery, now, answer })? {
            tokio::spawn(Writer { queue: self.clone(), counted: true }.write(db.clone()));
        }
        match tokio::time::timeout(PATIENCE, stored).await {
            Ok(Ok(result)) => result,
            // The writer is gone with its batch, or does not come back.
            Ok(Err(_)) | Err(_) => Err(NotStored::Late),
        }
    }

    /// True where the caller must start a writer.
    fn line_up(&self, new: Waiting) -> Result<bool, NotStored> {
        let mut state = self.state();
        let bytes = state.bytes + new.delivery.body.len();
        if state.waiting.len() >= WAITING || bytes > WAITING_BYTES {
            return Err(NotStored::Saturated);
        }
        state.bytes = bytes;
        state.waiting.push_back(new);
        let start = state.writers < WRITERS;
        state.writers += usize::from(start);
        Ok(start)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, the oldest first; empty when nothing waits.
    fn take(&self) -> Vec<Waiting> {
        let mut state = self.state();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(next) = state.waiting.front() {
            let more = bytes + next.delivery.body.len();
            if batch.len() == BATCH || (more > BATCH_BYTES && !batch.is_empty()) {
                break;
            }
            bytes = more;
            batch.extend(state.waiting.pop_front());
        }
        state.bytes -= bytes;
        batch
    }
}

/// One of the few that write; it goes when nothing waits.
struct Writer {
    queue: Queue,
    /// Whether the queue still counts on it.
    counted: bool,
}

/// One that ends in another way than by [`Writer::stays`] must not be counted on for ever.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.counted {
            self.queue.state().writers -= 1;
        }
    }
}

impl Writer {
    /// Keeps its connection while there is work: borrowing one costs as much as a statement.
    async fn write(mut self, db: PgPool) {
        let mut kept = None;
        while self.stays() {
            // The connection first: who comes while it is waited for joins the batch.
            let conn = match kept.take() {
                Some(conn) => Ok(conn),
                None => db.acquire().await,
            };
            let batch = self.queue.take();
            match conn {
                Ok(mut conn) => kept = write(&mut conn, batch).await.then_some(conn),
                Err(fault) => tell_all(batch, fault),
            }
        }
    }

    /// Whether there is work. The look and the leave-taking are one step, so that nobody who lines up between them
    /// is left waiting.
    fn stays(&mut self) -> bool {
        let mut state = self.queue.state();
        let stays = !state.waiting.is_empty();
        if !stays {
            state.writers -= 1;
        }
        drop(state);
        self.counted = stays;
        stays
    }
}

/// A caller that left needs no answer.
fn tell(one: Waiting, result: Result<(), NotStored>) {
    let _gone = one.answer.send(result);
}

fn tell_all(batch: Vec<Waiting>, fault: sqlx::Error) {
    let webhooks = batch.len();
    tracing::error!(%fault, webhooks, "webhooks could not be stored; their senders are asked to come again");
    let fault = Arc::new(fault);
    batch.into_iter().for_each(|one| tell(one, Err(NotStored::Fault(Arc::clone(&fault)))));
}

/// Writes a batch in one commit. Where the database refuses it, each by itself: one bad row harms no other. Whether
/// all went well on this connection.
async fn write(conn: &mut PgConnection, batch: Vec<Waiting>) -> bool {
    let Some(now) = batch.iter().map(|one| one.now).max() else { return true };
    let all: Vec<&Delivery> = batch.iter().map(|one| &one.delivery).collect();
    match persist(conn, &all, now).await {
        Ok(()) => {
            batch.into_iter().for_each(|one| tell(one, Ok(())));
            return true;
        }
        Err(fault) if batch.len() == 1 || db::transient(&fault) => tell_all(batch, fault),
        Err(_) => {
            for one in batch {
                let result = persist(conn, &[&one.delivery], one.now).await;
                tell(one, result.map_err(|fault| NotStored::Fault(Arc::new(fault))));
            }
        }
    }
    false
}

/// All of them, each with its job. Two nodes that get the same deliveries at once may lose against each other: then again.
async fn persist(conn: &mut PgConnection, all: &[&Delivery], now: OffsetDateTime) -> sqlx::Result<()> {
    for _ in 1..TRIES {
        match store::insert(conn, all, now).await {
            Err(sqlx::Error::Database(lost)) if matches!(lost.code().as_deref(), Some("40001" | "40P01")) => {
            }
            done => return done,
        }
    }
    store::insert(conn, all, now).await
}
