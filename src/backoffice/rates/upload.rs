//! A list of rates as it is sent: pasted, or as a chosen file.

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::Step;
use crate::web::Problem;
use crate::web::form_data::{Field, boundary, fields};

/// What was pasted, or stood in the chosen file, which counts instead.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TypedList {
    pub list: String,
    pub confirm: String,
    pub seen: String,
    pub step: Step,
    /// The chosen file is no text.
    #[serde(skip)]
    pub is_no_text: bool,
}

impl<S: Send + Sync> FromRequest<S> for TypedList {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let Some(boundary) = kind.and_then(boundary).map(ToOwned::to_owned) else {
            let Form(form) = Form::<Self>::from_request(request, state)
                .await
                .map_err(|refused| refused.into_response())?;
            return Ok(form);
        };
        let body = Bytes::from_request(request, state).await.map_err(|refused| refused.into_response())?;
        let fields = fields(&body, &boundary)
            .map_err(|_| Problem::BadRequest("problem-bad-request-text").into_response())?;
        Ok(read(&fields))
    }
}

fn read(fields: &[Field<'_>]) -> TypedList {
    let mut form = TypedList::default();
    for field in fields.iter().filter(|field| field.file.is_none()) {
        let value = String::from_utf8_lossy(field.content).into_owned();
        match field.name {
            "list" => form.list = value,
            "confirm" => form.confirm = value,
            "seen" => form.seen = value,
            "step" => form.step = Step(value),
            _ => {}
        }
    }
    let is_chosen =
        |field: &&Field<'_>| field.name == "file" && field.file.is_some_and(|name| !name.is_empty());
    if let Some(file) = fields.iter().find(is_chosen) {
        match text(file.content) {
            Some(text) => form.list = text,
            None => form.is_no_text = true,
        }
    }
    form
}

/// A file's text; tables that were saved as a spreadsheet or in UTF-16 are none.
fn text(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file<'a>(name: &'a str, content: &'a [u8]) -> Field<'a> {
        Field { name: "file", file: Some(name), content }
    }

    const PASTED: Field<'_> = Field { name: "list", file: None, content: b"pasted" };

    #[test]
    fn a_chosen_file_counts_instead_of_what_was_pasted() {
        assert_eq!(read(&[PASTED, file("", b"")]).list, "pasted");
        assert_eq!(read(&[PASTED, file("rates.csv", b"of the file")]).list, "of the file");
        assert_eq!(read(&[file("rates.csv", b""), PASTED]).list, "", "an empty file is what was chosen");
    }

    #[test]
    fn what_is_no_text_is_told_and_what_was_pasted_is_kept() {
        for content in [&b"PK\x03\x04\xff"[..], b"2\x000\x00"] {
            let form = read(&[PASTED, file("rates.xlsx", content)]);
            assert!(form.is_no_text && form.list == "pasted");
        }
    }
}
