//! What the catalog remembers beside what it sells: when each package last changed, and what was sold once.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::package::{Coverage, Data};
use super::store;

/// The memory of the catalog, as of one moment of the caller's transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// When each package on sale last became what it is, or was last shown otherwise here: by its id, which may come twice.
    pub changed: Vec<(i64, OffsetDateTime)>,
    /// What was on sale once and is not now: withdrawn upstream, or stopped or hidden here.
    pub withdrawn: Vec<Withdrawn>,
    /// When something of it last went.
    pub left: Left,
}

/// When places last lost something that was sold there: no day of theirs may be an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Countries, by their codes.
    pub countries: HashMap<String, OffsetDateTime>,
    /// Regions, by their slugs.
    pub regions: HashMap<String, OffsetDateTime>,
    /// Plans for the whole world.
    pub world: Option<OffsetDateTime>,
}

/// A package that is not sold any more: enough to name something like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The upstream's package id.
    pub id: i64,
    /// How much data it carried.
    pub data: Data,
    /// Voice minutes, where the upstream said.
    pub voice_minutes: Option<u32>,
    /// Text messages, where the upstream said.
    pub sms_count: Option<u32>,
    /// For how many days.
    pub validity_days: Option<u32>,
    /// Where it worked.
    pub coverage: Coverage,
    /// A local package's country: its code.
    pub country: Option<String>,
    /// The slug of its region.
    pub region: Option<String>,
}

/// Reads what the catalog remembers.
///
/// # Errors
/// Of the database.
pub async fn past(db: &mut PgConnection) -> sqlx::Result<Past> {
    Ok(Past {
        changed: store::changed(db).await?,
        withdrawn: store::withdrawn_packages(db).await?,
        left: store::left(db).await?,
    })
}
