//! Texts as search compares them.

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
}
