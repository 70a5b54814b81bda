//! Tokens: `/_sandbox/tokens`, `/_sandbox/tokens/{id}`. Their secrets are known to nobody but who logged in.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use time::OffsetDateTime;

use super::{Numbered, answer, no_such_thing};
use crate::sandbox::answers::Broken;
use crate::sandbox::desk::Desk;
use crate::sandbox::moment::now;
use crate::sandbox::tokens::{self, Standing};
use crate::sandbox::world::TokenRow;

#[derive(Serialize)]
struct TokenView<'a> {
    id: u64,
    device_name: Option<&'a str>,
    #[serde(with = "time::serde::rfc3339::option")]
    made_at: Option<OffsetDateTime>,
    standing: &'static str,
}

impl<'a> TokenView<'a> {
    fn of(desk: &Desk, token: &'a TokenRow) -> Self {
        let standing = word(tokens::standing(token, desk.settings.token_lifetime, now()));
        let device_name = token.device_name.as_deref();
        Self { id: token.id, device_name, made_at: token.made_at, standing }
    }
}

/// The word for it.
pub(super) fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "valid",
        Standing::Expired => "expired",
        Standing::Revoked => "revoked",
    }
}

pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    answer(
        StatusCode::OK,
        &book.world().tokens.values().map(|token| TokenView::of(&desk, token)).collect::<Vec<_>>(),
    )
}

pub(super) async fn revoke(
    State(desk): State<Arc<Desk>>,
    Numbered(id): Numbered,
) -> Result<Response, Broken> {
    if !desk.book().world().tokens.contains_key(&id) {
        return Ok(no_such_thing());
    }
    tokens::revoke(&desk, id)?;
    let book = desk.book();
    Ok(match book.world().tokens.get(&id) {
        Some(token) => answer(StatusCode::OK, &TokenView::of(&desk, token)),
        None => no_such_thing(),
    })
}
