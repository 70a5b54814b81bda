//! The second factor, its recovery codes, and the tries that were wrong.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// An account's second factor, sealed.
pub async fn secret(conn: &mut PgConnection, admin_id: i64) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!("select sealed_secret from admin_second_factors where admin_id = $1", admin_id)
        .fetch_optional(conn)
        .await
}

/// Takes a step's code; false where it, or a later one, was taken before.
pub async fn take_step(conn: &mut PgConnection, admin_id: i64, step: i64) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "update admin_second_factors
         set last_step = $2
         where admin_id = $1
           and last_step < $2",
        admin_id,
        step
    );
    Ok(taken.execute(conn).await?.rows_affected() == 1)
}

/// False where the account has one already.
pub async fn insert(
    conn: &mut PgConnection,
    admin_id: i64,
    sealed: &[u8],
    step: i64,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let made = sqlx::query!(
        "insert into admin_second_factors (admin_id, sealed_secret, last_step, enrolled_at)
         values ($1, $2, $3, $4)
         on conflict (admin_id) do nothing",
        admin_id,
        sealed,
        step,
        now
    );
    Ok(made.execute(conn).await?.rows_affected() == 1)
}

/// Removes it with its recovery codes; false where there was none.
pub async fn remove(conn: &mut PgConnection, admin_id: i64) -> sqlx::Result<bool> {
    let removed = sqlx::query!("delete from admin_second_factors where admin_id = $1", admin_id);
    Ok(removed.execute(conn).await?.rows_affected() == 1)
}

/// Puts new recovery codes in the place of the old ones.
pub async fn replace_codes(conn: &mut PgConnection, admin_id: i64, hashes: &[Vec<u8>]) -> sqlx::Result<()> {
    sqlx::query!("delete from admin_recovery_codes where admin_id = $1", admin_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into admin_recovery_codes (admin_id, code_hash)
         select $1, hash
         from unnest($2::bytea[]) as given (hash)",
        admin_id,
        hashes
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a recovery code; false where it is none, or was taken before.
pub async fn take_code(
    conn: &mut PgConnection,
    admin_id: i64,
    hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "update admin_recovery_codes
         set used_at = $3
         where admin_id = $1
           and code_hash = $2
           and used_at is null",
        admin_id,
        hash,
        now
    );
    Ok(taken.execute(conn).await?.rows_affected() == 1)
}

pub async fn codes_left(conn: &mut PgConnection, admin_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "left!"
           from admin_recovery_codes
           where admin_id = $1
             and used_at is null"#,
        admin_id
    )
    .fetch_one(conn)
    .await
}

/// Wrong tries so far and the last one's time. The row is locked: two tries at once count as two.
pub async fn tries(
    conn: &mut PgConnection,
    admin_id: i64,
) -> sqlx::Result<Option<(i32, Option<OffsetDateTime>)>> {
    let row = sqlx::query!("select tries, tried_at from admins where id = $1 for update", admin_id);
    Ok(row.fetch_optional(conn).await?.map(|row| (row.tries, row.tried_at)))
}

pub async fn note_tries(
    conn: &mut PgConnection,
    admin_id: i64,
    tries: i32,
    at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query!("update admins set tries = $2, tried_at = $3 where id = $1", admin_id, tries, at)
        .execute(conn)
        .await?;
    Ok(())
}
