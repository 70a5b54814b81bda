//! What places are called in each language.

use fluent_bundle::FluentValue;

use crate::ground::Language;
use crate::web::words;

/// A name in every language of the shop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names([String; Language::ALL.len()]);

impl Names {
    /// A country's names: ours where a language has one for its code, else the upstream's (English).
    pub fn of_country(code: &str, upstream: &str) -> Self {
        Self::keyed(&format!("country-{code}"), upstream)
    }

    /// A region's names, in the same way by its slug.
    pub fn of_region(slug: &str, upstream: &str) -> Self {
        Self::keyed(&format!("region-{slug}"), upstream)
    }

    fn keyed(key: &str, upstream: &str) -> Self {
        let none: [(&str, FluentValue<'_>); 0] = [];
        Self(
            Language::ALL
                .map(|language| words::find(language, key, &none).unwrap_or_else(|| upstream.to_owned())),
        )
    }

    /// The name in this language.
    pub fn of(&self, language: Language) -> &str {
        let place = Language::ALL.iter().position(|one| *one == language).unwrap_or(0);
        self.0.get(place).map_or("", String::as_str)
    }

    /// The names in all languages.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
