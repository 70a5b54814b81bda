//! The texts of the pages: one Fluent bundle a language, read once from `locales/`.
//!
//! A key that a language lacks is answered in English, and one that English lacks by the key itself, so that a
//! forgotten text never breaks a page; `tests/surfaces.rs` finds it before that.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

use crate::ground::Language;

#[derive(RustEmbed)]
#[folder = "locales/"]
struct Locales;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<Vec<(Language, Bundle)>> =
    LazyLock::new(|| Language::ALL.into_iter().map(|language| (language, bundle(language))).collect());

/// Everything in `locales/{tag}/`. What Fluent cannot read is left out, and said once.
fn bundle(language: Language) -> Bundle {
    let identifier = LanguageIdentifier::from_bytes(language.tag().as_bytes()).unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![identifier]);
    // The invisible marks would come along when a code or an amount is copied.
    bundle.set_use_isolating(false);
    let folder = format!("{}/", language.tag());
    for file in Locales::iter().filter(|name| name.starts_with(&folder) && name.ends_with(".ftl")) {
        let text = Locales::get(&file).map(|found| String::from_utf8_lossy(&found.data).into_owned());
        let resource =
            FluentResource::try_new(text.unwrap_or_default()).unwrap_or_else(|(readable, errors)| {
                tracing::error!(%file, ?errors, "a file of texts has mistakes");
                readable
            });
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The text of `key` in exactly this language; `None` where it lacks it.
pub fn find(language: Language, key: &str, values: &[(&str, FluentValue<'_>)]) -> Option<String> {
    let (_, bundle) = BUNDLES.iter().find(|(of, _)| *of == language)?;
    let pattern = bundle.get_message(key)?.value()?;
    let arguments: FluentArgs<'_> =
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut mistakes = Vec::new();
    Some(bundle.format_pattern(pattern, Some(&arguments), &mut mistakes).into_owned())
}

/// The text of `key`: in this language, else in the default one, else the key.
pub fn say(language: Language, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
    find(language, key, values)
        .or_else(|| find(Language::default(), key, values))
        .unwrap_or_else(|| key.to_owned())
}

/// What a text's variable may be: a number (whose plural form the language chooses) or words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A count.
    Number(i64),
    /// Words, put in as they are.
    Text(String),
}

impl Value {
    /// As Fluent wants it. Counts over 2⁵³, which no page has, would lose their last digits.
    pub(super) fn fluent(&self) -> FluentValue<'_> {
        match self {
            Self::Number(number) => FluentValue::from(*number),
            Self::Text(text) => FluentValue::from(text.as_str()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

macro_rules! counts {
    ($($count:ty),*) => {$(
        impl From<$count> for Value {
            fn from(count: $count) -> Self {
                Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
            }
        }
        impl From<&$count> for Value {
            fn from(count: &$count) -> Self {
                Self::from(*count)
            }
        }
    )*};
}
counts!(i32, i64, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_back_to_english_and_then_to_the_key() {
        assert_eq!(say(Language::It, "problem-not-found-title", &[]), "Questa pagina non c’è");
        assert_eq!(say(Language::It, "no-such-key", &[]), "no-such-key");
        assert!(find(Language::En, "country-fr", &[]).is_none());
    }

    #[test]
    fn plurals_follow_the_language_and_no_invisible_marks_come_along() {
        let days = |language, count: i64| say(language, "days", &[("count", FluentValue::from(count))]);
        assert_eq!(days(Language::En, 1), "1 day");
        assert_eq!(days(Language::En, 30), "30 days");
        assert_eq!(days(Language::It, 1), "1 giorno");
        assert_eq!(days(Language::It, 30), "30 giorni");
    }
}
