//! Buying one unit: commit the intention, then ask, then note the answer.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::apply::{Applied, apply};
use super::attempt::{Attempt, Outcome};
use super::step::{Key, pause_after_later};
use super::store::Answered;
use super::{Means, store};
use crate::esimdual::{Answer, Doubt, Later, NewOrder, Order, Refusal};
use crate::orders::{self, Actor, Event, Happened, Line, Unit, UnitState};

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Look at the unit again.
    Noted,
    /// The upstream accepted it and says that it failed.
    Failed(super::Failure),
    /// Somebody else is working on it.
    NotOurs,
}

/// Commits an attempt and sends it. The transaction that remembers it ends before the request leaves.
pub(super) async fn send(
    means: &Means<'_>,
    unit: &Unit,
    line: &Line,
    key: &Key,
    before: &[Attempt],
) -> anyhow::Result<Sent> {
    let Some((attempt_id, key)) = commit(means, unit, key, before).await? else { return Ok(Sent::NotOurs) };
    let imei = device(means, unit).await?;
    let order = NewOrder {
        package_id: line.package_id,
        external_order_id: &unit.external_order_id,
        idempotency_key: &key,
        device_imei: imei.as_deref(),
        doubted: before.iter().any(|attempt| matches!(attempt.outcome, Outcome::Doubt { .. })),
    };
    let answer = means.desk.place_order(&order).await;
    let noting = Noting { means, unit, attempt_id, before };
    match answer {
        Answer::Done(report) => noting.done(&report).await,
        Answer::Refused(refusal) => noting.refused(line, "refused", &refusal).await,
        Answer::Later(later) => noting.later(&later).await,
        Answer::Doubt(Doubt { refusal: Some(refusal), .. }) => noting.refused(line, "doubt", &refusal).await,
        Answer::Doubt(doubt) => {
            noting.note(&plain("doubt", doubt.http_status, &doubt.reason, means.clock.now())).await
        }
    }
}

/// The row that remembers the attempt, its key, and the unit's move to `ordering`, in one transaction.
async fn commit(
    means: &Means<'_>,
    unit: &Unit,
    key: &Key,
    before: &[Attempt],
) -> anyhow::Result<Option<(i64, String)>> {
    let now = means.clock.now();
    let key = match key {
        Key::Same(key) => key.clone(),
        Key::New => format!("{}-{}", unit.external_order_id, means.entropy.uuid()),
    };
    let number = before.last().map_or(0, |last| last.number) + 1;
    let mut tx = means.db.begin().await?;
    if !orders::move_unit(&mut tx, unit, &UnitState::Ordering, now).await? {
        return Ok(None);
    }
    let id = store::begin(&mut tx, unit.id, number, &key, now).await?;
    let entry = Happened::to_unit(unit.id, Actor::Shop, Event::Attempted)
        .with(json!({ "attempt": number, "key": key }));
    orders::append(&mut tx, unit.order_id, &entry, now).await?;
    tx.commit().await?;
    Ok(Some((id, key)))
}

async fn device(means: &Means<'_>, unit: &Unit) -> anyhow::Result<Option<String>> {
    let mut conn = means.db.acquire().await?;
    Ok(orders::by_id(&mut conn, unit.order_id).await?.and_then(|order| order.device_imei))
}

struct Noting<'a> {
    means: &'a Means<'a>,
    unit: &'a Unit,
    attempt_id: i64,
    before: &'a [Attempt],
}

impl Noting<'_> {
    async fn done(&self, report: &Order) -> anyhow::Result<Sent> {
        let now = self.means.clock.now();
        let mut tx = self.means.db.begin().await?;
        let Some(unit) = orders::unit_by_id(&mut tx, self.unit.id).await? else { return Ok(Sent::Noted) };
        let applied = apply(&mut tx, &unit, report, Actor::Upstream, now).await?;
        // An order that cannot be this unit's (another unit has it, say) is no proof of anything: the list decides.
        let now_is = orders::unit_by_id(&mut tx, self.unit.id).await?.map(|unit| unit.state);
        let bound = now_is.is_some_and(|s| s.status().is_final() || s.upstream_order_id() == Some(report.id));
        let answered = match bound {
            true => plain("done", None, "", now),
            false => plain("doubt", None, "the answer is an order that cannot be this unit's", now),
        };
        self.write(&mut tx, &answered).await?;
        tx.commit().await?;
        Ok(match applied {
            Applied::Failed(failure) => Sent::Failed(failure),
            Applied::Nothing | Applied::Moved => Sent::Noted,
        })
    }

    /// Writes a no with the fields that it named: a refusal, or (after an earlier doubt, as the desk judged) a doubt
    /// that becomes one when a list confirms that nothing was bought.
    async fn refused(&self, line: &Line, outcome: &str, refusal: &Refusal) -> anyhow::Result<Sent> {
        if refusal.http_status == 404 && !self.is_gone(line).await {
            // A moved base URL looks the same as a missing package: no harm done, but a person should look.
            let mut conn = self.means.db.acquire().await?;
            let why = "the upstream answers 404 to an order, but its package is not gone";
            orders::raise_attention(&mut conn, self.unit.order_id, why, self.means.clock.now()).await?;
            drop(conn);
            let later = Later { reason: refusal.message.clone(), http_status: Some(404), after: None };
            return self.later(&later).await;
        }
        let now = self.means.clock.now();
        let refused = plain(outcome, Some(refusal.http_status), &refusal.message, now);
        self.note(&Answered { named_fields: &refusal.fields, ..refused }).await
    }

    async fn is_gone(&self, line: &Line) -> bool {
        let gone = self.means.desk.package(line.package_id).await;
        matches!(gone, Answer::Refused(refusal) if refusal.http_status == 404)
            && matches!(self.means.desk.ping().await, Answer::Done(()))
    }

    async fn later(&self, later: &Later) -> anyhow::Result<Sent> {
        let in_a_row =
            self.before.iter().rev().take_while(|attempt| attempt.outcome == Outcome::Later).count();
        let pause =
            pause_after_later(u32::try_from(in_a_row).unwrap_or(u32::MAX).saturating_add(1), later.after);
        let now = self.means.clock.now();
        let answered =
            Answered { retry_at: Some(now + pause), ..plain("later", later.http_status, &later.reason, now) };
        self.note(&answered).await
    }

    /// Writes an answer that changes no unit.
    async fn note(&self, answered: &Answered<'_>) -> anyhow::Result<Sent> {
        let mut tx = self.means.db.begin().await?;
        self.write(&mut tx, answered).await?;
        tx.commit().await?;
        Ok(Sent::Noted)
    }

    async fn write(&self, conn: &mut PgConnection, answered: &Answered<'_>) -> sqlx::Result<()> {
        if store::answer(conn, self.attempt_id, answered).await? {
            let facts = json!({ "outcome": answered.outcome, "status": answered.http_status, "reason": answered.reason });
            let entry = Happened::to_unit(self.unit.id, Actor::Upstream, Event::Answered).with(facts);
            orders::append(conn, self.unit.order_id, &entry, answered.now).await?;
        }
        Ok(())
    }
}

fn plain<'a>(
    outcome: &'a str,
    http_status: Option<u16>,
    reason: &'a str,
    now: OffsetDateTime,
) -> Answered<'a> {
    Answered { outcome, http_status, reason, named_fields: &[], retry_at: None, now }
}
