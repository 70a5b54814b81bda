//! The audit log.

use sqlx::PgPool;
use time::OffsetDateTime;

/// How many entries stand on one page.
pub(crate) const AUDIT_PAGE: i64 = 100;

pub(crate) struct AuditRow {
    pub id: i64,
    pub at: OffsetDateTime,
    pub actor: String,
    pub action: String,
    pub detail: serde_json::Value,
}

/// One page, the newest first, and one entry more where there is a next page.
pub(crate) async fn audit(
    db: &PgPool,
    actor: Option<&str>,
    action: Option<&str>,
    before: Option<i64>,
) -> sqlx::Result<Vec<AuditRow>> {
    sqlx::query_as!(
        AuditRow,
        "select id, at, actor, action, detail
         from audit_log
         where ($1::text is null or actor = lower($1))
           and ($2::text is null or action = $2)
           and ($3::bigint is null or id < $3)
         order by id desc
         limit $4",
        actor,
        action,
        before,
        AUDIT_PAGE + 1
    )
    .fetch_all(db)
    .await
}
