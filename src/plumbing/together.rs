//! What arrives together is committed together: a commit costs the database the same for one thing and for many. What
//! comes alone waits for nobody; while its commit is under way, what follows gathers for the next.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::sync::oneshot;

use super::db;

/// Commits under way at once. One, so that each holds as much as it can; another where enough wait already, or where
/// somebody has waited for long: the first one may never come back.
const WRITERS: usize = 2;
/// So many are worth a commit of their own beside another.
const ENOUGH: usize = 8;
/// What is long.
const LONG: Duration = Duration::from_secs(1);
/// The most that waits to be written; whoever comes then is asked to come again.
const WAITING: usize = 1024;
const WAITING_BYTES: usize = 16 << 20;
/// Nobody waits longer for an answer, and no commit may take longer: its connection is given up then.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a room writes many of its things in one commit.
pub trait Writes: Clone + Send + Sync + 'static {
    /// What waits to be written.
    type Item: Send + Sync + 'static;
    /// What whoever waits is told.
    type Answer: Send + 'static;

    /// What is written, in the plural, for the log.
    const WHAT: &'static str;
    /// The most that one commit holds, in number and in bytes as [`Writes::size`] counts.
    const MOST: usize;
    /// See [`Writes::MOST`].
    const MOST_BYTES: usize;

    /// How many bytes it holds in memory, about.
    fn size(item: &Self::Item) -> usize;

    /// Writes all of them in one commit, or nothing: an answer for each, in their order.
    fn write(
        &self,
        conn: &mut PgConnection,
        items: &[Self::Item],
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Answer>>> + Send;
}

/// Why something was not written, as far as is known.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotWritten {
    /// Too much waits already.
    #[error("more waits to be written than may")]
    Saturated,
    /// The database's fault.
    #[error("{0}")]
    Fault(Arc<sqlx::Error>),
    /// No answer in time: it may still be written.
    #[error("the database took too long")]
    Late,
}

/// What waits on this node to be written. A clone is a handle on the same queue.
pub struct Together<W: Writes>(Arc<Mutex<State<W>>>);

struct State<W: Writes> {
    waiting: VecDeque<Waiting<W>>,
    bytes: usize,
    writers: usize,
}

struct Waiting<W: Writes> {
    item: W::Item,
    answer: oneshot::Sender<Result<W::Answer, NotWritten>>,
}

impl<W: Writes> Clone for Together<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Writes> Default for Together<W> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { waiting: VecDeque::new(), bytes: 0, writers: 0 })))
    }
}

/// What waits may hold personal data: only how much it is.
impl<W: Writes> fmt::Debug for Together<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("waiting", &self.state().waiting.len()).finish_non_exhaustive()
    }
}

impl<W: Writes> Together<W> {
    /// Writes something, with what else waits by then. When this returns `Ok` it is committed. Whoever stops waiting
    /// stops nothing.
    ///
    /// # Errors
    /// [`NotWritten`].
    pub async fn put(&self, db: &PgPool, writes: W, item: W::Item) -> Result<W::Answer, NotWritten> {
        let (answer, mut written) = oneshot::channel();
        if self.line_up(Waiting { item, answer })? {
            self.start(db, writes.clone());
        }
        let mut result = tokio::time::timeout(LONG, &mut written).await;
        if result.is_err() {
            if self.needs_another() {
                self.start(db, writes);
            }
            result = tokio::time::timeout(PATIENCE, written).await;
        }
        match result {
            Ok(Ok(result)) => result,
            // The writer is gone with its batch, or does not come back.
            Ok(Err(_)) | Err(_) => Err(NotWritten::Late),
        }
    }

    fn start(&self, db: &PgPool, writes: W) {
        tokio::spawn(Writer { queue: self.clone(), writes, counted: true }.work(db.clone()));
    }

    /// True where the caller must start a writer.
    fn needs_another(&self) -> bool {
        let mut state = self.state();
        let start = !state.waiting.is_empty() && state.writers < WRITERS;
        state.writers += usize::from(start);
        start
    }

