//! Taking a unit's next step: the short async part around `next_step`.

use std::time::Duration;

use time::OffsetDateTime;

use super::look_up::{Looked, look_up};
use super::send::{Sent, send};
use super::step::{Facts, Failure, Funds, Step, next_step, pause_between_polls};
use super::terms::{Terms, Today};
use super::{Applied, Attempt, Means, apply, store};
use crate::esimdual::Answer;
use crate::ground::Cost;
use crate::orders::{self, Actor, Event, Happened, HoldReason, Line, Unit, UnitState};
use crate::wallet::{self, Reading};

/// The shortest pause: whoever waits for somebody else's answer does not spin.
const SHORTLY: Duration = Duration::from_millis(200);

/// How a unit stands after one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Look at it again at once.
    Moved,
    /// Nothing for this long.
    Wait(Duration),
    /// It will not come: refund it.
    Refund(Failure),
    /// It is final.
    Final,
}

/// Takes one step of a paid unit; `today` is what it costs now.
///
/// # Errors
/// The database's; nothing is lost, the step can be taken again.
pub async fn take_step(
    means: &Means<'_>,
    unit: &Unit,
    paid_at: OffsetDateTime,
    today: Today,
) -> anyhow::Result<Progress> {
    // The time first: what is decided by it is never younger than what was read.
    let now = means.clock.now();
    let mut conn = means.db.acquire().await?;
    let attempts = store::attempts(&mut conn, unit.id).await?;
    let line = orders::line_of(&mut conn, unit).await?;
    let (listed, named) = store::listed(&mut conn, &unit.external_order_id).await?;
    drop(conn);
    let mut facts = Facts {
        unit,
        attempts: &attempts,
        paid_at,
        now,
        times: means.times,
        listed,
        named,
        funds: None,
        terms: Terms::of(&line, today, unit.accepted_cost),
    };
    let mut step = next_step(&facts);
    if step == Step::ReadWallet {
        let refused_at = attempts.last().and_then(|last| last.answered_at);
        let funds = read_wallet(means, cost_now(&line, today.cost), refused_at).await?;
        note_funds(means, &attempts, funds).await?;
        if funds == Funds::Enough && attempts.last().is_some_and(|last| last.judged.is_none()) {
            return Ok(Progress::Moved);
        }
        facts.funds = Some(funds);
        step = next_step(&facts);
    }
    let progress = carry_out(means, &facts, &line, step).await?;
    Ok(match progress {
        Progress::Wait(wait) => Progress::Wait(wait.min(until_deadline(&facts).unwrap_or(wait))),
        progress => progress,
    })
}

/// How long until a unit that waits without a doubt is refunded: it is looked at then, not an interval later.
fn until_deadline(facts: &Facts<'_>) -> Option<Duration> {
    let waits =
        facts.unit.state.upstream_order_id().is_none() && !facts.attempts.iter().any(Attempt::in_doubt);
    let left = facts.paid_at + facts.times.delivery_deadline - facts.now;
    (waits && left.is_positive()).then(|| left.unsigned_abs())
}

async fn carry_out(
    means: &Means<'_>,
    facts: &Facts<'_>,
    line: &Line,
    step: Step,
) -> anyhow::Result<Progress> {
    let unit = facts.unit;
    let interval = means.times.reconcile_interval;
    Ok(match step {
        Step::Nothing => Progress::Final,
        Step::Wait(wait) => Progress::Wait(wait),
        Step::Refund(failure) => Progress::Refund(failure),
        Step::ReadWallet => Progress::Wait(interval),
        Step::Send(key) => match send(means, unit, line, &key, facts.attempts).await? {
            Sent::Noted | Sent::NotOurs => Progress::Moved,
            Sent::Failed(failure) => Progress::Refund(failure),
        },
        Step::ReadList => match look_up(means, unit).await? {
            Looked::Found => Progress::Moved,
            Looked::Failed(failure) => Progress::Refund(failure),
            Looked::Contradicted | Looked::Unreadable => Progress::Wait(interval),
            Looked::BeingRead => Progress::Wait((interval / 15).max(SHORTLY)),
            Looked::Read => after_list(means, facts, interval).await?,
        },
        Step::Poll(id) => poll(means, unit, id, facts.paid_at).await?,
        Step::Hold(reason) => {
            hold(means, unit, reason).await?;
            Progress::Wait(interval)
        }
    })
}

