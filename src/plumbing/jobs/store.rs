//! Every statement on `jobs`.

use std::time::Duration;

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::NewJob;

/// A job that this worker holds.
#[derive(Debug)]
pub(super) struct Claim {
    pub id: i64,
    pub kind: String,
    pub key: String,
    pub payload: Value,
    /// The number of this claim: the fence.
    pub attempts: i32,
    /// How often it had been asked for when it was claimed.
    pub wanted: i32,
    /// Faults in a row.
    pub faults: i32,
}

/// A job as staff see it.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Which kind.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// When it runs next.
    pub run_at: OffsetDateTime,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// Asks for work, in the caller's transaction; ring the bell after its commit. A job with this key that waits comes
/// forward to the earlier of both times; one that runs will run once more; one that was given up lives again. Where a
/// statement of its own is one too many, the function `enqueue_jobs` of the migrations asks the same from within the
/// caller's.
pub async fn enqueue(conn: &mut PgConnection, job: &NewJob, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into jobs (kind, key, payload, run_at, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict (key) do update
         set run_at = least(jobs.run_at, excluded.run_at),
             payload = excluded.payload,
             wanted = jobs.wanted + 1,
             dead_at = null",
        job.kind,
        job.key,
        job.payload,
        job.run_at,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes the job that is due longest, or one whose worker's lease ran out.
pub(super) async fn claim(
    db: &PgPool,
    worker: &str,
    kinds: &[String],
    now: OffsetDateTime,
    lease: Duration,
) -> sqlx::Result<Option<Claim>> {
    sqlx::query_as!(
        Claim,
        "update jobs
         set attempts = attempts + 1,
             worker = $1,
             lease_until = $3
         where id = (
             select id
             from jobs
             where dead_at is null
               and run_at <= $2
               and (lease_until is null or lease_until <= $2)
               and kind = any($4)
             order by run_at
             limit 1
             for update skip locked
         )
         returning id, kind, key, payload, attempts, wanted, faults",
        worker,
        now,
        now + lease,
        kinds,
    )
    .fetch_optional(db)
    .await
}

/// Prolongs the lease of a running job; false when somebody else has it now.
pub(super) async fn prolong(db: &PgPool, claim: &Claim, until: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update jobs
         set lease_until = $3
         where id = $1
           and attempts = $2
           and lease_until is not null",
        claim.id,
        claim.attempts,
        until,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the end of a run: the row goes, unless the job was asked for again meanwhile. The row is taken first: a
/// request that is just being committed is waited for, and not overlooked.
pub(super) async fn finish(db: &PgPool, claim: &Claim, now: OffsetDateTime) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let wanted = sqlx::query_scalar!(
        "select wanted
         from jobs
         where id = $1
           and attempts = $2
         for update",
        claim.id,
        claim.attempts,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(wanted) = wanted else { return Ok(()) };
    if wanted == claim.wanted {
        sqlx::query!("delete from jobs where id = $1", claim.id).execute(&mut *tx).await?;
    } else {
        sqlx::query!(
            "update jobs
             set lease_until = null,
                 worker = null,
                 faults = 0,
                 run_at = $2
             where id = $1",
            claim.id,
            now,
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}

/// Writes that the job comes back: at `at`, or at once where it was asked for again meanwhile.
pub(super) async fn again(
    db: &PgPool,
    claim: &Claim,
    at: OffsetDateTime,
    now: OffsetDateTime,
    fault: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs
         set lease_until = null,
             worker = null,
             last_error = $5,
             faults = case when $5::text is null then 0 else faults + 1 end,
             run_at = case when wanted <> $3 and $5::text is null then $6::timestamptz else $4::timestamptz end
         where id = $1
           and attempts = $2",
        claim.id,
        claim.attempts,
        claim.wanted,
        at,
        fault,
        now,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Lets go of a job whose run was cut off: it is due at once, for whoever comes.
pub(super) async fn hand_back(db: &PgPool, claim: &Claim) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs
         set lease_until = null,
             worker = null
         where id = $1
           and attempts = $2",
        claim.id,
        claim.attempts,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Writes that the job was given up.
pub(super) async fn give_up(db: &PgPool, claim: &Claim, now: OffsetDateTime, why: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs
         set lease_until = null,
             worker = null,
             last_error = $4,
             dead_at = $3
         where id = $1
           and attempts = $2",
        claim.id,
        claim.attempts,
        now,
        why,
    )
    .execute(db)
    .await
    .map(drop)
}

/// When the next job of these kinds is due or abandoned; `None` when there is none.
pub(super) async fn next_due(db: &PgPool, kinds: &[String]) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        "select min(greatest(run_at, coalesce(lease_until, run_at)))
         from jobs
         where dead_at is null
           and kind = any($1)",
        kinds,
    )
    .fetch_one(db)
    .await
}

/// Jobs that were given up, newest first: for staff.
pub async fn given_up(conn: &mut PgConnection) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        "select kind, key, run_at, last_error
         from jobs
         where dead_at is not null
         order by dead_at desc
         limit 100",
    )
    .fetch_all(conn)
    .await
}

/// Jobs that wait or run, the most urgent first: for staff and for tests.
pub async fn waiting(conn: &mut PgConnection) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        "select kind, key, run_at, last_error
         from jobs
         where dead_at is null
         order by run_at
         limit 1000",
    )
    .fetch_all(conn)
    .await
}
