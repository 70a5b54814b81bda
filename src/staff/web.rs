//! Signing in and out, and [`Staff`]: the proof that a request comes from somebody who did.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Extension, Form, FromRequestParts, OriginalUri, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{RequestPartsExt as _, Router};
use secrecy::SecretString;
use serde::Deserialize;

use super::role::{Act, Role};
use super::session::{self, local_path};
use super::sign_in::{self, Attempt, SignInRefusal};
use super::store;
use super::throttle::Throttle;
use crate::ground::token::Token;
use crate::shop::Shop;
use crate::web::address::VisitorAddress;
use crate::web::{Cache, Problem, page};

const HOME: &str = "/admin";

/// The addresses of the room. The count of wrong passwords lives as long as the router.
pub fn routes() -> Router<Shop> {
    Router::new()
        .route("/admin/login", get(show).post(enter))
        .route("/admin/logout", post(leave))
        .layer(Extension(Arc::new(Throttle::default())))
}

/// Somebody who signed in and whose session is alive: an argument of every handler of the back office.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The account.
    pub id: i64,
    /// Its e-mail: the actor in histories and in the audit log.
    pub email: String,
    /// What it may do.
    pub role: Role,
}

impl Staff {
    /// Whether this person may do that.
    pub fn may(&self, act: Act) -> bool {
        self.role.may(act)
    }
}

impl FromRequestParts<Shop> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Response> {
        match open_session(&parts.headers, shop).await {
            Ok(Some(staff)) => Ok(staff),
            Ok(None) => Err(ask_to_sign_in(parts).await),
            Err(fault) => Err(Problem::from(fault).into_response()),
        }
    }
}

async fn open_session(headers: &HeaderMap, shop: &Shop) -> sqlx::Result<Option<Staff>> {
    let Some(token) = token(headers, shop) else { return Ok(None) };
    let hash = token.hash();
    let now = shop.now();
    let Some(open) = store::session(&shop.db, &hash).await?.filter(|open| open.times.alive(now)) else {
        return Ok(None);
    };
    if open.times.worth_noting(now) {
        store::note_use(&shop.db, &hash, now).await?;
    }
    Ok(Some(Staff { id: open.admin_id, email: open.email, role: open.role }))
}

/// A page that was asked for comes after the sign-in; a form that was posted is not repeated behind anyone's back, so
/// its answer is 401 with the way in.
async fn ask_to_sign_in(parts: &mut Parts) -> Response {
    let uri = parts.extract::<OriginalUri>().await.map(|uri| uri.0).unwrap_or_else(|_| parts.uri.clone());
    let asked = uri.path_and_query().map_or(HOME, |path| path.as_str());
    let next = local_path(asked).unwrap_or(HOME);
    if parts.method == Method::GET || parts.method == Method::HEAD {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let to = Redirect::to(&format!("/admin/login?{query}"));
        return ([(header::CACHE_CONTROL, "no-store")], to).into_response();
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

fn token(headers: &HeaderMap, shop: &Shop) -> Option<Token> {
    let name = session::cookie_name(&shop.settings.public_url);
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

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

async fn show(
    State(shop): State<Shop>,
    headers: HeaderMap,
    Query(asked): Query<Next>,
) -> Result<Response, Problem> {
    let next = local_path(&asked.next).unwrap_or(HOME);
    if open_session(&headers, &shop).await?.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    page(
        StatusCode::OK,
        Cache::Private,
        &LoginPage { next: next.to_owned(), email: String::new(), error: None },
    )
}

async fn enter(
    State(shop): State<Shop>,
    Extension(throttle): Extension<Arc<Throttle>>,
    VisitorAddress(address): VisitorAddress,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    let typed = form.email.chars().take(254).collect();
    let next = local_path(&form.next).unwrap_or(HOME).to_owned();
    let old_session = token(&headers, &shop);
    let attempt = Attempt {
        email: form.email,
        password: SecretString::from(form.password),
        address: Some(address),
        old_session,
    };
    let throttle = shop.settings.rate_limits.then_some(&*throttle);
    match sign_in::sign_in(&shop.db, &shop.entropy, throttle, attempt, shop.now()).await {
        Ok(token) => {
            let cookie = session::cookie(&shop.settings.public_url, token.as_str());
            Ok(with_cookie(cookie, &next))
        }
        Err(refusal) => refuse(refusal, typed, next),
    }
}

fn refuse(refusal: SignInRefusal, email: String, next: String) -> Result<Response, Problem> {
    let (status, error, wait) = match refusal {
        SignInRefusal::Wrong => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The e-mail or the password is not right.".to_owned(), None)
        }
        SignInRefusal::TooOften(wait) => {
            let seconds = wait.whole_seconds().max(0).unsigned_abs() + 1;
            let error = format!("Too many tries. Wait {} and try again.", in_words(seconds));
            (StatusCode::TOO_MANY_REQUESTS, error, Some(seconds))
        }
        SignInRefusal::Busy => return Err(Problem::Unavailable(Duration::from_secs(5))),
        SignInRefusal::Fault(fault) => return Err(Problem::Fault(fault)),
    };
    let mut answer = page(status, Cache::Private, &LoginPage { next, email, error: Some(error) })?;
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(answer)
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

async fn leave(State(shop): State<Shop>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = token(&headers, &shop) {
        sign_in::sign_out(&shop.db, &token).await?;
    }
    Ok(with_cookie(session::cookie_removal(&shop.settings.public_url), "/admin/login"))
}

fn with_cookie(cookie: String, to: &str) -> Response {
    let headers =
        AppendHeaders([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())]);
    (headers, Redirect::to(to)).into_response()
}
