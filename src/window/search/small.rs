//! Small words: what people write around a destination, in both languages.

/// Articles, prepositions, conjunctions, and what is said of any trip or any plan. In order.
const SMALL: [&str; 116] = [
    "a",
    "ad",
    "agli",
    "ai",
    "al",
    "alla",
    "alle",
    "allo",
    "an",
    "and",
    "around",
    "best",
    "buy",
    "card",
    "cards",
    "carta",
    "cheap",
    "cheapest",
    "col",
    "con",
    "da",
    "dai",
    "dal",
    "dalla",
    "dalle",
    "data",
    "dati",
    "degli",
    "dei",
    "del",
    "della",
    "delle",
    "dello",
    "di",
    "e",
    "economica",
    "ed",
    "esim",
    "esims",
    "for",
    "from",
    "gli",
    "holiday",
    "holidays",
    "i",
    "il",
    "in",
    "internet",
    "into",
    "journey",
    "la",
    "le",
    "lo",
    "mia",
    "migliore",
    "migliori",
    "mio",
    "mobile",
    "my",
    "near",
    "negli",
    "nei",
    "nel",
    "nella",
    "nelle",
    "nello",
    "o",
    "of",
    "on",
    "or",
    "our",
    "per",
    "piani",
    "piano",
    "plan",
    "plans",
    "prepagata",
    "prepaid",
    "roaming",
    "scheda",
    "schede",
    "sim",
    "sims",
    "su",
    "sui",
    "sul",
    "sulla",
    "sulle",
    "the",
    "through",
    "to",
    "tour",
    "tra",
    "travel",
    "traveler",
    "traveling",
    "travelling",
    "trip",
    "trips",
    "un",
    "una",
    "uno",
    "vacanza",
    "vacanze",
    "vacation",
    "vacations",
    "verso",
    "via",
    "viaggi",
    "viaggiare",
    "viaggio",
    "visit",
    "visitare",
    "visiting",
    "with",
    "within",
];

pub fn is_small(word: &str) -> bool {
    SMALL.binary_search(&word).is_ok()
}

/// Leaves the small words out where another word remains. Some of them are codes too (`in` is India's, `per` Peru's):
/// those stay as long as nothing else could name a place, as in `in 5gb`.
pub fn leave_out(asked: &mut Vec<String>, is_code: impl Fn(&str) -> bool) {
    let is_number = |word: &str| word.starts_with(char::is_numeric);
    let mut said = false;
    let mut names_a_place = false;
    let mut after_number = false;
    for word in asked.iter() {
        let small = is_small(word);
        said |= !small;
        names_a_place |= !small && !after_number && !is_number(word);
        after_number = is_number(word);
    }
    if said {
        asked.retain(|word| !is_small(word) || (!names_a_place && is_code(word)));
    }
}

/// A name's words without the small ones; all of them where there are no others.
pub fn without(words: Vec<String>) -> Vec<String> {
    let mut words = words;
    leave_out(&mut words, |_| false);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::search::folded_words;

    #[test]
    fn the_list_is_in_order_and_folded() {
        assert!(SMALL.is_sorted_by(|one, other| one < other));
        for word in SMALL {
            assert_eq!(folded_words(word), [word]);
        }
    }

    #[test]
    fn small_words_are_left_out_where_another_remains() {
        let left = |query: &str| {
            let mut words = folded_words(query);
            leave_out(&mut words, |word| ["in", "per", "and", "la", "to"].contains(&word));
            words.join(" ")
        };
        for (query, asked) in [
            ("trip to japan", "japan"),
            ("viaggio in giappone", "giappone"),
            ("spain and portugal", "spain portugal"),
            ("in", "in"),
            ("viaggio a", "viaggio a"),
            ("in 5gb", "in 5 gb"),
            ("per esim 10 gb", "per 10 gb"),
            ("esim per 10 gb france", "10 gb france"),
            ("", ""),
        ] {
            assert_eq!(left(query), asked, "{query}");
        }
    }
}
