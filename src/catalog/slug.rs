//! Words for addresses: `[a-z0-9-]`, at most 80 of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::ground::countries;

const LIMIT: usize = 80;

/// The upstream's slug where it is safe in an address, else one made from the name; `None` where neither has a
/// letter or digit that an address can hold.
pub fn slug(given: Option<&str>, name: Option<&str>) -> Option<String> {
    given.filter(|slug| safe(slug)).map(str::to_owned).or_else(|| name.and_then(from_name))
}

fn safe(slug: &str) -> bool {
    (1..=LIMIT).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-')
}

fn from_name(name: &str) -> Option<String> {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() => slug.push(c),
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
        if slug.len() >= LIMIT {
            slug.truncate(LIMIT);
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// The letters of European names without their marks, as addresses write them.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' => "o",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' => "u",
        'ý' | 'ÿ' => "y",
        'š' | 'ş' | 'ș' | 'ś' => "s",
        'ž' | 'ź' | 'ż' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// The slugs of all countries by their own names, with their codes.
static RESERVED: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let named = countries::ALL.iter();
    named.filter_map(|country| Some((from_name(country.english)?, country.code))).collect()
});

/// Whether a slug is made of another country's own name.
pub fn is_of_another(slug: &str, code: &str) -> bool {
    RESERVED.get(slug).is_some_and(|owner| *owner != code)
}

/// Which slug belongs to which country. An address once given stays, no two countries share one, and none has the name of
/// another one as its own, whichever comes first.
#[derive(Debug, Default)]
pub struct Addresses {
    by_code: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Addresses {
    /// Begins with what is stored: pairs of code and slug.
    pub fn known(stored: impl IntoIterator<Item = (String, String)>) -> Self {
        let by_code: BTreeMap<String, String> = stored.into_iter().collect();
        let taken = by_code.values().cloned().collect();
        Self { by_code, taken }
    }

    /// The slug of a country; where two would share one, the later one has its code behind it.
    pub fn of(&mut self, code: &str, wanted: Option<String>) -> String {
        if let Some(known) = self.by_code.get(code) {
            return known.clone();
        }
        let wanted = wanted.unwrap_or_else(|| code.to_owned());
        let start = wanted.get(..LIMIT - 10).unwrap_or(&wanted).to_owned();
        let with_code = std::iter::once(format!("{start}-{code}"));
        let numbered = (2_u32..).map(|number| format!("{start}-{code}-{number}"));
        let mut names = std::iter::once(wanted).chain(with_code).chain(numbered);
        let free = |slug: &String| !self.taken.contains(slug) && !is_of_another(slug, code);
        let slug = names.find(free).unwrap_or_default();
        self.taken.insert(slug.clone());
        self.by_code.insert(code.to_owned(), slug.clone());
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_and_made_from_names_where_missing() {
        let table = [
            (Some("france"), "France", Some("france")),
            (None, "Côte d’Ivoire", Some("cote-d-ivoire")),
            (Some("../etc/passwd"), "Türkiye", Some("turkiye")),
            (Some("UPPER"), "Åland & more!", Some("aland-more")),
            (Some("-"), "日本", None),
            (Some(""), "", None),
            (Some("a/b"), "--A--", Some("a")),
        ];
        for (given, name, slug_made) in table {
            assert_eq!(slug(given, Some(name)).as_deref(), slug_made, "{given:?} {name}");
        }
        assert_eq!(slug(None, Some(&"é ".repeat(400))).unwrap().len(), 79);
    }

    #[test]
    fn nobody_takes_the_address_of_a_country_before_it_comes() {
        let mut addresses = Addresses::default();
        assert_eq!(addresses.of("gf", Some("france".to_owned())), "france-gf");
        assert_eq!(addresses.of("zz", Some("france".to_owned())), "france-zz");
        assert_eq!(addresses.of("fr", Some("france".to_owned())), "france");
        assert_eq!(RESERVED.len(), countries::ALL.len(), "no two countries are called alike");
    }

    #[test]
    fn addresses_stay_and_are_never_shared() {
        let mut addresses = Addresses::known([("fr".to_owned(), "france".to_owned())]);
        assert_eq!(addresses.of("fr", Some("frankreich".to_owned())), "france");
        assert_eq!(addresses.of("gf", Some("france".to_owned())), "france-gf");
        assert_eq!(addresses.of("jp", None), "jp");
        assert_eq!(addresses.of("jp", Some("japan".to_owned())), "jp");
        let mut crowded =
            Addresses::known([("zz".to_owned(), "a".to_owned()), ("yy".to_owned(), "a-fr".to_owned())]);
        assert_eq!(crowded.of("fr", Some("a".to_owned())), "a-fr-2");
        let long = "x".repeat(80);
        assert_eq!(addresses.of("aa", Some(long.clone())), long);
        assert!(addresses.of("bb", Some(long)).len() <= 80);
    }
}
