//! `/admin/team`: who may work here, as what, and who was asked to join. For owners.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::words::{Badge, Moment};
use crate::ground::EmailAddress;
use crate::shop::Shop;
use crate::staff::invitations::{self, Invitation};
use crate::staff::team::{Change, NotChanged, change};
use crate::staff::{self, Account, AccountRefusal, Act, Role, Staff};
use crate::web::{Cache, Problem, page};

/// The longest reason that is kept.
const LONGEST: usize = 500;

pub(super) fn routes() -> Gated {
    Gated::new()
        .get("/admin/team", Act::ManageTeam, show)
        .post("/admin/team", Act::ManageTeam, invite)
        .post("/admin/team/invitations/{id}", Act::ManageTeam, withdraw)
        .post("/admin/team/{id}", Act::ManageTeam, change_one)
}

struct Choice {
    word: &'static str,
    chosen: bool,
}

struct MemberView {
    id: i64,
    email: String,
    role: &'static str,
    since: Moment,
    disabled: bool,
    has_factor: bool,
    /// The person who looks.
    own: bool,
    roles: Vec<Choice>,
    /// What was typed for this person, and why it was refused.
    reason: String,
    error: Option<String>,
}

struct InvitationView {
    id: i64,
    email: String,
    role: &'static str,
    by: String,
    until: Moment,
    state: Badge,
}

#[derive(Template)]
#[template(path = "backoffice/team.html")]
struct TeamPage {
    frame: Frame,
    said: Option<&'static str>,
    members: Vec<MemberView>,
    invitations: Vec<InvitationView>,
    email: String,
    roles: Vec<Choice>,
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    said: String,
}

/// A form of this page as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    email: String,
    role: String,
    change: String,
    reason: String,
}

impl Typed {
    fn reason(&self) -> Option<String> {
        let reason: String = self.reason.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        (!reason.is_empty()).then_some(reason)
    }

    fn change(&self) -> Option<Change> {
        match self.change.as_str() {
            "role" => Role::from_word(&self.role).map(Change::Role),
            "disable" => Some(Change::Disable),
            "enable" => Some(Change::Enable),
            "reset_factor" => Some(Change::ResetFactor),
            _ => None,
        }
    }
}

/// What is to be said about the last form, with what was typed.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    /// The account that an error belongs to; else the invitation's form.
    at: Option<i64>,
    error: Option<String>,
    typed: Typed,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let done = match asked.said.as_str() {
        "invited" => Some("The link is on its way by mail. It works once, within three days."),
        "withdrawn" => Some("Taken back: the link is worth nothing any more."),
        "changed" => Some("Done. It stands in the audit log, with your name."),
        _ => None,
    };
    answer(&shop, &staff, StatusCode::OK, Said { done, ..Said::default() }).await
}

async fn answer(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let accounts = staff::list(&shop.db).await?;
    let open = invitations::open(&staff::means(shop)).await?;
    let chosen = Role::from_word(&said.typed.role).unwrap_or(Role::Support);
    let members = accounts.into_iter().map(|account| member(account, staff, &said)).collect();
    let view = TeamPage {
        frame: Frame::new(shop, staff, Part::Team),
        members,
        invitations: open.into_iter().map(|one| invitation(one, shop.now())).collect(),
        email: if said.at.is_none() { said.typed.email } else { String::new() },
        roles: roles(chosen),
        error: said.error.filter(|_| said.at.is_none()),
        said: said.done,
    };
    page(status, Cache::Private, &view)
}

fn member(account: Account, staff: &Staff, said: &Said) -> MemberView {
    let here = said.at == Some(account.id);
    MemberView {
        own: account.id == staff.id,
        roles: roles(account.role),
        reason: if here { said.typed.reason.clone() } else { String::new() },
        error: said.error.clone().filter(|_| here),
        id: account.id,
        role: account.role.word(),
        since: Moment::of(account.created_at),
        disabled: account.disabled_at.is_some(),
        has_factor: account.has_factor,
        email: account.email,
    }
}

fn roles(chosen: Role) -> Vec<Choice> {
    Role::ALL.map(|role| Choice { word: role.word(), chosen: role == chosen }).into()
}

fn invitation(one: Invitation, now: time::OffsetDateTime) -> InvitationView {
    InvitationView {
        state: if one.expires_at > now { Badge::new("Waiting", "wait") } else { Badge::new("Over", "bad") },
        id: one.id,
        role: one.role.word(),
        until: Moment::of(one.expires_at),
        by: one.invited_by,
        email: one.email,
    }
}

async fn invite(
    State(shop): State<Shop>,
    staff: Staff,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let refused = |error: String, typed: Typed| Said { error: Some(error), typed, ..Said::default() };
    let (Some(email), Some(role)) = (EmailAddress::parse(&typed.email), Role::from_word(&typed.role)) else {
        let error = "Nobody was asked: give an e-mail address and a role.".to_owned();
        return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, refused(error, typed)).await;
    };
    let url = &shop.settings.public_url;
    match invitations::invite(&staff::means(&shop), &staff, &email, role, url).await {
        Ok(()) => {
            shop.bell.ring(crate::plumbing::bell::Ring::Jobs);
            Ok(back("invited"))
        }
        Err(AccountRefusal::Taken) => {
            let error = "This e-mail has an account already.".to_owned();
            answer(&shop, &staff, StatusCode::CONFLICT, refused(error, typed)).await
        }
        Err(AccountRefusal::Fault(fault)) => Err(Problem::Fault(fault)),
        Err(other) => Err(Problem::Fault(other.into())),
    }
}

async fn withdraw(State(shop): State<Shop>, staff: Staff, Path(id): Path<i64>) -> Result<Response, Problem> {
    match invitations::withdraw(&staff::means(&shop), &staff, id).await? {
        true => Ok(back("withdrawn")),
        false => Err(Problem::NotFound),
    }
}

async fn change_one(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let refused = |error: &str, typed: Typed| Said {
        at: Some(id),
        error: Some(error.to_owned()),
        typed,
        ..Said::default()
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(wanted) = typed.change() else {
        return answer(&shop, &staff, unprocessable, refused("Choose what to change.", typed)).await;
    };
    let Some(reason) = typed.reason() else {
        let error = "Say why, in a few words: it stands in the audit log.";
        return answer(&shop, &staff, unprocessable, refused(error, typed)).await;
    };
    match change(&staff::means(&shop), &staff, id, wanted, &reason).await {
        Ok(()) => Ok(back("changed")),
        Err(NotChanged::Unknown) => Err(Problem::NotFound),
        Err(NotChanged::Fault(fault)) => Err(fault.into()),
        Err(no @ (NotChanged::LastOwner | NotChanged::Already)) => {
            answer(&shop, &staff, StatusCode::CONFLICT, refused(&no.to_string(), typed)).await
        }
    }
}

fn back(said: &str) -> Response {
    let to = format!("/admin/team?said={said}");
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}
