//! Reading the catalog: page by page, each while it arrives, on a thread that answers nobody. No body is ever in memory
//! whole, and of a page that was cut no row is taken.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Instrument as _;

use super::answer::Answer;
use super::ask::Desk;
use super::catalog_row::CatalogRows;
use super::catalog_stream::{CatalogFault, CatalogReader};
use super::classify::{Call, classify};
use super::exchange::Errand;
use super::list::{endless, page_path};
use super::operation::Operation;
use super::paging::PAGES_LIMIT;
use super::reading::{Undocumented, Unreadable};
use super::turn::Turn;

/// What the thread that reads and the call that waits share.
#[derive(Default)]
struct Shared {
    reader: CatalogReader,
    seen: Undocumented,
    /// Whether another page follows, or why the last one could not be read.
    page: Option<Result<bool, Unreadable>>,
}

impl Shared {
    fn read_page(&mut self, body: &mut dyn Read, number: u32) {
        let read = self.reader.read_page(body, number, &mut self.seen);
        self.page = Some(read.map_err(|fault| match fault {
            CatalogFault::Unreadable(why) => why,
            CatalogFault::Source(_) => Unreadable("the answer broke off"),
        }));
    }
}

impl Desk {
    /// Reads the catalog, or the part of it that the query of `path` names.
    pub async fn catalog(&self, path: &str) -> Answer<CatalogRows> {
        let mut turn = Turn::new(Operation::Packages, &self.settings);
        let span = turn.span.clone();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let read = self.catalog_pages(&mut turn, path, &shared).instrument(span).await;
        let Shared { reader, seen, .. } =
            std::mem::take(&mut *shared.lock().unwrap_or_else(PoisonError::into_inner));
        self.note(seen);
        let answer = read.map(|()| reader.into_rows());
        self.meter.call(&turn, &answer, self.clock.now());
        answer
    }

    async fn catalog_pages(&self, turn: &mut Turn, first: &str, shared: &Arc<Mutex<Shared>>) -> Answer<()> {
        for number in 1..=PAGES_LIMIT {
            let path = page_path(first, number);
            let reading = Arc::clone(shared);
            let errand = Errand {
                sink: Some(Arc::new(move |body: &mut dyn Read| {
                    reading.lock().unwrap_or_else(PoisonError::into_inner).read_page(body, number);
                })),
                ..Errand::to(turn.operation, &path)
            };
            let heard = match self.exchange(&errand, turn).await {
                Ok(heard) => heard,
                Err(later) => return Answer::Later(later),
            };
            let page = shared.lock().unwrap_or_else(PoisonError::into_inner).page.take();
            match classify(Call::Read, &heard, |_| page.unwrap_or(Err(Unreadable("an empty answer")))) {
                Answer::Done(true) => {}
                Answer::Done(false) => return Answer::Done(()),
                other => return other.map(drop),
            }
        }
        endless()
    }
}
