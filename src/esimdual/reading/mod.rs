//! The readers: from the bytes of an answer to what they say, or to a reason why they cannot be used. Pure, and open
//! to be called from outside, because benches and fuzzers try them with whatever they can think of.
//!
//! Each takes the whole body of a 2xx, and a recorder in which it notes what the documents do not say. None panics,
//! none passes money through a float, and none guesses: a field that cannot be read is absent.

mod account;
mod esim;
mod order;
mod prices;
mod usage;
mod vpn;
mod wallet;

pub use account::{access_token, account, pong, root};
pub use esim::{esim, esim_row};
pub(super) use order::{event_order, event_parts};
pub use order::{order, order_row, placed_order};
pub use prices::{priced_countries, priced_country};
pub use usage::usage;
pub use vpn::vpn_row;
pub use wallet::wallet;

pub use super::catalog_row::{package, package_row};
pub use super::paging::{Page, page};
pub use super::undocumented::Undocumented;
pub use super::wire::Unreadable;

use serde_json::value::RawValue;

use super::answer::{BadRow, Rows};
use super::catalog_stream::ROWS_LIMIT as CATALOG_ROWS;

/// So many rows that cannot be read are kept with their position; of the others only the number is known.
const POSITIONS_KEPT: usize = 100;

/// More orders, eSIMs or movements than any honest account has: a list of them is larger than its limit of bytes.
const LIST_ROWS: usize = 100_000;
const TOO_LONG: Unreadable = Unreadable("a list longer than any honest one");

/// How many rows a call may still take, over all its lists and pages; `None` once it was asked for more.
#[derive(Debug)]
pub(super) struct Room(Option<usize>);

impl Room {
    /// For a list of what an account has.
    pub(super) fn of_a_list() -> Self {
        Self(Some(LIST_ROWS))
    }

    /// For a list of what the catalog has.
    pub(super) fn of_a_catalog() -> Self {
        Self(Some(CATALOG_ROWS))
    }

    /// Takes the place of so many, before anything is made of them.
    fn take(&mut self, rows: usize) -> Result<(), Unreadable> {
        self.0 = self.0.and_then(|left| left.checked_sub(rows));
        self.enough()
    }

    /// Whether there was place for everything that was asked for.
    fn enough(&self) -> Result<(), Unreadable> {
        self.0.map(drop).ok_or(TOO_LONG)
    }
}

impl<T> Rows<T> {
    /// None yet.
    pub(super) fn none() -> Self {
        Self { rows: Vec::new(), unreadable: Vec::new(), unreadable_count: 0 }
    }

    /// Puts a page behind the others; the positions of its rows count on.
    pub(super) fn append(&mut self, page: Self) {
        let before = self.rows.len() + self.unreadable_count;
        self.rows.extend(page.rows);
        self.unreadable_count += page.unreadable_count;
        let room = POSITIONS_KEPT.saturating_sub(self.unreadable.len());
        let counted_on = |bad: BadRow| BadRow { position: before + bad.position, ..bad };
        self.unreadable.extend(page.unreadable.into_iter().take(room).map(counted_on));
    }
}

/// Reads row by row: a bad one is set aside and noted, the rest is used.
///
/// # Errors
/// When there are more than `room` has place for; nothing is made of any then.
pub(super) fn each<'a, T>(
    rows: Vec<&'a RawValue>,
    place: &'static str,
    room: &mut Room,
    seen: &mut Undocumented,
    mut read: impl FnMut(&'a RawValue, &mut Undocumented) -> Result<T, Unreadable>,
) -> Result<Rows<T>, Unreadable> {
    room.take(rows.len())?;
    let mut done = Rows::none();
    for (index, row) in rows.into_iter().enumerate() {
        match read(row, seen) {
            Ok(row) => done.rows.push(row),
            Err(Unreadable(reason)) => {
                let position = index + 1;
                seen.unreadable_row(place, position, reason);
                done.unreadable_count += 1;
                if done.unreadable.len() < POSITIONS_KEPT {
                    done.unreadable.push(BadRow { position, reason });
                }
            }
        }
    }
    Ok(done)
}

/// Text that says something.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
