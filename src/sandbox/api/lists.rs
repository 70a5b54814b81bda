//! Lists as they are answered: plain as the documents show them, or in pages where the sandbox was told so; written
//! while they are sent.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{Uri, header};
use axum::response::Response;
use serde_json::Error;

use super::input::Input;
use super::paging::{self, Page};
use super::streamed;
use crate::sandbox::answers::Broken;
use crate::sandbox::settings::Settings;

/// Which list was asked for: its address and its parameters.
pub(super) struct Listing {
    uri: Uri,
    host: String,
    pub input: Input,
}

impl<S: Send + Sync> FromRequestParts<S> for Listing {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state).await?;
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let input = Input::of(&uri, &parts.headers, b"");
        Ok(Self { host: host.unwrap_or("127.0.0.1").to_owned(), input, uri })
    }
}

/// Answers with items, each written by `write`. They are moved in, so that nothing is locked while they are sent.
pub(super) fn answer<T, W>(
    settings: &Settings,
    listing: &Listing,
    items: Vec<T>,
    write: W,
) -> Result<Response, Broken>
where
    T: Send + 'static,
    W: Fn(&mut Vec<u8>, T) -> Result<(), Error> + Send + 'static,
{
    let Some(size) = settings.page_size else {
        let head = r#"{"status":true,"message":"Success","data":["#.to_owned();
        return Ok(streamed::list(head, items.into_iter(), write, "]}".to_owned()));
    };
    let page = Page::asked(&listing.input, settings.page_form, size, items.len());
    let around = page.around(&paging::path(&listing.host, &listing.uri))?;
    let items = items.into_iter().skip(page.skipped()).take(page.size());
    Ok(streamed::list(around.head, items, write, around.tail))
}
