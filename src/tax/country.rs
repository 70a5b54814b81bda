//! Where customers live: the countries of ISO 3166-1 where anybody does, and `xk`, which is usual for Kosovo.

use std::fmt;

use crate::ground::Language;
use crate::ground::countries::{self, Named};
use crate::web::words;

/// A country.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, lower case.
    pub code: &'static str,
    english: &'static str,
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl Country {
    /// Reads a code in either case.
    pub fn parse(code: &str) -> Option<Self> {
        countries::find(&code.trim().to_ascii_lowercase()).and_then(Self::lived_in)
    }

    fn lived_in(country: &'static Named) -> Option<Self> {
        let Named { code, english } = *country;
        (!NOBODY.contains(&code)).then_some(Self { code, english })
    }

    /// Its name in a language.
    pub fn name(self, language: Language) -> String {
        let key = format!("country-{}", self.code);
        let own = (language != Language::default()).then(|| words::find(language, &key, &[])).flatten();
        own.unwrap_or_else(|| self.english.to_owned())
    }

    /// All of them with their names, in the order of a list in that language.
    pub fn all(language: Language) -> Vec<(Self, String)> {
        let lived_in = countries::ALL.iter().filter_map(Self::lived_in);
        let mut all: Vec<_> = lived_in.map(|country| (country, country.name(language))).collect();
        all.sort_by_cached_key(|(_, name)| plain(name));
        all
    }
}

/// Letters without the marks that names of countries have.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'Å' | 'å' => 'a',
        'ç' => 'c',
        'é' | 'É' => 'e',
        'ã' | 'á' => 'a',
        'í' => 'i',
        'ô' => 'o',
        'ü' => 'u',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(letter).collect()
}

/// Of all countries those where nobody lives.
const NOBODY: [&str; 7] = ["bv", "gs", "hm", "io", "pn", "tf", "um"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_read_by_code_and_listed_by_name() {
        assert_eq!(Country::parse(" IT ").map(|country| country.code), Some("it"));
        for none in ["", "i", "ita", "zz", "uk", "İT", "it\0", "bv"] {
            assert_eq!(Country::parse(none), None, "{none}");
        }
        let italian: Vec<String> = Country::all(Language::It).into_iter().map(|(_, name)| name).collect();
        assert_eq!(italian.len(), 243);
        let place = |name: &str| italian.iter().position(|one| one == name).unwrap();
        assert!(place("Germania") < place("Italia") && place("Italia") < place("Stati Uniti"));
        let english = Country::all(Language::En);
        assert_eq!(english.first().map(|(_, name)| name.as_str()), Some("Afghanistan"));
        assert!(english.iter().all(|(country, name)| *name == country.english));
    }
}
