//! What was met upstream that its documents do not say: new fields, new values, other types, rows that cannot be
//! read. Counted for staff, so that a change upstream is seen before it hurts. Holds no secret and nothing personal:
//! of anything that could be either, only the type is kept.

mod discretion;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::documented::{Field, Object, Source};
pub use super::store::undocumented::{Kept, add, newest};

/// More distinct oddities than staff would ever read; beyond them only their number is known.
const DISTINCT_LIMIT: usize = 500;

/// In what way something was not as documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A field that no document names.
    NewField,
    /// A value that is not on the documented list.
    NewValue,
    /// A value of another type, null where it is not foreseen included.
    OtherType,
    /// A row that could not be read at all and was set aside.
    UnreadableRow,
}

impl Oddity {
    /// As it stands in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NewField => "new_field",
            Self::NewValue => "new_value",
            Self::OtherType => "other_type",
            Self::UnreadableRow => "unreadable_row",
        }
    }
}

/// One oddity with how often it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The object in which it was met, such as `package` or `order esim`.
    pub place: &'static str,
    /// The field's name, cut and cleaned; the reason, for a row that could not be read.
    pub field: String,
    /// In what way.
    pub kind: Oddity,
    /// How often.
    pub count: u64,
    /// One short value as it was written, or its type in brackets, as for every text of a field that no document names;
    /// the position, for a row that could not be read.
    pub example: String,
}

/// A bounded count of what was met. It costs nothing while everything is as documented.
#[derive(Debug, Default)]
pub struct Undocumented {
    met: BTreeMap<(&'static str, Oddity), BTreeMap<String, Met>>,
    distinct: usize,
    beyond: u64,
}

#[derive(Debug)]
struct Met {
    count: u64,
    example: String,
}

impl Undocumented {
    /// Whether everything was as documented.
    pub fn is_empty(&self) -> bool {
        self.distinct == 0 && self.beyond == 0
    }

    /// How many more were met after 500 distinct ones; nothing else is known of them.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Everything that was met, sorted by place and kind.
    pub fn sightings(&self) -> impl Iterator<Item = Sighting> {
        self.met.iter().flat_map(|(&(place, kind), fields)| {
            fields.iter().map(move |(field, met)| Sighting {
                place,
                field: field.clone(),
                kind,
                count: met.count,
                example: met.example.clone(),
            })
        })
    }

    /// Adds what another one met.
    pub fn absorb(&mut self, other: Self) {
        self.beyond = self.beyond.saturating_add(other.beyond);
        for ((place, kind), fields) in other.met {
            for (field, met) in fields {
                self.add((place, kind), &field, met.count, || met.example);
            }
        }
    }

    /// A field that no document names.
    pub(super) fn new_field(&mut self, object: &Object, field: &str, json: &str) {
        self.value(Oddity::NewField, object, field, json);
    }

    /// A value that is not on the documented list.
    pub(super) fn new_value(&mut self, object: &Object, field: &str, json: &str) {
        self.value(Oddity::NewValue, object, field, json);
    }

    /// A value of another type than the documented one.
    pub(super) fn other_type(&mut self, object: &Object, field: &str, json: &str) {
        self.value(Oddity::OtherType, object, field, json);
    }

    /// A row that was set aside. `position` counts from 1.
    pub(super) fn unreadable_row(&mut self, place: &'static str, position: usize, reason: &str) {
        self.add((place, Oddity::UnreadableRow), reason, 1, || format!("row {position}"));
    }

    fn value(&mut self, kind: Oddity, object: &Object, field: &str, json: &str) {
        let name = discretion::name(field);
        let documented = |known: &Field| known.name == field && known.source != Source::Nobody;
        self.add((object.place, kind), &name, 1, || {
            let new = !object.fields.iter().any(documented);
            discretion::example(object.private, new, field, json)
        });
    }

    fn add(&mut self, at: (&'static str, Oddity), field: &str, count: u64, example: impl FnOnce() -> String) {
        if let Some(met) = self.met.get_mut(&at).and_then(|fields| fields.get_mut(field)) {
            met.count = met.count.saturating_add(count);
        } else if self.distinct < DISTINCT_LIMIT {
            self.distinct += 1;
            let met = Met { count, example: example() };
            self.met.entry(at).or_default().insert(field.to_owned(), met);
        } else {
            self.beyond = self.beyond.saturating_add(count);
        }
    }
}

/// Writes down what was met and forgets it. What could not be written is kept for the next time.
///
/// # Errors
/// The database's.
pub async fn write_down(
    db: &mut PgConnection,
    notes: &Mutex<Undocumented>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let met = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
    let written = add(db, &met, now).await;
    if written.is_err() {
        notes.lock().unwrap_or_else(PoisonError::into_inner).absorb(met);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::fields::{ORDER, ORDER_ESIM, PAGE};

    fn all(seen: &Undocumented) -> Vec<Sighting> {
        seen.sightings().collect()
    }

    #[test]
    fn the_same_oddity_is_counted_and_keeps_its_first_example() {
        let mut seen = Undocumented::default();
        assert!(seen.is_empty());
        seen.new_value(&ORDER, "status", "\"refunded\"");
        seen.new_value(&ORDER, "status", "\"lost\"");
        seen.other_type(&ORDER, "status", "1");
        let met = all(&seen);
        assert_eq!(
            (met[0].count, met[0].example.as_str(), met[0].kind),
            (2, "\"refunded\"", Oddity::NewValue)
        );
        assert_eq!((met[1].count, met[1].example.as_str(), met[1].kind), (1, "1", Oddity::OtherType));
        let mut other = Undocumented::default();
        other.new_value(&ORDER, "status", "\"odd\"");
        seen.absorb(other);
        assert_eq!(all(&seen)[0].count, 3);
    }

    #[test]
    fn it_is_bounded_whatever_is_sent() {
        let mut seen = Undocumented::default();
        for number in 0..10_000 {
            seen.new_field(&ORDER, &format!("{}{}", "x".repeat(100), number), "1");
            seen.new_field(&ORDER, &format!("field {number}"), "1");
        }
        assert_eq!(seen.sightings().count(), DISTINCT_LIMIT);
        assert!(all(&seen).iter().all(|met| met.field.len() <= 64 && met.example.len() <= 64));
        let counted: u64 = all(&seen).iter().map(|met| met.count).sum();
        assert_eq!(counted + seen.beyond(), 20_000, "nothing is lost without a trace");
    }

    #[test]
    fn a_text_is_kept_of_documented_fields_alone() {
        let mut seen = Undocumented::default();
        seen.new_value(&ORDER, "status", "\"refunded\"");
        seen.other_type(&ORDER, "id", "\"45\"");
        seen.new_field(&ORDER, "buyer", "\"Ann Smith\"");
        // Read, although nobody documents it.
        seen.other_type(&PAGE, "last_page", "\"K2-9XYZ\"");
        let examples: Vec<String> = all(&seen).into_iter().map(|met| met.example).collect();
        assert_eq!(examples, ["(text)", "\"refunded\"", "\"45\"", "(text)"]);
    }

    #[test]
    fn an_esims_values_are_never_kept() {
        let mut seen = Undocumented::default();
        seen.new_field(&ORDER_ESIM, "pin", "\"1234\"");
        seen.other_type(&ORDER_ESIM, "iccid", "8988207000000000001");
        let examples: Vec<String> = all(&seen).into_iter().map(|met| met.example).collect();
        assert_eq!(examples, ["(text)", "(number)"]);
    }
}
