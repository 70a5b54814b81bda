//! Who did what in the back office: appended in the transaction that does it, never changed.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store;

/// The actor of what was done on the command line, by whoever may run programs on the server.
pub const COMMAND_LINE: &str = "command line";

/// Appends one act. `action` is a word with underscores (`markup_published`); `detail` holds facts for a reader, never
/// a password, a code or a customer's address.
///
/// # Errors
/// A fault of the database.
pub async fn record(
    conn: &mut PgConnection,
    now: OffsetDateTime,
    actor: &str,
    action: &str,
    detail: &Value,
) -> sqlx::Result<()> {
    store::append_audit(conn, now, actor, action, detail).await
}