/// A list that settled what it could: go on if nothing is in doubt any more, else come back when it can be settled.
async fn after_list(means: &Means<'_>, facts: &Facts<'_>, interval: Duration) -> anyhow::Result<Progress> {
    let mut conn = means.db.acquire().await?;
    let attempts = store::attempts(&mut conn, facts.unit.id).await?;
    let youngest =
        attempts.iter().filter(|attempt| attempt.in_doubt()).filter_map(|attempt| attempt.answered_at).max();
    let Some(since) = youngest else { return Ok(Progress::Moved) };
    let until_settled = since + means.times.doubt_settling - means.clock.now();
    let wait = Duration::try_from(until_settled).unwrap_or(interval).min(interval);
    Ok(Progress::Wait(wait.max(SHORTLY)))
}

async fn poll(means: &Means<'_>, unit: &Unit, id: i64, paid_at: OffsetDateTime) -> anyhow::Result<Progress> {
    let interval = means.times.reconcile_interval;
    let answer = means.desk.order(id).await;
    let now = means.clock.now();
    let mut tx = means.db.begin().await?;
    let Some(fresh) = orders::unit_by_id(&mut tx, unit.id).await? else { return Ok(Progress::Final) };
    let applied = match &answer {
        Answer::Done(report) => apply(&mut tx, &fresh, report, Actor::Upstream, now).await?,
        Answer::Refused(_) | Answer::Later(_) | Answer::Doubt(_) => Applied::Nothing,
    };
    let late = now - paid_at >= means.times.delivery_deadline;
    if late && applied == Applied::Nothing {
        orders::raise_attention(&mut tx, unit.order_id, "bought, but not delivered in time", now).await?;
    }
    tx.commit().await?;
    Ok(match applied {
        Applied::Moved => Progress::Moved,
        Applied::Failed(failure) => Progress::Refund(failure),
        Applied::Nothing => {
            let age = Duration::try_from(now - unit.changed_at).unwrap_or_default();
            Progress::Wait(pause_between_polls(age, interval, late).max(SHORTLY))
        }
    })
}

async fn hold(means: &Means<'_>, unit: &Unit, reason: HoldReason) -> anyhow::Result<()> {
    let to = UnitState::OnHold { reason, upstream_order_id: None };
    if unit.state == to {
        return Ok(());
    }
    let now = means.clock.now();
    let mut tx = means.db.begin().await?;
    // Whoever moved it meanwhile knew more than this decision did.
    if orders::lock_unit(&mut tx, unit).await?.state == unit.state
        && orders::move_unit(&mut tx, unit, &to, now).await?
    {
        let entry = Happened::to_unit(unit.id, Actor::Shop, Event::Held)
            .with(serde_json::json!({ "reason": reason.word() }));
        orders::append(&mut tx, unit.order_id, &entry, now).await?;
        if reason.needs_a_person() {
            orders::raise_attention(&mut tx, unit.order_id, reason.word(), now).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// What the upstream would charge now: its list's cost, where that is in the currency in which it was sold.
fn cost_now(line: &Line, today: Option<Cost>) -> Cost {
    today.filter(|today| today.currency == line.cost.currency).unwrap_or(line.cost)
}

/// Asks what the wallet holds; whoever else goes by the balance learns it too. What it held after the refusal, less than
/// an interval ago, is not asked again: many may wait for one top-up, and each answer brings every movement there was.
async fn read_wallet(
    means: &Means<'_>,
    cost: Cost,
    refused_at: Option<OffsetDateTime>,
) -> anyhow::Result<Funds> {
    let known = wallet::last(&mut *means.db.acquire().await?).await?;
    let recent = |reading: &Reading| {
        refused_at.is_some_and(|refused| refused < reading.asked_at)
            && means.clock.now() - reading.asked_at < means.times.reconcile_interval
    };
    let reading = match known.filter(recent) {
        Some(reading) => Answer::Done(reading),
        None => wallet::read(means.db, means.desk, means.clock).await?,
    };
    Ok(match reading {
        Answer::Done(wallet) if wallet.currency.eq_ignore_ascii_case(cost.currency.code()) => {
            if wallet.balance < cost.amount { Funds::TooLittle } else { Funds::Enough }
        }
        Answer::Done(_) => Funds::OtherCurrency,
        Answer::Refused(_) | Answer::Later(_) | Answer::Doubt(_) => Funds::Unreadable,
    })
}

/// Writes what the wallet said about the last refusal, once: a later top-up does not change why it was refused.
async fn note_funds(means: &Means<'_>, attempts: &[Attempt], funds: Funds) -> anyhow::Result<()> {
    let Some(last) = attempts.last().filter(|last| last.judged.is_none()) else { return Ok(()) };
    let word = match funds {
        Funds::Enough => "sufficient",
        Funds::TooLittle => "balance",
        Funds::OtherCurrency | Funds::Unreadable => return Ok(()),
    };
    let mut conn = means.db.acquire().await?;
    Ok(store::judge(&mut conn, last.id, word).await?)
}
