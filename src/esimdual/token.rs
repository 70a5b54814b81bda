//! The bearer token: one login for everyone who waits, kept sealed in the database, renewed when it is refused.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::alone::Alone;
use super::answer::Later;
use super::door::{Claim, Door, LoginRefused};
use super::operation::Operation;
use super::store;
use crate::ground::{Clock, Entropy};
use crate::plumbing::sealed::SealingKey;

/// What a sealed token is sealed for.
const PURPOSE: &str = "upstream token";
/// A token younger than this is not renewed for a redirect: the redirect has another cause.
const YOUNG: time::Duration = time::Duration::minutes(1);
/// How often a node looks for the token that another one is about to keep.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So many 403 in a row mean that the account may do nothing, not that one thing is forbidden.
const FORBIDDEN: u32 = 3;

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
    /// It answered, and gave no token: it does not want these credentials now.
    Refused(Later),
    /// No usable answer, or told to wait.
    NotNow(Later),
}

/// Where the token comes from.
pub enum Source {
    /// The reseller configured it; it cannot be renewed.
    Fixed(SecretString),
    /// A login gives it.
    Login,
}

/// Where a token is kept, and with what.
pub struct Keeping {
    /// Base URL and e-mail, the key of the rows: another account never meets this one's token.
    pub account: String,
    /// The same with a mark of the password or token: what was refused says nothing about others.
    pub credentials: String,
    /// How long nobody logs in after a first refusal.
    pub login_pause: Duration,
    /// The database.
    pub db: PgPool,
    /// Seals it.
    pub key: SealingKey,
    /// For the nonce.
    pub entropy: Entropy,
    /// For its age and the pauses.
    pub clock: Clock,
    /// How long one login may take, its wait for the budget included.
    pub login_takes: Duration,
}

/// The token of one process.
pub struct Tokens {
    source: Source,
    keeping: Keeping,
    current: Mutex<Option<Access>>,
    door: Door,
    forbidden: AtomicU32,
    alone: Alone,
}

impl Tokens {
    /// Begins without a token; the first call finds or gets one.
    pub fn new(source: Source, keeping: Keeping) -> Self {
        let (credentials, db) = (keeping.credentials.clone(), keeping.db.clone());
        let door = Door::new(credentials, keeping.login_pause, db, keeping.clock.clone());
        Self {
            source,
            keeping,
            current: Mutex::default(),
            door,
            forbidden: AtomicU32::new(0),
            alone: Alone::default(),
        }
    }

    /// A token to try: the one in memory, else the database's, else a login's. Another's login is waited for no longer
    /// than `until`.
    ///
    /// # Errors
    /// *Later* while the upstream does not let us in, or where the login did not succeed.
    pub async fn access(
        &self,
        until: Instant,
        login: impl AsyncFnOnce() -> LoggedIn,
    ) -> Result<Access, Later> {
        self.other_than(None, until, login).await
    }

    /// A token other than the `refused` one. Whoever comes while another renews waits and shares its token.
    ///
    /// # Errors
    /// The same as [`Tokens::access`]'s.
    pub async fn renew(
        &self,
        refused: &Access,
        until: Instant,
        login: impl AsyncFnOnce() -> LoggedIn,
    ) -> Result<Access, Later> {
        self.other_than(Some(refused), until, login).await
    }

    /// Whether a redirect may mean that this token is no longer known (Laravel sends callers without one to a page), and
    /// a login may help. A configured token is not given up for a redirect.
    pub fn is_old(&self, access: &Access) -> bool {
        let renewable = matches!(self.source, Source::Login);
        renewable && self.keeping.clock.now() - access.obtained_at > YOUNG
    }

    /// *Later* while an operation is left alone because it refuses the token that others accept.
    ///
    /// # Errors
    /// Why, and for how long still.
    pub fn check(&self, operation: Operation) -> Result<(), Later> {
        self.alone.check(operation, self.keeping.clock.now())
    }

    /// Whether others are to be asked before a token is given up for an operation's refusal: it has refused alone
    /// before, or the token cannot be renewed anyway.
    pub fn may_refuse_alone(&self, operation: Operation) -> bool {
        matches!(self.source, Source::Fixed(_)) || self.alone.has(operation)
    }

    /// An operation refused a token that another one accepts.
    pub fn refuses_alone(&self, operation: Operation) {
        self.alone.shut(operation, self.keeping.clock.now(), self.keeping.login_pause);
    }

    /// A token just renewed was refused too: logging in again at once would only hammer.
    pub async fn distrust(&self) {
        self.door.refuse(said("a fresh token was refused too", Some(401))).await;
    }

    /// A token was accepted.
    pub async fn trust(&self, operation: Operation) {
        self.alone.open(operation);
        self.forbidden.store(0, Ordering::Relaxed);
        self.door.trust().await;
    }

    /// A 403 to a call that every account may make. Several in a row: the account is disabled (RELIABILITY F17), and
    /// all calls wait, with growing pauses.
    pub async fn forbidden(&self) {
        if self.forbidden.fetch_add(1, Ordering::Relaxed) + 1 >= FORBIDDEN {
            self.door
                .refuse(said("the account may do nothing: disabled, or its e-mail unverified", Some(403)))
                .await;
        }
    }

    /// An answer that only an account in good standing gets.
    pub fn allowed(&self) {
        self.forbidden.store(0, Ordering::Relaxed);
    }

