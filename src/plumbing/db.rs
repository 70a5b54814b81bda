//! The way to PostgreSQL: the pool, the schema's version, the database's clock.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use time::OffsetDateTime;

/// Every migration of `migrations/`, inside the program.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The oldest PostgreSQL that is tested, as `server_version_num` counts.
const OLDEST_SERVER: i32 = 150_000;

/// How long a request waits for a free connection. Without an end, a dead database would hold every visitor for as
/// long as the visitor's patience lasts.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the schema was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A newer simfront has migrated this database already; going on could harm its data.
    #[error(
        "the database's schema is newer than this program: start the newer simfront, or restore a backup"
    )]
    Newer,
    /// The server is older than what simfront is tested with.
    #[error("this is PostgreSQL {0}, and simfront needs PostgreSQL 15 or newer")]
    ServerTooOld(String),
    /// A migration failed, or does not match the one that was applied under its number.
    #[error("the schema could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database could not be asked.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
}

/// How the database's schema stands to the program's migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// All of the program's migrations are applied, and no others.
    Current,
    /// So many of the program's migrations are not applied yet (all of them, on an empty database).
    Behind(usize),
    /// The database holds a migration that this program does not know.
    Newer,
}

/// Connections of one program, in two shares: visitors who take all of theirs leave the workers what they need, and the
/// other way round. A program holds at most both together.
#[derive(Clone, Debug)]
pub struct Shares {
    /// For requests.
    pub requests: PgPool,
    /// For workers, and for whatever else runs beside the requests.
    pub work: PgPool,
}

impl Shares {
    /// Opens both, each of at most `each` connections, and proves one connection.
    ///
    /// # Errors
    /// When the address is not one of PostgreSQL, or no connection could be made.
    pub async fn connect(url: &str, each: u32) -> Result<Self, sqlx::Error> {
        Ok(Self { requests: connect(url, each).await?, work: pool(each).connect_lazy_with(options(url)?) })
    }

    /// Closes both, after every connection came back.
    pub async fn close(&self) {
        tokio::join!(self.requests.close(), self.work.close());
    }
}

/// Opens a pool of at most `max_connections` and proves one connection.
///
/// A transaction that is left open by a fault is ended by the server after a minute, so that it cannot hold a row
/// for ever.
///
/// # Errors
/// When the address is not one of PostgreSQL, or no connection could be made.
pub async fn connect(url: &str, max_connections: u32) -> Result<PgPool, sqlx::Error> {
    pool(max_connections).connect_with(options(url)?).await
}

fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = url.parse::<PgConnectOptions>()?.application_name("simfront");
    Ok(options.options([("idle_in_transaction_session_timeout", "60s"), ("timezone", "UTC")]))
}

/// How every pool of the shop behaves: a bounded wait for a connection, which is asked whether it lives before it is
/// used, and left clean after it was.
pub fn pool(max_connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(true)
        .after_release(|connection, _| Box::pin(leave_clean(connection)))
}

/// Ends a transaction that nobody knows of. A visitor who hangs up drops the future that answers them; where that was
/// just beginning a transaction, sqlx 0.9.0 gives the connection back inside it, and the next borrower's writes would
/// land there (RELIABILITY T2, F101).
///
/// The empty statement begins nothing: sqlx says "begin failed" where no transaction is open, and else hands us the one
/// that is. It costs what a ping costs.
async fn leave_clean(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match connection.begin_with("").await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Ok(left_open) => left_open.rollback().await.map(|()| true),
        Err(error) => Err(error),
    }
}

/// Has the server use one processor for each statement of this transaction, however long it takes: on a small machine
/// visitors need the other.
///
/// # Errors
/// When the database does not answer.
pub async fn on_one_processor(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set local max_parallel_workers_per_gather = 0").execute(transaction).await.map(drop)
}

/// The database's time, which is the program's time (see `ground/clock.rs`). Never a transaction's start.
///
/// # Errors
/// When the database does not answer.
pub async fn now(pool: &PgPool) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query_scalar("select clock_timestamp()").fetch_one(pool).await
}

/// How the schema stands; changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn schema_state(pool: &PgPool) -> Result<SchemaState, sqlx::Error> {
    let has_history: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(pool).await?;
    let applied: Vec<i64> = if has_history {
        sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(pool).await?
    } else {
        Vec::new()
    };
    let known: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    Ok(compare(&known, &applied))
}

fn compare(known: &[i64], applied: &[i64]) -> SchemaState {
    if applied.iter().any(|version| !known.contains(version)) {
        return SchemaState::Newer;
    }
    match known.iter().filter(|version| !applied.contains(version)).count() {
        0 => SchemaState::Current,
        missing => SchemaState::Behind(missing),
    }
}

/// Brings the schema to this program's; two programs that do it at once wait for each other (an advisory lock).
///
/// # Errors
/// [`SchemaError`]; a schema that is newer, and a server that is too old, are left as they are.
pub async fn migrate(pool: &PgPool) -> Result<(), SchemaError> {
    let server: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::int").fetch_one(pool).await?;
    if server < OLDEST_SERVER {
        let name = sqlx::query_scalar("select current_setting('server_version')").fetch_one(pool).await?;
        return Err(SchemaError::ServerTooOld(name));
    }
    if schema_state(pool).await? == SchemaState::Newer {
        return Err(SchemaError::Newer);
    }
    MIGRATIONS.run(pool).await?;
    Ok(())
}

/// Whether the same transaction may succeed when it is run again from its start: it lost against another one
/// (serialization, deadlock), or the way to the server, or the server itself, was away or could not write.
///
/// After a lost connection a commit may have happened; only transactions that bear repetition may be repeated.
pub fn transient(error: &sqlx::Error) -> bool {
    use sqlx::Error;
    match error {
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        Error::Database(refusal) => refusal.code().is_some_and(|code| transient_code(&code)),
        _ => false,
    }
}

/// The classes of PostgreSQL's appendix A: 40001 and 40P01 lost against another transaction, 08 connection
/// exceptions, 25006 a server that only reads, 25P03 and 57P05 a session that stood still for too long, 53 no room (disk,
/// memory, connections), 57P01 to 57P03 a server that goes down or comes up.
fn transient_code(code: &str) -> bool {
    let single = matches!(code, "25006" | "25P03" | "57P01" | "57P02" | "57P03" | "57P05");
    single || lost_code(code) || code.starts_with("08") || code.starts_with("53")
}

/// Whether a transaction lost against another one: nothing of it happened, and it may be run again at once from its
/// start, with everything that it decides.
pub fn lost(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    refusal.and_then(|refusal| refusal.code()).is_some_and(|code| lost_code(&code))
}

fn lost_code(code: &str) -> bool {
    matches!(code, "40001" | "40P01")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_current_behind_or_newer() {
        assert_eq!(compare(&[1, 2], &[1, 2]), SchemaState::Current);
        assert_eq!(compare(&[1, 2, 3], &[1]), SchemaState::Behind(2));
        assert_eq!(compare(&[1, 2], &[1, 2, 3]), SchemaState::Newer);
        assert_eq!(compare(&[], &[]), SchemaState::Current);
    }

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        assert!(transient(&sqlx::Error::PoolTimedOut));
        assert!(!transient(&sqlx::Error::RowNotFound));
        assert!(transient(&sqlx::Error::PoolClosed));
        for code in ["40001", "40P01", "08006", "57P03", "25006", "53100", "53300"] {
            assert!(transient_code(code), "{code}");
        }
        for code in ["23505", "42P01", "57014"] {
            assert!(!transient_code(code), "{code}");
        }
    }
}
