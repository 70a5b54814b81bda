//! The bell: wakes whoever waits for a change, in this process at once and on other nodes by one coalesced
//! `NOTIFY` that is sent *outside* the transaction (inside a commit it costs nine tenths of the throughput).
//! Nobody relies on it: every listener also looks by itself now and then.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, broadcast};

const CHANNEL: &str = "simfront";
/// Rings that fall within this time leave as one notification each.
const GATHER: Duration = Duration::from_millis(15);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ring {
    /// There is work.
    Jobs,
    /// What the window shows changed: reload it.
    Window,
    /// The thing with this id changed (an order).
    Thing(i64),
}

impl Ring {
    fn word(&self) -> String {
        match self {
            Self::Jobs => "jobs".to_owned(),
            Self::Window => "window".to_owned(),
            Self::Thing(id) => format!("thing:{id}"),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "jobs" => Some(Self::Jobs),
            "window" => Some(Self::Window),
            _ => word.strip_prefix("thing:")?.parse().ok().map(Self::Thing),
        }
    }
}

/// A handle on the bell of this node.
#[derive(Clone, Debug)]
pub struct Bell {
    here: broadcast::Sender<Ring>,
    outgoing: Arc<Mutex<HashSet<Ring>>>,
    to_send: Arc<Notify>,
}

impl Default for Bell {
    fn default() -> Self {
        let (here, _) = broadcast::channel(1024);
        Self { here, outgoing: Arc::default(), to_send: Arc::default() }
    }
}

impl Bell {
    /// Rings, here at once and on the other nodes soon. Call it after the commit that made the change.
    pub fn ring(&self, ring: Ring) {
        // An error means that nobody listens here, which is fine.
        let _ = self.here.send(ring.clone());
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner).insert(ring);
        self.to_send.notify_one();
    }

    /// Hears every ring from now on. A listener that was too slow gets `Lagged` and should look for itself.
    pub fn listen(&self) -> broadcast::Receiver<Ring> {
        self.here.subscribe()
    }

    /// Carries rings between this node and the others until it is dropped. Survives the database's absence.
    pub async fn carry(self, db: PgPool) {
        tokio::join!(self.send_out(&db), self.take_in(&db));
    }

    /// Sends what was rung here to the other nodes now: for commands that end.
    pub async fn tell_others(&self, db: &PgPool) {
        let rings = std::mem::take(&mut *self.outgoing.lock().unwrap_or_else(PoisonError::into_inner));
        let words: Vec<String> = rings.iter().map(Ring::word).collect();
        let sent = sqlx::query("select pg_notify($1, word) from unnest($2::text[]) as word")
            .bind(CHANNEL)
            .bind(&words)
            .execute(db)
            .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "other nodes were not told of a change; they will look by themselves");
        }
    }

    async fn send_out(&self, db: &PgPool) {
        loop {
            self.to_send.notified().await;
            tokio::time::sleep(GATHER).await;
            self.tell_others(db).await;
        }
    }

    async fn take_in(&self, db: &PgPool) {
        loop {
            if let Err(error) = self.hear(db).await {
                tracing::debug!(%error, "not listening to other nodes; trying again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }

    async fn hear(&self, db: &PgPool) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(db).await?;
        listener.listen(CHANNEL).await?;
        // Whatever was rung while nobody listened.
        for ring in [Ring::Jobs, Ring::Window] {
            let _ = self.here.send(ring);
        }
        loop {
            if let Some(ring) = Ring::from_word(listener.recv().await?.payload()) {
                let _ = self.here.send(ring);
            }
        }
    }
}