    /// True where the caller must start a writer.
    fn line_up(&self, new: Waiting<W>) -> Result<bool, NotWritten> {
        let mut state = self.state();
        let bytes = state.bytes + W::size(&new.item);
        if state.waiting.len() >= WAITING || bytes > WAITING_BYTES {
            return Err(NotWritten::Saturated);
        }
        state.bytes = bytes;
        state.waiting.push_back(new);
        let start = state.writers == 0 || (state.writers < WRITERS && state.waiting.len() >= ENOUGH);
        state.writers += usize::from(start);
        Ok(start)
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next commit holds, the oldest first; empty when nothing waits.
    fn take(&self) -> Vec<Waiting<W>> {
        let mut state = self.state();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(next) = state.waiting.front() {
            let more = bytes + W::size(&next.item);
            if batch.len() == W::MOST || (more > W::MOST_BYTES && !batch.is_empty()) {
                break;
            }
            bytes = more;
            batch.extend(state.waiting.pop_front());
        }
        state.bytes -= bytes;
        batch
    }
}

/// Writes until nothing waits, then goes.
struct Writer<W: Writes> {
    queue: Together<W>,
    writes: W,
    /// Whether the queue still counts on it.
    counted: bool,
}

/// One that ends in another way than by [`Writer::stays`] must not be counted on for ever.
impl<W: Writes> Drop for Writer<W> {
    fn drop(&mut self) {
        if self.counted {
            self.queue.state().writers -= 1;
        }
    }
}

impl<W: Writes> Writer<W> {
    /// Keeps its connection while there is work: borrowing one costs as much as a statement.
    async fn work(mut self, db: PgPool) {
        let mut kept = None;
        while self.stays() {
            // The connection first: who comes while it is waited for joins the batch. So does whoever was read already.
            let conn = match kept.take() {
                Some(conn) => Ok(conn),
                None => db.acquire().await,
            };
            tokio::task::yield_now().await;
            let (items, answers) = self.queue.take().into_iter().map(|one| (one.item, one.answer)).unzip();
            let mut conn = match conn {
                Ok(conn) => conn,
                Err(fault) => {
                    tell_all::<W>(answers, fault);
                    continue;
                }
            };
            match tokio::time::timeout(PATIENCE, self.write(&mut conn, items, answers)).await {
                Ok(true) => kept = Some(conn),
                Ok(false) => {}
                Err(_) => {
                    tracing::error!("{} could not be written in time; the connection is given up", W::WHAT);
                    drop(conn.detach());
                }
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

    /// Writes a batch in one commit. Where the database refuses it, each by itself: one bad row harms no other. Whether
    /// all went well on this connection.
    async fn write(&self, conn: &mut PgConnection, items: Vec<W::Item>, answers: Answers<W>) -> bool {
        match self.writes.write(conn, &items).await {
            Ok(written) => {
                answers.into_iter().zip(written).for_each(|(to, answer)| tell(to, Ok(answer)));
                return true;
            }
            Err(fault) if items.len() == 1 || db::transient(&fault) => tell_all::<W>(answers, fault),
            Err(_) => {
                for (item, to) in items.iter().zip(answers) {
                    match self.writes.write(conn, std::slice::from_ref(item)).await {
                        Ok(written) => {
                            written.into_iter().take(1).zip([to]).for_each(|(a, to)| tell(to, Ok(a)))
                        }
                        Err(fault) => tell_all::<W>(vec![to], fault),
                    }
                }
            }
        }
        false
    }
}

type Answers<W> = Vec<oneshot::Sender<Result<<W as Writes>::Answer, NotWritten>>>;

/// A caller that left needs no answer.
fn tell<A>(to: oneshot::Sender<Result<A, NotWritten>>, result: Result<A, NotWritten>) {
    let _gone = to.send(result);
}

fn tell_all<W: Writes>(answers: Answers<W>, fault: sqlx::Error) {
    let number = answers.len();
    tracing::error!(%fault, number, "{} could not be written; whoever sent them is asked to come again", W::WHAT);
    let fault = Arc::new(fault);
    answers.into_iter().for_each(|to| tell(to, Err(NotWritten::Fault(Arc::clone(&fault)))));
}
