//! window: the public catalog pages, served from memory.
//!
//! Owns no table. Promises that a page shows one moment of the catalog and its prices, that it holds nothing of a
//! visitor, and that it never waits for the database. Never knows a cost: plans come in priced, and the cost stays
//! outside.

mod atlas;
mod beside;
mod flags;
mod land;
mod map;
mod names;
mod near;
mod plan;
mod popular;
mod refresh;
mod search;
mod sift;
mod snapshot;
mod structured;
mod typed_price;
mod value;
pub mod web;
mod wording;

pub use plan::Plan;
pub use refresh::{keep_fresh, reload};
pub use search::{Found, Gazetteer, Unnamed};
pub use snapshot::{Place, Snapshot};
pub use wording::{TicketRow, ticket};

use std::sync::Arc;

use arc_swap::ArcSwap;

/// A handle on what the shop shows now; a clone is cheap. Handlers get it as `axum::Extension<Window>`.
#[derive(Clone, Debug, Default)]
pub struct Window(Arc<ArcSwap<Snapshot>>);

impl Window {
    /// What is shown at this moment; it stays the same while the caller holds it.
    pub fn now(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Shows something else from now on; gives what was shown.
    pub fn swap(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        self.0.swap(Arc::new(snapshot))
    }
}
