//! A report about an upstream order changes its unit: in one transaction, forward only.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::report::{Judgement, judge};
use super::step::Failure;
use super::store;
use crate::esimdual::Order;
use crate::esims::{self, ActivationCode, NewEsim};
use crate::orders::{self, Actor, Event, Happened, HoldReason, Unit, UnitState};

/// What a report changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Nothing.
    Nothing,
    /// The unit moved.
    Moved,
    /// The unit is bound, and the upstream says that it failed: a refund is due.
    Failed(Failure),
}

/// Applies a report about a unit, in the caller's transaction. Safe with any report, any number of times, in any order.
///
/// # Errors
/// The database's. The caller must not commit then.
pub async fn apply(
    conn: &mut PgConnection,
    unit: &Unit,
    report: &Order,
    actor: Actor,
    now: OffsetDateTime,
) -> sqlx::Result<Applied> {
    let line = orders::line_of(conn, unit).await?;
    let elsewhere = store::bound_elsewhere(conn, report.id, unit.id).await?;
    let judgement = match judge(unit, line.package_id, report) {
        Judgement::Bind | Judgement::Deliver(_) | Judgement::Failed(_) if elsewhere => {
            return alarm(conn, unit, "the upstream order belongs to another unit", now).await;
        }
        judgement => judgement,
    };
    let mut change = Change { conn, unit, report, actor, now };
    match judgement {
        Judgement::Nothing => Ok(Applied::Nothing),
        Judgement::Alarm(why) => alarm(change.conn, unit, why, now).await,
        Judgement::Bind => change.bind().await,
        Judgement::Deliver(code) => change.deliver(&code).await,
        Judgement::Hold(reason) => change.hold(reason).await,
        Judgement::Failed(failure) => {
            change.bind().await?;
            Ok(Applied::Failed(failure))
        }
    }
}

async fn alarm(
    conn: &mut PgConnection,
    unit: &Unit,
    why: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Applied> {
    tracing::error!(unit = unit.external_order_id, why, "an upstream report contradicts what is known");
    orders::raise_alarm(conn, unit.order_id, why, now).await?;
    Ok(Applied::Nothing)
}

struct Change<'a> {
    conn: &'a mut PgConnection,
    unit: &'a Unit,
    report: &'a Order,
    actor: Actor,
    now: OffsetDateTime,
}

impl Change<'_> {
    async fn bind(&mut self) -> sqlx::Result<Applied> {
        let to = UnitState::Processing { upstream_order_id: self.report.id };
        if self.unit.state == to
            || matches!(self.unit.state, UnitState::OnHold { upstream_order_id: Some(_), .. })
        {
            return Ok(Applied::Nothing);
        }
        self.move_to(&to, Event::Bound).await
    }

    async fn deliver(&mut self, code: &ActivationCode) -> sqlx::Result<Applied> {
        let delivered = self.report.esim.as_ref();
        let esim = NewEsim {
            upstream_esim_id: delivered.and_then(|esim| esim.id),
            iccid: delivered.and_then(|esim| esim.iccid.as_deref()),
            code,
            phone_number: delivered.and_then(|esim| esim.phone_number.as_deref()),
            expires_on: delivered.and_then(|esim| esim.expires_on),
        };
        // Taking the order's row first: two reports of one delivery must not take each other's card for a stranger's.
        let fresh = orders::lock_unit(self.conn, self.unit).await?;
        if fresh.state.status().is_final() {
            return Ok(Applied::Nothing);
        }
        let Some(esim_id) = esims::insert(self.conn, &esim, self.now).await? else {
            return self.hold(HoldReason::EsimSeenBefore).await;
        };
        let to = UnitState::Completed { upstream_order_id: self.report.id, esim_id };
        let moved = self.move_to(&to, Event::Delivered).await?;
        if moved == Applied::Nothing {
            // The card was stored in this transaction for a unit that would not take it: nothing of it may stay.
            return Err(sqlx::Error::Protocol("a unit moved while its row was held".to_owned()));
        }
        orders::settle_status(self.conn, self.unit.order_id, self.now).await?;
        Ok(moved)
    }

    async fn hold(&mut self, reason: HoldReason) -> sqlx::Result<Applied> {
        let to = UnitState::OnHold { reason, upstream_order_id: Some(self.report.id) };
        if self.unit.state == to {
            return Ok(Applied::Nothing);
        }
        // A code may still come; an answer that contradicts what is known stays for a person to see.
        match reason {
            HoldReason::AnswerMismatch | HoldReason::EsimSeenBefore => {
                orders::raise_alarm(self.conn, self.unit.order_id, reason.word(), self.now).await?;
            }
            _ => orders::raise_attention(self.conn, self.unit.order_id, reason.word(), self.now).await?,
        }
        self.move_to(&to, Event::Held).await
    }

    async fn move_to(&mut self, to: &UnitState, event: Event) -> sqlx::Result<Applied> {
        if !orders::move_unit(self.conn, self.unit, to, self.now).await? {
            return Ok(Applied::Nothing);
        }
        store::settle_found(self.conn, self.unit.id).await?;
        store::remember(self.conn, std::slice::from_ref(self.report), self.now).await?;
        let cost = store::real_cost(self.report);
        if let Some((amount, currency)) = cost {
            orders::note_real_cost(self.conn, self.unit.id, amount, currency).await?;
        }
        let mut facts = json!({ "upstream_order": self.report.id });
        if let UnitState::OnHold { reason, .. } = to {
            facts["reason"] = json!(reason.word());
        }
        let entry = Happened::to_unit(self.unit.id, self.actor.clone(), event).with(facts);
        orders::append(self.conn, self.unit.order_id, &entry, self.now).await?;
        Ok(Applied::Moved)
    }
}
