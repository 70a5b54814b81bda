//! Which countries the home page names after those that sell best, as staff chose them. What is chosen changes nothing
//! that is sold: it has a number of its own, and the catalog's version stays.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{CountryCode, store};

/// What was chosen last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The countries, the first first; not all of them need to be sold now.
    pub countries: Vec<CountryCode>,
    /// Grows with each change: a form carries it, and windows compare it.
    pub edits: i64,
    /// Who changed it last, and when.
    pub changed: Option<(String, OffsetDateTime)>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotChosen {
    /// Somebody else changed the list meanwhile.
    #[error("somebody else changed it meanwhile")]
    Overtaken,
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What stands now.
///
/// # Errors
/// Of the database.
pub async fn chosen(db: &mut PgConnection) -> sqlx::Result<Chosen> {
    store::popular(db).await
}

/// Writes a list, if nobody wrote another since `seen` ([`Chosen::edits`]); `None` compares with nothing. Gives what stood
/// there before, or `None` where the list was this one already. Ring for the window after the commit.
///
/// # Errors
/// [`NotChosen`].
pub async fn choose(
    tx: &mut PgConnection,
    countries: &[CountryCode],
    seen: Option<i64>,
    by: &str,
    now: OffsetDateTime,
) -> Result<Option<Chosen>, NotChosen> {
    let before = store::popular_held(tx).await?;
    if seen.is_some_and(|seen| seen != before.edits) {
        return Err(NotChosen::Overtaken);
    }
    if before.countries == countries {
        return Ok(None);
    }
    store::set_popular(tx, countries, by, now).await?;
    Ok(Some(before))
}
