//! How a page is sent.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Problem;

/// Who may keep a copy of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Anyone, but it must be asked about each time: holds nothing of a visitor.
    Public,
    /// Nobody: it holds something of one visitor.
    Private,
}

/// Renders a template as a page.
///
/// # Errors
/// [`Problem::Fault`] where the template cannot be rendered.
pub fn page(status: StatusCode, cache: Cache, template: &impl askama::Template) -> Result<Response, Problem> {
    let body = template.render().map_err(|error| Problem::Fault(error.into()))?;
    let cached = match cache {
        Cache::Public => "public, max-age=0, must-revalidate",
        Cache::Private => "no-store",
    };
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, cached)];
    Ok((status, headers, body).into_response())
}
