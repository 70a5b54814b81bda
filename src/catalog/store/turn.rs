//! The statements on the turn to sync, which is a lock and no row, and on the run of whoever has it.

use std::time::Duration;

use sqlx::{PgConnection, query, query_scalar};

/// Who syncs ("simcsync" as a number).
const TURN: i64 = 0x7369_6d63_7379_6e63;

/// Has the server end this session after so long without a word from us.
pub async fn end_session_when_idle(session: &mut PgConnection, after: Duration) -> sqlx::Result<()> {
    let limit = after.as_millis().to_string();
    query!("select set_config('idle_session_timeout', $1, false)", limit).fetch_one(session).await?;
    Ok(())
}

/// Takes the turn for this session, if nobody has it.
pub async fn try_turn(session: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(r#"select pg_try_advisory_lock($1) as "taken!""#, TURN).fetch_one(session).await
}

/// Leaves it.
pub async fn leave_turn(session: &mut PgConnection) -> sqlx::Result<()> {
    query!("select pg_advisory_unlock($1)", TURN).fetch_one(session).await?;
    Ok(())
}

/// Whether any session has it.
pub async fn turn_is_taken(db: &mut PgConnection) -> sqlx::Result<bool> {
    // The server shows a lock's number in two halves.
    query_scalar!(
        r#"select exists (
               select
               from pg_locks
               where locktype = 'advisory'
                   and granted
                   and objsubid = 1
                   and classid::bigint = $1::bigint >> 32
                   and objid::bigint = $1::bigint & 4294967295
                   and database = (select oid from pg_database where datname = current_database())
           ) as "taken!""#,
        TURN
    )
    .fetch_one(db)
    .await
}

/// Whether this run may still be written: it is open, and none that began after it was faster. Its row is held until the
/// transaction ends, so that nobody closes it meanwhile.
pub async fn may_write(db: &mut PgConnection, run: i64) -> sqlx::Result<bool> {
    let open = query_scalar!(
        r#"select outcome = 'running'
                and not exists (
                    select
                    from sync_runs as newer
                    where newer.id > sync_runs.id
                        and newer.outcome in ('applied', 'unchanged')
                ) as "open!"
           from sync_runs
           where id = $1
           for update"#,
        run
    )
    .fetch_optional(db)
    .await?;
    Ok(open.unwrap_or(false))
}
