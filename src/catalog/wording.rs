//! Texts from outside, made harmless before anything else sees them.

use std::borrow::Cow;

/// Longest name that is kept.
pub const NAME_LIMIT: usize = 200;

/// Marks that a letter may carry; more of them are drawn over the lines above and below.
const MARKS_LIMIT: usize = 2;

/// A name without control, direction and invisible characters, its white space folded, at most two marks on a letter, at
/// most 200 characters; `None` where no letter or digit is left to read.
pub fn name(text: &str) -> Option<String> {
    let visible: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| shown(*c)).collect();
    let folded = visible.split(' ').map(word).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let bounded: String = folded.chars().take(NAME_LIMIT).collect();
    let trimmed = bounded.trim_end();
    trimmed.contains(char::is_alphanumeric).then(|| trimmed.to_owned())
}

/// A word without marks that stand on nothing or on too many others, and without joiners that join nothing.
fn word(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut kept = String::with_capacity(word.len());
    let mut marks = 0;
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        let before = kept.chars().next_back();
        let keeps = match c {
            '\u{200c}' | '\u{200d}' => {
                before.is_some_and(|c| c.is_alphabetic() || is_mark(c))
                    && letters.peek().is_some_and(|next| next.is_alphabetic())
            }
            mark if is_mark(mark) => {
                marks += 1;
                before.is_some() && marks <= MARKS_LIMIT
            }
            _ => {
                marks = 0;
                true
            }
        };
        if keeps {
            kept.push(c);
        }
    }
    Cow::Owned(kept)
}

/// The upstream's word for a kind of package, in lower case with underscores: `DATA-VOICE-SMS` is `data_voice_sms`.
pub fn kind(text: &str) -> Option<String> {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let kind: String = text.trim().chars().take(40).map(word).collect();
    let kind = kind.trim_matches('_');
    (!kind.is_empty()).then(|| kind.to_owned())
}

/// Whether a character stands for itself: neither control, nor direction mark, nor drawn as nothing.
fn shown(c: char) -> bool {
    let hidden = matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}'
        | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{2800}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !hidden
}

/// Whether a character is drawn on the one before it: the marks of Unicode that any letter can be given, and those of the
/// scripts whose marks stack.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05bd}' | '\u{05bf}'
        | '\u{05c1}'..='\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}'
        | '\u{06d6}'..='\u{06ed}' | '\u{0900}'..='\u{0903}' | '\u{093a}'..='\u{093c}' | '\u{093e}'..='\u{094f}'
        | '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}' | '\u{0eb1}' | '\u{0eb4}'..='\u{0ebc}'
        | '\u{0ec8}'..='\u{0ece}' | '\u{0f18}'..='\u{0f19}' | '\u{0f71}'..='\u{0f84}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{302a}'..='\u{302f}' | '\u{3099}'..='\u{309a}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_mislead() {
        let table = [
            (" France\u{0} 5 GB\n-  30 Days ", Some("France 5 GB - 30 Days")),
            ("\u{202e}evil\u{2066}\u{200f}", Some("evil")),
            ("<script>alert(1)</script>", Some("<script>alert(1)</script>")),
            ("日本 5 GB", Some("日本 5 GB")),
            ("\u{200b}\u{feff} ", None),
            ("Fra\u{ad}nce\u{34f}\u{180e}\u{3164}\u{2800} 5", Some("France 5")),
            ("\u{3164}\u{2800}", None),
            ("- / - \u{1f1eb}", None),
            ("Z\u{300}\u{301}\u{302}\u{303}a\u{300}lgo", Some("Z\u{300}\u{301}a\u{300}lgo")),
            ("\u{301}\u{301} \u{301}France", Some("France")),
            ("Vie\u{302}\u{323}t Nam", Some("Vie\u{302}\u{323}t Nam")),
            ("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}", Some("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}")),
            ("\u{200d}France\u{200d} \u{200c}5\u{200d}\u{200d}GB", Some("France 5GB")),
            ("\u{915}\u{94d}\u{200d}\u{937}", Some("\u{915}\u{94d}\u{200d}\u{937}")),
            ("", None),
        ];
        for (given, kept) in table {
            assert_eq!(name(given).as_deref(), kept, "{given:?}");
        }
        assert_eq!(name(&"é".repeat(5_000)).unwrap().chars().count(), 200);
    }

    #[test]
    fn kinds_are_one_word() {
        assert_eq!(kind("DATA-VOICE-SMS").as_deref(), Some("data_voice_sms"));
        assert_eq!(kind(" DATA ").as_deref(), Some("data"));
        assert_eq!(kind("../"), None);
    }
}
