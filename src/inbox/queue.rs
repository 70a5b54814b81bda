//! Webhooks that arrive together are stored together (`plumbing/together.rs`).

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::delivery::Delivery;
use super::store;
use crate::plumbing::together::{NotWritten, Together, Writes};

/// A commit that lost against another one is tried again this often.
const TRIES: u32 = 3;

/// The webhooks of this node that wait to be stored. A clone is a handle on the same ones.
#[derive(Clone, Debug, Default)]
pub struct Queue(Together<Deliveries>);

#[derive(Clone, Debug)]
struct Deliveries;

struct Arrival {
    delivery: Delivery,
    now: OffsetDateTime,
}

impl Queue {
    /// Stores a delivery once, with its job. When this returns `Ok` it is committed, now or earlier.
    ///
    /// # Errors
    /// [`NotWritten`]; the sender should try again.
    pub async fn store(
        &self,
        db: &PgPool,
        delivery: Delivery,
        now: OffsetDateTime,
    ) -> Result<(), NotWritten> {
        self.0.put(db, Deliveries, Arrival { delivery, now }).await
    }
}

impl Writes for Deliveries {
    type Item = Arrival;
    type Answer = ();

    const WHAT: &'static str = "webhooks";
    const MOST: usize = 128;
    const MOST_BYTES: usize = 2 << 20;

    fn size(item: &Arrival) -> usize {
        item.delivery.body.len()
    }

    /// Each with its job. Two nodes that get the same deliveries at once may lose against each other: then again.
    async fn write(&self, conn: &mut PgConnection, items: &[Arrival]) -> sqlx::Result<Vec<()>> {
        let Some(now) = items.iter().map(|one| one.now).max() else { return Ok(Vec::new()) };
        let all: Vec<&Delivery> = items.iter().map(|one| &one.delivery).collect();
        let mut tries = 1;
        loop {
            match store::insert(conn, &all, now).await {
                Err(sqlx::Error::Database(lost))
                    if tries < TRIES && matches!(lost.code().as_deref(), Some("40001" | "40P01")) =>
                {
                    tries += 1;
                }
                done => return done.map(|()| vec![(); items.len()]),
            }
        }
    }
}
