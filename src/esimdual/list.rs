//! Reading a list page by page, within one limit of time for all of them. A page that fails is asked again by itself.

use serde_json::value::RawValue;
use tracing::Instrument as _;

use super::answer::{Answer, BadRow, Later, Rows};
use super::ask::Desk;
use super::classify::{Call, classify};
use super::exchange::Errand;
use super::operation::Operation;
use super::paging::{PAGES_LIMIT, page};
use super::reading::{Undocumented, Unreadable, each};
use super::turn::Turn;

impl Desk {
    /// Reads a whole list. One that repeats itself or does not end is not believed at all. `place` names its rows where
    /// one of them cannot be read.
    pub async fn list<T>(
        &self,
        operation: Operation,
        path: &str,
        place: &'static str,
        row: impl Fn(&RawValue, &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<Rows<T>> {
        let mut turn = Turn::new(operation, &self.settings);
        let span = turn.span.clone();
        let answer = self.pages(&mut turn, path, place, row).instrument(span).await;
        self.meter.call(&turn, &answer, self.clock.now());
        answer
    }

    /// The pages of a list, within what its call has left.
    pub async fn pages<T>(
        &self,
        turn: &mut Turn,
        first: &str,
        place: &'static str,
        row: impl Fn(&RawValue, &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<Rows<T>> {
        let mut all = Rows { rows: Vec::new(), unreadable: Vec::new() };
        let mut last_page = None;
        for number in 1..=PAGES_LIMIT {
            let path = page_path(first, number);
            let heard = match self.exchange(&Errand::to(turn.operation, &path), turn).await {
                Ok(heard) => heard,
                Err(later) => return Answer::Later(later),
            };
            let hash = heard.fingerprint();
            let mut seen = Undocumented::default();
            let read = classify(Call::Read, &heard, |body| {
                let page = page(body, number, &mut seen)?;
                add(&mut all, each(page.rows, place, &mut seen, &row));
                Ok(page.more)
            });
            self.note(seen);
            match read {
                Answer::Done(false) => return Answer::Done(all),
                Answer::Done(true) if hash.is_some() && hash == last_page => break,
                Answer::Done(true) => last_page = hash,
                other => return other.map(|_| all),
            }
        }
        endless()
    }
}

/// Puts a page behind the others; the positions of its rows count on.
fn add<T>(all: &mut Rows<T>, page: Rows<T>) {
    let before = all.rows.len() + all.unreadable.len();
    all.rows.extend(page.rows);
    let counted_on = |bad: BadRow| BadRow { position: before + bad.position, ..bad };
    all.unreadable.extend(page.unreadable.into_iter().map(counted_on));
}

/// The address of page `number`, behind filters or without.
pub fn page_path(first: &str, number: u32) -> String {
    match (number, first.contains('?')) {
        (1, _) => first.to_owned(),
        (_, false) => format!("{first}?page={number}"),
        (_, true) => format!("{first}&page={number}"),
    }
}

/// What is said of a list that is not believed.
pub fn endless<T>() -> Answer<T> {
    let reason = "a list that repeats itself or does not end".to_owned();
    Answer::Later(Later { reason, http_status: None, after: None })
}
