//! Words for addresses: `[a-z0-9-]`, at most 80 of them.

use std::collections::{BTreeMap, BTreeSet};

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

/// Which slug belongs to which country. An address once given stays, and no two countries share one.
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
        let with_code = format!("{}-{code}", wanted.get(..LIMIT - 3).unwrap_or(&wanted));
        let free = [wanted, with_code].into_iter().find(|slug| !self.taken.contains(slug));
        // Two letters that are taken as another's slug: a number behind them cannot be.
        let slug = free.unwrap_or_else(|| format!("{code}-{}", self.taken.len()));
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
    fn addresses_stay_and_are_never_shared() {
        let mut addresses = Addresses::known([("fr".to_owned(), "france".to_owned())]);
        assert_eq!(addresses.of("fr", Some("frankreich".to_owned())), "france");
        assert_eq!(addresses.of("gf", Some("france".to_owned())), "france-gf");
        assert_eq!(addresses.of("jp", None), "jp");
        assert_eq!(addresses.of("jp", Some("japan".to_owned())), "jp");
        let long = "x".repeat(80);
        assert_eq!(addresses.of("aa", Some(long.clone())), long);
        assert!(addresses.of("bb", Some(long)).len() <= 80);
    }
}
