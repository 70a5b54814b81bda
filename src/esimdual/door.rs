//! Whether the upstream lets us in: refusals in a row and the pause after each, kept in the database, so that all nodes
//! together knock no more often than one, and one node alone logs in when a token is revoked (RELIABILITY F11, F12).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;

use super::answer::Later;
use super::pace::LONGEST_WAIT;
use super::store::{self, LoginRow};
use crate::ground::Clock;

/// The longest pause, in first pauses. With a first one of 30 s, attempts come after 0 s, 30 s, 90 s, 210 s and 450 s,
/// which are five in the first ten minutes, and then each quarter of an hour.
const LONGEST_PAUSE: u32 = 30;
/// After a login that got no usable answer; each further one doubles it, up to the longest of the other pauses.
const SHORT_PAUSE: Duration = Duration::from_secs(2);

/// The upstream does not let us in: its login or our token was refused, or the account is disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRefused {
    /// Refusals in a row.
    pub times: u32,
    /// The first of them.
    pub since: OffsetDateTime,
    /// The last one's reason, in words for staff.
    pub reason: String,
    /// The last one's status.
    pub http_status: Option<u16>,
    /// When it is tried again.
    pub next_try_at: OffsetDateTime,
}

impl LoginRefused {
    /// One refusal more.
    fn after(before: Option<&Self>, later: &Later, now: OffsetDateTime, first_pause: Duration) -> Self {
        let times = before.map_or(0, |before| before.times);
        let pause = pause_after(times, first_pause);
        Self {
            times: times.saturating_add(1),
            since: before.map_or(now, |before| before.since),
            reason: later.reason.clone(),
            http_status: later.http_status,
            next_try_at: now + pause.max(later.after.unwrap_or_default()),
        }
    }

    /// The last refusal, by the pause that it caused; where the upstream asked for a longer one, rather too late.
    fn last_at(&self, first_pause: Duration) -> OffsetDateTime {
        self.next_try_at - pause_after(self.times.saturating_sub(1), first_pause)
    }

    fn later(&self, now: OffsetDateTime) -> Later {
        let after = Duration::try_from(self.next_try_at - now).unwrap_or_default();
        Later { reason: self.reason.clone(), http_status: self.http_status, after: Some(after) }
    }
}

/// The pause after a refusal that had so many before it.
pub(super) fn pause_after(times: u32, first_pause: Duration) -> Duration {
    first_pause.saturating_mul((1 << times.min(10)).min(LONGEST_PAUSE))
}

impl LoginRow {
    fn refused(&self) -> Option<LoginRefused> {
        Some(LoginRefused {
            times: u32::try_from(self.refusals).ok().filter(|times| *times > 0)?,
            since: self.refused_since?,
            reason: self.reason.clone()?,
            http_status: self.http_status.and_then(|status| u16::try_from(status).ok()),
            next_try_at: self.not_before,
        })
    }
}

/// The way in to one account, with one set of credentials.
pub struct Door {
    account: String,
    first_pause: Duration,
    db: PgPool,
    clock: Clock,
    known: Mutex<Known>,
    /// Whether a refusal that an earlier start left in the database was looked for and cleared.
    trusted: AtomicBool,
    /// When the upstream last accepted a token of this node.
    accepted_at: Mutex<Option<OffsetDateTime>>,
}

/// What this node knows.
#[derive(Default)]
struct Known {
    refused: Option<LoginRefused>,
    /// Nobody logs in before, and what to answer meanwhile.
    pause: Option<Pause>,
    /// Logins in a row that got no usable answer.
    unanswered: u32,
}

struct Pause {
    until: OffsetDateTime,
    /// As long as it was when it began.
    whole: Duration,
    later: Later,
}

impl Pause {
    fn new(now: OffsetDateTime, until: OffsetDateTime, later: Later) -> Self {
        Self { until, whole: Duration::try_from(until - now).unwrap_or_default(), later }
    }

