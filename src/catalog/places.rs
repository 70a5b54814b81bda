//! What a sync changes in countries and regions. Pure.

use std::collections::BTreeMap;

use super::package::{Country, Region};

/// Whether a place is a country or a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Found by its code.
    Country,
    /// Found by its slug.
    Region,
}

impl Kind {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Region => "region",
        }
    }
}

/// What changed in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// No package named it before.
    New,
    /// It has another name.
    Renamed,
    /// It has another number upstream.
    Renumbered,
}

impl What {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Renamed => "renamed",
            Self::Renumbered => "renumbered",
        }
    }
}

/// Places as they are stored: by kind and key their names and the upstream's ids.
pub type Known = BTreeMap<(Kind, String), (String, Option<i64>)>;

/// One change of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceChange {
    /// Country or region.
    pub kind: Kind,
    /// Its code or slug.
    pub key: String,
    /// In what.
    pub what: What,
    /// `None` for a new place, and for a number that was not there.
    pub before: Option<String>,
    /// `None` for a number that is not there any more.
    pub after: Option<String>,
}

/// Compares what is stored with what the upstream's packages name now. Places that none of them names stay as they are.
pub fn changes(known: &Known, countries: &[Country], regions: &[Region]) -> Vec<PlaceChange> {
    let countries = countries.iter().map(|c| (Kind::Country, &c.code, &c.name, c.upstream_id));
    let regions = regions.iter().map(|r| (Kind::Region, &r.slug, &r.name, r.upstream_id));
    let mut changes = Vec::new();
    for (kind, key, name, id) in countries.chain(regions) {
        let mut add = |what, before: Option<String>, after: Option<String>| {
            changes.push(PlaceChange { kind, key: key.clone(), what, before, after });
        };
        let Some((known_name, known_id)) = known.get(&(kind, key.clone())) else {
            add(What::New, None, Some(name.clone()));
            continue;
        };
        if known_name != name {
            add(What::Renamed, Some(known_name.clone()), Some(name.clone()));
        }
        if *known_id != id {
            add(What::Renumbered, known_id.map(|id| id.to_string()), id.map(|id| id.to_string()));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_are_new_renamed_or_renumbered_are_told() {
        let region = |slug: &str, name: &str, upstream_id| Region {
            slug: slug.to_owned(),
            name: name.to_owned(),
            upstream_id,
        };
        let france = Country {
            code: "fr".to_owned(),
            slug: "france".to_owned(),
            name: "France".to_owned(),
            upstream_id: Some(76),
        };
        let known: Known = [
            ((Kind::Country, "fr".to_owned()), ("France".to_owned(), Some(75))),
            ((Kind::Country, "it".to_owned()), ("Italy".to_owned(), None)),
            ((Kind::Region, "europe".to_owned()), ("Europe".to_owned(), Some(4))),
            ((Kind::Region, "fr".to_owned()), ("A region of that name".to_owned(), None)),
        ]
        .into();
        let told = changes(
            &known,
            &[france],
            &[region("europe", "BUY AT evil", None), region("asia", "Asia", Some(5))],
        );
        let told: Vec<_> = told
            .iter()
            .map(|change| {
                (change.key.as_str(), change.what.word(), change.before.as_deref(), change.after.as_deref())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("fr", "renumbered", Some("75"), Some("76")),
                ("europe", "renamed", Some("Europe"), Some("BUY AT evil")),
                ("europe", "renumbered", Some("4"), None),
                ("asia", "new", None, Some("Asia")),
            ]
        );
        assert_eq!(changes(&known, &[], &[]), [], "what no package names stays");
    }
}
