//! Signing in and out: the password, then the code where the account has a second factor or must set one up.

use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use time::Duration;

use super::password::{self, Busy};
use super::session::{self, HALF_WAY, Times};
use super::store::{self, Credentials, factors, sessions};
use super::throttle::{Throttle, Try};
use super::totp::Secret;
use super::{Means, accounts, audit, factor, tries};
use crate::ground::EmailAddress;
use crate::ground::token::Token;

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

/// What a right password leads to.
pub enum Entered {
    /// A session.
    Session(Token),
    /// A sign-in that owes a code: of the account's factor, or of the one that it must set up now.
    HalfWay(Token),
}

/// What a sign-in that owes a code waits for.
pub enum Owed {
    /// A code of the account's factor.
    Code,
    /// The first code of this new secret, of the account with this e-mail.
    Enrolment(Secret, String),
}

/// What a right code leads to.
pub struct Finished {
    /// The session.
    pub session: Token,
    /// The recovery codes of a factor that was set up just now, to be shown this once.
    pub recovery_codes: Vec<String>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The e-mail or the password is wrong; nobody is told which.
    #[error("the e-mail or the password is wrong")]
    Wrong,
    /// The code is wrong, old, or was taken before.
    #[error("the code is wrong")]
    WrongCode,
    /// No sign-in waits for a code, or not any more.
    #[error("the sign-in took too long")]
    Over,
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

/// Takes e-mail and password: a session, or a sign-in that owes a code. Their tokens are only ever in cookies.
/// `throttle` is `None` where limits are off.
///
/// An unknown e-mail takes the same steps as a known one with a wrong password.
///
/// # Errors
/// [`SignInRefusal`].
pub async fn sign_in(
    means: &Means<'_>,
    throttle: Option<&Throttle>,
    attempt: Attempt,
    factor_is_required: bool,
) -> Result<Entered, SignInRefusal> {
    let (db, now) = (means.db, means.now);
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
    let Some(mut known) = known.filter(|_| verdict.matches) else {
        tracing::info!("a sign-in to the back office was refused");
        return Err(SignInRefusal::Wrong);
    };
    if verdict.outdated {
        let stronger = password::hash_again(attempt.password, means.entropy).await?;
        store::strengthen(&mut *db.acquire().await?, known.id, &known.password_hash, &stronger).await?;
        known.password_hash = stronger;
    }
    let mut tx = db.begin().await?;
    let has_factor = factors::secret(&mut tx, known.id).await?.is_some();
    let entered = if has_factor || factor_is_required {
        Entered::HalfWay(half_way(&mut tx, means, &known, has_factor).await?)
    } else {
        let session = begin(&mut tx, means, &known, attempt.old_session.as_ref()).await?;
        audit::record(&mut tx, now, &email, "signed_in", &json!({})).await?;
        Entered::Session(session)
    };
    tx.commit().await?;
    if let Some(throttle) = throttle {
        throttle.succeeded(counted, now);
    }
    Ok(entered)
}

/// Keeps a sign-in that owes a code, with a new secret where there is none yet.
async fn half_way(
    conn: &mut PgConnection,
    means: &Means<'_>,
    verified: &Credentials,
    has_factor: bool,
) -> Result<Token, SignInRefusal> {
    let token = means.entropy.token();
    let proposed = (!has_factor).then(|| factor::draw(means).1);
    let expires_at = means.now + HALF_WAY;
    let kept =
        sessions::begin_half_way(conn, &token.hash(), verified, proposed.as_deref(), expires_at).await?;
    // Else the password was changed while this one was being compared.
    if kept { Ok(token) } else { Err(SignInRefusal::Wrong) }
}

/// What the sign-in of this token owes; `None` where it is over.
///
/// # Errors
/// A fault of the database, or a secret that another key sealed.
pub async fn owed(means: &Means<'_>, token: &Token) -> anyhow::Result<Option<Owed>> {
    let half_way = sessions::half_way(&mut *means.db.acquire().await?, &token.hash(), means.now).await?;
    let Some(half_way) = half_way else { return Ok(None) };
    let Some(sealed) = half_way.proposed_secret else { return Ok(Some(Owed::Code)) };
    Ok(Some(Owed::Enrolment(factor::open(means.key, &sealed)?, half_way.email)))
}

/// Takes the code that a sign-in owes: an app's code or a recovery code, or the first code of a new secret.
///
/// # Errors
/// [`SignInRefusal`].
pub async fn answer_code(
    means: &Means<'_>,
    token: &Token,
    typed: &str,
    old_session: Option<&Token>,
) -> Result<Finished, SignInRefusal> {
    let hash = token.hash();
    let half_way = sessions::half_way(&mut *means.db.acquire().await?, &hash, means.now).await?;
    let half_way = half_way.ok_or(SignInRefusal::Over)?;
    let admin_id = half_way.credentials.id;
    tries::begin(means, admin_id).await?.map_err(SignInRefusal::TooOften)?;
    let mut tx = means.db.begin().await?;
    let proven = match &half_way.proposed_secret {
        Some(sealed) => {
            let codes = factor::accept(&mut tx, means, admin_id, sealed, typed).await?;
            codes.map(|codes| ("second_factor_enrolled", codes))
        }
        None => {
            let proof = factor::take(&mut tx, means, admin_id, typed).await?;
            proof.map(|proof| (proof.word(), Vec::new()))
        }
    };
    let Some((how, recovery_codes)) = proven else {
        drop(tx);
        // Somebody knows the password: worth a line that its owner may look for.
        let mut conn = means.db.acquire().await?;
        audit::record(&mut conn, means.now, &half_way.email, "code_refused", &json!({})).await?;
        return Err(SignInRefusal::WrongCode);
    };
    if !sessions::end_half_way(&mut tx, &hash).await? {
        return Err(SignInRefusal::Over);
    }
    if half_way.proposed_secret.is_some() {
        sessions::end_sessions_of(&mut tx, admin_id, None).await?;
        audit::record(&mut tx, means.now, &half_way.email, how, &json!({})).await?;
    }
    let session = begin(&mut tx, means, &half_way.credentials, old_session).await?;
    audit::record(&mut tx, means.now, &half_way.email, "signed_in", &json!({"with": how})).await?;
    tx.commit().await?;
    tries::succeeded(means, admin_id).await?;
    Ok(Finished { session, recovery_codes })
}

async fn begin(
    conn: &mut PgConnection,
    means: &Means<'_>,
    verified: &Credentials,
    old: Option<&Token>,
) -> Result<Token, SignInRefusal> {
    let (token, now) = (means.entropy.token(), means.now);
    if let Some(old) = old {
        sessions::end_session(conn, &old.hash()).await?;
    }
    sessions::forget_ended_sessions(conn, now, now - session::IDLE).await?;
    if !sessions::begin_session(conn, &token.hash(), verified, now, Times::beginning(now)).await? {
        // The password was changed while this one was being compared.
        return Err(SignInRefusal::Wrong);
    }
    Ok(token)
}

/// Ends a session.
///
/// # Errors
/// A fault of the database.
pub async fn sign_out(db: &PgPool, token: &Token) -> sqlx::Result<()> {
    sessions::end_session(&mut *db.acquire().await?, &token.hash()).await
}

/// Ends a sign-in that owes a code.
///
/// # Errors
/// A fault of the database.
pub async fn give_up(db: &PgPool, token: &Token) -> sqlx::Result<()> {
    sessions::end_half_way(&mut *db.acquire().await?, &token.hash()).await?;
    Ok(())
}

/// A hash over e-mail and stored hash: the throttle's memory holds no address, and a reset password begins anew.
fn throttle_key(email: &str, known: Option<&Credentials>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(email.as_bytes());
    hasher.update([0]);
    hasher.update(known.map_or("", |known| &known.password_hash).as_bytes());
    hasher.finalize().into()
}
