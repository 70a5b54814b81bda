//! What a request says, read as Laravel reads it: a JSON or a form body over the address's own parameters, texts
//! trimmed, empty ones as good as absent.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde_json::Value;

use crate::sandbox::answers::failure;

/// The fields of a request.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Input(BTreeMap<String, Value>);

/// Fields whose blanks belong to them.
const UNTRIMMED: &str = "password";

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        match Bytes::from_request(request, state).await {
            Ok(body) => Ok(Self::of(&uri, &headers, &body)),
            Err(refused) => Err(failure(refused.status(), "The POST data is too large.")),
        }
    }
}

impl Input {
    /// Reads a request. A body that is no JSON, or of another type than it says, holds nothing.
    pub(in crate::sandbox) fn of(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut fields = pairs(uri.query().unwrap_or_default().as_bytes());
        let kind =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if kind.contains("/json") || kind.contains("+json") {
            if let Ok(Value::Object(sent)) = serde_json::from_slice(body) {
                fields.extend(sent);
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            fields.extend(pairs(body));
        }
        Self(fields.into_iter().map(|(name, value)| cleaned(name, value)).collect())
    }

    /// A field; `None` where it is absent, null or empty.
    pub(in crate::sandbox) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A field that is a text.
    pub(in crate::sandbox) fn text(&self, field: &str) -> Option<&str> {
        self.get(field).and_then(Value::as_str)
    }

    /// A field that PHP's `FILTER_VALIDATE_INT` takes for a whole number: `1120`, `"1120"`, `1120.0`, `true`.
    pub(in crate::sandbox) fn integer(&self, field: &str) -> Option<i64> {
        match self.get(field)? {
            Value::Bool(true) => Some(1),
            Value::String(text) => whole(text),
            Value::Number(number) => {
                let text = number.to_string();
                whole(text.strip_suffix(".0").unwrap_or(&text))
            }
            _ => None,
        }
    }

    /// A filter of a list: anything but a text filters nothing.
    pub(in crate::sandbox) fn filter(&self, field: &str) -> &str {
        self.text(field).unwrap_or_default()
    }
}

/// Digits with a sign, without leading zeros.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// Pairs as PHP reads them: the last of a name counts; `name[]` and `name[key]` make a list.
fn pairs(text: &[u8]) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        match name.split_once('[') {
            Some((name, _)) => {
                match fields.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(list) => list.push(Value::String(value.into_owned())),
                    other => *other = Value::Array(vec![Value::String(value.into_owned())]),
                }
            }
            None => drop(fields.insert(name.into_owned(), Value::String(value.into_owned()))),
        }
    }
    fields
}

/// Laravel's `TrimStrings` and `ConvertEmptyStringsToNull`, which every request goes through.
fn cleaned(name: String, value: Value) -> (String, Value) {
    let value = match value {
        Value::String(text) if name == UNTRIMMED => Value::String(text),
        Value::String(text) => Value::String(text.trim().to_owned()),
        other => other,
    };
    let empty = value.as_str().is_some_and(str::is_empty);
    (name, if empty { Value::Null } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &'static str, query: &'static str, body: &str) -> Input {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        Input::of(&query.parse().unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn a_whole_number_is_what_php_takes_for_one() {
        let cases = [
            ("1120", Some(1120)),
            ("\"1120\"", Some(1120)),
            ("\" 1120 \"", Some(1120)),
            ("\"+7\"", Some(7)),
            ("-3", Some(-3)),
            ("1120.0", Some(1120)),
            ("true", Some(1)),
            ("0", Some(0)),
            ("false", None),
            ("1120.5", None),
            ("\"007\"", None),
            ("\"1e3\"", None),
            ("\"+-7\"", None),
            ("99999999999999999999999999", None),
            ("[1120]", None),
            ("{}", None),
            ("null", None),
            ("\"\"", None),
        ];
        for (sent, expected) in cases {
            let input = read("application/json", "/", &format!("{{\"package_id\": {sent}}}"));
            assert_eq!(input.integer("package_id"), expected, "{sent}");
        }
    }

    #[test]
    fn forms_and_the_address_are_read_too_and_the_body_wins() {
        let input = read("application/x-www-form-urlencoded", "/?a=1&b=2", "b=+3+&c[]=4&d=&password=+x+");
        assert_eq!((input.text("a"), input.text("b")), (Some("1"), Some("3")));
        assert!(input.get("c").is_some_and(Value::is_array));
        assert!(input.get("d").is_none());
        assert_eq!(input.text("password"), Some(" x "));
    }

    #[test]
    fn what_is_not_what_it_says_holds_nothing() {
        assert!(read("application/json", "/", "{\"a\": ").get("a").is_none());
        assert!(read("application/json", "/", "[1]").get("0").is_none());
        assert!(read("text/plain", "/", "{\"a\": 1}").get("a").is_none());
        assert!(read("application/vnd.api+json; charset=utf-8", "/", "{\"a\": 1}").get("a").is_some());
    }
}
