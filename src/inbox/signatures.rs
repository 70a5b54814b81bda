//! What staff should know of the secrets: when each last signed, whether an old one can go, and whether the sender's
//! seems to be another one. Never a secret's value.

use secrecy::SecretString;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::store;
use super::tally::MARK;
use crate::plumbing::sealed::SealingKey;

/// So many wrong signatures in a row are no accident.
const MANY: i64 = 5;
/// The sender may try an old delivery again for hours. A secret that signed nothing for so long, while another one
/// did, is out of use.
const OUT_OF_USE: Duration = Duration::days(1);

/// One configured secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretSeen {
    /// When it last signed a webhook; `None` where it never did, as far as is known.
    pub last_at: Option<OffsetDateTime>,
    /// Whether it is out of use and can be taken out of the configuration.
    pub can_go: bool,
}

/// How the signatures of arriving webhooks stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// The configured secrets, in their order.
    pub secrets: Vec<SecretSeen>,
    /// Wrong signatures since the last right one.
    pub wrong_in_a_row: i64,
    /// When the last wrong one came.
    pub last_wrong_at: Option<OffsetDateTime>,
    /// When the last right one came.
    pub last_right_at: Option<OffsetDateTime>,
}

impl Signatures {
    /// Whether so many were wrong in a row that the sender's secret is probably another one.
    pub fn secret_differs(&self) -> bool {
        self.wrong_in_a_row >= MANY
    }
}

/// How they stand, to the last few seconds. `secrets` are the configured ones.
///
/// # Errors
/// The database's.
pub async fn signatures(
    conn: &mut PgConnection,
    key: &SealingKey,
    secrets: &[SecretString],
) -> sqlx::Result<Signatures> {
    let marks = store::secret_marks(conn).await?;
    let last: Vec<_> = secrets.iter().map(|secret| marks.get(&key.mark(MARK, secret)).copied()).collect();
    let counted = store::signatures(conn).await?.unwrap_or_default();
    Ok(Signatures {
        secrets: seen(&last),
        wrong_in_a_row: counted.wrong_in_a_row,
        last_wrong_at: counted.last_wrong_at,
        last_right_at: counted.last_right_at,
    })
}

/// One that never signed may be the new one, which the sender does not use yet: it stays.
fn seen(last: &[Option<OffsetDateTime>]) -> Vec<SecretSeen> {
    let newest = last.iter().flatten().max();
    let can_go = |at: OffsetDateTime| newest.is_some_and(|newest| *newest - at >= OUT_OF_USE);
    last.iter().map(|at| SecretSeen { last_at: *at, can_go: at.is_some_and(can_go) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_secret_can_go_a_day_after_another_took_over() {
        let old = datetime!(2026-11-22 12:00 UTC);
        let can_go = |last: &[Option<OffsetDateTime>]| -> Vec<bool> {
            seen(last).iter().map(|secret| secret.can_go).collect()
        };
        assert_eq!(can_go(&[None, Some(old)]), [false, false], "the new one is not in use yet");
        assert_eq!(can_go(&[Some(old + Duration::hours(23)), Some(old)]), [false, false]);
        assert_eq!(can_go(&[Some(old + Duration::days(1)), Some(old)]), [false, true]);
        assert_eq!(can_go(&[Some(old)]), [false]);
        assert_eq!(can_go(&[None, None]), [false, false]);
    }
}
