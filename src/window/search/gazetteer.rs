//! Which country somebody means who writes its code or one of its names: whole, and without a slip, since this is written
//! down.

use std::collections::HashMap;

use super::{folded_words, small};
use crate::catalog::CountryCode;
use crate::window::atlas::Sheet;
use crate::window::names::Names;

/// Every country by all that it is called.
#[derive(Debug)]
pub struct Gazetteer {
    countries: HashMap<String, Called>,
}

/// The countries that a phrase may mean: by their codes, else by their names, else by what they are called besides.
#[derive(Debug, Default)]
struct Called([Vec<CountryCode>; 3]);

/// Why a phrase names no country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// Nothing is called so.
    Unknown(String),
    /// Several are.
    Several(String, Vec<CountryCode>),
}

impl Gazetteer {
    /// Of the atlas, the shop's languages, and these English names by their codes.
    pub fn new<'a>(english: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut all = Self { countries: HashMap::new() };
        for sheet in Sheet::all() {
            all.add(0, sheet.code, sheet.code);
            all.add(0, sheet.long_code, sheet.code);
            Names::of_country(sheet.code, "").all().for_each(|name| all.add(1, name, sheet.code));
            sheet.names().for_each(|name| all.add(2, name, sheet.code));
        }
        english.into_iter().for_each(|(code, name)| all.add(1, name, code));
        all
    }

    fn add(&mut self, kind: usize, name: &str, code: &str) {
        let (phrase, Some(code)) = (phrase(name), CountryCode::parse(code)) else { return };
        if phrase.is_empty() {
            return;
        }
        let called = self.countries.entry(phrase).or_default();
        if let Some(kind) = called.0.get_mut(kind).filter(|kind| !kind.contains(&code)) {
            kind.push(code);
        }
    }

    /// The one country that a phrase names.
    ///
    /// # Errors
    /// [`Unnamed`].
    pub fn country(&self, typed: &str) -> Result<CountryCode, Unnamed> {
        let called = self.countries.get(&phrase(typed));
        let meant = called.and_then(|called| called.0.iter().find(|kind| !kind.is_empty()));
        match meant.map(Vec::as_slice) {
            Some([code]) => Ok(*code),
            Some(several) => Err(Unnamed::Several(typed.to_owned(), several.to_vec())),
            None => Err(Unnamed::Unknown(typed.to_owned())),
        }
    }

    /// The countries of a list with commas, semicolons or line ends between them, each once, in their order.
    ///
    /// # Errors
    /// Everything in it that names none.
    pub fn list(&self, typed: &str) -> Result<Vec<CountryCode>, Vec<Unnamed>> {
        let (mut countries, mut wrong) = (Vec::new(), Vec::new());
        for typed in typed.split([',', ';', '\n']).map(str::trim).filter(|typed| !typed.is_empty()) {
            match self.country(typed) {
                Ok(code) if countries.contains(&code) => {}
                Ok(code) => countries.push(code),
                Err(unnamed) => wrong.push(unnamed),
            }
        }
        if wrong.is_empty() { Ok(countries) } else { Err(wrong) }
    }
}

/// As search compares names: folded, without small words.
fn phrase(text: &str) -> String {
    small::without(folded_words(text)).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Result<String, Vec<Unnamed>> {
        let english = [("jp", "Japan"), ("gb", "United Kingdom"), ("cg", "Congo"), ("cd", "Congo")];
        Gazetteer::new(english).list(typed).map(|codes| CountryCode::joined(&codes))
    }

    #[test]
    fn a_list_is_read_by_codes_and_by_all_names_that_search_knows() {
        for (typed, codes) in [
            ("UK, Japan, it", "gb jp it"),
            ("fr;ITA\r\nstati uniti\n\n", "fr it us"),
            ("U.A.E., Giappone, jp, Tokyo", "ae jp"),
            ("in, la, to, and, per", "in la to ad pe"),
            ("", ""),
            (" , ;\n", ""),
            ("Türkiye", "tr"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(codes), "{typed}");
        }
    }

    #[test]
    fn what_names_no_country_or_several_is_told_as_it_was_typed() {
        let wrong = read("Atlantis, fr, xx, Jap, !").unwrap_err();
        let unknown: Vec<_> =
            ["Atlantis", "xx", "Jap", "!"].map(|typed| Unnamed::Unknown(typed.to_owned())).into();
        assert_eq!(wrong, unknown);
        let several = read("Congo").unwrap_err();
        let codes = ["cg", "cd"].map(|code| CountryCode::parse(code).unwrap()).to_vec();
        assert_eq!(several, [Unnamed::Several("Congo".to_owned(), codes)]);
    }
}
