//! What the shop itself says of a package: its own name, whether it is hidden or comes first, and whether a new one is
//! released. A sync never touches any of it.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{store, wording};

/// What staff say of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// Shown instead of the upstream's name.
    pub name: Option<String>,
    /// Neither shown nor sold.
    pub hidden: bool,
    /// First in lists.
    pub featured: bool,
    /// For staff alone.
    pub note: Option<String>,
}

/// The same as it is stored.
#[derive(Clone, Debug, Default)]
pub struct StoredOverride {
    /// What was said.
    pub said: Override,
    /// New, and nobody released it yet.
    pub held: bool,
    /// A form carries it; 0 where nothing was ever said.
    pub edits: i64,
    /// Who said it last, and when.
    pub changed: Option<(String, OffsetDateTime)>,
}

/// What becomes of packages that a sync brings for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPackages {
    /// On sale at once.
    Sell,
    /// Held until somebody releases them.
    Hold,
}

impl NewPackages {
    /// The word in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sell => "sell",
            Self::Hold => "hold",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sell, Self::Hold].into_iter().find(|new| new.word() == word)
    }
}

/// Why nothing was said; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotSaid {
    /// The catalog never had such a package.
    #[error("the catalog has no such package")]
    Unknown,
    /// Somebody else said something meanwhile.
    #[error("somebody else changed it meanwhile")]
    Overtaken,
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// More characters than this nobody reads.
const LONGEST_NOTE: usize = 2_000;

impl Override {
    /// What was typed, made harmless: a name of at most 200 characters without control or bidi characters, a note of at
    /// most 2,000.
    pub fn typed(name: &str, note: &str, hidden: bool, featured: bool) -> Self {
        let lines = |c: &char| *c == '\n' || !c.is_control();
        let note: String = note.trim().chars().filter(lines).take(LONGEST_NOTE).collect();
        Self { name: wording::name(name), hidden, featured, note: (!note.is_empty()).then_some(note) }
    }
}

/// What is said of a package; `None` for one that the catalog never had.
///
/// # Errors
/// Of the database.
pub async fn override_of(db: &mut PgConnection, id: i64) -> sqlx::Result<Option<StoredOverride>> {
    store::override_of(db, id).await
}

/// Says something of a package, if nobody said anything since `seen` ([`StoredOverride::edits`]; `None` where that does not
/// matter). Ring for the window after the commit.
///
/// # Errors
/// [`NotSaid`].
pub async fn set_override(
    tx: &mut PgConnection,
    id: i64,
    said: &Override,
    seen: Option<i64>,
    by: &str,
    now: OffsetDateTime,
) -> Result<(), NotSaid> {
    if store::override_of(tx, id).await?.is_none() {
        return Err(NotSaid::Unknown);
    }
    if !store::set_override(tx, id, said, seen, by, now).await? {
        return Err(NotSaid::Overtaken);
    }
    Ok(store::count_edit(tx).await?)
}

/// Puts held packages on sale, one or all, and says how many. Ring for the window after the commit.
///
/// # Errors
/// Of the database.
pub async fn release(
    tx: &mut PgConnection,
    id: Option<i64>,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let released = store::release(tx, id, by, now).await?;
    if released > 0 {
        store::count_edit(tx).await?;
    }
    Ok(released)
}

/// What becomes of new packages.
///
/// # Errors
/// Of the database.
pub async fn new_packages(db: &mut PgConnection) -> sqlx::Result<NewPackages> {
    store::new_packages(db).await
}

/// Decides what becomes of new packages from the next sync on.
///
/// # Errors
/// Of the database.
pub async fn set_new_packages(tx: &mut PgConnection, new: NewPackages) -> sqlx::Result<()> {
    store::set_new_packages(tx, new).await
}
