//! `upstream_undocumented`: what was met, over all nodes and starts.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::esimdual::undocumented::{Sighting, Undocumented};

/// More kinds than staff would ever read; further ones are not begun, so that no upstream can fill the disk.
const ROWS_LIMIT: i64 = 2_000;

/// One oddity as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The object in which it was met.
    pub place: String,
    /// The field's name; the reason, for a row that could not be read.
    pub field: String,
    /// `new_field`, `new_value`, `other_type` or `unreadable_row`.
    pub kind: String,
    /// How often it was met.
    pub count: i64,
    /// One short value as it was written, or its type in brackets.
    pub example: String,
    /// When it was first written down.
    pub first_seen: OffsetDateTime,
    /// When it was last written down.
    pub last_seen: OffsetDateTime,
}

/// Adds counts, all in one statement.
///
/// # Errors
/// The database's.
pub async fn add(db: &mut PgConnection, met: &Undocumented, now: OffsetDateTime) -> sqlx::Result<()> {
    let sightings: Vec<Sighting> = met.sightings().collect();
    if sightings.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = sightings.iter().map(|met| met.place.to_owned()).collect();
    let fields: Vec<String> = sightings.iter().map(|met| met.field.clone()).collect();
    let kinds: Vec<String> = sightings.iter().map(|met| met.kind.word().to_owned()).collect();
    let counts: Vec<i64> = sightings.iter().map(|met| i64::try_from(met.count).unwrap_or(i64::MAX)).collect();
    let examples: Vec<String> = sightings.into_iter().map(|met| met.example).collect();
    sqlx::query!(
        "insert into upstream_undocumented as kept (place, field, kind, count, example, first_seen, last_seen)
         select met.place, met.field, met.kind, met.count, met.example, $6, $6
         from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
             as met (place, field, kind, count, example)
         where (select count(*) from upstream_undocumented) < $7
             or exists (
                 select 1
                 from upstream_undocumented known
                 where (known.place, known.field, known.kind) = (met.place, met.field, met.kind)
             )
         order by met.place, met.field, met.kind
         on conflict (place, field, kind) do update
         set count = least(kept.count::numeric + excluded.count, 9223372036854775807)::bigint,
             example = excluded.example,
             last_seen = greatest(kept.last_seen, excluded.last_seen)",
        &places,
        &fields,
        &kinds,
        &counts,
        &examples,
        now,
        ROWS_LIMIT
    )
    .execute(db)
    .await?;
    Ok(())
}

/// For staff: the newest first, at most `limit`.
///
/// # Errors
/// The database's.
pub async fn newest(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as!(
        Kept,
        "select place, field, kind, count, example, first_seen, last_seen
         from upstream_undocumented
         order by last_seen desc, place, field, kind
         limit $1",
        limit
    )
    .fetch_all(db)
    .await
}
