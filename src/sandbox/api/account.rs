//! Root, ping, signing in and out, and the reseller's own profile.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, Response};
use serde::Serialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::gate::TokenId;
use super::input::Input;
use crate::ground::EmailAddress;
use crate::sandbox::amounts::Number;
use crate::sandbox::answers::{Broken, FieldErrors, bare, failure, invalid, success};
use crate::sandbox::desk::Desk;
use crate::sandbox::tokens;
use crate::sandbox::webhooks::RESELLER_ID;

pub(super) async fn root() -> Response {
    let data = json!({ "api": "reseller", "version": "1" });
    bare(StatusCode::OK, &json!({ "status": true, "message": "OK", "data": data }))
}

/// Where whoever forgot `Accept: application/json` ends up: a page that no client can use.
pub(super) async fn login_page() -> Html<&'static str> {
    Html(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Log in</title></head>\n\
         <body><h1>Log in</h1><p>This is a page for people. A client gets here when it has no valid token and \
         does not send <code>Accept: application/json</code>.</p></body>\n</html>\n",
    )
}

pub(super) async fn ping() -> Response {
    bare(StatusCode::OK, &json!({ "status": true, "message": "pong" }))
}

#[derive(Serialize)]
struct User<'a> {
    id: u64,
    name: &'static str,
    email: &'a str,
    balance: Number,
    currency: String,
    brand_name: Option<&'static str>,
    domain: Option<&'static str>,
}

impl<'a> User<'a> {
    fn of(desk: &'a Desk) -> Self {
        let book = desk.book();
        Self {
            id: RESELLER_ID,
            name: "Sandbox Reseller",
            email: &desk.settings.email,
            balance: Number(book.world().balance),
            currency: book.world().currency.clone(),
            brand_name: Some("Sandbox"),
            domain: None,
        }
    }
}

#[derive(Serialize)]
struct LoggedIn<'a> {
    status: bool,
    access_token: String,
    token_type: &'static str,
    user: User<'a>,
}

/// What a login says, checked as Laravel's validator does.
fn mistakes(sent: &Input) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let mut wrong = |field: &'static str, sentence: &str| {
        errors.entry(field).or_default().push(sentence.to_owned());
    };
    match sent.get("email") {
        None => wrong("email", "The email field is required."),
        Some(email) if email.as_str().and_then(EmailAddress::parse).is_none() => {
            wrong("email", "The email field must be a valid email address.");
        }
        Some(_) => {}
    }
    match sent.get("password") {
        None => wrong("password", "The password field is required."),
        Some(password) if !password.is_string() => wrong("password", "The password field must be a string."),
        Some(_) => {}
    }
    match sent.get("device_name").map(Value::as_str) {
        Some(None) => wrong("device_name", "The device name field must be a string."),
        Some(Some(name)) if name.chars().count() > 255 => {
            wrong("device_name", "The device name field must not be greater than 255 characters.");
        }
        _ => {}
    }
    errors
}

pub(super) async fn login(State(desk): State<Arc<Desk>>, sent: Input) -> Result<Response, Broken> {
    let errors = mistakes(&sent);
    if !errors.is_empty() {
        return Ok(invalid(&errors));
    }
    let text = |field: &str| sent.text(field);
    let same = |field: &str, known: &str| {
        bool::from(text(field).unwrap_or_default().as_bytes().ct_eq(known.as_bytes()))
    };
    if !(same("email", &desk.settings.email) & same("password", &desk.settings.password)) {
        return Ok(failure(StatusCode::UNAUTHORIZED, "Invalid login details"));
    }
    let access_token = tokens::make(&desk, text("device_name").map(str::to_owned))?;
    let user = User::of(&desk);
    let logged_in = LoggedIn { status: true, access_token, token_type: "Bearer", user };
    Ok(bare(StatusCode::OK, &logged_in))
}

pub(super) async fn logout(
    State(desk): State<Arc<Desk>>,
    Extension(TokenId(id)): Extension<TokenId>,
) -> Result<Response, Broken> {
    tokens::revoke(&desk, id)?;
    Ok(success(&Value::Null))
}

#[derive(Serialize)]
struct Me<'a> {
    id: u64,
    name: &'static str,
    email: &'a str,
    balance: Number,
    currency: String,
    brand_name: Option<&'static str>,
    domain: Option<&'static str>,
    status: u8,
    email_verified_at: &'static str,
}

pub(super) async fn me(State(desk): State<Arc<Desk>>) -> Response {
    let User { id, name, email, balance, currency, brand_name, domain } = User::of(&desk);
    let email_verified_at = "2026-01-01T00:00:00.000000Z";
    success(&Me { id, name, email, balance, currency, brand_name, domain, status: 1, email_verified_at })
}
