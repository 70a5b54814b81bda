//! One sync: take the turn, ask outside any transaction, compare, apply in one transaction, remember what happened.

use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use time::OffsetDateTime;

use super::accept::{Accepted, accept};
use super::diff::{Brake, Hold, Plan};
use super::overrides::NewPackages;
use super::package::Package;
use super::places;
use super::plans::{self, BATCH, Kept};
use super::run::{Counts, Outcome};
use super::slug::Addresses;
use super::store;
use super::turn::Turn;
use crate::esimdual::{Answer, CatalogRows, Client, PackageRow};
use crate::ground::{Clock, Currency};
use crate::plumbing::{apart, db};

/// How far a sync has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// eSIMDual was asked for its catalog.
    Asking,
    /// So many rows came.
    Received(usize),
    /// So many packages are compared and written where they differ.
    Comparing(usize),
}

/// What a sync did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its row in `sync_runs`.
    pub run: i64,
    /// Applied, unchanged or held.
    pub outcome: Outcome,
    /// What it found, and changed or (held) would have changed.
    pub counts: Counts,
    /// Why it was held.
    pub note: Option<String>,
}

/// Why a sync came to no end. A run that had begun is remembered as failed where the database let us.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Another one is under way, on whichever node; nothing was asked.
    #[error("another sync is under way")]
    UnderWay,
    /// It was cut off from the database for so long that its turn passed to another one, which knows what is newer.
    #[error("another sync took over while this one was cut off")]
    Overtaken,
    /// eSIMDual gave no usable catalog; a sentence for staff.
    #[error("eSIMDual gave no catalog: {0}")]
    Upstream(String),
    /// The database failed.
    #[error("the database failed during the sync")]
    Database(#[from] sqlx::Error),
}

/// Syncs once, unless another sync is under way. A catalog that is held changes nothing and is no error. After
/// [`Outcome::Applied`] the caller rings for the window.
///
/// # Errors
/// [`SyncError`]; nothing was changed then.
pub async fn sync(
    db: &PgPool,
    upstream: &Client,
    clock: &Clock,
    brake: Brake,
    report: &'static (dyn Fn(Progress) + Send + Sync),
) -> Result<Summary, SyncError> {
    let mut turn = Turn::take(db).await?.ok_or(SyncError::UnderWay)?;
    let now = clock.now();
    let run = store::begin_run(&mut *db.acquire().await?, now).await?;
    let one = OneSync { run, brake, now, clock: clock.clone(), report };
    let done = tokio::select! {
        done = one.ask_and_compare(db, upstream) => done,
        lost = turn.keep() => Err(SyncError::Database(lost)),
    };
    if let Err(error) = &done {
        one.note_failure(db, error).await;
    }
    turn.leave().await;
    done
}

/// The rows, and the account's currency where a row needs it.
async fn fetch(upstream: &Client) -> Result<(Vec<PackageRow>, Option<Currency>), String> {
    let CatalogRows { rows } = match upstream.packages().await {
        Answer::Done(rows) => rows,
        Answer::Refused(refusal) => return Err(format!("it refused ({})", refusal.http_status)),
        Answer::Later(later) => return Err(later.reason),
        Answer::Doubt(doubt) => return Err(doubt.reason),
    };
    if rows.iter().all(|row| row.pricing_currency.is_some() || row.currency.is_some()) {
        return Ok((rows, None));
    }
    let account = match upstream.me().await {
        Answer::Done(account) => account.currency.as_deref().and_then(Currency::parse),
        // Without it those rows are set aside, and a catalog of such rows is held.
        Answer::Refused(_) | Answer::Later(_) | Answer::Doubt(_) => None,
    };
    Ok((rows, account))
}

/// What one sync knows from its beginning.
#[derive(Clone)]
struct OneSync {
    run: i64,
    brake: Brake,
    now: OffsetDateTime,
    clock: Clock,
    report: &'static (dyn Fn(Progress) + Send + Sync),
}

impl OneSync {
    async fn ask_and_compare(&self, db: &PgPool, upstream: &Client) -> Result<Summary, SyncError> {
        (self.report)(Progress::Asking);
        let (rows, account) = fetch(upstream).await.map_err(SyncError::Upstream)?;
        (self.report)(Progress::Received(rows.len()));
        let (one, change) = (self.clone(), db.begin().await?);
        apart::run(async move { one.compare(change, rows, account).await }).await.map_err(sqlx::Error::Io)?
    }

