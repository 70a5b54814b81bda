//! The bearer token: one login for everyone who waits, kept sealed in the database, renewed when it is refused.

use std::sync::PoisonError;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::answer::Later;
use super::store;
use crate::ground::{Clock, Entropy};
use crate::plumbing::sealed::SealingKey;

/// What a sealed token is sealed for.
const PURPOSE: &str = "upstream token";
/// The first pause after a refused login; each further refusal doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// After a login that got no answer.
const SHORT_PAUSE: Duration = Duration::from_secs(2);
/// A token younger than this is not renewed for a redirect: the redirect has another cause.
const YOUNG: time::Duration = time::Duration::minutes(1);

/// A token that may be tried.
#[derive(Clone)]
pub struct Access {
    /// The token.
    pub token: SecretString,
    /// When the upstream gave it.
    obtained_at: OffsetDateTime,
}

impl Access {
    fn is(&self, other: &Self) -> bool {
        self.token.expose_secret() == other.token.expose_secret()
    }
}

/// What came of a login.
pub enum LoggedIn {
    /// A token.
    Token(String),
    /// The upstream does not want these credentials now (401, 403, 422).
    Refused(Later),
    /// No usable answer, or told to wait.
    NotNow(Later),
}

/// Where the token comes from.
pub enum Source {
    /// The reseller configured it; it cannot be renewed.
    Fixed(SecretString),
    /// A login gives it. `account` is base URL and e-mail: another account never meets this one's token.
    Login {
        /// The row's key.
        account: String,
    },
}

/// Where a token is kept, and with what.
pub struct Keeping {
    /// The database.
    pub db: PgPool,
    /// Seals it.
    pub key: SealingKey,
    /// For the nonce.
    pub entropy: Entropy,
    /// For its age and the pauses.
    pub clock: Clock,
}

/// The token of one process.
pub struct Tokens {
    source: Source,
    keeping: Keeping,
    current: Mutex<Option<Access>>,
    pause: std::sync::Mutex<Pause>,
}

/// The breaker: after refusals, nobody logs in before `until`.
#[derive(Default)]
struct Pause {
    refusals: u32,
    until: Option<(OffsetDateTime, Later)>,
}

impl Tokens {
    /// Begins without a token; the first call finds or gets one.
    pub fn new(source: Source, keeping: Keeping) -> Self {
        Self { source, keeping, current: Mutex::default(), pause: std::sync::Mutex::default() }
    }

    /// A token to try: the one in memory, else the database's, else a login's.
    pub async fn access(&self, login: impl AsyncFnOnce() -> LoggedIn) -> Result<Access, Later> {
        self.other_than(None, login).await
    }

    /// A token other than the `refused` one. Whoever comes while another renews waits and shares its token.
    pub async fn renew(
        &self,
        refused: &Access,
        login: impl AsyncFnOnce() -> LoggedIn,
    ) -> Result<Access, Later> {
        self.other_than(Some(refused), login).await
    }

    /// Whether a redirect may mean that this token is no longer known (Laravel sends callers without one to a page).
    pub fn is_old(&self, access: &Access) -> bool {
        self.keeping.clock.now() - access.obtained_at > YOUNG
    }

    /// A token just renewed was refused too: logging in again at once would only hammer.
    pub fn distrust(&self) {
        let reason = "a fresh token was refused too".to_owned();
        self.pause_after_refusal(Later { reason, http_status: Some(401), after: None });
    }

    /// A token was accepted.
    pub fn trust(&self) {
        *self.pause.lock().unwrap_or_else(PoisonError::into_inner) = Pause::default();
    }

    async fn other_than(
        &self,
        refused: Option<&Access>,
        login: impl AsyncFnOnce() -> LoggedIn,
    ) -> Result<Access, Later> {
        let Source::Login { account } = &self.source else { return self.fixed(refused) };
        let usable = |access: &Access| refused.is_none_or(|refused| !refused.is(access));
        let mut current = self.current.lock().await;
        if let Some(access) = current.as_ref().filter(|access| usable(access)) {
            return Ok(access.clone());
        }
        // Another node, or an earlier start, may have a newer one.
        if let Some(kept) = self.kept(account).await.filter(usable) {
            *current = Some(kept.clone());
            return Ok(kept);
        }
        self.paused()?;
        let access = self.after_login(login().await)?;
        self.keep(account, &access).await;
        *current = Some(access.clone());
        Ok(access)
    }

    fn fixed(&self, refused: Option<&Access>) -> Result<Access, Later> {
        match (&self.source, refused) {
            (Source::Fixed(token), None) => {
                Ok(Access { token: token.clone(), obtained_at: self.keeping.clock.now() })
            }
            _ => Err(Later {
                reason: "the configured token was refused".to_owned(),
                http_status: Some(401),
                after: None,
            }),
        }
    }

    fn after_login(&self, outcome: LoggedIn) -> Result<Access, Later> {
        match outcome {
            LoggedIn::Token(token) => {
                self.pause.lock().unwrap_or_else(PoisonError::into_inner).until = None;
                Ok(Access { token: token.into(), obtained_at: self.keeping.clock.now() })
            }
            LoggedIn::Refused(later) => Err(self.pause_after_refusal(later)),
            LoggedIn::NotNow(later) => {
                let wait = later.after.unwrap_or(SHORT_PAUSE);
                let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
                pause.until = Some((self.keeping.clock.now() + wait, later.clone()));
                Err(later)
            }
        }
    }

    fn pause_after_refusal(&self, mut later: Later) -> Later {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = FIRST_PAUSE.saturating_mul(1 << pause.refusals.min(10)).min(LONGEST_PAUSE);
        pause.refusals = pause.refusals.saturating_add(1);
        later.after = Some(wait);
        pause.until = Some((self.keeping.clock.now() + wait, later.clone()));
        drop(pause);
        tracing::warn!(
            reason = later.reason,
            http_status = later.http_status,
            pause_seconds = wait.as_secs(),
            "eSIMDual does not let us in"
        );
        later
    }

    fn paused(&self) -> Result<(), Later> {
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((until, later)) = &pause.until else { return Ok(()) };
        let left = Duration::try_from(*until - self.keeping.clock.now()).unwrap_or_default();
        match left.is_zero() {
            true => Ok(()),
            false => Err(Later { after: Some(left), ..later.clone() }),
        }
    }

    /// The database's token; one that does not open (another key) or cannot be read is none.
    async fn kept(&self, account: &str) -> Option<Access> {
        let row = match store::token(&self.keeping.db, account).await {
            Ok(row) => row?,
            Err(error) => {
                tracing::warn!(%error, "the kept upstream token could not be read; logging in instead");
                return None;
            }
        };
        let token = String::from_utf8(self.keeping.key.open(PURPOSE, &row.sealed)?).ok()?;
        Some(Access { token: token.into(), obtained_at: row.obtained_at })
    }

    async fn keep(&self, account: &str, access: &Access) {
        let token = access.token.expose_secret().as_bytes();
        let sealed = self.keeping.key.seal(&self.keeping.entropy, PURPOSE, token);
        let row = store::SealedToken { sealed, obtained_at: access.obtained_at };
        if let Err(error) = store::keep_token(&self.keeping.db, account, &row).await {
            tracing::warn!(%error, "the upstream token was not kept; the next start logs in again");
        }
    }
}
