//! Texts from outside, made harmless before anything else sees them.

/// Longest name that is kept.
pub const NAME_LIMIT: usize = 200;

/// A name without control and direction characters, its white space folded, at most 200 characters; `None` where
/// nothing is left to read.
pub fn name(text: &str) -> Option<String> {
    let visible: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| shown(*c)).collect();
    let folded = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let bounded: String = folded.chars().take(NAME_LIMIT).collect();
    let trimmed = bounded.trim_end();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The upstream's word for a kind of package, in lower case with underscores: `DATA-VOICE-SMS` is `data_voice_sms`.
pub fn kind(text: &str) -> Option<String> {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let kind: String = text.trim().chars().take(40).map(word).collect();
    let kind = kind.trim_matches('_');
    (!kind.is_empty()).then(|| kind.to_owned())
}

/// Whether a character stands for itself: neither control, nor direction mark, nor invisible joiner of words.
fn shown(c: char) -> bool {
    let hidden = matches!(c,
        '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !hidden
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
