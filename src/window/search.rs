//! Search over the snapshot: every word of the query must begin a word of what is found, whatever the case and the
//! accents, in any language of the shop. Countries are found by their codes, capitals and other names too, and where a
//! word begins none, by the place names that it misspells. Words that stand around a destination are not asked for
//! (`search/small.rs`), and where no place has all the others, each place that has some of them is found.

mod bits;
mod entry;
mod fold;
mod gazetteer;
mod rank;
mod small;
mod typo;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::plan::Plan;
use super::snapshot::Place;
use crate::catalog::Coverage;
use bits::{Bits, common};
use entry::{Entry, WORLD};
use typo::Spelling;

pub use fold::folded_words;
pub use gazetteer::{Gazetteer, Unnamed};

/// How many of each kind a page shows.
const MOST_PLACES: usize = 12;
const MOST_PLANS: usize = 24;
/// A longer query is cut: nobody's destination has more letters or words.
const LONGEST: usize = 80;
const MOST_WORDS: usize = 8;
/// What was found: places in the snapshot's lists, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Countries.
    pub countries: Vec<usize>,
    /// Regions.
    pub regions: Vec<usize>,
    /// Whether the plans for the whole world are among it.
    pub world: bool,
    /// Plans, in the order of lists.
    pub plans: Vec<usize>,
}

/// The folded words of everything that can be found, in order, each with where it occurs. Places are numbered through:
/// countries as in the snapshot, then its regions, and last the world.
#[derive(Clone, Debug, Default)]
pub struct Index {
    words: Vec<Box<str>>,
    uses: Vec<Uses>,
    /// Whole words that mean one country: `fr`, `fra`.
    codes: HashMap<String, usize>,
    places: Vec<Entry>,
    countries: usize,
    /// The place whose own each plan is, by the plan's.
    place_of: Vec<Option<usize>>,
    /// The words of places alone: what a misspelt word may have meant.
    spellings: Vec<(Spelling, usize)>,
}

/// Where a word occurs.
#[derive(Clone, Debug, Default)]
struct Uses {
    places: Vec<usize>,
    plans: Vec<usize>,
}

/// What one word of a query meets.
struct Met {
    places: Bits,
    plans: Bits,
    misspelt: bool,
}

impl Met {
    fn nothing(&self) -> bool {
        self.places.is_empty() && self.plans.is_empty()
    }
}

impl Index {
    pub(super) fn build(countries: &[Place], regions: &[Place], plans: &[Plan]) -> Self {
        let world = countries.len() + regions.len();
        let sells_world = plans.iter().any(|plan| plan.coverage == Coverage::Global);
        let mut places: Vec<Entry> = countries.iter().chain(regions).map(Entry::new).collect();
        places.push(Entry::world(sells_world));
        let region_at: HashMap<&str, usize> = regions
            .iter()
            .enumerate()
            .map(|(at, place)| (place.slug.as_str(), countries.len() + at))
            .collect();
        // A region of that name stands at the same address.
        let double = region_at.get(WORLD).filter(|_| sells_world).and_then(|at| places.get_mut(*at));
        if let Some(region) = double {
            region.shown = false;
        }
        let mut words: BTreeMap<Box<str>, Uses> = BTreeMap::new();
        for (at, entry) in places.iter().enumerate() {
            for word in entry.words() {
                words.entry(word.into()).or_default().places.push(at);
            }
        }
        let of_places: BTreeSet<Box<str>> = words.keys().cloned().collect();
        let mut place_of = vec![None; plans.len()];
        for ((at, plan), own) in plans.iter().enumerate().zip(&mut place_of) {
            for word in folded_words(&plan.name).into_iter().collect::<BTreeSet<_>>() {
                words.entry(word.into()).or_default().plans.push(at);
            }
            *own = match (plan.coverage, plan.countries.as_slice(), &plan.region) {
                (Coverage::Global, ..) => Some(world),
                (Coverage::Regional, _, Some(region)) => region_at.get(region.as_str()).copied(),
                (_, [country], _) => Some(*country),
                _ => None,
            };
            if let Some(entry) = own.and_then(|place| places.get_mut(place)) {
                entry.plans.push(at);
            }
        }
        let (words, uses): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        let spellings = words.iter().enumerate().filter(|(_, word)| of_places.contains(*word));
        Self {
            spellings: spellings.map(|(at, word)| (Spelling::of(word), at)).collect(),
            codes: codes(&places),
            countries: countries.len(),
            place_of,
            words,
            uses,
            places,
        }
    }

