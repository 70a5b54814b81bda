//! Who asks, and how to speak to them.

use axum::extract::FromRequestParts;
use axum::http::{header, request::Parts};

use crate::ground::{Language, Price};

/// One request's visitor: in every page struct as `visit`, so that templates can speak and link.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The language of the page.
    pub language: Language,
    /// The path without a language prefix: what `hreflang` and the language switch are made from.
    pub path: String,
    /// Asked for JSON rather than a page.
    pub wants_json: bool,
}

impl Visit {
    /// The text of a key in the visitor's language.
    pub fn t(&self, key: &str) -> String {
        key.to_owned()
    }

    /// The text of a key with one variable.
    pub fn t1(&self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        format!("{key} {name} {value}")
    }

    /// A public path with the visitor's language before it.
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", self.language.prefix())
    }

    /// An amount with its sign, as the visitor's language writes it.
    pub fn money(&self, price: &Price) -> String {
        format!("{price} {}", price.currency)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Ok(Self {
            language: parts.extensions.get::<Language>().copied().unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            wants_json: accept.contains("json") && !accept.contains("text/html"),
        })
    }
}
