//! What the rows of a catalog share: words, regions and countries, each kept once. 100,000 packages name the same two
//! hundred countries twenty times each.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::catalog_row::{CountryRow, RegionRow};
use super::extra::Extra;
use super::fields::{CountryFields, ProviderFields, RegionFields};
use super::undocumented::Undocumented;
use super::wire::{Token, integer, short_text, shown_text, text, there};

/// More different ones than any honest catalog has; further ones are read each time.
const SHARED_LIMIT: usize = 10_000;
/// Bytes of one thing that is worth to be shared.
const LENGTH_LIMIT: usize = 512;
/// Bytes of the unknown fields of one page of the catalog; later rows keep none.
const EXTRA_LIMIT: usize = 16 * 1024 * 1024;

/// What was read before, by the bytes in which it was written.
#[derive(Default)]
pub(super) struct Interned {
    words: HashSet<Arc<str>>,
    countries: HashMap<Box<str>, Arc<CountryRow>>,
    regions: HashMap<Box<str>, Arc<RegionRow>>,
    providers: HashSet<Box<str>>,
    extra: usize,
}

impl Interned {
    /// A text that many rows have.
    pub(super) fn word(&mut self, token: Token<'_>) -> Option<Arc<str>> {
        let text = short_text(token)?;
        if let Some(known) = self.words.get(text.as_ref()) {
            return Some(known.clone());
        }
        let word: Arc<str> = text.into();
        if self.words.len() < SHARED_LIMIT && word.len() <= LENGTH_LIMIT {
            self.words.insert(word.clone());
        }
        Some(word)
    }

    /// A row's region; `None` for what is no object.
    pub(super) fn region(&mut self, token: Token<'_>, seen: &mut Undocumented) -> Option<Arc<RegionRow>> {
        let json = there(token)?.get();
        if let Some(known) = self.regions.get(json) {
            return Some(known.clone());
        }
        let fields = RegionFields::read_json(json, seen)?;
        let row = RegionRow { id: integer(fields.id), name: shown(fields.name), slug: text(fields.slug) };
        Some(share(&mut self.regions, json, row))
    }

    /// A row's countries. What is no country is an empty one, for whoever judges to see that there was something.
    pub(super) fn countries(&mut self, token: Token<'_>, seen: &mut Undocumented) -> Box<[Arc<CountryRow>]> {
        let Some(json) = there(token).map(RawValue::get) else { return Box::default() };
        let mut list = serde_json::Deserializer::from_str(json);
        list.deserialize_seq(Countries { shared: self, seen }).unwrap_or_default().into_boxed_slice()
    }

    fn country(&mut self, json: &str, seen: &mut Undocumented) -> Arc<CountryRow> {
        if let Some(known) = self.countries.get(json) {
            return known.clone();
        }
        let fields = CountryFields::read_json(json, seen).unwrap_or_default();
        let row = CountryRow {
            id: integer(fields.id),
            name: shown(fields.name),
            code: text(fields.code),
            slug: text(fields.slug),
        };
        share(&mut self.countries, json, row)
    }

    /// Compares a provider with the documents, each spelling once; nothing of it is used.
    pub(super) fn check_provider(&mut self, token: Token<'_>, seen: &mut Undocumented) {
        let Some(json) = there(token).map(RawValue::get) else { return };
        if json.len() > LENGTH_LIMIT || self.providers.len() >= SHARED_LIMIT || self.providers.contains(json)
        {
            return;
        }
        let _fields = ProviderFields::read_json(json, seen);
        self.providers.insert(json.into());
    }

    /// Unknown fields, while there is room for them.
    pub(super) fn within_budget(&mut self, extra: Extra) -> Extra {
        self.extra = self.extra.saturating_add(extra.size());
        if self.extra <= EXTRA_LIMIT { extra } else { Extra::default() }
    }
}

fn shown(token: Token<'_>) -> Option<String> {
    shown_text(token).map(Cow::into_owned)
}

fn share<T>(known: &mut HashMap<Box<str>, Arc<T>>, json: &str, row: T) -> Arc<T> {
    let row = Arc::new(row);
    if known.len() < SHARED_LIMIT && json.len() <= LENGTH_LIMIT {
        known.insert(json.into(), row.clone());
    }
    row
}

/// Reads a list of countries without a list of their texts in between.
struct Countries<'s> {
    shared: &'s mut Interned,
    seen: &'s mut Undocumented,
}

impl<'a> Visitor<'a> for Countries<'_> {
    type Value = Vec<Arc<CountryRow>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of countries")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut countries = Vec::new();
        while let Some(row) = list.next_element::<&'a RawValue>()? {
            countries.push(self.shared.country(row.get(), self.seen));
        }
        Ok(countries)
    }
}
