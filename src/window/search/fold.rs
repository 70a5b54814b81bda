//! Texts as search compares them.

/// The words of a text in lower case and without accents; letters and digits that touch are two words, so that
/// `5gb` is `5 gb`, and single letters with dots between them are one: `U.S.A.` and `U. S. A.` are `usa`.
pub fn folded_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = None;
    let mut initials = Initials::default();
    for c in text.chars().flat_map(char::to_lowercase) {
        let kind = match c {
            '\'' | '’' | '\u{300}'..='\u{36f}' => continue,
            c if c.is_numeric() => Some(true),
            c if c.is_alphabetic() => Some(false),
            _ => None,
        };
        if kind != previous && previous.is_some() {
            initials.end(&mut words, Some(c));
        }
        if kind.is_some() && kind != previous {
            words.push(String::new());
            initials.begin();
        }
        if let (Some(_), Some(word)) = (kind, words.last_mut()) {
            word.push_str(plain(c).unwrap_or(c.encode_utf8(&mut [0; 4])));
        }
        match kind {
            Some(false) => initials.letters += 1,
            Some(true) => {}
            None => initials.gap |= c.is_whitespace(),
        }
        previous = kind;
    }
    if previous.is_some() {
        initials.end(&mut words, None);
    }
    words
}

/// A run of single letters, each with a dot behind it.
#[derive(Default)]
struct Initials {
    /// Of the word that is being read.
    letters: usize,
    /// Whether it stands behind such a letter, and whether a space lies between.
    behind: bool,
    behind_gap: bool,
    /// The same for the word that begins next.
    dotted: bool,
    gap: bool,
}

impl Initials {
    fn begin(&mut self) {
        let (behind, behind_gap) = (self.dotted, self.gap);
        *self = Self { behind, behind_gap, ..Self::default() };
    }

    /// A word ends before this letter, or with the text. The last letter of a run may lack its dot, but not in a text
    /// that goes on after a space: of `U.S. e Canada` the `e` is a word.
    fn end(&mut self, words: &mut Vec<String>, before: Option<char>) {
        let (single, dot) = (self.letters == 1, before == Some('.'));
        if single && self.behind && (dot || before.is_none() || !self.behind_gap) {
            let last = words.pop().unwrap_or_default();
            if let Some(word) = words.last_mut() {
                word.push_str(&last);
            }
        }
        self.dotted = single && dot;
        self.gap = false;
    }
}

/// A letter without its mark.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | '\u{1ea0}'..='\u{1eb7}' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' | '\u{1eb8}'..='\u{1ec7}' => "e",
        'ğ' | 'ģ' => "g",
        'ì'..='ï' | 'ī' | 'į' | 'ı' | '\u{1ec8}'..='\u{1ecb}' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' | '\u{1ecc}'..='\u{1ee3}' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' | 'ţ' => "t",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ư' | '\u{1ee4}'..='\u{1ef1}' => "u",
        'ý' | 'ÿ' | '\u{1ef2}'..='\u{1ef9}' => "y",
        'ž' | 'ź' | 'ż' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_folded_into_words() {
        assert_eq!(folded_words("Réunion, CÔTE d’Ivoire"), ["reunion", "cote", "divoire"]);
        assert_eq!(folded_words("5GB-30 Days"), ["5", "gb", "30", "days"]);
        assert_eq!(folded_words("İstanbul ß Việt Nam"), ["istanbul", "ss", "viet", "nam"]);
        assert!(folded_words(" -- !").is_empty());
    }

    #[test]
    fn single_letters_with_dots_are_one_word() {
        for (text, words) in [
            ("U.S.A.", "usa"),
            ("U.S.", "us"),
            ("u.k", "uk"),
            ("U. S. A.", "usa"),
            ("U. K", "uk"),
            ("U.A.E. 5GB", "uae 5 gb"),
            ("5 GB U.S.A. 30 days", "5 gb usa 30 days"),
            ("U.S. Virgin Islands", "us virgin islands"),
            ("U.S.Virgin", "us virgin"),
            ("U.S. e Canada", "us e canada"),
            ("U.S.A, U.K.", "usa uk"),
            ("St. Lucia", "st lucia"),
            ("S. Marino", "s marino"),
            ("1.5 GB", "1 5 gb"),
            ("a b", "a b"),
            ("...", ""),
        ] {
            assert_eq!(folded_words(text).join(" "), words, "{text}");
        }
    }
}
