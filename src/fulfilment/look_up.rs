//! Settling a doubt: the upstream's list of orders, by our name for the unit.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::apply::{Applied, apply};
use super::attempt::{Attempt, Outcome};
use super::step::reaches_back;
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
    /// It could not be read.
    Unreadable,
}

/// Reads the list, remembers what it names, and settles this unit's doubts by it.
pub(super) async fn look_up(means: &Means<'_>, unit: &Unit) -> anyhow::Result<Looked> {
    let mut conn = means.db.acquire().await?;
    // What nobody answered is a doubt from here on; its age counts from now, because it may only just have left.
    store::abandon_open(&mut conn, unit.id, means.clock.now()).await?;
    let ever_known = store::ever_known(&mut conn).await?;
    drop(conn);
    let read_at = means.clock.now();
    let Answer::Done(listing) = means.desk.orders().await else { return Ok(Looked::Unreadable) };

    let now = means.clock.now();
    let mut tx = means.db.begin().await?;
    store::remember(&mut tx, &listing.orders, now).await?;
    store::note_listing(&mut tx, listing.orders.len(), now).await?;
    let Some(unit) = orders::unit_by_id(&mut tx, unit.id).await? else { return Ok(Looked::Read) };
    let looked = match found(&listing, &unit.external_order_id) {
        Some(report) if unit.state == UnitState::Pending => {
            found_before_it_was_bought(&mut tx, &unit, report, now).await?
        }
        Some(report) => match apply(&mut tx, &unit, report, Actor::Upstream, now).await? {
            Applied::Failed(failure) => Looked::Failed(failure),
            Applied::Nothing if !unit.state.status().is_final() => Looked::Contradicted,
            Applied::Nothing | Applied::Moved => Looked::Found,
        },
        None => {
            let attempts = store::attempts(&mut tx, unit.id).await?;
            for attempt in attempts
                .iter()
                .filter(|attempt| proves_absence(means, &listing, attempt, read_at, &ever_known))
            {
                store::settle_absent(&mut tx, attempt.id).await?;
                let entry = Happened::to_unit(unit.id, Actor::Shop, Event::DoubtSettled)
                    .with(json!({ "attempt": attempt.number, "bought": false }));
                orders::append(&mut tx, unit.order_id, &entry, now).await?;
            }
            Looked::Read
        }
    };
    tx.commit().await?;
    Ok(looked)
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
    orders::move_unit(conn, unit, &to, now).await?;
    let entry = Happened::to_unit(unit.id, Actor::Upstream, Event::Held)
        .with(json!({ "reason": HoldReason::AnswerMismatch.word(), "upstream_order": report.id }));
    orders::append(conn, unit.order_id, &entry, now).await?;
    Ok(Looked::Found)
}

/// The oldest order under this name: should there ever be two, the first is the one that was meant.
fn found<'a>(listing: &'a Listing, name: &str) -> Option<&'a Order> {
    let ours = listing.orders.iter().filter(|order| order.external_order_id.as_deref() == Some(name));
    ours.min_by_key(|order| order.id)
}

/// Absence counts only for an attempt that had time to appear, from a list without unreadable rows that reaches back
/// beyond it.
fn proves_absence(
    means: &Means<'_>,
    listing: &Listing,
    attempt: &Attempt,
    read_at: OffsetDateTime,
    ever_known: &[i64],
) -> bool {
    let doubt = attempt.outcome == Outcome::Doubt { settled: None };
    let old_enough = attempt.answered_at.is_some_and(|at| read_at - at >= means.times.doubt_settling);
    let ids: Vec<i64> = listing.orders.iter().map(|order| order.id).collect();
    doubt
        && old_enough
        && listing.unreadable == 0
        && reaches_back(&ids, attempt.known_upstream_id, ever_known)
}
