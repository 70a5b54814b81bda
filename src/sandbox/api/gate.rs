//! What stands before and after every operation: it is counted and logged, its token is checked, the faults that act
//! before anything is committed strike here, and the finished answer goes through the faults that spoil it.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusals;
use super::struck::{Passing, answered};
use crate::sandbox::answers::{Broken, to_the_login_page, unauthenticated, wants_a_page};
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{About, Call, Fault, Injection, Point, Struck};
use crate::sandbox::line::Fate;
use crate::sandbox::moment;
use crate::sandbox::operation::Operation;
use crate::sandbox::tokens;

/// Put into an answer's extensions: the server closes the connection instead of sending it.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct HangUp;

/// The id of the token that a request came with.
#[derive(Clone, Copy)]
pub(super) struct TokenId(pub u64);

/// A call that goes on the log when it ends, even if its client ends it.
struct Logged {
    desk: Arc<Desk>,
    call: Call,
    began: Instant,
}

impl Logged {
    fn new(desk: &Arc<Desk>, operation: Operation, headers: &HeaderMap) -> Self {
        desk.faults.called(operation);
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let call = Call {
            at: moment::now(),
            operation,
            status: None,
            took_ms: 0,
            idempotency_key: key_of(headers),
            accept: accept.map(str::to_owned),
        };
        Self { desk: Arc::clone(desk), call, began: Instant::now() }
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.call.took_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.desk.faults.log(self.call.clone());
    }
}

pub(super) async fn pass(
    State(desk): State<Arc<Desk>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let Some(operation) = Operation::of(request.method(), path.as_str()) else {
        return next.run(request).await;
    };
    let mut logged = Logged::new(&desk, operation, request.headers());
    let answer = handled(&desk, operation, request, next).await.unwrap_or_else(IntoResponse::into_response);
    if answer.extensions().get::<HangUp>().is_none() {
        logged.call.status = Some(answer.status().as_u16());
    }
    answer
}

/// The idempotency key of a request, as the order desk reads it.
pub(super) fn key_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("Idempotency-Key")?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned()).filter(|key| !key.is_empty())
}

async fn handled(
    desk: &Arc<Desk>,
    operation: Operation,
    mut request: Request,
    next: Next,
) -> Result<Response, Broken> {
    let token = bearer(request.headers()).and_then(|token| tokens::check(desk, token));
    if !operation.is_open() {
        let Some(id) = token else {
            let page = wants_a_page(request.headers());
            return Ok(if page { to_the_login_page() } else { unauthenticated() });
        };
        request.extensions_mut().insert(TokenId(id));
    }
    let fate = request.extensions().get::<Arc<Fate>>().cloned().unwrap_or_default();
    let about = About { idempotency_key: key_of(request.headers()), order_id: None };
    if desk.leave(Some(operation), &about) {
        return Ok(hung_up(Some(&fate)));
    }
    let busy = about.idempotency_key.as_deref().filter(|_| operation == Operation::CreateOrder);
    if let Some(status) = busy.and_then(|key| desk.faults.busy(key)) {
        return Ok(refusals::key_in_use(status));
    }
    let passing = Passing::of(operation, &request, about, fate);
    let lets_through = |fault| matches!(fault, Fault::SlowAnswer | Fault::DelayedRequest);
    let drawn = desk.faults.draw_each(Point::Before, Some(operation), &passing.about, |f| !lets_through(f));
    let mut held_up = None;
    for strike in drawn {
        let delay = strike.injection.delay().unwrap_or_default();
        match strike.fault() {
            Fault::SlowAnswer => tokio::time::sleep(delay).await,
            Fault::DelayedRequest => held_up = Some(delay),
            _ => return struck(desk, &strike, &passing, token).await,
        }
    }
    let answer = match held_up {
        Some(delay) => late(desk, delay, request, next).await?,
        None => next.run(request).await,
    };
    answered(desk, passing, answer).await
}

/// Carries a request out late, in a task of its own: whether its client still waits makes no difference.
async fn late(
    desk: &Arc<Desk>,
    delay: std::time::Duration,
    request: Request,
    next: Next,
) -> Result<Response, Broken> {
    // The client may go while the request is held up, so all of it has to be here first.
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await?;
    let whole = Request::from_parts(parts, axum::body::Body::from(body));
    let stopping = desk.stopping.clone();
    let carried_out = desk.tasks.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(delay) => next.run(whole).await,
            // A sandbox that is gone carries nothing out.
            () = stopping.cancelled() => hung_up(None),
        }
    });
    Ok(carried_out.await?)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// No answer: the connection is closed, with a reset where its fate is given.
pub(super) fn hung_up(reset: Option<&Arc<Fate>>) -> Response {
    if let Some(fate) = reset {
        fate.reset_at_end();
    }
    let mut answer = StatusCode::SERVICE_UNAVAILABLE.into_response();
    answer.extensions_mut().insert(HangUp);
    answer
}

/// What a fault answers in place of the operation.
async fn struck(
    desk: &Desk,
    strike: &Struck,
    passing: &Passing,
    token: Option<u64>,
) -> Result<Response, Broken> {
    let injection: &Injection = &strike.injection;
    Ok(match strike.fault() {
        Fault::ResetBeforeCommit => hung_up(Some(&passing.fate)),
        Fault::SilentBeforeCommit => std::future::pending().await,
        Fault::ServerErrorBeforeCommit => refusals::server_error(),
        Fault::BadGateway => refusals::bad_gateway(),
        Fault::TooManyRequests => refusals::too_many_requests(injection.text("retry_after")),
        Fault::TokenRevoked => {
            if let Some(id) = token {
                tokens::revoke(desk, id)?;
            }
            unauthenticated()
        }
        Fault::LoginRefused => refusals::login_refused(injection.status()),
        Fault::LoginRedirect => (StatusCode::FOUND, [(header::LOCATION, "/login")]).into_response(),
        Fault::AccountDisabled => refusals::account_disabled(),
        Fault::EmailUnverified => refusals::email_unverified(),
        Fault::BaseUrlMoved => refusals::moved(injection),
        Fault::InsufficientBalance => refusals::insufficient_balance(),
        Fault::KeyInUse => refusals::key_in_use(injection.status()),
        Fault::OrderForgotten => super::not_found("Order"),
        Fault::PackageGone if passing.operation == Operation::Package => super::not_found("Package"),
        Fault::PackageGone => refusals::package_gone(),
        // What is left at this point are statuses: of one call, or of any call at all.
        _ => refusals::any_status(injection),
    })
}