    /// Forgets that the upstream refused us: somebody says that it is worth a try.
    pub async fn let_try(&self) {
        self.alone.open_all();
        self.door.open().await;
    }

    /// Whether the upstream refuses us.
    pub async fn standing(&self) -> Option<LoginRefused> {
        self.door.standing().await
    }

    /// The token that there is, without a login.
    pub async fn at_hand(&self) -> Option<Access> {
        match &self.source {
            Source::Fixed(token) => Some(self.fresh(token.clone())),
            Source::Login => match self.current.lock().await.clone() {
                Some(access) => Some(access),
                None => self.kept().await,
            },
        }
    }

    /// Forgets the token, here and in the database. Other nodes notice when theirs is refused.
    pub async fn forget(&self) {
        *self.current.lock().await = None;
        if let Err(error) = store::forget_token(&self.keeping.db, &self.keeping.account).await {
            tracing::warn!(%error, "a token that was logged out is still in the database");
        }
    }

    async fn other_than(
        &self,
        refused: Option<&Access>,
        until: Instant,
        login: impl AsyncFnOnce() -> LoggedIn,
    ) -> Result<Access, Later> {
        let Ok(mut current) = timeout_at(until, self.current.lock()).await else {
            return Err(said("another call is logging in, and does not come to an end", None));
        };
        let shut = self.door.check().err();
        let known =
            current.as_ref().filter(|access| shut.is_none() && refused.is_none_or(|one| !one.is(access)));
        if let Some(access) = known {
            return Ok(access.clone());
        }
        if let Source::Fixed(token) = &self.source {
            return match (shut, refused) {
                (Some(later), _) => Err(later),
                (None, None) => Ok(current.insert(self.fresh(token.clone())).clone()),
                (None, Some(_)) => {
                    Err(self.door.refuse(said("the configured token was refused", Some(401))).await)
                }
            };
        }
        // While the door is shut, the token in memory was given up too.
        let given_up = refused.or(current.as_ref());
        let access = match self.place_to_log_in(given_up, until).await? {
            Some(kept) => kept,
            None => self.logged_in(login().await).await?,
        };
        *current = Some(access.clone());
        Ok(access)
    }

    /// `None`: it is ours to log in. Else the token that another node, or an earlier start, has kept.
    async fn place_to_log_in(
        &self,
        given_up: Option<&Access>,
        until: Instant,
    ) -> Result<Option<Access>, Later> {
        let give_up_at = until.min(Instant::now() + self.keeping.login_takes);
        loop {
            if let Some(newer) = self.kept_other_than(given_up).await {
                return Ok(Some(newer));
            }
            if Instant::now() >= until {
                return Err(said("no time is left for a login", None));
            }
            match self.door.claim(self.keeping.login_takes).await {
                Claim::Ours => break,
                Claim::Shut(later) => return Err(later),
                Claim::Busy if Instant::now() >= give_up_at => {
                    return Err(said("another node is logging in, and does not come to an end", None));
                }
                Claim::Busy => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        // Another node may have finished between the look and the claim.
        let newer = self.kept_other_than(given_up).await;
        if newer.is_some() {
            self.door.leave().await;
        }
        Ok(newer)
    }

    async fn logged_in(&self, outcome: LoggedIn) -> Result<Access, Later> {
        match outcome {
            LoggedIn::Token(token) => {
                let access = self.fresh(token.into());
                // Kept before the place is free, so that who waits for it finds the token.
                self.keep(&access).await;
                self.door.leave().await;
                Ok(access)
            }
            LoggedIn::Refused(later) => Err(self.door.refuse_login(later).await),
            LoggedIn::NotNow(later) => Err(self.door.postpone(later).await),
        }
    }

    fn fresh(&self, token: SecretString) -> Access {
        Access { token, obtained_at: self.keeping.clock.now() }
    }

    /// One that is older than the token that was given up was given up before.
    async fn kept_other_than(&self, given_up: Option<&Access>) -> Option<Access> {
        let newer =
            |kept: &Access| given_up.is_none_or(|old| !old.is(kept) && kept.obtained_at >= old.obtained_at);
        self.kept().await.filter(newer)
    }

    /// The database's token; one that does not open (another key) or cannot be read is none.
    async fn kept(&self) -> Option<Access> {
        let row = match store::token(&self.keeping.db, &self.keeping.account).await {
            Ok(row) => row?,
            Err(error) => {
                tracing::warn!(%error, "the kept upstream token could not be read; logging in instead");
                return None;
            }
        };
        let token = String::from_utf8(self.keeping.key.open(PURPOSE, &row.sealed)?).ok()?;
        Some(Access { token: token.into(), obtained_at: row.obtained_at })
    }

    async fn keep(&self, access: &Access) {
        let token = access.token.expose_secret().as_bytes();
        let sealed = self.keeping.key.seal(&self.keeping.entropy, PURPOSE, token);
        let row = store::SealedToken { sealed, obtained_at: access.obtained_at };
        if let Err(error) = store::keep_token(&self.keeping.db, &self.keeping.account, &row).await {
            tracing::warn!(%error, "the upstream token was not kept; the next start logs in again");
        }
    }
}

fn said(reason: &str, http_status: Option<u16>) -> Later {
    Later { reason: reason.to_owned(), http_status, after: None }
}
