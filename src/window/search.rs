//! Search over the snapshot: every word of the query must begin a word of what is found, whatever the case and the
//! accents, in any language of the shop.

use super::plan::Plan;
use super::snapshot::Place;

/// How many of each kind a page shows.
const MOST_PLACES: usize = 12;
const MOST_PLANS: usize = 24;
/// A longer query is cut: nobody's destination has more letters.
const LONGEST: usize = 80;

/// What people call countries besides their names: by code.
const ALIASES: [(&str, &str); 22] = [
    (
        "gb",
        "uk great britain england scotland wales northern ireland inghilterra scozia galles gran bretagna",
    ),
    ("us", "usa united states of america stati uniti d'america"),
    ("ae", "uae emirates dubai abu dhabi emirati"),
    ("kr", "korea corea republic of korea"),
    ("cz", "czech republic repubblica ceca"),
    ("nl", "holland olanda"),
    ("tr", "turkey turkiye"),
    ("ci", "cote d'ivoire"),
    ("mm", "burma birmania"),
    ("va", "vatican holy see"),
    ("cd", "democratic republic of the congo zaire"),
    ("cg", "republic of the congo"),
    ("hk", "hongkong"),
    ("mo", "macau"),
    ("ch", "swiss helvetia"),
    ("sz", "swaziland"),
    ("mk", "macedonia"),
    ("cv", "cabo verde"),
    ("tl", "east timor"),
    ("vn", "viet nam"),
    ("es", "canary islands balearic islands canarie baleari"),
    ("id", "bali"),
];

/// What was found: places in the snapshot's lists, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Countries.
    pub countries: Vec<usize>,
    /// Regions.
    pub regions: Vec<usize>,
    /// Plans, in the order of lists.
    pub plans: Vec<usize>,
}

/// The folded words of everything that can be found.
#[derive(Clone, Debug, Default)]
pub struct Index {
    countries: Vec<Entry>,
    regions: Vec<Entry>,
    plans: Vec<Vec<String>>,
}

/// The words of a place.
#[derive(Clone, Debug)]
struct Entry {
    /// Its names as whole phrases, for ranking.
    phrases: Vec<String>,
    /// Its code, which only a whole word meets: `fr` is no beginning of anything.
    code: Option<String>,
    words: Vec<String>,
    /// Without a plan it is not found.
    shown: bool,
}

impl Index {
    pub(super) fn build(countries: &[Place], regions: &[Place], plans: &[Plan]) -> Self {
        let countries: Vec<Entry> = countries.iter().map(Entry::new).collect();
        let plans = plans.iter().map(|plan| {
            let mut words = folded_words(&plan.name);
            // A local plan is found by whatever its country is called.
            if let [country] = plan.countries.as_slice() {
                words.extend(
                    countries.get(*country).into_iter().flat_map(|entry| entry.words.iter().cloned()),
                );
            }
            words.sort();
            words.dedup();
            words
        });
        Self { plans: plans.collect(), regions: regions.iter().map(Entry::new).collect(), countries }
    }

    /// Everything that answers this query; nothing for a query without letters or digits.
    pub fn find(&self, query: &str) -> Found {
        let query: String = query.chars().take(LONGEST).collect();
        let asked = folded_words(&query);
        if asked.is_empty() {
            return Found::default();
        }
        let plans = self.plans.iter().enumerate().filter(|(_, words)| begins_all(&asked, words));
        Found {
            countries: best(&self.countries, &asked),
            regions: best(&self.regions, &asked),
            plans: plans.map(|(position, _)| position).take(MOST_PLANS).collect(),
        }
    }
}

impl Entry {
    fn new(place: &Place) -> Self {
        let alias = |code: &String| ALIASES.iter().find(|(of, _)| of == code).map(|(_, words)| *words);
        let names = place.names.all().chain([place.slug.as_str()]);
        let texts: Vec<&str> = names.chain(place.code.as_ref().and_then(alias)).collect();
        Self {
            phrases: texts.iter().map(|text| folded_words(text).join(" ")).collect(),
            code: place.code.clone(),
            words: texts.iter().flat_map(|text| folded_words(text)).collect(),
            shown: place.has_plans(),
        }
    }

