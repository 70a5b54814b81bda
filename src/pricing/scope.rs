//! What a rule prices, and what is priced.

use std::fmt;

use crate::catalog::{CountryCode, Coverage, Listing, Package};
use crate::ground::Cost;

/// The region of packages that work nearly everywhere.
pub const GLOBAL: &str = "global";

/// Whom a rule prices, from the least to the most specific.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everything.
    Shop,
    /// Packages of this type (`data`).
    PackageType(String),
    /// Regional packages of this region's slug; [`GLOBAL`] for global ones.
    Region(String),
    /// Packages that are local to the country with this code (`fr`).
    Country(String),
    /// The one package with this id.
    Package(i64),
}

impl Scope {
    /// The words of all scopes, in the order of a form.
    pub const WORDS: [&'static str; 5] = ["shop", "package_type", "region", "country", "package"];

    /// The word in the database and in forms.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::PackageType(_) => "package_type",
            Self::Region(_) => "region",
            Self::Country(_) => "country",
            Self::Package(_) => "package",
        }
    }

    /// What it names; `None` for the shop.
    pub fn key(&self) -> Option<String> {
        match self {
            Self::Shop => None,
            Self::PackageType(key) | Self::Region(key) | Self::Country(key) => Some(key.clone()),
            Self::Package(id) => Some(id.to_string()),
        }
    }

    /// Reads both; `None` for a word that is unknown or a key that is missing, spare, or no package id.
    pub fn from_words(word: &str, key: Option<&str>) -> Option<Self> {
        let key = key.map(str::trim).filter(|key| !key.is_empty());
        match (word, key) {
            ("shop", None) => Some(Self::Shop),
            ("package_type", Some(key)) => Some(Self::PackageType(key.to_owned())),
            ("region", Some(key)) => Some(Self::Region(key.to_owned())),
            ("country", Some(key)) => Some(Self::Country(key.to_owned())),
            ("package", Some(key)) => key.parse().ok().filter(|id| *id > 0).map(Self::Package),
            _ => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shop => write!(f, "the whole shop"),
            Self::PackageType(word) => write!(f, "packages of the type {word}"),
            Self::Region(slug) if slug == GLOBAL => write!(f, "global packages"),
            Self::Region(slug) => write!(f, "packages of the region {slug}"),
            Self::Country(code) => write!(f, "packages local to {}", code.to_uppercase()),
            Self::Package(id) => write!(f, "package {id}"),
        }
    }
}

/// What of a package decides its rule and its price.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The upstream's package id.
    pub id: i64,
    /// `data`, `voice` …
    pub package_type: &'a str,
    /// Its region's slug; [`GLOBAL`] for global packages.
    pub region: Option<&'a str>,
    /// The countries that it is local to; empty for all but local packages.
    pub local_to: &'a [CountryCode],
    /// What eSIMDual charges.
    pub cost: Cost,
}

fn region(coverage: Coverage, slug: Option<&str>) -> Option<&str> {
    match coverage {
        Coverage::Local => None,
        Coverage::Regional => slug,
        Coverage::Global => Some(GLOBAL),
    }
}

fn local_to(coverage: Coverage, countries: &[CountryCode]) -> &[CountryCode] {
    if coverage == Coverage::Local { countries } else { &[] }
}

impl<'a> From<&'a Package> for Subject<'a> {
    fn from(package: &'a Package) -> Self {
        Self {
            id: package.id,
            package_type: &package.package_type,
            region: region(package.coverage, package.region.as_deref()),
            local_to: local_to(package.coverage, &package.countries),
            cost: package.cost,
        }
    }
}

impl<'a> From<&'a Listing> for Subject<'a> {
    fn from(listing: &'a Listing) -> Self {
        Self {
            id: listing.id,
            package_type: &listing.package_type,
            region: region(listing.coverage, listing.region.as_deref()),
            local_to: local_to(listing.coverage, &listing.local_to),
            cost: listing.cost,
        }
    }
}
