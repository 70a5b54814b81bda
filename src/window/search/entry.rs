//! A place as search knows it.

use std::collections::BTreeSet;

use super::{folded_words, small};
use crate::window::atlas::Sheet;
use crate::window::names::Names;
use crate::window::snapshot::Place;

/// The address of the plans for the whole world, among regions.
pub const WORLD: &str = "global";
/// What else the world is called, folded.
const WORLD_NAMES: [&str; 9] = [
    "world",
    "worldwide",
    "whole world",
    "international",
    "everywhere",
    "mondo",
    "mondiale",
    "globale",
    "internazionale",
];

#[derive(Clone, Debug)]
pub struct Entry {
    /// Its names as whole phrases without small words, for ranking.
    pub names: Vec<String>,
    /// What else it is called, in the same way.
    pub aliases: Vec<String>,
    /// The words that none of them keeps: names without their spaces, `newzealand`.
    joined: Vec<String>,
    pub codes: Vec<&'static str>,
    /// Plans that are found by whatever the place is called: a country's own, a region's own.
    pub plans: Vec<usize>,
    /// Without a plan it is not found.
    pub shown: bool,
}

impl Entry {
    pub fn new(place: &Place) -> Self {
        let sheet = place.code.as_deref().and_then(Sheet::of);
        let codes = sheet.iter().flat_map(|sheet| [sheet.code, sheet.long_code]);
        Self {
            codes: codes.collect(),
            shown: place.has_plans(),
            ..Self::called(
                place.names.all().chain([place.slug.as_str()]),
                sheet.into_iter().flat_map(Sheet::names),
            )
        }
    }

    /// The whole world, which is found where plans for it are on sale.
    pub fn world(shown: bool) -> Self {
        let names = Names::of_region(WORLD, "Global");
        Self { shown, ..Self::called(names.all(), WORLD_NAMES.into_iter()) }
    }

    fn called<'a>(names: impl Iterator<Item = &'a str>, aliases: impl Iterator<Item = &'static str>) -> Self {
        let mut joined = Vec::new();
        let mut phrase = |text: &str| {
            let words = folded_words(text);
            joined.push(words.concat());
            small::without(words).join(" ")
        };
        Self {
            names: names.map(&mut phrase).collect(),
            aliases: aliases.map(&mut phrase).collect(),
            joined,
            codes: Vec::new(),
            plans: Vec::new(),
            shown: false,
        }
    }

    /// What a word of a query may begin.
    pub fn words(&self) -> BTreeSet<String> {
        let words = self.names.iter().chain(&self.aliases).flat_map(|phrase| phrase.split(' '));
        let words = words.map(str::to_owned).chain(self.joined.iter().cloned());
        words.filter(|word| !word.is_empty()).collect()
    }
}
