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

/// Reads row by row: a bad one is set aside and noted, the rest is used.
pub fn each<'a, T>(
    rows: impl IntoIterator<Item = &'a RawValue>,
    place: &'static str,
    seen: &mut Undocumented,
    mut read: impl FnMut(&'a RawValue, &mut Undocumented) -> Result<T, Unreadable>,
) -> Rows<T> {
    let mut done = Rows { rows: Vec::new(), unreadable: Vec::new() };
    for (index, row) in rows.into_iter().enumerate() {
        match read(row, seen) {
            Ok(row) => done.rows.push(row),
            Err(Unreadable(reason)) => {
                let position = index + 1;
                seen.unreadable_row(place, position, reason);
                done.unreadable.push(BadRow { position, reason });
            }
        }
    }
    done
}

/// Text that says something.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
