//! What a visitor sees when something is wrong: never internals, always the shop's look.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a request has no ordinary answer.
#[derive(Debug)]
pub enum Problem {
    /// Nothing is here, or nothing that this visitor may see.
    NotFound,
    /// It was here once.
    Gone,
    /// The request makes no sense; the sentence's key says why.
    BadRequest(&'static str),
    /// Not allowed.
    Forbidden,
    /// Too often.
    TooMany(Duration),
    /// Not now.
    Unavailable(Duration),
    /// Our fault: logged once with an incident number, which is all that the visitor sees.
    Fault(anyhow::Error),
}

impl From<anyhow::Error> for Problem {
    fn from(fault: anyhow::Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(fault: sqlx::Error) -> Self {
        Self::Fault(fault.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