    /// What is left of it. More than the whole comes from a clock that was set back since, and begins anew.
    fn left(&mut self, now: OffsetDateTime) -> Duration {
        self.until = self.until.min(now + self.whole);
        Duration::try_from(self.until - now).unwrap_or_default()
    }
}

/// What became of the wish to log in.
pub enum Claim {
    /// It is ours to do.
    Ours,
    /// Another node is doing it.
    Busy,
    /// Not now.
    Shut(Later),
}

impl Door {
    /// Nothing is known yet. `account` is the key of its rows; other credentials have another, so that a password that
    /// was set right waits for nothing.
    pub fn new(account: String, first_pause: Duration, db: PgPool, clock: Clock) -> Self {
        let (known, trusted, accepted_at) = (Mutex::default(), AtomicBool::new(false), Mutex::default());
        Self { account, first_pause, db, clock, known, trusted, accepted_at }
    }

    /// *Later* while this node knows of a pause.
    ///
    /// # Errors
    /// The reason of the pause, and how long it still is.
    pub fn check(&self) -> Result<(), Later> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pause) = &mut known.pause else { return Ok(()) };
        let left = pause.left(self.clock.now());
        if left.is_zero() { Ok(()) } else { Err(Later { after: Some(left), ..pause.later.clone() }) }
    }

    /// Asks for the one place to log in, for at most `lease`. Without a database this node decides alone.
    pub async fn claim(&self, lease: Duration) -> Claim {
        if let Err(later) = self.check() {
            return Claim::Shut(later);
        }
        let now = self.clock.now();
        let (claimed, row) = match self.ask_for_the_place(now, lease).await {
            Ok((claimed, Some(row))) => (claimed, row),
            Ok((_, None)) => return Claim::Ours,
            Err(error) => {
                tracing::warn!(%error, "logins of other nodes are not known; logging in by ourselves");
                return Claim::Ours;
            }
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.refused = row.refused();
        if claimed {
            return Claim::Ours;
        }
        if row.not_before <= now || row.not_before > self.beyond(now, lease) {
            return Claim::Busy;
        }
        let after = Duration::try_from(row.not_before - now).ok();
        let reason = "a login got no answer; waiting before the next".to_owned();
        let unanswered = Later { reason, http_status: None, after };
        let later = known.refused.as_ref().map_or(unanswered, |refused| refused.later(now));
        known.pause = Some(Pause::new(now, row.not_before, later.clone()));
        Claim::Shut(later)
    }

    async fn ask_for_the_place(
        &self,
        now: OffsetDateTime,
        lease: Duration,
    ) -> sqlx::Result<(bool, Option<LoginRow>)> {
        let beyond = self.beyond(now, lease);
        let claimed = store::claim_login(&self.db, &self.account, now, now + lease, beyond).await?;
        Ok((claimed, store::login(&self.db, &self.account).await?))
    }

    /// No pause and no lease ends later, with a minute for clocks that differ: such a time was written before a clock was
    /// set back, and means nothing any more.
    fn beyond(&self, now: OffsetDateTime, lease: Duration) -> OffsetDateTime {
        let longest = self.first_pause.saturating_mul(LONGEST_PAUSE).max(LONGEST_WAIT).max(lease);
        now + longest + Duration::from_secs(60)
    }

    /// The upstream said no, to a login or to a fresh token. Further ones that come before the next try is due were
    /// under way already and count as the same.
    pub async fn refuse(&self, later: Later) -> Later {
        if let Err(later) = self.check() {
            return later;
        }
        let now = self.clock.now();
        let refused = self.note(&later, now);
        metrics::counter!("simfront_esimdual_logins_refused_total").increment(1);
        tracing::warn!(
            reason = refused.reason,
            http_status = refused.http_status,
            times = refused.times,
            next_try_at = %refused.next_try_at,
            "eSIMDual does not let us in"
        );
        let row = LoginRow {
            refusals: i32::try_from(refused.times).unwrap_or(i32::MAX),
            refused_since: Some(refused.since),
            reason: Some(refused.reason.clone()),
            http_status: refused.http_status.map(i32::from),
            not_before: refused.next_try_at,
        };
        self.trusted.store(false, Ordering::Relaxed);
        self.written(store::refuse_login(&self.db, &self.account, &row).await);
        refused.later(now)
    }

    /// A login was refused: the same, and the place to log in is free again, whoever came first.
    pub async fn refuse_login(&self, later: Later) -> Later {
        let Err(known) = self.check() else { return self.refuse(later).await };
        let until = self.clock.now() + known.after.unwrap_or_default();
        self.written(store::leave_login(&self.db, &self.account, until).await);
        known
    }

    fn note(&self, later: &Later, now: OffsetDateTime) -> LoginRefused {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = LoginRefused::after(known.refused.as_ref(), later, now, self.first_pause);
        known.pause = Some(Pause::new(now, refused.next_try_at, refused.later(now)));
        known.refused = Some(refused.clone());
        known.unanswered = 0;
        refused
    }

    /// Somebody wants it tried now, whatever was refused before.
    pub async fn open(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
        self.written(store::clear_login(&self.db, &self.account, self.clock.now()).await);
    }

    /// A login got no usable answer: nobody tries again before a pause is over, which grows with each one in a row. One
    /// that never left, for the budget or the breaker, waits as long as these say.
    pub async fn postpone(&self, later: Later) -> Later {
        let asked = later.http_status.is_some() || later.after.is_none();
        let (until, later) = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let longest = pause_after(u32::MAX, self.first_pause).max(SHORT_PAUSE);
            let pause = SHORT_PAUSE.saturating_mul(1 << known.unanswered.min(20)).min(longest);
            known.unanswered = known.unanswered.saturating_add(u32::from(asked));
            let told = later.after.unwrap_or_default();
            let wait = if asked { pause.max(told) } else { told };
            let now = self.clock.now();
            let until = now + wait;
            let later = Later { after: Some(wait), ..later };
            known.pause = Some(Pause::new(now, until, later.clone()));
            (until, later)
        };
        self.written(store::leave_login(&self.db, &self.account, until).await);
        later
    }

    /// The login gave a token: the place is free again.
    pub async fn leave(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).unanswered = 0;
        self.written(store::leave_login(&self.db, &self.account, self.clock.now()).await);
    }

    /// A token was accepted: no refusal counts any more. Costs nothing where there was none.
    pub async fn trust(&self) {
        let was_refused = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *known).refused.is_some()
        };
        *self.accepted_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
        if !self.trusted.load(Ordering::Relaxed) || was_refused {
            self.clear().await;
        }
    }

    /// Clears the refusals that all nodes know. What could not be cleared is tried again with the next token accepted.
    async fn clear(&self) {
        let cleared = store::clear_login(&self.db, &self.account, self.clock.now()).await;
        self.trusted.store(cleared.is_ok(), Ordering::Relaxed);
        self.written(cleared);
    }

    /// Whether the upstream refuses us, by what all nodes know. A refusal from before this node's last accepted call is
    /// over, and is cleared: the node that was refused may have gone away and never tell.
    pub async fn standing(&self) -> Option<LoginRefused> {
        let refused = match store::login(&self.db, &self.account).await {
            Ok(row) => row.and_then(|row| row.refused())?,
            Err(_) => return self.known.lock().unwrap_or_else(PoisonError::into_inner).refused.clone(),
        };
        let accepted_at = *self.accepted_at.lock().unwrap_or_else(PoisonError::into_inner);
        if accepted_at.is_some_and(|accepted_at| refused.last_at(self.first_pause) < accepted_at) {
            self.clear().await;
            return None;
        }
        Some(refused)
    }

    fn written(&self, result: sqlx::Result<()>) {
        if let Err(error) = result {
            tracing::warn!(%error, "how eSIMDual takes our logins was not written; other nodes do not know");
        }
    }
}
