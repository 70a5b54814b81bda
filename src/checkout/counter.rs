//! Where forms become orders: those that are sent together are written together (`plumbing/together.rs`).

use std::sync::Arc;

use sqlx::{PgConnection, PgPool};

use super::Draft;
use super::begin::{Begun, Maker, Refusal, Wanted};
use super::standing::Kept;
use crate::ground::{Clock, Entropy};
use crate::plumbing::together::{NotWritten, Together, Writes};
use crate::shop::Settings;

/// The forms of this node that wait to become orders. A clone is a handle on the same ones.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    together: Together<Orders>,
    kept: Kept,
}

/// What orders are made with: [`Maker`], for as long as it takes.
#[derive(Clone)]
pub(super) struct Orders {
    clock: Clock,
    entropy: Entropy,
    settings: Arc<Settings>,
    kept: Kept,
}

impl Counter {
    /// Makes the order of a form. When this returns `Ok(Ok(_))` it is committed, now or earlier.
    ///
    /// # Errors
    /// [`NotWritten`]: the same form may be sent again, and makes one order.
    pub(super) async fn begin(
        &self,
        db: &PgPool,
        (clock, entropy): (Clock, Entropy),
        settings: Arc<Settings>,
        wanted: Wanted,
    ) -> Result<Result<Begun, Refusal>, NotWritten> {
        let orders = Orders { clock, entropy, settings, kept: self.kept.clone() };
        self.together.put(db, orders, wanted).await
    }
}

impl Writes for Orders {
    type Item = Wanted;
    type Answer = Result<Begun, Refusal>;

    const WHAT: &'static str = "orders";
    const MOST: usize = 64;
    const MOST_BYTES: usize = 1 << 20;

    fn size(wanted: &Wanted) -> usize {
        let client = wanted.client.as_ref().map_or(0, String::len);
        let Draft { email, form_key, quote, .. } = &wanted.draft;
        size_of::<Wanted>() + email.as_str().len() + form_key.len() + quote.len() + client
    }

    async fn write(
        &self,
        conn: &mut PgConnection,
        items: &[Wanted],
    ) -> sqlx::Result<Vec<Result<Begun, Refusal>>> {
        let Self { clock, entropy, settings, kept } = self;
        Maker { clock, entropy, settings, kept }.begin(conn, items).await
    }
}
