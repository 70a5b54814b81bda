//! Search over the snapshot: every word of the query must begin a word of what is found, whatever the case and the
//! accents, in any language of the shop. Countries are found by their codes, capitals and other names too, and where a
//! word begins none, by the place names that it misspells.

mod bits;
mod fold;
mod typo;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::atlas::Sheet;
use super::plan::Plan;
use super::snapshot::Place;
use crate::catalog::Coverage;
use bits::{Bits, common};
use typo::Spelling;

pub use fold::folded_words;

/// How many of each kind a page shows.
const MOST_PLACES: usize = 12;
const MOST_PLANS: usize = 24;
/// A longer query is cut: nobody's destination has more letters or words.
const LONGEST: usize = 80;
const MOST_WORDS: usize = 8;
/// What people write around a destination; not asked for where anything else is.
const AROUND: [&str; 14] = [
    "esim", "esims", "sim", "sims", "card", "scheda", "for", "per", "the", "travel", "viaggio", "plan",
    "plans", "piano",
];

/// What was found: places in the snapshot's lists, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Countries.
    pub countries: Vec<usize>,
    /// Regions.
    pub regions: Vec<usize>,
    /// Plans, in the order of lists.
    pub plans: Vec<usize>,
}

/// The folded words of everything that can be found, in order, each with where it occurs. Places are numbered through:
/// countries as in the snapshot, then its regions.
#[derive(Clone, Debug, Default)]
pub struct Index {
    words: Vec<Box<str>>,
    uses: Vec<Uses>,
    /// Whole words that mean one country: `fr`, `fra`.
    codes: HashMap<String, usize>,
    places: Vec<Entry>,
    countries: usize,
    plans: usize,
    /// The words of places alone: what a misspelt word may have meant.
    spellings: Vec<(Spelling, usize)>,
}

/// Where a word occurs.
#[derive(Clone, Debug, Default)]
struct Uses {
    places: Vec<usize>,
    plans: Vec<usize>,
}

/// A place as search knows it.
#[derive(Clone, Debug)]
struct Entry {
    /// Its names as whole phrases, for ranking.
    names: Vec<String>,
    /// What else it is called.
    aliases: Vec<String>,
    codes: Vec<&'static str>,
    /// Plans that are found by whatever the place is called: a country's own, a region's own.
    plans: Vec<usize>,
    /// Without a plan it is not found.
    shown: bool,
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
        let mut places: Vec<Entry> = countries.iter().chain(regions).map(Entry::new).collect();
        let region_at: HashMap<&str, usize> = regions
            .iter()
            .enumerate()
            .map(|(at, place)| (place.slug.as_str(), countries.len() + at))
            .collect();
        let mut words: BTreeMap<Box<str>, Uses> = BTreeMap::new();
        for (at, entry) in places.iter().enumerate() {
            for word in entry.words() {
                words.entry(word.into()).or_default().places.push(at);
            }
        }
        let of_places: BTreeSet<Box<str>> = words.keys().cloned().collect();
        for (at, plan) in plans.iter().enumerate() {
            for word in folded_words(&plan.name).into_iter().collect::<BTreeSet<_>>() {
                words.entry(word.into()).or_default().plans.push(at);
            }
            let place = match (plan.coverage, plan.countries.as_slice(), &plan.region) {
                (Coverage::Regional, _, Some(region)) => region_at.get(region.as_str()).copied(),
                (_, [country], _) => Some(*country),
                _ => None,
            };
            if let Some(entry) = place.and_then(|place| places.get_mut(place)) {
                entry.plans.push(at);
            }
        }
        let (words, uses): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        let spellings = words.iter().enumerate().filter(|(_, word)| of_places.contains(*word));
        Self {
            spellings: spellings.map(|(at, word)| (Spelling::of(word), at)).collect(),
            codes: codes(&places),
            countries: countries.len(),
            plans: plans.len(),
            words,
            uses,
            places,
        }
    }

    /// Everything that answers this query; nothing for a query without letters or digits.
    pub fn find(&self, query: &str) -> Found {
        let query: String = query.chars().take(LONGEST).collect();
        let mut asked = folded_words(&query);
        asked.truncate(MOST_WORDS);
        if asked.iter().any(|word| !AROUND.contains(&word.as_str())) {
            asked.retain(|word| !AROUND.contains(&word.as_str()));
        }
        let met: Vec<Met> =
            asked.iter().enumerate().map(|(at, word)| self.meet(word, follows_number(&asked, at))).collect();
        // A word that means nothing here hides nothing that the others mean, but `50` is never `5`; and `5 gb` is said
        // of no place.
        let counts = |(met, word): &(&Met, &String)| !met.nothing() || word.starts_with(char::is_numeric);
        let plans = common(met.iter().zip(&asked).filter(counts).map(|(met, _)| &met.plans));
        let of_places: Vec<&Met> = met.iter().filter(|met| !met.places.is_empty()).collect();
        let places = common(of_places.iter().map(|met| &met.places));
        let misspelt = of_places.iter().any(|met| met.misspelt);
        let phrase = asked.join(" ");
        let mut ranked: Vec<(u8, usize)> =
            places.ones().filter_map(|at| Some((self.rank(at, &phrase, misspelt)?, at))).collect();
        ranked.sort_unstable();
        let of = |wanted: bool| {
            let kind = ranked.iter().map(|(_, at)| *at).filter(move |at| (*at < self.countries) == wanted);
            kind.take(MOST_PLACES)
        };
        Found {
            countries: of(true).collect(),
            regions: of(false).map(|at| at - self.countries).collect(),
            plans: plans.ones().take(MOST_PLANS).collect(),
        }
    }

    /// What a word begins, is the code of, or where that is nothing, misspells. The `gb` of `5 gb` is no country.
    fn meet(&self, word: &str, unit: bool) -> Met {
        let mut met =
            Met { places: Bits::new(self.places.len()), plans: Bits::new(self.plans), misspelt: false };
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

    /// How well a place answers, the least being the best; `None` where it must not be found.
    fn rank(&self, at: usize, phrase: &str, misspelt: bool) -> Option<u8> {
        let entry = self.places.get(at).filter(|entry| entry.shown)?;
        Some(match () {
            () if misspelt => 4,
            () if entry.names.iter().any(|own| own == phrase) || entry.codes.contains(&phrase) => 0,
            () if entry.aliases.iter().any(|own| own == phrase) => 1,
            () if entry.names.iter().any(|own| own.starts_with(phrase)) => 2,
            () => 3,
        })
    }
}

