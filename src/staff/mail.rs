//! The mail that asks somebody to join.

use askama::Template;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::role::Role;
use crate::ground::EmailAddress;
use crate::ground::token::Token;
use crate::plumbing::mailer::{self, Mail};

/// Who asks whom.
pub(super) struct Invitation<'a> {
    pub email: &'a EmailAddress,
    pub token: &'a Token,
    pub role: Role,
    pub invited_by: &'a str,
    pub public_url: &'a str,
}

#[derive(Template)]
#[template(path = "staff/mail/invitation.html")]
struct InvitationPage<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "staff/mail/invitation.txt")]
struct InvitationText<'a> {
    letter: &'a Letter<'a>,
}

struct Letter<'a> {
    invited_by: &'a str,
    role: &'static str,
    link: String,
}

/// Queues it, in the caller's transaction. Each asking is a mail of its own: its link is another one.
///
/// # Errors
/// The database's, and a template's.
pub(super) async fn invitation(
    conn: &mut PgConnection,
    asked: &Invitation<'_>,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let link = format!("{}/admin/join/{}", asked.public_url, asked.token.as_str());
    let letter = &Letter { invited_by: asked.invited_by, role: asked.role.word(), link };
    let mail = Mail {
        key: format!("invitation:{}", hex::encode(asked.token.hash())),
        recipient: asked.email.clone(),
        subject: "You are asked to join the back office".to_owned(),
        html: InvitationPage { letter }.render()?,
        plain: InvitationText { letter }.render()?,
        pictures: Vec::new(),
    };
    mailer::enqueue(conn, &mail, now).await?;
    Ok(())
}