    /// How well it answers, the least being the best; `None` where it does not.
    fn rank(&self, asked: &[String]) -> Option<u8> {
        let phrase = asked.join(" ");
        let is = |test: &dyn Fn(&String) -> bool| self.phrases.iter().any(test);
        match () {
            () if !self.shown => None,
            () if is(&|own| *own == phrase) || self.code.as_deref() == Some(&phrase) => Some(0),
            () if is(&|own| own.starts_with(&phrase)) => Some(1),
            () if begins_all(asked, &self.words) => Some(2),
            () => None,
        }
    }
}

fn best(entries: &[Entry], asked: &[String]) -> Vec<usize> {
    let ranked =
        entries.iter().enumerate().filter_map(|(position, entry)| Some((entry.rank(asked)?, position)));
    let mut ranked: Vec<(u8, usize)> = ranked.collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, position)| position).take(MOST_PLACES).collect()
}

fn begins_all(asked: &[String], words: &[String]) -> bool {
    asked.iter().all(|begin| words.iter().any(|word| word.starts_with(begin.as_str())))
}

/// The words of a text in lower case and without accents; letters and digits that touch are two words, so that
/// `5gb` is `5 gb`.
pub fn folded_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = None;
    for c in text.chars().flat_map(char::to_lowercase) {
        let kind = match c {
            '\'' | '’' | '\u{300}'..='\u{36f}' => continue,
            c if c.is_numeric() => Some(true),
            c if c.is_alphabetic() => Some(false),
            _ => None,
        };
        if kind.is_some() && kind != previous {
            words.push(String::new());
        }
        if let (Some(_), Some(word)) = (kind, words.last_mut()) {
            word.push_str(plain(c).unwrap_or(c.encode_utf8(&mut [0; 4])));
        }
        previous = kind;
    }
    words
}

/// A letter without its mark.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì'..='ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' | 'ţ' => "t",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ž' | 'ź' | 'ż' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;

    fn countries(query: &str) -> Vec<String> {
        let snapshot = snapshot();
        let found = snapshot.index.find(query);
        found.countries.iter().map(|at| snapshot.country_at(*at).unwrap().code.clone().unwrap()).collect()
    }

    #[test]
    fn texts_are_folded_into_words() {
        assert_eq!(folded_words("Réunion, CÔTE d’Ivoire"), ["reunion", "cote", "divoire"]);
        assert_eq!(folded_words("5GB-30 Days"), ["5", "gb", "30", "days"]);
        assert_eq!(folded_words("İstanbul ß"), ["istanbul", "ss"]);
        assert!(folded_words(" -- !").is_empty());
    }

    #[test]
    fn countries_are_found_by_what_people_call_them() {
        for (query, code) in [
            ("france", "fr"),
            ("FRAN", "fr"),
            ("francia", "fr"),
            ("fr", "fr"),
            ("turkiye", "tr"),
            ("Türk", "tr"),
            ("turkey", "tr"),
            ("uk", "gb"),
            ("England", "gb"),
            ("usa", "us"),
            ("america", "us"),
            ("emirates", "ae"),
            ("dubai", "ae"),
            ("regno unito", "gb"),
            ("stati uniti", "us"),
            ("  italia ", "it"),
            ("kingdom", "gb"),
        ] {
            assert_eq!(countries(query).first().map(String::as_str), Some(code), "{query}");
        }
    }

    #[test]
    fn the_closest_name_comes_first_and_nonsense_finds_nothing() {
        assert_eq!(countries("it"), ["it"]);
        assert_eq!(countries("united").len(), 3);
        for nothing in ["", "   ", "!!!", "xyzzy", "nowhere", "france japan"] {
            assert!(countries(nothing).is_empty(), "{nothing:?}");
        }
        assert!(countries(&"a".repeat(100_000)).is_empty());
    }

    #[test]
    fn plans_are_found_by_their_words_and_by_their_countrys_names() {
        let snapshot = snapshot();
        let plans = |query: &str| -> Vec<i64> {
            snapshot.index.find(query).plans.iter().map(|at| snapshot.plan_at(*at).unwrap().id).collect()
        };
        assert_eq!(plans("france 5gb"), [1]);
        assert_eq!(plans("5 gb 30 days europe"), [3]);
        assert_eq!(plans("england"), [5]);
        assert_eq!(snapshot.index.find("europa").regions.len(), 1);
    }
}