impl Met {
    fn add(&mut self, uses: &Uses) {
        uses.places.iter().for_each(|at| self.places.set(*at));
        uses.plans.iter().for_each(|at| self.plans.set(*at));
    }
}

impl Entry {
    fn new(place: &Place) -> Self {
        let sheet = place.code.as_deref().and_then(Sheet::of);
        let phrase = |text: &str| folded_words(text).join(" ");
        let codes = sheet.iter().flat_map(|sheet| [sheet.code, sheet.long_code]);
        Self {
            names: place.names.all().chain([place.slug.as_str()]).map(phrase).collect(),
            aliases: sheet.into_iter().flat_map(Sheet::names).map(str::to_owned).collect(),
            codes: codes.collect(),
            plans: Vec::new(),
            shown: place.has_plans(),
        }
    }

    /// Its words, and its names without their spaces: `newzealand`.
    fn words(&self) -> BTreeSet<String> {
        let phrases = self.names.iter().chain(&self.aliases);
        phrases
            .flat_map(|phrase| {
                phrase.split(' ').map(str::to_owned).chain(std::iter::once(phrase.replace(' ', "")))
            })
            .filter(|word| !word.is_empty())
            .collect()
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
mod tests {
    use super::super::snapshot::Snapshot;
    use super::super::snapshot::tests::{contents, package, rules, snapshot};
    use super::*;
    use crate::catalog::Country;

    fn countries_in(snapshot: &Snapshot, query: &str) -> Vec<String> {
        let found = snapshot.index.find(query);
        found.countries.iter().map(|at| snapshot.country_at(*at).unwrap().code.clone().unwrap()).collect()
    }

    fn countries(query: &str) -> Vec<String> {
        countries_in(&snapshot(), query)
    }

    /// A catalog that sells in each of these.
    fn world(names: &[(&str, &str)]) -> Snapshot {
        let mut contents = contents();
        contents.countries = names
            .iter()
            .map(|(code, name)| Country {
                code: (*code).to_owned(),
                slug: folded_words(name).join("-"),
                name: (*name).to_owned(),
                upstream_id: None,
            })
            .collect();
        contents.packages = names
            .iter()
            .zip(1..)
            .map(|((code, name), id)| package(id, &format!("{name} 1 GB"), "2", Coverage::Local, &[code]))
            .collect();
        Snapshot::build(contents, &rules("USD"))
    }

    #[test]
    fn countries_are_found_by_what_people_call_them() {
        for (query, code) in [
            ("france", "fr"),
            ("FRAN", "fr"),
            ("francia", "fr"),
            ("fr", "fr"),
            ("FRA", "fr"),
            ("gbr", "gb"),
            ("turkiye", "tr"),
            ("Türk", "tr"),
            ("turkey", "tr"),
            ("uk", "gb"),
            ("England", "gb"),
            ("great britain", "gb"),
            ("usa", "us"),
            ("america", "us"),
            ("unitedstates", "us"),
            ("emirates", "ae"),
            ("dubai", "ae"),
            ("regno unito", "gb"),
            ("stati uniti", "us"),
            ("  italia ", "it"),
            ("kingdom", "gb"),
            ("Paris", "fr"),
            ("Parigi", "fr"),
            ("roma", "it"),
            ("esim for france", "fr"),
            ("travel sim uk", "gb"),
            ("wohin france", "fr"),
        ] {
            assert_eq!(countries(query).first().map(String::as_str), Some(code), "{query}");
        }
    }

    #[test]
    fn a_slip_is_forgiven_and_what_is_written_right_comes_first() {
        for (query, code) in [
            ("frnace", "fr"),
            ("Itly", "it"),
            ("frnace 5gb", "fr"),
            ("untied kingdom", "gb"),
            ("emirtes", "ae"),
            ("unitde arab emirates", "ae"),
            ("stati unti", "us"),
            ("lodnon", "gb"),
            ("5 gb frnace 30 days", "fr"),
        ] {
            assert_eq!(countries(query).first().map(String::as_str), Some(code), "{query}");
        }
        let close = world(&[("at", "Austria"), ("au", "Australia"), ("ne", "Niger"), ("ng", "Nigeria")]);
        assert_eq!(countries_in(&close, "austria"), ["at"]);
        assert_eq!(countries_in(&close, "niger"), ["ne", "ng"]);
        assert_eq!(countries_in(&close, "austrai"), ["at"]);
        assert_eq!(countries_in(&close, "austrlaia"), ["au"]);
        assert!(countries_in(&close, "nir").is_empty(), "in three letters every one tells");
    }

    #[test]
    fn the_closest_name_comes_first_and_nonsense_finds_nothing() {
        assert_eq!(countries("it"), ["it"]);
        assert_eq!(countries("united").len(), 3);
        let guinea = [("gq", "Equatorial Guinea"), ("gn", "Guinea"), ("pg", "Papua New Guinea")];
        assert_eq!(countries_in(&world(&guinea), "guinea"), ["gn", "gq", "pg"]);
        let rom = [("it", "Italy"), ("ro", "Romania")];
        assert_eq!(countries_in(&world(&rom), "roma"), ["it", "ro"]);
        for nothing in ["", "   ", "!!!", "xyzzy", "nowhere", "france italy", "esim", "fr it"] {
            assert!(countries(nothing).is_empty(), "{nothing:?}");
        }
        assert!(countries("5gb").is_empty() && countries("gb") == ["gb"]);
        assert!(countries(&"a".repeat(100_000)).is_empty());
        assert!(!countries(&"france ".repeat(10_000)).is_empty());
    }

    #[test]
    fn plans_are_found_by_their_words_and_by_their_places_names() {
        let snapshot = snapshot();
        let plans = |query: &str| -> Vec<i64> {
            snapshot.index.find(query).plans.iter().map(|at| snapshot.plan_at(*at).unwrap().id).collect()
        };
        assert_eq!(plans("france 5gb"), [1]);
        assert_eq!(plans("fra 1 gb"), [2]);
        assert_eq!(plans("5 gb 30 days europe"), [3]);
        assert_eq!(plans("europa 5 gb"), [3]);
        assert_eq!(plans("england"), [5]);
        assert!(plans("france 50gb").is_empty());
        assert_eq!(snapshot.index.find("europa").regions.len(), 1);
        assert_eq!(snapshot.index.find("eruope").regions.len(), 1);
    }
}
