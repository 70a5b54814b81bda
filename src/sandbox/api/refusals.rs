//! What faults answer in place of an operation, or in place of its answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::sandbox::answers::{FieldErrors, bare, failure, invalid};
use crate::sandbox::faults::{Injection, html};
use crate::sandbox::moment;

/// RFC 9110's date: `Sun, 06 Nov 1994 08:49:37 GMT`.
const HTTP_DATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// What a proxy in front of a dead upstream says.
pub(super) fn bad_gateway() -> Response {
    (StatusCode::BAD_GATEWAY, Html(html("502 Bad Gateway"))).into_response()
}

pub(super) fn server_error() -> Response {
    failure(StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
}

/// Any status, in the form that the injection names, or with the body that it brings.
pub(super) fn any_status(injection: &Injection) -> Response {
    let status = StatusCode::from_u16(injection.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let reason = status.canonical_reason().unwrap_or("Error");
    let title = format!("{} {reason}", status.as_u16());
    let form = injection.text("form");
    if let Some(body) = &injection.body {
        return match form {
            "html" => (status, Html(body.clone())).into_response(),
            _ => crate::sandbox::answers::json(status, body.clone()),
        };
    }
    match form {
        "html" => (status, Html(html(&title))).into_response(),
        "bare" => bare(status, &json!({ "message": reason })),
        "empty" => status.into_response(),
        _ => failure(status, reason),
    }
}

/// The whole API is somewhere else: 404, never in the API's envelope.
pub(super) fn moved(injection: &Injection) -> Response {
    match injection.text("form") {
        "bare" | "envelope" => bare(StatusCode::NOT_FOUND, &json!({ "message": "Not Found" })),
        "empty" => StatusCode::NOT_FOUND.into_response(),
        _ => (StatusCode::NOT_FOUND, Html(html("404 Not Found"))).into_response(),
    }
}

/// Laravel's own limiter answers without the API's envelope.
pub(super) fn too_many_requests(retry_after: &str) -> Response {
    let mut answer = bare(StatusCode::TOO_MANY_REQUESTS, &json!({ "message": "Too Many Attempts." }));
    let written = match (retry_after, retry_after.strip_prefix("date")) {
        ("none", _) => None,
        (_, Some(ahead)) => http_date(ahead.trim_start_matches('+').parse().unwrap_or(0)),
        _ => Some(retry_after.to_owned()),
    };
    if let Some(value) = written.and_then(|written| HeaderValue::from_str(&written).ok()) {
        answer.headers_mut().insert(header::RETRY_AFTER, value);
    }
    answer
}

fn http_date(ahead: i64) -> Option<String> {
    let at = moment::now().checked_add(time::Duration::seconds(ahead))?;
    at.format(HTTP_DATE).ok()
}

pub(super) fn login_refused(status: u16) -> Response {
    match status {
        403 => account_disabled(),
        422 => {
            let sentence = "These credentials do not match our records.".to_owned();
            invalid(&FieldErrors::from([("email", vec![sentence])]))
        }
        _ => {
            failure(StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED), "Invalid login details")
        }
    }
}

pub(super) fn account_disabled() -> Response {
    failure(StatusCode::FORBIDDEN, "Your account is disabled.")
}

pub(super) fn email_unverified() -> Response {
    failure(StatusCode::FORBIDDEN, "Your email address is not verified.")
}

/// Another request under the same key is said to run.
pub(super) fn key_in_use(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
    failure(status, "A request with this Idempotency-Key is still being processed.")
}

pub(super) fn insufficient_balance() -> Response {
    failure(StatusCode::UNPROCESSABLE_ENTITY, "Insufficient balance")
}

pub(super) fn package_gone() -> Response {
    let sentence = "The selected package is not available.".to_owned();
    invalid(&FieldErrors::from([("package_id", vec![sentence])]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_written_in_every_spelling() {
        let written = |text: &str| {
            let answer = too_many_requests(text);
            answer.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned())
        };
        for verbatim in ["7", "-5", "abc", "1e12", "315360000"] {
            assert_eq!(written(verbatim).as_deref(), Some(verbatim));
        }
        assert_eq!(written("none"), None);
        let date = written("date+7").unwrap();
        assert!(date.ends_with(" GMT") && date.len() == "Sun, 06 Nov 1994 08:49:37 GMT".len(), "{date}");
    }
}
