//! The upstream's envelopes, as PHP prints them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Field errors in Laravel's form: each field with its sentences.
pub(super) type FieldErrors = BTreeMap<&'static str, Vec<String>>;

#[derive(Serialize)]
struct Success<'a, T> {
    status: bool,
    message: &'a str,
    data: &'a T,
}

#[derive(Serialize)]
struct Failure<'a> {
    status: bool,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a FieldErrors>,
}

/// A JSON text as PHP prints it: slashes escaped, everything beyond ASCII as `\u`.
pub(super) fn php_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let plain = serde_json::to_string(value)?;
    let mut text = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            // Only strings hold slashes, and only unescaped ones: serde_json leaves them bare.
            '/' => text.push_str("\\/"),
            c if c.is_ascii() => text.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    Ok(text)
}

/// The text of a successful answer.
pub(super) fn success_text(message: &str, data: &impl Serialize) -> Result<String, serde_json::Error> {
    php_json(&Success { status: true, message, data })
}

/// `{"status":true,"message":"Success","data":…}`.
pub(super) fn success(data: &impl Serialize) -> Response {
    written(StatusCode::OK, success_text("Success", data))
}

/// `{"status":false,"message":…}`.
pub(super) fn failure(status: StatusCode, message: &str) -> Response {
    written(status, php_json(&Failure { status: false, message, errors: None }))
}

/// 422 with the first sentence as the message, as Laravel does it.
pub(super) fn invalid(errors: &FieldErrors) -> Response {
    let first = errors.values().flatten().next().map_or("The given data was invalid.", String::as_str);
    let failure = Failure { status: false, message: first, errors: Some(errors) };
    written(StatusCode::UNPROCESSABLE_ENTITY, php_json(&failure))
}

/// 401, as every protected operation gives it.
pub(super) fn unauthenticated() -> Response {
    failure(StatusCode::UNAUTHORIZED, "Unauthenticated.")
}

/// JSON that does not follow the envelope.
pub(super) fn bare(status: StatusCode, value: &impl Serialize) -> Response {
    written(status, php_json(value))
}

/// A JSON text, ready to send.
pub(super) fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn written(status: StatusCode, text: Result<String, serde_json::Error>) -> Response {
    match text {
        Ok(text) => json(status, text),
        Err(error) => Broken::from(error).into_response(),
    }
}

/// The sandbox itself is broken (its journal cannot be written): 500, and a line in the log.
pub(super) struct Broken(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        tracing::error!(error = format!("{:#}", self.0), "the sandbox could not answer");
        json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Server Error"}"#.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_php_does_and_reads_back() {
        let text = php_json(&["https://a/b", "Curaçao 📶"]).unwrap();
        assert_eq!(text, r#"["https:\/\/a\/b","Cura\u00e7ao \ud83d\udcf6"]"#);
        let read: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, ["https://a/b", "Curaçao 📶"]);
    }
}