    /// Everything that answers this query; nothing for a query without letters or digits.
    pub fn find(&self, query: &str) -> Found {
        let query: String = query.chars().take(LONGEST).collect();
        let mut asked = folded_words(&query);
        small::leave_out(&mut asked, |word| self.codes.contains_key(word));
        asked.truncate(MOST_WORDS);
        let met: Vec<Met> =
            asked.iter().enumerate().map(|(at, word)| self.meet(word, follows_number(&asked, at))).collect();
        let of_places: Vec<(&str, &Met)> =
            asked.iter().map(String::as_str).zip(&met).filter(|(_, met)| !met.places.is_empty()).collect();
        // A word that means nothing here hides nothing that the others mean, but `50` is never `5`; and `5 gb` is said
        // of no place.
        let counts = |(met, word): &(&Met, &String)| !met.nothing() || word.starts_with(char::is_numeric);
        let mut plans = common(met.iter().zip(&asked).filter(counts).map(|(met, _)| &met.plans));
        let mut ranked = self.with_all(&of_places);
        if ranked.is_empty() && of_places.len() > 1 {
            ranked = self.with_some(&of_places);
            if plans.is_empty() {
                plans = self.own_plans(&ranked);
                let of_plans = met.iter().zip(&asked).filter(counts).map(|(met, _)| met);
                of_plans.filter(|met| met.places.is_empty()).for_each(|met| plans.keep(&met.plans));
            }
        }
        let of = |from: usize, to: usize| {
            let kind = ranked.iter().filter(move |place| (from..to).contains(&place.at));
            kind.map(move |place| place.at - from).take(MOST_PLACES).collect()
        };
        let world = self.places.len().saturating_sub(1);
        Found {
            countries: of(0, self.countries),
            regions: of(self.countries, world),
            world: ranked.iter().any(|place| place.at == world),
            plans: self.best_plans(&plans, &ranked),
        }
    }

    /// What a word begins, is the code of, or where that is nothing, misspells. The `gb` of `5 gb` is no country.
    fn meet(&self, word: &str, unit: bool) -> Met {
        let mut met = Met {
            places: Bits::new(self.places.len()),
            plans: Bits::new(self.place_of.len()),
            misspelt: false,
        };
        let from = self.words.partition_point(|own| own.as_ref() < word);
        // `5` is no beginning of `50`.
        let number = word.starts_with(char::is_numeric);
        let begun = self.words.iter().skip(from).take_while(|own| match number {
            true => own.as_ref() == word,
            false => own.starts_with(word),
        });
        for uses in self.uses.iter().skip(from).take(begun.count()) {
            met.add(uses);
        }
        match self.codes.get(word).filter(|_| !unit) {
            Some(country) => met.places.set(*country),
            None if unit => return Met { places: Bits::new(0), ..met },
            None => {}
        }
        if met.nothing() {
            self.misspellings(word).for_each(|uses| met.add(uses));
            met.misspelt = true;
        }
        for place in met.places.ones().collect::<Vec<_>>() {
            self.places
                .get(place)
                .into_iter()
                .flat_map(|entry| &entry.plans)
                .for_each(|at| met.plans.set(*at));
        }
        met
    }

    /// The place names that lie nearest to a word, if near enough.
    fn misspellings(&self, word: &str) -> impl Iterator<Item = &Uses> {
        let spelling = Spelling::of(word);
        let mut most = spelling.forgiven();
        let mut near: Vec<(u8, usize)> = Vec::new();
        let known = if most == 0 { &[] } else { self.spellings.as_slice() };
        for (own, at) in known {
            if let Some(slips) = spelling.slips_to(own, most) {
                most = slips.max(1);
                near.push((slips, *at));
            }
        }
        let least = near.iter().map(|(slips, _)| *slips).min();
        near.into_iter()
            .filter(move |(slips, _)| Some(*slips) == least)
            .filter_map(|(_, at)| self.uses.get(at))
    }
}

impl Met {
    fn add(&mut self, uses: &Uses) {
        uses.places.iter().for_each(|at| self.places.set(*at));
        uses.plans.iter().for_each(|at| self.plans.set(*at));
    }
}

fn codes(places: &[Entry]) -> HashMap<String, usize> {
    let all = places.iter().enumerate();
    all.flat_map(|(at, entry)| entry.codes.iter().map(move |code| ((*code).to_owned(), at))).collect()
}

/// Whether a word stands behind a number.
fn follows_number(asked: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| asked.get(before));
    before.is_some_and(|word| word.starts_with(char::is_numeric))
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
