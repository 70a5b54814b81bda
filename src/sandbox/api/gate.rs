//! What stands before every operation: it is counted, its token is checked, and the faults that act before anything
//! is committed strike here.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::sandbox::answers::{Broken, FieldErrors, failure, invalid, success, unauthenticated};
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{About, Fault, Injection, Point};
use crate::sandbox::operation::Operation;
use crate::sandbox::tokens;

/// Put into an answer's extensions: the server closes the connection instead of sending it.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct HangUp;

/// The id of the token that a request came with.
#[derive(Clone, Copy)]
pub(super) struct TokenId(pub u64);

pub(super) async fn pass(
    State(desk): State<Arc<Desk>>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response, Broken> {
    let Some(operation) = Operation::of(request.method(), path.as_str()) else {
        return Ok(next.run(request).await);
    };
    desk.faults.called(operation);
    let token = bearer(request.headers()).and_then(|token| tokens::check(&desk, token));
    if !operation.is_open() {
        let Some(id) = token else { return Ok(unauthenticated()) };
        request.extensions_mut().insert(TokenId(id));
    }
    let ends = |fault| fault != Fault::SlowAnswer;
    for strike in desk.faults.draw_each(Point::Before, operation, &About::default(), ends) {
        if strike.fault() == Fault::SlowAnswer {
            tokio::time::sleep(strike.injection.delay().unwrap_or_default()).await;
            continue;
        }
        return struck(&desk, &strike.injection, operation, token).await;
    }
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What a fault answers in place of the operation.
async fn struck(
    desk: &Desk,
    injection: &Injection,
    operation: Operation,
    token: Option<u64>,
) -> Result<Response, Broken> {
    let answer = match injection.fault {
        Fault::SilentBeforeCommit => std::future::pending().await,
        Fault::ServerErrorBeforeCommit => failure(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"),
        Fault::BadGateway => bad_gateway(),
        Fault::TooManyRequests => too_many_requests(injection.retry_after.as_deref().unwrap_or("1")),
        Fault::TokenRevoked => {
            if let Some(id) = token {
                tokens::revoke(desk, id)?;
            }
            unauthenticated()
        }
        Fault::LoginRedirect => (StatusCode::FOUND, [(header::LOCATION, "/login")]).into_response(),
        Fault::AccountDisabled => failure(StatusCode::FORBIDDEN, "Your account is disabled."),
        Fault::InsufficientBalance => insufficient_balance(),
        Fault::PackageGone if operation == Operation::Package => super::not_found("Package"),
        Fault::PackageGone => package_gone(),
        Fault::EmptyCatalog if operation == Operation::Pricing => {
            success(&serde_json::json!({ "countries": [] }))
        }
        // The other faults do not act at this point.
        _ => success(&[(); 0]),
    };
    Ok(answer)
}

/// What a proxy in front of a dead upstream says.
pub(super) fn bad_gateway() -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    (StatusCode::BAD_GATEWAY, Html(page)).into_response()
}

/// Laravel's own limiter answers without the API's envelope.
fn too_many_requests(retry_after: &str) -> Response {
    let too_many = serde_json::json!({ "message": "Too Many Attempts." });
    let mut answer = crate::sandbox::answers::bare(StatusCode::TOO_MANY_REQUESTS, &too_many);
    if let Ok(value) = HeaderValue::from_str(retry_after) {
        answer.headers_mut().insert(header::RETRY_AFTER, value);
    }
    answer
}

pub(super) fn insufficient_balance() -> Response {
    failure(StatusCode::UNPROCESSABLE_ENTITY, "Insufficient balance")
}

pub(super) fn package_gone() -> Response {
    let sentence = "The selected package is not available.".to_owned();
    invalid(&FieldErrors::from([("package_id", vec![sentence])]))
}
