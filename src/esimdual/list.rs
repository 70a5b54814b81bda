//! Reading a list page by page, within one limit of time for all of them. A page that fails is asked again by itself.

use std::collections::HashSet;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::answer::{Answer, Later, Rows};
use super::ask::Desk;
use super::classify::{Call, classify};
use super::exchange::Errand;
use super::operation::Operation;
use super::paging::{PAGES_LIMIT, page};
use super::reading::{Room, Undocumented, Unreadable, each};
use super::turn::Turn;

const ENDLESS: &str = "a list that repeats itself or does not end";

impl Desk {
    /// Reads a whole list. One that repeats itself, does not end, or is larger than any honest one is not believed at
    /// all. `place` names its rows where one of them cannot be read.
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
        let mut taken = Taken::nothing(turn.operation.limit());
        for number in 1..=PAGES_LIMIT {
            let path = page_path(first, number);
            let heard = match self.exchange(&Errand::to(turn.operation, &path), turn).await {
                Ok(heard) => heard,
                Err(later) => return Answer::Later(later),
            };
            let mut seen = Undocumented::default();
            let read = classify(Call::Read, &heard, |body| {
                taken.begin(body)?;
                let page = page(body, number, &mut seen)?;
                taken.take(page.rows, |rows, room| each(rows, place, room, &mut seen, &row))?;
                Ok(page.more)
            });
            self.note(seen);
            match read {
                Answer::Done(true) => {}
                other => return other.map(|_| taken.rows),
            }
        }
        endless()
    }
}

/// What the pages of one call brought, and what more they may bring.
struct Taken<T> {
    rows: Rows<T>,
    room: Room,
    bytes_left: usize,
    /// The pages, each by a hash of its rows alone: what stands beside them may differ in a page that comes again.
    known: HashSet<[u8; 32]>,
}

impl<T> Taken<T> {
    fn nothing(bytes_left: usize) -> Self {
        Self { rows: Rows::none(), room: Room::of_a_list(), bytes_left, known: HashSet::new() }
    }

    /// A page came: its bytes count for the call.
    fn begin(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        let left = self.bytes_left.checked_sub(body.len());
        self.bytes_left = left.ok_or(Unreadable("a list larger than any honest one"))?;
        Ok(())
    }

    /// Puts a page behind the others.
    fn take<'a>(
        &mut self,
        rows: Vec<&'a RawValue>,
        read: impl FnOnce(Vec<&'a RawValue>, &mut Room) -> Result<Rows<T>, Unreadable>,
    ) -> Result<(), Unreadable> {
        if !self.known.insert(rows_hash(&rows)) {
            return Err(Unreadable(ENDLESS));
        }
        self.rows.append(read(rows, &mut self.room)?);
        Ok(())
    }
}

fn rows_hash(rows: &[&RawValue]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.get());
        // No row that is JSON holds it.
        hash.update([0]);
    }
    hash.finalize().into()
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
    Answer::Later(Later { reason: ENDLESS.to_owned(), http_status: None, after: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_all_pages_count_for_the_call_and_what_is_known_of_a_page_is_its_rows() {
        let mut taken = Taken::<()>::nothing(10);
        assert!(taken.begin(&[b' '; 6]).is_ok());
        assert!(taken.begin(&[b' '; 5]).is_err());
        let page = |row| vec![serde_json::from_str::<&RawValue>(row).unwrap()];
        for (row, new) in [("1", true), ("2", true), ("1", false), ("12", true), ("2", false)] {
            assert_eq!(taken.take(page(row), |_, _| Ok(Rows::none())).is_ok(), new, "{row}");
        }
    }
}
