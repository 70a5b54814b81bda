//! Password or code once more, before an act that moves money or changes the team (CONTRACT section 4).
//!
//! One page for all such forms: what was typed travels in it and is sent on as it was, so that a wrong password costs
//! nobody their text. A script gives `password` or `code` among the form's own fields.

use std::time::Duration;

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded;

use super::frame::{Frame, Part};
use super::gate::Door;
use super::words::sentence;
use crate::shop::Shop;
use crate::staff::{self, Act, Given, NotConfirmed, Staff};
use crate::web::{Cache, Problem, page};

/// More than any form of the back office carries.
const LARGEST: usize = 128 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";
/// The fields that are for this page alone.
const OWN: [&str; 2] = ["password", "code"];

/// A form as it was posted.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field; empty where there is none.
    pub fn of(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

struct TypedView {
    name: String,
    value: String,
}

#[derive(Template)]
#[template(path = "backoffice/again.html")]
struct AgainPage {
    frame: Frame,
    /// Where the form goes on to.
    to: String,
    what: &'static str,
    fields: Vec<(String, String)>,
    /// What a person typed, for them to read once more.
    typed: Vec<TypedView>,
    has_factor: bool,
    error: Option<String>,
    back: &'static str,
}

/// The body as the handler reads it, without what was for this page alone; or the page that asks.
pub(super) async fn ask(
    shop: &Shop,
    staff: &Staff,
    door: &Door,
    parts: &Parts,
    body: Body,
) -> Result<Body, Response> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(FORM);
    // Only a form can carry the password: nothing else may reach an act that asks for it.
    if !kind.starts_with(FORM) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let bytes = to_bytes(body, LARGEST).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    let fields = Fields(form_urlencoded::parse(&bytes).into_owned().collect());
    if (door.harmless)(&fields) {
        return Ok(Body::from(bytes));
    }
    let given =
        Given { password: fields.of("password").to_owned().into(), code: fields.of("code").to_owned() };
    let rest: Vec<_> = fields.0.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect();
    match staff::confirm(&staff::means(shop), staff, &given, door.act.asks_again()).await {
        Ok(()) => Ok(Body::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish())),
        Err(no) => Err(draw(shop, staff, door, parts, rest, no).into_response()),
    }
}

fn draw(
    shop: &Shop,
    staff: &Staff,
    door: &Door,
    parts: &Parts,
    fields: Vec<(String, String)>,
    no: NotConfirmed,
) -> Result<Response, Problem> {
    let (status, error, wait) = explained(no)?;
    let part = Part::of(door.path);
    let view = AgainPage {
        frame: Frame::new(shop, staff, part),
        to: parts.uri.path_and_query().map_or(parts.uri.path(), |to| to.as_str()).to_owned(),
        what: what(door.act),
        typed: fields.iter().filter(|(name, value)| is_for_people(name, value)).map(typed).collect(),
        fields,
        has_factor: staff.has_factor,
        error,
        back: part.path(),
    };
    let mut answer = page(status, Cache::Private, &view)?;
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    Ok(answer)
}

type Explained = (StatusCode, Option<String>, Option<HeaderValue>);

/// What is said about it.
pub(super) fn explained(no: NotConfirmed) -> Result<Explained, Problem> {
    let wrong = "That is not right. A code works once: wait for the next one, or type the password.";
    match no {
        NotConfirmed::Asked => Ok((StatusCode::UNPROCESSABLE_ENTITY, None, None)),
        NotConfirmed::Wrong => Ok((StatusCode::UNPROCESSABLE_ENTITY, Some(wrong.to_owned()), None)),
        NotConfirmed::TooOften(wait) => {
            let (error, seconds) = staff::too_often(wait);
            Ok((StatusCode::TOO_MANY_REQUESTS, Some(error), Some(seconds)))
        }
        NotConfirmed::Busy => Err(Problem::Unavailable(Duration::from_secs(5))),
        NotConfirmed::Fault(fault) => Err(Problem::Fault(fault)),
    }
}

fn what(act: Act) -> &'static str {
    match act {
        Act::SettleOrders => "You are about to decide about an order, which may spend money or give it back.",
        Act::SettleTransfers => "You are about to settle a bank transfer.",
        Act::ManageTeam => "You are about to change who may work here.",
        Act::Look
        | Act::OwnAccount
        | Act::ChangeMarkup
        | Act::ChangeCatalog
        | Act::RunSync
        | Act::CloseFinding
        | Act::ReadAudit => "You are about to change something.",
    }
}

/// Keys of forms and empty fields tell a person nothing.
fn is_for_people(name: &str, value: &str) -> bool {
    !matches!(name, "form_key" | "seen" | "attempt") && !value.trim().is_empty()
}

fn typed((name, value): &(String, String)) -> TypedView {
    let value = if name == "way" || name == "how" || name == "role" || name == "change" {
        sentence(value)
    } else {
        value.clone()
    };
    TypedView { name: sentence(name), value }
}
