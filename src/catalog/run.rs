//! A sync, and what became of it.

use time::OffsetDateTime;

/// What became of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has begun and not ended; or its program was killed.
    Running,
    /// The catalog changed.
    Applied,
    /// The upstream sells what we know.
    Unchanged,
    /// It would have withdrawn too much, so nothing was changed.
    Held,
    /// It came to no end.
    Failed,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Running, Self::Applied, Self::Unchanged, Self::Held, Self::Failed];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }

    /// Reads the database's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// What a sync found, and changed or would have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Usable packages in the upstream's list.
    pub packages: u32,
    /// Not known before.
    pub added: u32,
    /// Changed in anything but the cost.
    pub changed: u32,
    /// With another cost, whatever else changed.
    pub repriced: u32,
    /// No longer sold.
    pub withdrawn: u32,
    /// Sold again.
    pub returned: u32,
    /// Rows that could not be used.
    pub set_aside: u32,
    /// Changes of countries and regions.
    pub places: u32,
}

/// A sync as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRun {
    /// Newest is largest; the newest applied one names the catalog's version.
    pub id: i64,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// What became of it.
    pub outcome: Outcome,
    /// What it found.
    pub counts: Counts,
    /// A sentence for staff where it was held or failed.
    pub note: Option<String>,
}
