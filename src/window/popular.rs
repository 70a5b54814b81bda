//! Where most people travel: what this shop sold of late, behind it what staff chose, and last the world's short list.

use super::snapshot::{Place, Snapshot};
use crate::catalog::popular::Chosen;

/// Countries by international arrivals, most first (UN Tourism, 2019 and 2023 editions agree on nearly all).
const MOST_VISITED: [&str; 24] = [
    "fr", "es", "us", "it", "tr", "mx", "gb", "de", "gr", "at", "jp", "th", "pt", "ae", "nl", "ca", "my",
    "sg", "ch", "kr", "id", "eg", "vn", "au",
];

/// How many a page shows.
const SHOWN: usize = 12;

impl Snapshot {
    /// With the countries that staff put behind the best sellers.
    pub fn choosing(mut self, chosen: Chosen) -> Self {
        self.beside.chosen = chosen;
        self
    }
}

/// The countries that sell best here, then those that staff chose, then the most visited ones, as far as they have plans.
pub fn destinations(snapshot: &Snapshot) -> Vec<&Place> {
    let chosen = snapshot.beside.chosen.countries.iter();
    let chosen = chosen.filter_map(|code| snapshot.country_by_code(code.as_str()));
    let known = MOST_VISITED.iter().filter_map(|code| snapshot.country_by_code(code));
    let mut shown: Vec<&Place> = Vec::with_capacity(SHOWN);
    for place in snapshot.best_sellers().chain(chosen).chain(known).filter(|place| place.has_plans()) {
        if shown.len() < SHOWN && !shown.iter().any(|one| one.slug == place.slug) {
            shown.push(place);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;
    use crate::catalog::{CountryCode, Past};

    #[test]
    fn only_what_the_catalog_has_is_popular() {
        let snapshot = snapshot();
        let codes: Vec<_> =
            destinations(&snapshot).iter().map(|place| place.code.as_deref().unwrap()).collect();
        assert_eq!(codes, ["fr", "us", "it", "tr", "gb", "ae"]);
        assert!(destinations(&Snapshot::default()).is_empty());
    }

    #[test]
    fn what_sells_here_comes_first_and_once() {
        let sold = snapshot().beside(Past::default(), &[(5, 7)], time::OffsetDateTime::UNIX_EPOCH);
        let codes: Vec<_> = destinations(&sold).iter().map(|place| place.code.as_deref().unwrap()).collect();
        assert_eq!(codes, ["gb", "fr", "us", "it", "tr", "ae"]);
    }
    #[test]
    fn what_staff_chose_stands_between_what_sells_and_what_the_world_visits() {
        // Nothing is sold for `zz`, and `jp` is not in the catalog.
        let countries = ["tr", "zz", "jp", "gb", "it"].iter().filter_map(|code| CountryCode::parse(code));
        let chosen = Chosen { countries: countries.collect(), edits: 1, changed: None };
        let sold = snapshot().beside(Past::default(), &[(5, 7)], time::OffsetDateTime::UNIX_EPOCH);
        let sold = sold.choosing(chosen);
        let codes: Vec<_> = destinations(&sold).iter().map(|place| place.code.as_deref().unwrap()).collect();
        assert_eq!(codes, ["gb", "tr", "it", "fr", "us", "ae"]);
    }
}
