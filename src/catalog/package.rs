//! What a package is.

use crate::ground::Cost;

/// How much data a package carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// So many bytes; 1 GB is 1024³ bytes, as the upstream counts.
    Bytes(u64),
    /// No limit.
    Unlimited,
    /// The upstream does not say.
    NotStated,
}

/// Where a package works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// One country.
    Local,
    /// The countries of a region.
    Regional,
    /// Most of the world.
    Global,
}

impl Coverage {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Regional => "regional",
            Self::Global => "global",
        }
    }

    /// Reads the database's word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Local, Self::Regional, Self::Global].into_iter().find(|c| c.word() == word)
    }
}

/// One package, as the upstream sells it: validated, bounded, and safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The upstream's package id.
    pub id: i64,
    /// Its name, at most 200 characters, without control or bidi characters.
    pub name: String,
    /// The upstream's slug, if it has one that is safe in an address.
    pub slug: Option<String>,
    /// `data`, `voice`, `sms`, `data_voice_sms`: lower case with underscores.
    pub package_type: String,
    /// How much data.
    pub data: Data,
    /// Voice minutes, where there are any.
    pub voice_minutes: Option<u32>,
    /// Text messages, where there are any.
    pub sms_count: Option<u32>,
    /// How many days it is valid; `None` where the upstream does not say.
    pub validity_days: Option<u32>,
    /// `5G`, `4G/LTE` …
    pub network_speed: Option<String>,
    /// Whether the upstream calls it reloadable.
    pub reloadable: Option<bool>,
    /// Where it works.
    pub coverage: Coverage,
    /// The slug of its region, for regional packages; `global` ones may have none.
    pub region: Option<String>,
    /// Codes (`fr`) of the countries where it works, sorted.
    pub countries: Vec<String>,
    /// What eSIMDual charges for it.
    pub cost: Cost,
}

/// A package as far as its price needs it, without the long lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The upstream's package id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `data`, `voice` …
    pub package_type: String,
    /// Where it works.
    pub coverage: Coverage,
    /// The slug of its region.
    pub region: Option<String>,
    /// Codes of the countries that it is local to; empty for all but local packages.
    pub local_to: Vec<String>,
    /// What eSIMDual charges for it.
    pub cost: Cost,
}

/// A country that at least one package names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, lower case.
    pub code: String,
    /// For addresses.
    pub slug: String,
    /// As the upstream writes it (English).
    pub name: String,
    /// The upstream's own id.
    pub upstream_id: Option<i64>,
}

/// A region that at least one package names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// For addresses.
    pub slug: String,
    /// As the upstream writes it.
    pub name: String,
    /// The upstream's own id.
    pub upstream_id: Option<i64>,
}
