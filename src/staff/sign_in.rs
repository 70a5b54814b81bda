//! Signing in and out.

use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use super::password::{self, Busy};
use super::session::{self, Times};
use super::store::{self, Credentials};
use super::throttle::{Throttle, Try};
use super::{accounts, audit};
use crate::ground::token::Token;
use crate::ground::{EmailAddress, Entropy};

/// What somebody typed, and from where.
pub struct Attempt {
    /// The e-mail as typed.
    pub email: String,
    /// The password as typed.
    pub password: SecretString,
    /// Where it comes from; `None` where that is not known.
    pub address: Option<IpAddr>,
    /// The session that the browser still has, which ends with a new sign-in.
    pub old_session: Option<Token>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The e-mail or the password is wrong; nobody is told which.
    #[error("the e-mail or the password is wrong")]
    Wrong,
    /// Too many tries: wait so long.
    #[error("too many tries")]
    TooOften(Duration),
    /// Too many sign-ins at once.
    #[error("too many sign-ins at once")]
    Busy,
    /// The program or the database failed.
    #[error(transparent)]
    Fault(anyhow::Error),
}

impl From<sqlx::Error> for SignInRefusal {
    fn from(fault: sqlx::Error) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<anyhow::Error> for SignInRefusal {
    fn from(fault: anyhow::Error) -> Self {
        if fault.is::<Busy>() { Self::Busy } else { Self::Fault(fault) }
    }
}

/// Signs in: a new session, whose token is only ever in the cookie. `throttle` is `None` where limits are off.
///
/// An unknown e-mail takes the same steps as a known one with a wrong password.
///
/// # Errors
/// [`SignInRefusal`].
pub async fn sign_in(
    db: &PgPool,
    entropy: &Entropy,
    throttle: Option<&Throttle>,
    attempt: Attempt,
    now: OffsetDateTime,
) -> Result<Token, SignInRefusal> {
    let email = EmailAddress::parse(&attempt.email).map(|email| accounts::key(&email)).unwrap_or_default();
    let known = store::credentials(&mut *db.acquire().await?, &email).await?;
    let counted = Try { account: throttle_key(&email, known.as_ref()), address: attempt.address };
    if let Some(throttle) = throttle {
        throttle.begin(counted, now).map_err(SignInRefusal::TooOften)?;
    }
    // Nobody has a longer one, so this tells nothing, and a megabyte is never hashed.
    if attempt.password.expose_secret().chars().take(password::LONGEST + 1).count() > password::LONGEST {
        return Err(SignInRefusal::Wrong);
    }
    let stored = known.as_ref().map(|known| known.password_hash.clone());
    let verdict = password::verify(attempt.password.clone(), stored).await?;
    let Some(known) = known.filter(|_| verdict.matches) else {
        tracing::info!("a sign-in to the back office was refused");
        return Err(SignInRefusal::Wrong);
    };
    let token = begin(db, entropy, &known, attempt.old_session.as_ref(), now).await?;
    audit_sign_in(db, &email, now).await?;
    if let Some(throttle) = throttle {
        throttle.succeeded(counted, now);
    }
    if verdict.outdated {
        let stronger = password::hash_again(attempt.password, entropy).await?;
        store::strengthen(&mut *db.acquire().await?, known.id, &known.password_hash, &stronger).await?;
    }
    Ok(token)
}

async fn begin(
    db: &PgPool,
    entropy: &Entropy,
    verified: &Credentials,
    old: Option<&Token>,
    now: OffsetDateTime,
) -> Result<Token, SignInRefusal> {
    let token = entropy.token();
    let mut tx = db.begin().await?;
    if let Some(old) = old {
        store::end_session(&mut tx, &old.hash()).await?;
    }
    store::forget_ended_sessions(&mut tx, now, now - session::IDLE).await?;
    if !store::begin_session(&mut tx, &token.hash(), verified, now, Times::beginning(now)).await? {
        // The password was changed while this one was being compared.
        return Err(SignInRefusal::Wrong);
    }
    tx.commit().await?;
    Ok(token)
}

async fn audit_sign_in(db: &PgPool, email: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    audit::record(&mut *db.acquire().await?, now, email, "signed_in", &json!({})).await
}

/// Ends a session.
///
/// # Errors
/// A fault of the database.
pub async fn sign_out(db: &PgPool, token: &Token) -> sqlx::Result<()> {
    store::end_session(&mut *db.acquire().await?, &token.hash()).await
}

/// A hash over e-mail and stored hash: the throttle's memory holds no address, and a reset password begins anew.
fn throttle_key(email: &str, known: Option<&Credentials>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(email.as_bytes());
    hasher.update([0]);
    hasher.update(known.map_or("", |known| &known.password_hash).as_bytes());
    hasher.finalize().into()
}
