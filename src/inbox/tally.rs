//! What one node counts of the posts that it answers: in memory, and written now and then, so that a flood of forged
//! posts costs the database nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::delivery::Source;
use super::store;
use crate::plumbing::sealed::SealingKey;

/// Marks of webhook secrets tell nothing about secrets of other purposes.
pub(super) const MARK: &str = "webhook secret";

/// Why a post was refused: a bounded number of words, each counted a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// No signature.
    Unsigned,
    /// A signature, and a wrong one.
    Signature,
    /// Signed, and not readable.
    Unreadable,
    /// Larger than may be.
    TooLarge,
    /// The body broke off.
    Broken,
    /// The body came too slowly.
    Slow,
    /// Too much waited already.
    Saturated,
    /// The database was away.
    Database,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Signature => "signature",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::Broken => "broken_off",
            Self::Slow => "slow",
            Self::Saturated => "saturated",
            Self::Database => "database_away",
        }
    }
}

/// What was counted since the last time that it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    refused: BTreeMap<Reason, i64>,
    /// Wrong signatures since the last right one.
    wrong_in_a_row: i64,
    last_wrong: Option<OffsetDateTime>,
    last_right: Option<OffsetDateTime>,
    /// When each secret signed last, by its place in the configuration.
    secrets: BTreeMap<usize, OffsetDateTime>,
}

impl Counts {
    fn refused(&mut self, reason: Reason, now: OffsetDateTime) {
        *self.refused.entry(reason).or_default() += 1;
        if reason == Reason::Signature {
            self.wrong_in_a_row += 1;
            self.last_wrong = Some(now);
        }
    }

    fn signed(&mut self, secret: usize, now: OffsetDateTime) {
        self.wrong_in_a_row = 0;
        self.last_right = Some(now);
        self.secrets.insert(secret, now);
    }

    /// Takes back what could not be written, from before everything that is here.
    fn restore(&mut self, before: Self) {
        for (reason, count) in before.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        if self.last_right.is_none() {
            self.wrong_in_a_row += before.wrong_in_a_row;
            self.last_right = before.last_right;
        }
        self.last_wrong = self.last_wrong.or(before.last_wrong);
        for (secret, at) in before.secrets {
            self.secrets.entry(secret).or_insert(at);
        }
    }
}

/// A handle on this node's counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    source: Source,
    counts: Arc<Mutex<Counts>>,
}

impl Tally {
    /// The counts of one sender.
    pub(super) fn of(source: Source) -> Self {
        Self { source, counts: Arc::default() }
    }

    pub(super) fn refused(&self, reason: Reason, now: OffsetDateTime) {
        self.change(|counts| counts.refused(reason, now));
    }

    pub(super) fn signed(&self, secret: usize, now: OffsetDateTime) {
        self.change(|counts| counts.signed(secret, now));
    }

    /// Writes what was counted since the last time; a few rows, whatever came. `secrets` are the configured ones.
    ///
    /// # Errors
    /// The database's; the counts are kept then.
    pub async fn write(
        &self,
        db: &PgPool,
        key: &SealingKey,
        secrets: &[SecretString],
        now: OffsetDateTime,
    ) -> sqlx::Result<()> {
        let counts = self.change(std::mem::take);
        if counts == Counts::default() {
            return Ok(());
        }
        let written = write(self.source, db, (key, secrets), &counts, now).await;
        if written.is_err() {
            self.change(|newer| newer.restore(counts));
        }
        written
    }

    fn change<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn write(
    source: Source,
    db: &PgPool,
    (key, secrets): (&SealingKey, &[SecretString]),
    counts: &Counts,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    for (reason, count) in &counts.refused {
        store::count_refusals(&mut tx, source, reason.word(), *count, now).await?;
    }
    if counts.last_wrong.is_some() || counts.last_right.is_some() {
        store::note_signatures(&mut tx, source, counts.wrong_in_a_row, counts.last_wrong, counts.last_right)
            .await?;
    }
    // In the order of their marks: several nodes write these rows.
    let mut marks: Vec<_> = counts
        .secrets
        .iter()
        .filter_map(|(place, at)| Some((key.mark(MARK, secrets.get(*place)?), *at)))
        .collect();
    marks.sort();
    for (mark, at) in marks {
        store::note_secret(&mut tx, source, &mark, at).await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-22 12:05 UTC);

    #[test]
    fn a_right_signature_ends_the_row_of_wrong_ones() {
        let mut counts = Counts::default();
        for _ in 0..3 {
            counts.refused(Reason::Signature, NOON);
        }
        counts.refused(Reason::Unsigned, NOON);
        assert_eq!(counts.wrong_in_a_row, 3, "a post without a signature says nothing about the secret");
        counts.signed(1, LATER);
        assert_eq!((counts.wrong_in_a_row, counts.refused[&Reason::Signature]), (0, 3));
        assert_eq!(counts.secrets, BTreeMap::from([(1, LATER)]));
    }

    #[test]
    fn what_could_not_be_written_comes_before_what_came_since() {
        let mut wrong = Counts::default();
        wrong.refused(Reason::Signature, NOON);
        let mut right = Counts::default();
        right.signed(0, NOON);
        right.refused(Reason::Signature, NOON);

        let mut since = wrong.clone();
        since.restore(right.clone());
        assert_eq!((since.wrong_in_a_row, since.last_right), (2, Some(NOON)));
        assert_eq!(since.refused[&Reason::Signature], 2);

        let mut since = Counts::default();
        since.signed(0, LATER);
        since.restore(wrong);
        assert_eq!((since.wrong_in_a_row, since.last_right), (0, Some(LATER)));
        assert_eq!(since.secrets, BTreeMap::from([(0, LATER)]));
    }
}
