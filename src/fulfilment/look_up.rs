//! Settling doubts: the upstream's list of orders, by our names for the units. One reading serves every unit in doubt.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::apply::{Applied, apply};
use super::reading::{Reading, found, is_needed};
use super::{Means, store};
use crate::esimdual::{Answer, Listing, Order};
use crate::orders::{self, Actor, Event, Happened, HoldReason, Unit, UnitState};

/// What the list said about a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// The order is there, and was applied.
    Found,
    /// The order is there, and the upstream says that it failed.
    Failed(super::Failure),
    /// The order is there, and contradicts what is known: a person was called, and asking again at once is no use.
    Contradicted,
    /// It was read; whatever it settled is written.
    Read,
    /// Somebody reads it just now, and will look for this unit too.
    BeingRead,
    /// It could not be read.
    Unreadable,
}

/// Settles this unit's doubts as far as the list can, and, where the list had to be read for it, those of every other
/// unit too.
pub(super) async fn look_up(means: &Means<'_>, unit: &Unit) -> anyhow::Result<Looked> {
    let mut conn = means.db.acquire().await?;
    // What nobody answered is a doubt from here on; its age counts from now, because it may only just have left.
    store::abandon_open(&mut conn, unit.id, means.clock.now()).await?;
    // Somebody may have read it since this was decided: then there is nothing to wait for.
    let Some(first) = to_read(means, &mut conn, unit).await? else { return Ok(Looked::Read) };
    drop(conn);
    // Whoever reads settles every doubt that stands by then, this one too, and says so to its order's job. Who only waits
    // for the first reading of all is told by nobody.
    let Some(_turn) = means.desk.turn_to_list(first).await else { return Ok(Looked::BeingRead) };
    let mut conn = means.db.acquire().await?;
    if to_read(means, &mut conn, unit).await?.is_none() {
        return Ok(Looked::Read);
    }
    let ever_known = store::ever_known(&mut conn).await?;
    drop(conn);
    let begun = means.clock.now();
    let Answer::Done(listing) = means.desk.orders().await else { return Ok(Looked::Unreadable) };
    settle_all(means, unit, &listing, &Reading::of(&listing, begun, &ever_known), begun).await
}

/// Whether the list must be read for this unit, and whether that is the first reading that it needs.
async fn to_read(means: &Means<'_>, conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<Option<bool>> {
    let attempts = store::attempts(conn, unit.id).await?;
    let listed = is_listed(conn, unit).await?;
    let (now, times) = (means.clock.now(), means.times);
    let needed = is_needed(listed, &attempts, now, times.doubt_settling, times.reconcile_interval);
    Ok(needed.then_some(!listed))
}

/// Whether the list was read before, and tells nothing of this unit that it should not know: an order under its name
/// though nothing was asked for yet.
async fn is_listed(conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<bool> {
    let (listed, named) = store::listed(conn, &unit.external_order_id).await?;
    Ok(listed && !(named && unit.state == UnitState::Pending))
}

/// Applies a reading to this unit and to every other that is in doubt; the reading is noted last, so that nobody
/// relies on it before it was applied.
async fn settle_all(
    means: &Means<'_>,
    unit: &Unit,
    listing: &Listing,
    reading: &Reading,
    begun: OffsetDateTime,
) -> anyhow::Result<Looked> {
    let now = means.clock.now();
    // By itself: nobody waits for these rows who holds an order's.
    let mut tx = means.db.begin().await?;
    store::remember(&mut tx, &listing.orders, now).await?;
    tx.commit().await?;
    let mut tx = means.db.begin().await?;
    let looked = settle(means, &mut tx, unit.id, listing, reading).await?;
    let others = store::units_in_doubt(&mut tx, unit.id).await?;
    tx.commit().await?;
    for other in others {
        let mut tx = means.db.begin().await?;
        settle(means, &mut tx, other.unit_id, listing, reading).await?;
        // Its own job goes on with what was found; it reads no list for that.
        orders::nudge(&mut tx, other.order_id, now, now).await?;
        tx.commit().await?;
    }
    store::note_listing(&mut *means.db.acquire().await?, listing.orders.len(), begun, now).await?;
    Ok(looked)
}

async fn settle(
    means: &Means<'_>,
    conn: &mut PgConnection,
    unit_id: i64,
    listing: &Listing,
    reading: &Reading,
) -> sqlx::Result<Looked> {
    let now = means.clock.now();
    let Some(unit) = orders::unit_by_id(conn, unit_id).await? else { return Ok(Looked::Read) };
    // The order's row before anything of it, as everybody else does.
    let unit = orders::lock_unit(conn, &unit).await?;
    store::looked(conn, unit_id, reading.begun()).await?;
    match found(listing.orders.iter(), &unit.external_order_id) {
        Some(report) if unit.state == UnitState::Pending => {
            found_before_it_was_bought(conn, &unit, report, now).await
        }
        Some(report) => Ok(match apply(conn, &unit, report, Actor::Upstream, now).await? {
            Applied::Failed(failure) => Looked::Failed(failure),
            Applied::Nothing if !unit.state.status().is_final() => Looked::Contradicted,
            Applied::Nothing | Applied::Moved => Looked::Found,
        }),
        None => {
            // It was listed once, and is not now: asked again at the usual pace, and never bought meanwhile.
            if unit.state == UnitState::Pending && store::listed(conn, &unit.external_order_id).await?.1 {
                return Ok(Looked::Contradicted);
            }
            let attempts = store::attempts(conn, unit.id).await?;
            for attempt in
                attempts.iter().filter(|attempt| reading.proves_absence(attempt, means.times.doubt_settling))
            {
                store::settle_absent(conn, attempt.id).await?;
                let entry = Happened::to_unit(unit.id, Actor::Shop, Event::DoubtSettled)
                    .with(json!({ "attempt": attempt.number, "bought": false }));
                orders::append(conn, unit.order_id, &entry, now).await?;
            }
            Ok(Looked::Read)
        }
    }
}

/// The upstream has an order for a paid unit that we know no attempt for (an older backup was restored, say). It is
/// bound and held, so that it is asked about and never bought again; a person is told.
async fn found_before_it_was_bought(
    conn: &mut PgConnection,
    unit: &Unit,
    report: &Order,
    now: OffsetDateTime,
) -> sqlx::Result<Looked> {
    let why = "the upstream has an order for a unit that was never ordered here";
    orders::raise_alarm(conn, unit.order_id, why, now).await?;
    if store::bound_elsewhere(conn, report.id, unit.id).await? {
        return Ok(Looked::Contradicted);
    }
    let to = UnitState::OnHold { reason: HoldReason::AnswerMismatch, upstream_order_id: Some(report.id) };
    if !orders::move_unit(conn, unit, &to, now).await? {
        return Ok(Looked::Contradicted);
    }
    let entry = Happened::to_unit(unit.id, Actor::Upstream, Event::Held)
        .with(json!({ "reason": HoldReason::AnswerMismatch.word(), "upstream_order": report.id }));
    orders::append(conn, unit.order_id, &entry, now).await?;
    Ok(Looked::Found)
}
