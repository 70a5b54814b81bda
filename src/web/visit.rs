//! Who asks, and how to speak to them.

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};

use super::words::Value;
use super::{address::PublicUrl, amounts, assets, words};
use crate::ground::{Language, Price};

/// One request's visitor: in every page struct as `visit`, so that templates can speak and link.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The language of the page.
    pub language: Language,
    /// The path without a language prefix: what `hreflang` and the language switch are made from.
    pub path: String,
    /// What of the address's query the page means (`?sort=gb`), or nothing: the language switch keeps it, canonical
    /// addresses do not.
    pub query: String,
    /// Asked for JSON rather than a page.
    pub wants_json: bool,
    /// The shop's own address, for links that must be whole; empty where nobody told it.
    pub public_url: PublicUrl,
}

impl Visit {
    /// A visit without a request: for mails, jobs and tests. Its whole links start at the path.
    pub fn to(language: Language, path: &str) -> Self {
        Self {
            language,
            path: path.to_owned(),
            query: String::new(),
            wants_json: false,
            public_url: PublicUrl::default(),
        }
    }

    /// The same visit at a path as it ought to be spelled: addresses that were typed otherwise lead to one page.
    #[must_use]
    pub fn at(self, path: String) -> Self {
        Self { path, ..self }
    }

    /// The same visit with the part of its query that the page understood.
    #[must_use]
    pub fn asking(self, query: String) -> Self {
        Self { query, ..self }
    }

    /// The text of a key in the visitor's language.
    pub fn t(&self, key: &str) -> String {
        words::say(self.language, key, &[])
    }

    /// The text of a key with one variable: a count chooses its plural form, anything else stands as it is.
    pub fn t1(&self, key: &str, name: &str, value: impl Into<Value>) -> String {
        self.tn(key, &[(name, value.into())])
    }

    /// The text of a key with several variables.
    pub fn tn(&self, key: &str, values: &[(&str, Value)]) -> String {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.fluent())).collect();
        words::say(self.language, key, &values)
    }

    /// A public path with the visitor's language before it.
    pub fn href(&self, path: &str) -> String {
        self.href_in(self.language, path)
    }

    /// A public path in another language.
    pub fn href_in(&self, language: Language, path: &str) -> String {
        match path {
            "/" if language != Language::default() => language.prefix().to_owned(),
            _ => format!("{}{path}", language.prefix()),
        }
    }

    /// A public path as a whole address.
    pub fn whole(&self, language: Language, path: &str) -> String {
        format!("{}{}", self.public_url.as_str(), self.href_in(language, path))
    }

    /// Where a file of `static/` is, named with its content's hash.
    pub fn asset(&self, path: &str) -> String {
        assets::url(path)
    }

    /// The same as a whole address, for those who read the page elsewhere.
    pub fn whole_asset(&self, path: &str) -> String {
        format!("{}{}", self.public_url.as_str(), self.asset(path))
    }

    /// An amount with its sign, as the visitor's language writes it.
    pub fn money(&self, price: &Price) -> String {
        amounts::money(self.language, price)
    }

    /// A count, as the visitor's language writes it.
    pub fn number(&self, number: impl std::fmt::Display) -> String {
        amounts::decimal(self.language, &number.to_string())
    }

    /// This page in every language of the shop, the default one first: for the switch and the alternates.
    pub fn editions(&self) -> Vec<Edition> {
        let edition = |language: Language| Edition {
            tag: language.tag(),
            own_name: language.own_name(),
            href: format!("{}{}", self.href_in(language, &self.path), self.query),
            whole: self.whole(language, &self.path),
            current: language == self.language,
        };
        Language::ALL.into_iter().map(edition).collect()
    }
}

/// One page in one language.
#[derive(Clone, Debug)]
pub struct Edition {
    /// For `lang` and `hreflang`.
    pub tag: &'static str,
    /// What the language calls itself.
    pub own_name: &'static str,
    /// Where it is.
    pub href: String,
    /// The same as a whole address.
    pub whole: String,
    /// Whether it is the one that is read now.
    pub current: bool,
}

/// Whether these headers ask for JSON rather than for a page.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("text/html")
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            language: parts.extensions.get::<Language>().copied().unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            query: String::new(),
            wants_json: wants_json(&parts.headers),
            public_url: parts.extensions.get::<PublicUrl>().cloned().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_carry_the_language_and_the_default_one_has_no_prefix() {
        let english = Visit::to(Language::En, "/");
        let italian = Visit::to(Language::It, "/");
        assert_eq!(english.href("/destinations"), "/destinations");
        assert_eq!(italian.href("/destinations"), "/it/destinations");
        assert_eq!((english.href("/"), italian.href("/")), ("/".to_owned(), "/it".to_owned()));
    }

    #[test]
    fn the_switch_keeps_what_the_page_was_asked_and_the_canonical_address_does_not() {
        let visit = Visit::to(Language::En, "/destinations/france").asking("?data=5&sort=gb".to_owned());
        let italian = visit.editions().into_iter().find(|edition| edition.tag == "it").unwrap();
        assert_eq!(italian.href, "/it/destinations/france?data=5&sort=gb");
        assert_eq!(italian.whole, "/it/destinations/france");
    }

    #[test]
    fn json_is_for_who_asks_for_json_and_not_for_a_page() {
        let asks = |accept: &'static str| {
            wants_json(&HeaderMap::from_iter([(header::ACCEPT, header::HeaderValue::from_static(accept))]))
        };
        assert!(asks("application/json") && asks("application/problem+json"));
        assert!(
            !asks("text/html,application/xhtml+xml") && !asks("*/*") && !asks("text/html, application/json")
        );
    }
}
