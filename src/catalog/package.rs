//! What a package is.

use sha2::{Digest as _, Sha256};

use super::country_code::CountryCode;
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
    /// Voice minutes; `None` where the upstream does not say.
    pub voice_minutes: Option<u32>,
    /// Text messages; `None` where the upstream does not say.
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
    /// The countries where it works, sorted.
    pub countries: Box<[CountryCode]>,
    /// What eSIMDual charges for it.
    pub cost: Cost,
}

impl Package {
    /// Whether its kind (`data`, `data_voice_sms`) says that a part is missing. A word that has anything else in it says
    /// nothing.
    pub fn leaves_out(&self, part: &str) -> bool {
        let parts: Vec<&str> = self.package_type.split('_').collect();
        parts.iter().all(|one| ["data", "voice", "sms"].contains(one)) && !parts.contains(&part)
    }

    /// Whether it says of all that it could carry that it is none.
    pub(super) fn carries_nothing(&self) -> bool {
        let none =
            |number: Option<u32>, part| number.map_or_else(|| self.leaves_out(part), |number| number == 0);
        self.data == Data::Bytes(0) && none(self.voice_minutes, "voice") && none(self.sms_count, "sms")
    }

    /// What it promises, in sixteen bytes: two packages under one id that differ in anything a customer was told, besides
    /// the price, have different ones. A re-used id is no longer the plan that somebody looked at.
    pub fn mark(&self) -> [u8; 16] {
        let data = match self.data {
            Data::Bytes(bytes) => bytes.to_string(),
            Data::Unlimited => "unlimited".to_owned(),
            Data::NotStated => String::new(),
        };
        // None and nothing are the same to a customer.
        let number =
            |number: Option<u32>| number.filter(|number| *number > 0).unwrap_or_default().to_string();
        let parts = [
            self.name.clone(),
            self.package_type.clone(),
            data,
            number(self.voice_minutes),
            number(self.sms_count),
            number(self.validity_days),
            self.network_speed.clone().unwrap_or_default(),
            self.coverage.word().to_owned(),
            self.region.clone().unwrap_or_default(),
            CountryCode::joined(&self.countries),
        ];
        let mut hash = Sha256::new();
        for part in &parts {
            // The length before each, so that no two packages are written alike.
            hash.update(part.len().to_string());
            hash.update(":");
            hash.update(part);
        }
        hash.finalize().first_chunk().copied().unwrap_or_default()
    }
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
    /// The countries that it is local to; empty for all but local packages.
    pub local_to: Box<[CountryCode]>,
    /// What eSIMDual charges for it.
    pub cost: Cost,
}

/// A country that at least one package names or named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, lower case.
    pub code: String,
    /// For addresses.
    pub slug: String,
    /// Its English name: ours, whatever the upstream writes.
    pub name: String,
    /// The upstream's own id.
    pub upstream_id: Option<i64>,
}

/// A region that at least one package names or named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// For addresses.
    pub slug: String,
    /// As the upstream writes it.
    pub name: String,
    /// The upstream's own id.
    pub upstream_id: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;

    fn france() -> Package {
        Package {
            id: 1120,
            name: "France 5 GB - 30 Days".to_owned(),
            slug: None,
            package_type: "data".to_owned(),
            data: Data::Bytes(5 << 30),
            voice_minutes: None,
            sms_count: None,
            validity_days: Some(30),
            network_speed: Some("5G".to_owned()),
            reloadable: None,
            coverage: Coverage::Local,
            region: None,
            countries: CountryCode::split("fr").unwrap(),
            cost: Cost { amount: "4.20".parse().unwrap(), currency: Currency::USD },
        }
    }

    #[test]
    fn a_kind_says_what_it_leaves_out_and_an_unknown_one_says_nothing() {
        for (kind, part, missing) in [
            ("data", "voice", true),
            ("data", "sms", true),
            ("data", "data", false),
            ("data_voice_sms", "sms", false),
            ("voice", "sms", true),
            ("data_roaming", "voice", false),
            ("", "voice", false),
        ] {
            let package = Package { package_type: kind.to_owned(), ..france() };
            assert_eq!(package.leaves_out(part), missing, "{kind} {part}");
        }
    }

    #[test]
    fn a_mark_is_of_what_is_promised_and_not_of_what_it_costs() {
        let mark = france().mark();
        let dearer = Cost { amount: "9".parse().unwrap(), currency: Currency::USD };
        let same =
            Package { cost: dearer, slug: Some("other".to_owned()), voice_minutes: Some(0), ..france() };
        assert_eq!(same.mark(), mark);
        let other: [fn() -> Package; 9] = [
            || Package { name: "Spain 5 GB - 30 Days".to_owned(), ..france() },
            || Package { package_type: "data_voice".to_owned(), ..france() },
            || Package { data: Data::Bytes(3 << 30), ..france() },
            || Package { data: Data::Unlimited, ..france() },
            || Package { sms_count: Some(1), ..france() },
            || Package { validity_days: Some(3), ..france() },
            || Package { network_speed: None, ..france() },
            || Package { coverage: Coverage::Regional, ..france() },
            || Package { countries: CountryCode::split("es").unwrap(), ..france() },
        ];
        for (which, other) in other.into_iter().enumerate() {
            assert_ne!(other().mark(), mark, "{which}");
        }
    }
}
