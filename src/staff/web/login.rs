//! The two steps of a sign-in: e-mail and password, then the code where one is owed. Between them nothing opens.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{HOME, LoginPage, login_path, means, open_session, set_cookies, token, too_often, with_cookie};
use crate::ground::token::Token;
use crate::shop::Shop;
use crate::staff::session::{Cookie, local_path};
use crate::staff::sign_in::{self, Attempt, Entered, Finished, Owed, SignInRefusal};
use crate::staff::throttle::Throttle;
use crate::web::address::VisitorAddress;
use crate::web::{Cache, Problem, QrDrawing, page};

#[derive(Template)]
#[template(path = "staff/code.html")]
struct CodePage {
    next: String,
    error: Option<String>,
    enrolment: Option<EnrolmentView>,
}

/// A factor that must be set up before anything opens.
struct EnrolmentView {
    qr: QrDrawing,
    secret: String,
}

#[derive(Template)]
#[template(path = "staff/codes.html")]
struct CodesPage {
    next: String,
    codes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LoginForm {
    email: String,
    password: String,
    code: String,
    next: String,
}

pub(super) async fn show(
    State(shop): State<Shop>,
    headers: HeaderMap,
    Query(asked): Query<Next>,
) -> Result<Response, Problem> {
    let next = local_path(&asked.next).unwrap_or(HOME);
    if open_session(&headers, &shop).await?.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    if let Some(half_way) = token(&headers, &shop, Cookie::HalfWay)
        && let Some(shown) = code_page(&shop, &half_way, next, StatusCode::OK, None).await?
    {
        return Ok(shown);
    }
    page(
        StatusCode::OK,
        Cache::Private,
        &LoginPage { next: next.to_owned(), email: String::new(), error: None },
    )
}

/// The page of the second step; `None` where no sign-in waits for one.
async fn code_page(
    shop: &Shop,
    half_way: &Token,
    next: &str,
    status: StatusCode,
    error: Option<String>,
) -> Result<Option<Response>, Problem> {
    let Some(owed) = sign_in::owed(&means(shop), half_way).await.map_err(Problem::Fault)? else {
        return Ok(None);
    };
    let enrolment = match owed {
        Owed::Code => None,
        Owed::Enrolment(secret, email) => {
            let address = secret.address(&issuer(&shop.settings.public_url), &email);
            let qr = QrDrawing::of(address.expose_secret()).map_err(Problem::Fault)?;
            Some(EnrolmentView { qr, secret: secret.text() })
        }
    };
    let view = CodePage { next: next.to_owned(), error, enrolment };
    Ok(Some(page(status, Cache::Private, &view)?))
}

/// The shop's host: what an app lists its codes under.
pub fn issuer(public_url: &str) -> String {
    let host = url::Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "simfront".to_owned())
}

pub(super) async fn enter(
    State(shop): State<Shop>,
    Extension(throttle): Extension<Arc<Throttle>>,
    VisitorAddress(address): VisitorAddress,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    let next = local_path(&form.next).unwrap_or(HOME).to_owned();
    let half_way = token(&headers, &shop, Cookie::HalfWay);
    let old_session = token(&headers, &shop, Cookie::Session);
    if form.email.is_empty() && form.password.is_empty() && !form.code.is_empty() {
        let Some(half_way) = half_way else { return refuse(SignInRefusal::Over, String::new(), next) };
        return second_step(&shop, &half_way, &form.code, old_session.as_ref(), next).await;
    }
    let typed = form.email.chars().take(254).collect();
    let attempt = Attempt {
        email: form.email,
        password: SecretString::from(form.password),
        address: Some(address),
        old_session: old_session.clone(),
    };
    let throttle = shop.settings.rate_limits.then_some(&*throttle);
    let required = shop.settings.require_second_factor;
    let url = &shop.settings.public_url;
    match sign_in::sign_in(&means(&shop), throttle, attempt, required).await {
        Ok(Entered::Session(token)) => Ok(with_cookie(Cookie::Session.holding(url, token.as_str()), &next)),
        // A script may give all three at once.
        Ok(Entered::HalfWay(token)) if !form.code.is_empty() => {
            second_step(&shop, &token, &form.code, old_session.as_ref(), next).await
        }
        Ok(Entered::HalfWay(token)) => {
            Ok(with_cookie(Cookie::HalfWay.holding(url, token.as_str()), &login_path(&next)))
        }
        Err(refusal) => refuse(refusal, typed, next),
    }
}

