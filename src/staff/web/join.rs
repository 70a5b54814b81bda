//! Joining by the link of an invitation: choosing a password.

use std::time::Duration;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::means;
use crate::ground::token::Token;
use crate::shop::Shop;
use crate::staff::accounts::AccountRefusal;
use crate::staff::invitations;
use crate::staff::password::Busy;
use crate::web::{Cache, Problem, page};

#[derive(Template)]
#[template(path = "staff/join.html")]
struct JoinPage {
    /// `None`: the link is over.
    email: Option<String>,
    token: String,
    error: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct JoinForm {
    #[serde(default)]
    password: String,
}

/// Looking at the link changes nothing: mail programs look at links by themselves.
pub(super) async fn show(State(shop): State<Shop>, Path(token): Path<String>) -> Result<Response, Problem> {
    draw(&shop, &token, StatusCode::OK, None).await
}

async fn draw(
    shop: &Shop,
    token: &str,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, Problem> {
    let email = match Token::parse(token) {
        Some(token) => invitations::invited(&means(shop), &token).await?,
        None => None,
    };
    let status = if email.is_none() { StatusCode::NOT_FOUND } else { status };
    page(status, Cache::Private, &JoinPage { email, token: token.to_owned(), error })
}

pub(super) async fn enter(
    State(shop): State<Shop>,
    Path(token): Path<String>,
    Form(form): Form<JoinForm>,
) -> Result<Response, Problem> {
    let Some(link) = Token::parse(&token) else {
        return draw(&shop, &token, StatusCode::NOT_FOUND, None).await;
    };
    match invitations::take_up(&means(&shop), &link, &form.password).await {
        Ok(()) => Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/login")).into_response()),
        Err(AccountRefusal::Password(refusal)) => {
            draw(&shop, &token, StatusCode::UNPROCESSABLE_ENTITY, Some(refusal.to_string())).await
        }
        Err(AccountRefusal::Fault(fault)) if fault.is::<Busy>() => {
            Err(Problem::Unavailable(Duration::from_secs(5)))
        }
        Err(AccountRefusal::Fault(fault)) => Err(Problem::Fault(fault)),
        Err(AccountRefusal::Taken | AccountRefusal::Unknown | AccountRefusal::NoFactor) => {
            draw(&shop, &token, StatusCode::NOT_FOUND, None).await
        }
    }
}
