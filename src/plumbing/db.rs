//! The way to PostgreSQL: the pool, the schema's version, the database's clock.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
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

/// Opens a pool of at most `max_connections` and proves one connection.
///
/// A transaction that is left open by a fault is ended by the server after a minute, so that it cannot hold a row
/// for ever.
///
/// # Errors
/// When the address is not one of PostgreSQL, or no connection could be made.
pub async fn connect(url: &str, max_connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = url
        .parse::<PgConnectOptions>()?
        .application_name("simfront")
        .options([("idle_in_transaction_session_timeout", "60s"), ("timezone", "UTC")]);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(true)
        .connect_with(options)
        .await
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
/// (serialization, deadlock), or the way to the server, or the server itself, was away.
///
/// After a lost connection a commit may have happened; only transactions that bear repetition may be repeated.
pub fn transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| transient_code(&code)),
        _ => false,
    }
}

/// The classes of PostgreSQL's appendix A: 40001 and 40P01 lost against another transaction, 08 connection
/// exceptions, 53300 too many connections, 57P01 to 57P03 a server that goes down or comes up.
fn transient_code(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "53300" | "57P01" | "57P02" | "57P03") || code.starts_with("08")
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
        for code in ["40001", "40P01", "08006", "57P03"] {
            assert!(transient_code(code), "{code}");
        }
        for code in ["23505", "42P01", "57014"] {
            assert!(!transient_code(code), "{code}");
        }
    }
}
