//! Reading a list page by page, within one limit of time for all of them. A page that fails is asked again by itself.

use tracing::Instrument as _;

use super::answer::{Answer, Later};
use super::ask::Desk;
use super::classify::{Call, classify};
use super::exchange::Errand;
use super::operation::Operation;
use super::paging::{PAGES_LIMIT, page};
use super::turn::Turn;

impl Desk {
    /// Reads a whole list. One that repeats itself or does not end is not believed at all.
    pub async fn list<T>(
        &self,
        operation: Operation,
        path: &str,
        row: impl Fn(&serde_json::value::RawValue) -> T,
    ) -> Answer<Vec<T>> {
        let mut turn = Turn::new(operation, &self.settings);
        let span = turn.span.clone();
        let answer = self.pages(&mut turn, path, row).instrument(span).await;
        self.meter.call(&turn, &answer, self.clock.now());
        answer
    }

    async fn pages<T>(
        &self,
        turn: &mut Turn,
        first: &str,
        row: impl Fn(&serde_json::value::RawValue) -> T,
    ) -> Answer<Vec<T>> {
        let mut rows = Vec::new();
        let mut last_page = None;
        for number in 1..=PAGES_LIMIT {
            let path = page_path(first, number);
            let heard = match self.exchange(&Errand::to(turn.operation, &path), turn).await {
                Ok(heard) => heard,
                Err(later) => return Answer::Later(later),
            };
            let hash = heard.fingerprint();
            let read = classify(Call::Read, &heard, |body| {
                let page = page(body, number)?;
                rows.extend(page.rows.into_iter().map(&row));
                Ok(page.more)
            });
            match read {
                Answer::Done(false) => return Answer::Done(rows),
                Answer::Done(true) if hash.is_some() && hash == last_page => break,
                Answer::Done(true) => last_page = hash,
                other => return other.map(|_| rows),
            }
        }
        endless()
    }
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
