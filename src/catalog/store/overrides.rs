//! The statements on `package_overrides` and `catalog_edits`.

use sqlx::{PgConnection, query, query_scalar};
use time::OffsetDateTime;

use crate::catalog::overrides::{NewPackages, Override, StoredOverride};

/// What is said of a package; `None` for one that was never seen.
pub async fn override_of(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<StoredOverride>> {
    let row = query!(
        r#"select own.name as "name?", own.hidden as "hidden?", own.featured as "featured?", own.held as "held?",
               own.note as "note?", own.edits as "edits?", own.changed_by as "changed_by?",
               own.changed_at as "changed_at?"
           from packages
           left join package_overrides as own on own.package_id = packages.id
           where packages.id = $1"#,
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| StoredOverride {
        said: Override {
            name: row.name,
            hidden: row.hidden.unwrap_or(false),
            featured: row.featured.unwrap_or(false),
            note: row.note,
        },
        held: row.held.unwrap_or(false),
        edits: row.edits.unwrap_or(0),
        changed: row.changed_by.zip(row.changed_at),
    }))
}

/// Writes what is said, where nothing was said since `seen` (`None`: whatever was said); false where something was.
pub async fn set_override(
    db: &mut PgConnection,
    id: i64,
    said: &Override,
    seen: Option<i64>,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = query!(
        "insert into package_overrides (
             package_id, name, hidden, featured, note, edits, changed_by, changed_at, shown_at
         )
         select $1, $2, $3, $4, $5, 1, $7, $8, case when $2::text is not null or $3 or $4 then $8::timestamptz end
         where coalesce($6::bigint, 0) = 0
             or exists (select from package_overrides where package_id = $1)
         on conflict (package_id) do update
         set name = excluded.name,
             hidden = excluded.hidden,
             featured = excluded.featured,
             note = excluded.note,
             edits = package_overrides.edits + 1,
             changed_by = excluded.changed_by,
             changed_at = excluded.changed_at,
             shown_at = case
                 when (package_overrides.name, package_overrides.hidden, package_overrides.featured)
                     is distinct from (excluded.name, excluded.hidden, excluded.featured)
                 then excluded.changed_at
                 else package_overrides.shown_at
             end
         where $6 is null or package_overrides.edits = $6",
        id,
        said.name,
        said.hidden,
        said.featured,
        said.note,
        seen,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets the windows know.
pub async fn count_edit(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("update catalog_edits set number = number + 1").execute(db).await?;
    Ok(())
}

/// Holds packages that are new.
pub async fn hold(db: &mut PgConnection, ids: &[i64], now: OffsetDateTime) -> sqlx::Result<()> {
    query!(
        "insert into package_overrides (package_id, held, changed_by, changed_at)
         select id, true, 'a sync', $2
         from unnest($1::bigint[]) as new (id)
         on conflict (package_id) do nothing",
        ids,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts held packages on sale: this one, or all.
pub async fn release(
    db: &mut PgConnection,
    id: Option<i64>,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let done = query!(
        "update package_overrides
         set held = false, edits = edits + 1, changed_by = $2, changed_at = $3, shown_at = $3
         where held
             and ($1::bigint is null or package_id = $1)",
        id,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// What becomes of new packages.
pub async fn new_packages(db: &mut PgConnection) -> sqlx::Result<NewPackages> {
    let word = query_scalar!("select new_packages from catalog_edits").fetch_one(db).await?;
    Ok(NewPackages::from_word(&word).unwrap_or(NewPackages::Sell))
}

/// Decides it.
pub async fn set_new_packages(db: &mut PgConnection, new: NewPackages) -> sqlx::Result<()> {
    query!("update catalog_edits set new_packages = $1", new.word()).execute(db).await?;
    Ok(())
}

/// The ids of packages that have a name of the shop's own.
pub async fn named(db: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    query_scalar!("select package_id from package_overrides where name is not null").fetch_all(db).await
}

/// The ids of packages that come first in lists.
pub async fn featured(db: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    query_scalar!("select package_id from package_overrides where featured").fetch_all(db).await
}
