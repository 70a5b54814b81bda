//! Signing in and out, joining by a link, and [`authenticate`]: the proof that a request comes from somebody who did.

mod join;
mod login;

pub use login::issuer;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{RequestPartsExt as _, Router};

use super::Means;
use super::session::{Cookie, Staff, local_path};
use super::store::sessions;
use super::throttle::Throttle;
use crate::ground::token::Token;
use crate::shop::Shop;
use crate::web::{Cache, Problem, page};

const HOME: &str = "/admin";

/// The addresses of the room, the only ones of the back office that open without a session. The count of wrong
/// passwords lives as long as the router.
pub fn routes() -> Router<Shop> {
    Router::new()
        .route("/admin/login", get(login::show).post(login::enter))
        .route("/admin/logout", post(login::leave))
        .route("/admin/join/{token}", get(join::show).post(join::enter))
        .layer(Extension(Arc::new(Throttle::default())))
}

/// What the verbs use of a shop.
pub fn means(shop: &Shop) -> Means<'_> {
    Means {
        db: &shop.db,
        key: &shop.settings.sealing_key,
        entropy: &shop.entropy,
        limited: shop.settings.rate_limits,
        now: shop.now(),
    }
}

/// Handed to handlers by the gate of the back office, which has asked who it is and whether the role may do that. An
/// address that is behind no gate gets nobody.
impl FromRequestParts<Shop> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shop) -> Result<Self, Problem> {
        let nobody =
            || Problem::Fault(anyhow::anyhow!("an address of the back office stands behind no gate"));
        parts.extensions.get::<Self>().cloned().ok_or_else(nobody)
    }
}

/// Who asks, by the session's cookie.
///
/// # Errors
/// The answer to give instead: the way to sign in, or a fault.
pub async fn authenticate(parts: &mut Parts, shop: &Shop) -> Result<Staff, Response> {
    match open_session(&parts.headers, shop).await {
        Ok(Some(staff)) => Ok(staff),
        Ok(None) => Err(ask_to_sign_in(parts).await),
        Err(fault) => Err(Problem::from(fault).into_response()),
    }
}

async fn open_session(headers: &HeaderMap, shop: &Shop) -> sqlx::Result<Option<Staff>> {
    let Some(token) = token(headers, shop, Cookie::Session) else { return Ok(None) };
    let session = token.hash();
    let now = shop.now();
    let Some(open) = sessions::session(&shop.db, &session).await?.filter(|open| open.times.alive(now)) else {
        return Ok(None);
    };
    // Begun before the factor was required: the next sign-in sets one up.
    if shop.settings.require_second_factor && !open.has_factor {
        return Ok(None);
    }
    if open.times.worth_noting(now) {
        sessions::note_use(&shop.db, &session, now).await?;
    }
    Ok(Some(Staff {
        id: open.admin_id,
        email: open.email,
        role: open.role,
        has_factor: open.has_factor,
        confirmed_at: open.confirmed_at,
        session,
    }))
}

/// A page that was asked for comes after the sign-in; a form that was posted is not repeated behind anyone's back, so
/// its answer is 401 with the way in.
async fn ask_to_sign_in(parts: &mut Parts) -> Response {
    let uri = parts.extract::<OriginalUri>().await.map(|uri| uri.0).unwrap_or_else(|_| parts.uri.clone());
    let asked = uri.path_and_query().map_or(HOME, |path| path.as_str());
    let next = local_path(asked).unwrap_or(HOME);
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&login_path(next))).into_response();
    }
    let login = LoginPage {
        next: next.to_owned(),
        email: String::new(),
        error: Some(
            "Your session has ended, and nothing was changed. Sign in and send the form again.".to_owned(),
        ),
    };
    page(StatusCode::UNAUTHORIZED, Cache::Private, &login).into_response()
}

/// The sign-in that leads to a page of the back office.
fn login_path(next: &str) -> String {
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/admin/login?{query}")
}

fn token(headers: &HeaderMap, shop: &Shop, cookie: Cookie) -> Option<Token> {
    let name = cookie.name(&shop.settings.public_url);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| Token::parse(value))
}

#[derive(Template)]
#[template(path = "staff/login.html")]
struct LoginPage {
    next: String,
    email: String,
    error: Option<String>,
}

/// How long to wait, in words and for `Retry-After`.
pub fn too_often(wait: time::Duration) -> (String, HeaderValue) {
    let seconds = wait.whole_seconds().max(0).unsigned_abs() + 1;
    (format!("Too many tries. Wait {} and try again.", in_words(seconds)), HeaderValue::from(seconds))
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn with_cookie(cookie: String, to: &str) -> Response {
    let headers =
        AppendHeaders([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())]);
    (headers, Redirect::to(to)).into_response()
}

/// Puts cookies on an answer.
fn set_cookies(answer: &mut Response, cookies: &[String]) -> Result<(), Problem> {
    for cookie in cookies {
        let value = HeaderValue::from_str(cookie).map_err(|error| Problem::Fault(error.into()))?;
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(())
}
