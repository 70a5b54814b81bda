//! Fields that no document names, kept beside what was read: for staff and for the next version of this program.

use std::fmt;

/// More fields than any honest object adds.
const FIELDS_LIMIT: usize = 16;
/// Bytes of one name.
const NAME_LIMIT: usize = 64;
/// Bytes of one value as it was written.
const VALUE_LIMIT: usize = 1_024;
/// Bytes of all names and values of one object.
const TOTAL_LIMIT: usize = 4_096;

/// Unknown fields by name, each value as it was written in JSON. Bounded: at most 16 fields and 4 KiB; what is larger
/// is left out. Never shown to customers; its `Debug` shows the names alone, because a value may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra(Box<[(Box<str>, Box<str>)]>);

impl Extra {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a field, as it was written in JSON.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, json)| json)
    }

    /// Each name with its value as it was written in JSON.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, json)| (name.as_ref(), json.as_ref()))
    }

    /// Bytes of its names and values.
    pub fn size(&self) -> usize {
        self.iter().map(|(name, json)| name.len() + json.len()).sum()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// What is kept while an object is read.
#[derive(Default)]
pub(super) struct Keeping {
    fields: Vec<(Box<str>, Box<str>)>,
    size: usize,
}

impl Keeping {
    /// Keeps a field if there is room; the first of two with one name counts.
    pub(super) fn add(&mut self, name: &str, json: &str) {
        let size = self.size + name.len() + json.len();
        let fits = self.fields.len() < FIELDS_LIMIT
            && name.len() <= NAME_LIMIT
            && json.len() <= VALUE_LIMIT
            && size <= TOTAL_LIMIT;
        if fits && !self.fields.iter().any(|(known, _)| known.as_ref() == name) {
            self.size = size;
            self.fields.push((name.into(), json.into()));
        }
    }

    /// What was kept.
    pub(super) fn done(self) -> Extra {
        Extra(self.fields.into_boxed_slice())
    }
}
