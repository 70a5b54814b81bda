//! The mail that tells the owners that the wallet is low: once a day, as long as it is.

use askama::Template;
use sqlx::PgConnection;
use time::{OffsetDateTime, UtcOffset};

use super::funds::{Outlook, Standing};
use crate::ground::{Currency, EmailAddress};
use crate::plumbing::mailer::{self, Mail};
use crate::staff::{Account, Role};

#[derive(Template)]
#[template(path = "ledgers/mail/low.html")]
struct LowPage<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "ledgers/mail/low.txt")]
struct LowText<'a> {
    letter: &'a Letter,
}

struct Letter {
    empty: bool,
    available: String,
    days_left: Option<String>,
    link: String,
}

/// With at least its currency's decimals.
fn written(outlook: &Outlook) -> String {
    let mut amount = outlook.available.normalize();
    let decimals = Currency::parse(&outlook.currency).map_or(2, Currency::exponent);
    if amount.scale() < decimals {
        amount.rescale(decimals);
    }
    format!("{amount} {}", outlook.currency)
}

/// Writes to every owner among the accounts, in the caller's transaction; nothing where this was mailed today.
///
/// # Errors
/// The database's, and a template's.
pub(super) async fn low_balance(
    conn: &mut PgConnection,
    accounts: &[Account],
    outlook: &Outlook,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = &Letter {
        empty: outlook.standing == Standing::Empty,
        available: written(outlook),
        days_left: outlook.days_left.map(|days| days.to_string()),
        link: format!("{public_url}/admin/wallet"),
    };
    let (html, plain) = (LowPage { letter }.render()?, LowText { letter }.render()?);
    let day = now.to_offset(UtcOffset::UTC).date();
    let owners =
        accounts.iter().filter(|account| account.role == Role::Owner && account.disabled_at.is_none());
    for owner in owners {
        let Some(recipient) = EmailAddress::parse(&owner.email) else { continue };
        let mail = Mail {
            key: format!("wallet-low:{day}:{}", owner.email),
            recipient,
            subject: match letter.empty {
                true => "Your eSIMDual wallet is empty".to_owned(),
                false => "Your eSIMDual wallet is low".to_owned(),
            },
            html: html.clone(),
            plain: plain.clone(),
            pictures: Vec::new(),
        };
        mailer::enqueue(conn, &mail, now).await?;
    }
    Ok(())
}
