//! Mail: an outbox in the database, and the two ways out of it.
//!
//! A mail is written in the transaction that causes it and leaves by a job, so a crash neither loses it nor sends it
//! for something that did not happen. One cause is one mail: the key says so. A crash between handing it over and
//! noting that may send it once more.

mod message;
mod store;

use std::sync::Arc;

use anyhow::Context as _;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::data_dir::DataDir;
use super::jobs::{self, NewJob, Verdict};
use crate::ground::EmailAddress;

/// The kind of the job that sends one mail.
pub const SEND_MAIL: &str = "send_mail";

/// A mail to send.
#[derive(Clone)]
pub struct Mail {
    /// What caused it; the same cause is mailed once.
    pub key: String,
    /// To whom.
    pub recipient: EmailAddress,
    /// One line.
    pub subject: String,
    /// The page.
    pub html: String,
    /// The same in plain text, whole.
    pub plain: String,
    /// Pictures that the page shows by `cid:NAME`.
    pub pictures: Vec<Picture>,
}

/// A picture inside a mail.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Picture {
    /// Its name in the page and as a file.
    pub name: String,
    /// PNG bytes, in base64.
    pub png_base64: String,
}

/// Only the name: the picture is an activation code.
impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({})", self.name)
    }
}

/// Where mail goes out.
#[derive(Clone)]
pub struct Mailer {
    from: String,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// `*.eml` files that only this user may read.
    Folder(DataDir),
    Smtp(Arc<AsyncSmtpTransport<Tokio1Executor>>),
}

impl Mailer {
    /// Writes mails as files into the data directory's `mail` folder.
    pub fn to_folder(folder: DataDir, from: String) -> Self {
        Self { from, way: Way::Folder(folder) }
    }

    /// Sends by an SMTP server: `smtps://user:password@host`, or `smtp://…?tls=required`.
    ///
    /// # Errors
    /// Where the address cannot be understood.
    pub fn to_server(url: &str, from: String) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .context("SMTP_URL cannot be understood")?
            .timeout(Some(std::time::Duration::from_secs(20)))
            .build();
        Ok(Self { from, way: Way::Smtp(Arc::new(transport)) })
    }

    /// Sends the mail that a job names, if it was not sent yet.
    ///
    /// # Errors
    /// The database's and the mail server's; the job tries again.
    pub async fn send_job(
        &self,
        db: &PgPool,
        now: OffsetDateTime,
        payload: &Value,
    ) -> anyhow::Result<Verdict> {
        let Some(id) = payload["mail"].as_i64() else {
            return Ok(Verdict::GiveUp("no mail is named".to_owned()));
        };
        let Some(mail) = store::unsent(db, id).await? else { return Ok(Verdict::Done) };
        let message = match message::compose(&self.from, &mail) {
            Ok(message) => message,
            Err(error) => return Ok(Verdict::GiveUp(format!("the mail cannot be written: {error}"))),
        };
        match &self.way {
            Way::Smtp(server) => drop(server.send(message).await.context("the mail server did not take it")?),
            Way::Folder(folder) => {
                let (folder, bytes) = (folder.clone(), message.formatted());
                // The name carries the mail's number, so that a mail sent twice is still one file.
                tokio::task::spawn_blocking(move || folder.write_mail(&format!("{id:06}.eml"), &bytes))
                    .await?
                    .context("the mail could not be written to DATA_DIR")?;
            }
        }
        store::mark_sent(db, id, now).await?;
        Ok(Verdict::Done)
    }
}

/// Puts a mail into the outbox, in the caller's transaction. A mail of the same cause is not written again.
///
/// # Errors
/// The database's.
pub async fn enqueue(conn: &mut PgConnection, mail: &Mail, now: OffsetDateTime) -> sqlx::Result<()> {
    let Some(id) = store::insert(conn, mail, now).await? else { return Ok(()) };
    let job = NewJob {
        kind: SEND_MAIL,
        key: format!("mail:{}", mail.key),
        payload: json!({ "mail": id }),
        run_at: now,
    };
    jobs::enqueue(conn, &job, now).await
}
