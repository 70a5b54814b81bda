//! A growing delay for whoever guesses at the codes or repeats passwords of a known account.
//!
//! At this point the account is known, so that its tries are counted beside it, by all nodes together and across
//! restarts; at sign-in, where anybody may name any account, they are counted in memory ([`super::throttle`]). The
//! delays are the same.

use time::Duration;

use super::Means;
use super::store::factors;
use super::throttle;

/// Begins a try: counts it, or says how long to wait. Nothing is compared while a delay runs.
pub(super) async fn begin(means: &Means<'_>, admin_id: i64) -> sqlx::Result<Result<(), Duration>> {
    if !means.limited {
        return Ok(Ok(()));
    }
    let mut tx = means.db.begin().await?;
    let (count, last) = factors::tries(&mut tx, admin_id).await?.unwrap_or_default();
    let wait = throttle::wait_of_account(u32::try_from(count).unwrap_or_default(), last, means.now);
    if wait > Duration::ZERO {
        return Ok(Err(wait));
    }
    let remembered = last.is_some_and(|last| means.now < last + throttle::FORGET_AFTER);
    let count = if remembered { count.saturating_add(1) } else { 1 };
    factors::note_tries(&mut tx, admin_id, count, Some(means.now)).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// It was right: the account's tries are forgotten.
pub(super) async fn succeeded(means: &Means<'_>, admin_id: i64) -> sqlx::Result<()> {
    if !means.limited {
        return Ok(());
    }
    factors::note_tries(&mut *means.db.acquire().await?, admin_id, 0, None).await
}
