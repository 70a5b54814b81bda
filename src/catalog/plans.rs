//! Plans that were held, and what a person decides about them.

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::accept::Accepted;
use super::diff::{Plan, fingerprint};
use super::overrides::NewPackages;
use super::store::{self, OpenPlan};

/// So many packages are written at a time: memory stays bounded, and the statements' plans good.
pub(super) const BATCH: usize = 2_000;

/// What became of a plan that was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits for a person.
    Waiting,
    /// The very same waits since this run.
    Since(i64),
    /// The very same was dropped by this person.
    Dropped(String),
}

/// Why a plan was not carried out or dropped; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// There is none under this number that waits.
    #[error("no plan of that run waits any more")]
    NotWaiting,
    /// It was dropped, and the upstream lists something else since.
    #[error("eSIMDual lists something else since that plan was dropped; the newest sync says what")]
    OtherList,
    /// The catalog is not the one that the plan was made against.
    #[error("the catalog has changed since the plan was made; the next sync makes a new one")]
    OtherCatalog,
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A hash of everything that a plan writes.
fn digest(accepted: &Accepted, plan: &Plan) -> Vec<u8> {
    let mut hash = Sha256::new();
    for package in plan.written().filter_map(|id| accepted.packages.get(&id)) {
        hash.update(fingerprint(package));
    }
    for id in &plan.withdrawn {
        hash.update(id.to_be_bytes());
    }
    hash.finalize().to_vec()
}

/// Keeps a held plan whole, in the place of an older one. One that was dropped is kept too, while the upstream lists nothing
/// else: whoever dropped it may have been wrong.
pub(super) async fn keep(
    db: &mut PgConnection,
    run: i64,
    accepted: &Accepted,
    plan: &Plan,
) -> sqlx::Result<Kept> {
    let made_against = store::newest_applied(db).await?;
    let digest = digest(accepted, plan);
    if let Some((earlier, state, by)) = store::same_plan(db, &digest, made_against).await? {
        match (state.as_str(), by) {
            ("waiting", _) => {
                store::found_plan(db, run, earlier).await?;
                return Ok(Kept::Since(earlier));
            }
            ("dropped", Some(by)) => {
                store::found_plan(db, run, earlier).await?;
                if !store::has_contents(db, earlier).await? {
                    store::overtake_plans(db).await?;
                    add_contents(db, earlier, accepted, plan).await?;
                }
                return Ok(Kept::Dropped(by));
            }
            _ => {}
        }
    }
    store::overtake_plans(db).await?;
    store::add_plan(db, run, made_against, &digest, &plan.withdrawn).await?;
    store::found_plan(db, run, run).await?;
    add_contents(db, run, accepted, plan).await?;
    Ok(Kept::Waiting)
}

async fn add_contents(db: &mut PgConnection, run: i64, accepted: &Accepted, plan: &Plan) -> sqlx::Result<()> {
    store::add_plan_places(db, run, &accepted.countries, &accepted.regions).await?;
    let packages: Vec<_> = plan.written().filter_map(|id| accepted.packages.get(&id)).collect();
    for batch in packages.chunks(BATCH) {
        store::add_plan_packages(db, run, batch).await?;
    }
    Ok(())
}

/// The plan that a run found, if it may be carried out, and the run that becomes an applied one by it: of a plan that was
/// dropped the newest that found it, since that one knows what the upstream lists now.
async fn open_plan(tx: &mut PgConnection, run: i64) -> Result<(OpenPlan, i64), NotDecided> {
    let plan = store::open_plan(tx, run).await?.ok_or(NotDecided::NotWaiting)?;
    if plan.made_against != store::newest_applied(tx).await? {
        return Err(NotDecided::OtherCatalog);
    }
    if !plan.dropped {
        return Ok((plan, run));
    }
    match store::newest_compared(tx).await? {
        Some((newest, Some(found))) if found == plan.run_id => Ok((plan, newest)),
        _ => Err(NotDecided::OtherList),
    }
}

/// Carries out the plan that this run found, whether it waits or was dropped, in the caller's transaction, and remembers
/// who had it done. Ring for the window after the
/// commit.
///
/// # Errors
/// [`NotDecided`].
pub async fn accept_plan(
    tx: &mut PgConnection,
    run: i64,
    by: &str,
    now: OffsetDateTime,
) -> Result<(), NotDecided> {
    store::lock(tx).await?;
    let (plan, applied) = open_plan(tx, run).await?;
    let run = plan.run_id;
    let (countries, regions) = store::plan_places(tx, run).await?;
    store::put_countries(tx, &countries).await?;
    store::put_regions(tx, &regions).await?;
    let held = match plan.made_against > 0 && store::new_packages(tx).await? == NewPackages::Hold {
        true => store::new_in_plan(tx, run).await?,
        false => Vec::new(),
    };
    let mut after = 0;
    loop {
        let batch = store::plan_packages(tx, run, after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        store::put_packages(tx, &batch.iter().collect::<Vec<_>>(), now).await?;
    }
    store::withdraw(tx, &plan.withdrawn, now).await?;
    store::hold(tx, &held, now).await?;
    store::decide_plan(tx, run, "accepted", by, now).await?;
    store::forget_contents(tx).await?;
    store::apply_held_run(tx, applied).await?;
    Ok(())
}

/// Lets a plan go: the shop goes on selling what it has, and the same plan does not ask again. It can be accepted after all
/// while the upstream lists nothing else.
///
/// # Errors
/// [`NotDecided`].
pub async fn drop_plan(
    tx: &mut PgConnection,
    run: i64,
    by: &str,
    now: OffsetDateTime,
) -> Result<(), NotDecided> {
    store::lock(tx).await?;
    match store::open_plan(tx, run).await? {
        Some(plan) if !plan.dropped => Ok(store::decide_plan(tx, plan.run_id, "dropped", by, now).await?),
        _ => Err(NotDecided::NotWaiting),
    }
}

/// The run whose plan waits for a person.
///
/// # Errors
/// Of the database.
pub async fn waiting(db: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    store::waiting(db).await
}

/// A dropped plan that the upstream still stands by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The newest run, which found it again.
    pub run: i64,
    /// Who dropped it.
    pub by: String,
}

/// Whether the newest sync is held because its plan was dropped: the shop sells from an older catalog until somebody
/// accepts it after all, or the upstream lists something else.
///
/// # Errors
/// Of the database.
pub async fn dropped(db: &mut PgConnection) -> sqlx::Result<Option<Dropped>> {
    store::dropped(db).await
}