async fn second_step(
    shop: &Shop,
    half_way: &Token,
    code: &str,
    old_session: Option<&Token>,
    next: String,
) -> Result<Response, Problem> {
    match sign_in::answer_code(&means(shop), half_way, code, old_session).await {
        Ok(finished) => entered(shop, finished, next),
        Err(SignInRefusal::WrongCode) => {
            let error = "The code is not right, or was used already. Wait for the next one and try again.";
            again(shop, half_way, next, error.to_owned(), None).await
        }
        Err(SignInRefusal::TooOften(wait)) => {
            let (error, seconds) = too_often(wait);
            again(shop, half_way, next, error, Some(seconds)).await
        }
        Err(refusal) => refuse(refusal, String::new(), next),
    }
}

/// The session's cookie; after an enrolment with the recovery codes, which nobody sees again.
fn entered(shop: &Shop, finished: Finished, next: String) -> Result<Response, Problem> {
    let url = &shop.settings.public_url;
    let cookies = [Cookie::Session.holding(url, finished.session.as_str()), Cookie::HalfWay.removal(url)];
    let mut answer = match finished.recovery_codes.is_empty() {
        true => ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&next)).into_response(),
        false => {
            let view = CodesPage { next, codes: finished.recovery_codes };
            page(StatusCode::OK, Cache::Private, &view)?
        }
    };
    set_cookies(&mut answer, &cookies)?;
    Ok(answer)
}

/// The code's page once more.
async fn again(
    shop: &Shop,
    half_way: &Token,
    next: String,
    error: String,
    wait: Option<HeaderValue>,
) -> Result<Response, Problem> {
    let status =
        if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
    let Some(mut answer) = code_page(shop, half_way, &next, status, Some(error)).await? else {
        return refuse(SignInRefusal::Over, String::new(), next);
    };
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    // Where all three came at once, the browser has no cookie of the second step yet.
    let cookie = Cookie::HalfWay.holding(&shop.settings.public_url, half_way.as_str());
    set_cookies(&mut answer, &[cookie])?;
    Ok(answer)
}

fn refuse(refusal: SignInRefusal, email: String, next: String) -> Result<Response, Problem> {
    let (status, error, wait) = match refusal {
        SignInRefusal::Wrong | SignInRefusal::WrongCode => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The e-mail or the password is not right.".to_owned(), None)
        }
        SignInRefusal::Over => {
            (StatusCode::UNPROCESSABLE_ENTITY, "That took too long. Sign in once more.".to_owned(), None)
        }
        SignInRefusal::TooOften(wait) => {
            let (error, seconds) = too_often(wait);
            (StatusCode::TOO_MANY_REQUESTS, error, Some(seconds))
        }
        SignInRefusal::Busy => return Err(Problem::Unavailable(Duration::from_secs(5))),
        SignInRefusal::Fault(fault) => return Err(Problem::Fault(fault)),
    };
    let mut answer = page(status, Cache::Private, &LoginPage { next, email, error: Some(error) })?;
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    Ok(answer)
}

pub(super) async fn leave(State(shop): State<Shop>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = token(&headers, &shop, Cookie::Session) {
        sign_in::sign_out(&shop.db, &token).await?;
    }
    if let Some(token) = token(&headers, &shop, Cookie::HalfWay) {
        sign_in::give_up(&shop.db, &token).await?;
    }
    let url = &shop.settings.public_url;
    let mut answer = with_cookie(Cookie::Session.removal(url), "/admin/login");
    set_cookies(&mut answer, &[Cookie::HalfWay.removal(url)])?;
    Ok(answer)
}