    async fn note_failure(&self, db: &PgPool, error: &SyncError) {
        let (note, none) = (error.to_string(), Counts::default());
        let ended = async {
            let mut db = db.acquire().await?;
            store::end_run(&mut db, self.run, Outcome::Failed, none, Some(&note), self.clock.now()).await
        };
        if let Err(error) = ended.await {
            tracing::warn!(run = self.run, %error, "the end of a failed sync was not written");
        }
    }

    async fn compare(
        &self,
        mut change: Transaction<'static, Postgres>,
        rows: Vec<PackageRow>,
        account: Option<Currency>,
    ) -> Result<Summary, SyncError> {
        db::on_one_processor(&mut change).await?;
        store::lock(&mut change).await?;
        if !store::may_write(&mut change, self.run).await? {
            return Err(SyncError::Overtaken);
        }
        let addresses = Addresses::known(store::country_slugs(&mut change).await?);
        let accepted = accept(&rows, account, addresses);
        drop(rows);
        let stored = store::stored(&mut change).await?;
        let plan = Plan::new(&stored, &accepted.packages);
        let known = store::known_places(&mut change).await?;
        let places = places::changes(&known, &accepted.countries, &accepted.regions);
        let counts = plan.counts(accepted.packages.len(), accepted.set_aside.len(), places.len());
        (self.report)(Progress::Comparing(accepted.packages.len()));
        let hold = plan.hold(&stored, &accepted.packages, self.brake);
        drop(stored);
        let (outcome, note) = match hold {
            Some(hold) => (Outcome::Held, Some(self.keep(&mut change, &accepted, &plan, hold).await?)),
            None => (self.apply(&mut change, &accepted, &plan, !places.is_empty()).await?, None),
        };
        if hold != Some(Hold::NothingUsable) {
            store::add_place_changes(&mut change, self.run, &places).await?;
        }
        store::keep_set_aside(&mut change, self.run, &accepted.set_aside).await?;
        let ended = self.clock.now();
        store::end_run(&mut change, self.run, outcome, counts, note.as_deref(), ended).await?;
        change.commit().await?;
        Ok(Summary { run: self.run, outcome, counts, note })
    }

    async fn apply(
        &self,
        db: &mut PgConnection,
        accepted: &Accepted,
        plan: &Plan,
        places: bool,
    ) -> sqlx::Result<Outcome> {
        store::overtake_plans(db).await?;
        if plan.is_empty() && !places {
            return Ok(Outcome::Unchanged);
        }
        store::put_countries(db, &accepted.countries).await?;
        store::put_regions(db, &accepted.regions).await?;
        let first = store::newest_applied(db).await? == 0;
        store::add_changes(db, self.run, accepted, plan).await?;
        let packages: Vec<&Package> = plan.written().filter_map(|id| accepted.packages.get(&id)).collect();
        for batch in packages.chunks(BATCH) {
            store::put_packages(db, batch, self.now).await?;
        }
        store::withdraw(db, &plan.withdrawn, self.now).await?;
        // A shop's first catalog is what it opens with.
        if !first && store::new_packages(db).await? == NewPackages::Hold {
            store::hold(db, &plan.added, self.now).await?;
        }
        Ok(Outcome::Applied)
    }

    /// Keeps what is held for a person, and says so. A list of nothing is no plan.
    async fn keep(
        &self,
        db: &mut PgConnection,
        accepted: &Accepted,
        plan: &Plan,
        hold: Hold,
    ) -> sqlx::Result<String> {
        let held = format!("The sync is held: {hold}.");
        if hold == Hold::NothingUsable {
            return Ok(held);
        }
        store::add_changes(db, self.run, accepted, plan).await?;
        Ok(match plans::keep(db, self.run, accepted, plan).await? {
            // Whether it waits, and who decided, is told by the plan's own row.
            Kept::Waiting => held,
            Kept::Since(run) => format!("{held} It is the plan of run {run}."),
            Kept::Dropped(by) => format!("{held} The same plan was dropped by {by}."),
        })
    }
}
