//! The turn to sync: one at a time over all nodes, from the question to the last write.
//!
//! It is a lock of a database session, so that it ends with whoever has it: killed, cut off or cancelled. The session is
//! no transaction, and none of the pool's: nobody waits for it and no vacuum is held up while the upstream takes its
//! time. A node that freezes, or whose machine is gone without a word, is missed after [`MISSED_AFTER`].

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, PgPool};

use super::store;

/// How often the server is shown that the program lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// Without one for so long, the server ends the session, and with it the turn.
const MISSED_AFTER: Duration = Duration::from_secs(120);

/// The turn, as long as it is kept. Dropping it closes the session, and the server gives the turn to the next.
#[derive(Debug)]
pub(super) struct Turn(PgConnection);

impl Turn {
    /// Takes the turn; `None` while somebody has it, on whichever node.
    pub async fn take(db: &PgPool) -> sqlx::Result<Option<Self>> {
        let mut session = db.acquire().await?.detach();
        store::end_session_when_idle(&mut session, MISSED_AFTER).await?;
        Ok(store::try_turn(&mut session).await?.then_some(Self(session)))
    }

    /// Shows signs of life, until the turn is lost.
    pub async fn keep(&mut self) -> sqlx::Error {
        loop {
            tokio::time::sleep(SIGN_OF_LIFE).await;
            if let Err(lost) = self.0.ping().await {
                return lost;
            }
        }
    }

    /// Leaves the turn to others, who can have it when this returns. Where the server cannot be told, it notices.
    pub async fn leave(mut self) {
        if store::leave_turn(&mut self.0).await.is_ok() {
            let _closed_already = self.0.close().await;
        }
    }
}

/// Whether a sync is under way, on whichever node.
///
/// # Errors
/// Of the database.
pub async fn under_way(db: &mut PgConnection) -> sqlx::Result<bool> {
    store::turn_is_taken(db).await
}
