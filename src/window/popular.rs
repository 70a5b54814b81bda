//! Where most people travel: the first page's short list until sales say better.

use super::snapshot::{Place, Snapshot};

/// Countries by international arrivals, most first (UN Tourism, 2019 and 2023 editions agree on nearly all).
const MOST_VISITED: [&str; 24] = [
    "fr", "es", "us", "it", "tr", "mx", "gb", "de", "gr", "at", "jp", "th", "pt", "ae", "nl", "ca", "my",
    "sg", "ch", "kr", "id", "eg", "vn", "au",
];

/// How many a page shows.
const SHOWN: usize = 12;

/// The most visited countries among those that have plans.
pub fn destinations(snapshot: &Snapshot) -> Vec<&Place> {
    let known = MOST_VISITED.iter().filter_map(|code| snapshot.country_by_code(code));
    known.filter(|place| place.has_plans()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;

    #[test]
    fn only_what_the_catalog_has_is_popular() {
        let snapshot = snapshot();
        let codes: Vec<_> =
            destinations(&snapshot).iter().map(|place| place.code.as_deref().unwrap()).collect();
        assert_eq!(codes, ["fr", "us", "it", "tr", "gb", "ae"]);
        assert!(destinations(&Snapshot::default()).is_empty());
    }
}
