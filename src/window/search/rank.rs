//! Which of the places and plans that a query meets answers it best.

use super::bits::{Bits, common};
use super::{Index, MOST_PLANS, Met};

/// A place that was found; the least is the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    /// How many words of the query it lacks, then how well it has the others.
    key: u8,
    /// The first of its words in the query.
    word: usize,
    /// Which place.
    pub at: usize,
}

/// More than [`Index::rank`] ever gives.
const RANKS: u8 = 8;

impl Index {
    /// The places that have every word, the best first.
    pub(super) fn with_all(&self, words: &[(&str, &Met)]) -> Vec<Ranked> {
        let places = common(words.iter().map(|(_, met)| &met.places));
        let misspelt = words.iter().any(|(_, met)| met.misspelt);
        let phrase = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ");
        let ranked = places.ones().filter_map(|at| {
            let key = self.rank(at, &phrase, misspelt)?;
            Some(Ranked { key, word: 0, at })
        });
        sorted(ranked.collect())
    }

    /// The places that have some of the words, those with the most of them first. One that has no word beside those of
    /// a better one is none: `united kingdom france` asks for two countries, not for the other united ones.
    pub(super) fn with_some(&self, words: &[(&str, &Met)]) -> Vec<Ranked> {
        let mut places = Bits::default();
        for (at, (_, met)) in words.iter().enumerate() {
            if at == 0 { places = met.places.clone() } else { places.add(&met.places) }
        }
        let found: Vec<(u8, Ranked)> =
            places.ones().filter_map(|at| self.by_its_own_words(at, words)).collect();
        let better = |has: u8| found.iter().any(|(other, _)| *other != has && other & has == has);
        sorted(found.iter().filter(|(has, _)| !better(*has)).map(|(_, place)| *place).collect())
    }

    /// A place as its best word has it, with a bit for each word that it has.
    fn by_its_own_words(&self, at: usize, words: &[(&str, &Met)]) -> Option<(u8, Ranked)> {
        let mut best: Option<(u8, usize)> = None;
        let (mut has, mut lacks) = (0, 0);
        for (nth, (word, met)) in words.iter().enumerate() {
            if met.places.has(at) {
                has |= 1 << nth;
                let rank = (self.rank(at, word, met.misspelt)?, nth);
                best = Some(best.map_or(rank, |best| best.min(rank)));
            } else {
                lacks += RANKS;
            }
        }
        best.map(|(rank, word)| (has, Ranked { key: lacks + rank, word, at }))
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

    /// The plans that these places have for their own.
    pub(super) fn own_plans(&self, ranked: &[Ranked]) -> Bits {
        let mut plans = Bits::new(self.place_of.len());
        let entries = ranked.iter().filter_map(|place| self.places.get(place.at));
        entries.flat_map(|entry| &entry.plans).for_each(|at| plans.set(*at));
        plans
    }

    /// The plans of the best places first, and of places that answer as well in the order of lists. Looks at no more
    /// plans than it takes to fill the list with those of the best places.
    pub(super) fn best_plans(&self, plans: &Bits, ranked: &[Ranked]) -> Vec<usize> {
        let mut key_of = vec![u8::MAX; self.places.len()];
        let mut keys: Vec<u8> = Vec::with_capacity(ranked.len() + 1);
        for place in ranked {
            if let Some(key) = key_of.get_mut(place.at) {
                *key = place.key;
            }
            keys.push(place.key);
        }
        keys.push(u8::MAX);
        keys.dedup();
        let (mut met, mut of_the_best): (Vec<(u8, usize)>, usize) = (Vec::new(), 0);
        for plan in plans.ones() {
            let place = self.place_of.get(plan).copied().flatten();
            let key = place.and_then(|place| key_of.get(place)).copied().unwrap_or(u8::MAX);
            met.push((key, plan));
            of_the_best += usize::from(keys.first() == Some(&key));
            if of_the_best == MOST_PLANS {
                break;
            }
        }
        let of = |wanted: u8| met.iter().filter(move |(key, _)| *key == wanted).map(|(_, plan)| *plan);
        keys.into_iter().flat_map(of).take(MOST_PLANS).collect()
    }
}

fn sorted(mut places: Vec<Ranked>) -> Vec<Ranked> {
    places.sort_unstable();
    places
}
