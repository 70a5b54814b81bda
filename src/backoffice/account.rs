//! `/admin/account`: one's own password and second factor.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::again::explained;
use super::frame::{Frame, Part};
use super::gate::Gated;
use crate::shop::Shop;
use crate::staff::accounts::change_password;
use crate::staff::{self, Act, Given, NotConfirmed, Staff, factor};
use crate::web::{Cache, Problem, QrDrawing, page};

pub(super) fn routes() -> Gated {
    let own = Act::OwnAccount;
    Gated::new()
        .get("/admin/account", own, show)
        .post("/admin/account/password", own, new_password)
        .post("/admin/account/second-factor", own, propose)
        .post("/admin/account/second-factor/enrol", own, enrol)
        .post("/admin/account/second-factor/off", own, turn_off)
        .post("/admin/account/recovery-codes", own, renew_codes)
}

/// A second factor that is being set up.
struct ProposalView {
    qr: QrDrawing,
    secret: String,
}

#[derive(Template)]
#[template(path = "backoffice/account.html")]
struct AccountPage {
    frame: Frame,
    said: Option<&'static str>,
    /// The form that an error belongs to, and the error.
    wrong: Option<(&'static str, String)>,
    has_factor: bool,
    required: bool,
    codes_left: i64,
    proposal: Option<ProposalView>,
    /// Recovery codes that were made just now, shown this once.
    codes: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    said: String,
}

/// Any form of this page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    password: String,
    code: String,
    new_password: String,
}

impl Typed {
    fn given(self) -> Given {
        Given { password: self.password.into(), code: self.code }
    }
}

/// What an answer says beside what stands.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    wrong: Option<(&'static str, String)>,
    wait: Option<HeaderValue>,
    codes: Vec<String>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let done = match asked.said.as_str() {
        "password" => Some("Your password is changed. Your other sessions have ended."),
        "off" => Some("Your second factor is off. Your other sessions have ended."),
        _ => None,
    };
    draw(&shop, &staff, StatusCode::OK, Said { done, ..Said::default() }).await
}

async fn draw(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let means = staff::means(shop);
    // A factor that was set up by this very request counts.
    let has_factor = staff.has_factor || !said.codes.is_empty();
    let secret = match has_factor {
        true => None,
        false => factor::proposed(&means, staff).await.map_err(Problem::Fault)?,
    };
    let proposal = match secret {
        Some(secret) => {
            let address = secret.address(&staff::issuer(&shop.settings.public_url), &staff.email);
            let qr = QrDrawing::of(address.expose_secret()).map_err(Problem::Fault)?;
            Some(ProposalView { qr, secret: secret.text() })
        }
        None => None,
    };
    let view = AccountPage {
        frame: Frame::new(shop, staff, Part::Account),
        said: said.done,
        wrong: said.wrong,
        has_factor,
        required: shop.settings.require_second_factor,
        codes_left: factor::codes_left(&means, staff).await?,
        proposal,
        codes: said.codes,
    };
    let mut answer = page(status, Cache::Private, &view)?;
    if let Some(seconds) = said.wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    Ok(answer)
}

/// The page with what is wrong at one of its forms.
async fn refused(
    shop: &Shop,
    staff: &Staff,
    form: &'static str,
    no: NotConfirmed,
) -> Result<Response, Problem> {
    let (status, error, wait) = explained(no)?;
    let error = error.unwrap_or_else(|| "Nothing was changed: something is missing.".to_owned());
    draw(shop, staff, status, Said { wrong: Some((form, error)), wait, ..Said::default() }).await
}

async fn new_password(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let new = typed.new_password.clone();
    match change_password(&staff::means(&shop), &staff, &typed.given(), &new).await {
        Ok(Ok(())) => Ok(back("?said=password")),
        Ok(Err(refusal)) => {
            let wrong = Some(("password", refusal.to_string()));
            draw(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, Said { wrong, ..Said::default() }).await
        }
        Err(no) => refused(&shop, &staff, "password", no).await,
    }
}

async fn propose(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    if staff.has_factor {
        return Ok(back(""));
    }
    match factor::propose(&staff::means(&shop), &staff, &typed.given()).await {
        Ok(()) => Ok(back("#second-factor")),
        Err(no) => refused(&shop, &staff, "propose", no).await,
    }
}

async fn enrol(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    match factor::enrol(&staff::means(&shop), &staff, &typed.code).await {
        Ok(codes) => {
            let done = Some("Your second factor is on. Your other sessions have ended.");
            draw(&shop, &staff, StatusCode::OK, Said { done, codes, ..Said::default() }).await
        }
        Err(no) => refused(&shop, &staff, "enrol", no).await,
    }
}

async fn turn_off(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    if shop.settings.require_second_factor {
        let wrong = Some(("off", "This shop asks all its staff for a second factor.".to_owned()));
        return draw(&shop, &staff, StatusCode::CONFLICT, Said { wrong, ..Said::default() }).await;
    }
    match factor::turn_off(&staff::means(&shop), &staff, &typed.given()).await {
        Ok(()) => Ok(back("?said=off")),
        Err(no) => refused(&shop, &staff, "off", no).await,
    }
}

async fn renew_codes(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    if !staff.has_factor {
        return Ok(back(""));
    }
    match factor::renew_codes(&staff::means(&shop), &staff, &typed.given()).await {
        Ok(codes) => {
            let done = Some("New codes. The old ones are worth nothing any more.");
            draw(&shop, &staff, StatusCode::OK, Said { done, codes, ..Said::default() }).await
        }
        Err(no) => refused(&shop, &staff, "codes", no).await,
    }
}

fn back(query: &str) -> Response {
    let to = format!("/admin/account{query}");
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}
