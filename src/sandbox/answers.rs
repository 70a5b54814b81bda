//! The upstream's envelopes, as PHP prints them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::ser::Formatter;

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

/// Prints JSON as PHP does: slashes escaped, everything beyond ASCII as `\u`.
struct Php;

impl Formatter for Php {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            if c != '/' && c.is_ascii() {
                continue;
            }
            writer.write_all(&text.as_bytes()[plain..at])?;
            plain = at + c.len_utf8();
            match c {
                '/' => writer.write_all(b"\\/")?,
                c => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        writer.write_all(&text.as_bytes()[plain..])
    }
}

/// Appends a value's JSON text, as PHP prints it.
pub(super) fn write_php_json(text: &mut Vec<u8>, value: &impl Serialize) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(text, Php))
}

/// A JSON text as PHP prints it.
pub(super) fn php_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    write_php_json(&mut text, value)?;
    String::from_utf8(text).map_err(<serde_json::Error as serde::ser::Error>::custom)
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

/// 422 with the first sentence and the number of the others as the message, as Laravel does it.
pub(super) fn invalid(errors: &FieldErrors) -> Response {
    let mut sentences = errors.values().flatten();
    let first = sentences.next().map_or("The given data was invalid.", String::as_str);
    let message = match sentences.count() {
        0 => first.to_owned(),
        1 => format!("{first} (and 1 more error)"),
        more => format!("{first} (and {more} more errors)"),
    };
    let failure = Failure { status: false, message: &message, errors: Some(errors) };
    written(StatusCode::UNPROCESSABLE_ENTITY, php_json(&failure))
}

/// 401, as every protected operation gives it.
pub(super) fn unauthenticated() -> Response {
    failure(StatusCode::UNAUTHORIZED, "Unauthenticated.")
}

/// Where Laravel sends a browser that is not signed in: to a page for people.
pub(super) fn to_the_login_page() -> Response {
    (StatusCode::FOUND, [(header::LOCATION, "/login")]).into_response()
}

/// Whether a caller asks for a page before anything else, as browsers do. Laravel itself sends everybody to its login
/// page who does not ask for JSON first; here whoever takes anything gets the 401 that the description promises, and
/// the fault `login_redirect` rehearses the other.
pub(super) fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accept.split([',', ';']).next().unwrap_or_default().trim();
    first.eq_ignore_ascii_case("text/html") || first.eq_ignore_ascii_case("application/xhtml+xml")
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
    fn only_who_asks_for_a_page_first_is_led_to_one() {
        let wants =
            |accept: &str| wants_a_page(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]));
        assert!(wants("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(wants("Text/HTML, application/json"));
        for accept in ["application/json", "application/vnd.api+json, text/html", "*/*", "", "text/plain"] {
            assert!(!wants(accept), "{accept}");
        }
        assert!(!wants_a_page(&HeaderMap::new()));
    }

    #[test]
    fn text_is_escaped_as_php_does_and_reads_back() {
        let text = php_json(&["https://a/b", "Curaçao 📶"]).unwrap();
        assert_eq!(text, r#"["https:\/\/a\/b","Cura\u00e7ao \ud83d\udcf6"]"#);
        let read: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, ["https://a/b", "Curaçao 📶"]);
    }
}
