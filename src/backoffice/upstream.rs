//! `/admin/upstream`: how the desk of eSIMDual fares, and what eSIMDual sent that its documents do not say.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::json;
use time::OffsetDateTime;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::words::{Badge, Moment, sentence, span};
use crate::esimdual::undocumented::{self, Kept};
use crate::esimdual::{BreakerState, Fault, Health, LoginRefused, OperationHealth};
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::{Cache, Problem, page};

/// The newest oddities; more on one page nobody reads.
const ODDITIES_SHOWN: i64 = 200;

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/upstream", Act::Look, show).post("/admin/upstream", Act::RunSync, try_again)
}

/// How the upstream stands with us, the worst first.
enum Standing {
    NotConfigured,
    Refused(RefusedView),
    LeftAlone { since: Moment, next_try: Moment },
    Quiet { until: Moment },
    Troubled(FaultView),
    NotAsked,
    Answering,
}

pub(super) struct RefusedView {
    times: u32,
    pub(super) since: Moment,
    pub(super) reason: String,
    http_status: Option<u16>,
    pub(super) next_try: Moment,
}

impl RefusedView {
    /// What staff are told while eSIMDual does not let us in.
    pub(super) fn of(refused: LoginRefused) -> Self {
        Self {
            times: refused.times,
            since: Moment::of(refused.since),
            reason: sentence(&refused.reason),
            http_status: refused.http_status,
            next_try: Moment::of(refused.next_try_at),
        }
    }
}

struct OperationView {
    name: &'static str,
    figures: [u64; 5],
    mean: String,
    worst: String,
    last_fault: Option<FaultView>,
}

struct FaultView {
    at: Moment,
    reason: String,
    http_status: Option<u16>,
}

struct OddityView {
    place: String,
    field: String,
    kind: Badge,
    count: i64,
    example: String,
    first: Moment,
    last: Moment,
}

#[derive(Template)]
#[template(path = "backoffice/upstream.html")]
struct UpstreamPage {
    frame: Frame,
    may_try: bool,
    standing: Standing,
    since: Moment,
    used: usize,
    per_minute: usize,
    operations: Vec<OperationView>,
    oddities: Vec<OddityView>,
}

async fn show(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let now = shop.now();
    let health = shop.upstream.health().await;
    let kept = undocumented::newest(&mut *shop.db.acquire().await?, ODDITIES_SHOWN).await?;
    let view = UpstreamPage {
        frame: Frame::new(&shop, &staff, Part::Upstream),
        may_try: staff.may(Act::RunSync),
        since: Moment::of(health.since),
        used: health.budget.used,
        per_minute: health.budget.per_minute,
        operations: health.operations.iter().map(|operation| operation_view(operation, now)).collect(),
        standing: standing(health, shop.upstream.configured(), now),
        oddities: kept.into_iter().map(|oddity| oddity_view(oddity, now)).collect(),
    };
    page(StatusCode::OK, Cache::Private, &view)
}

/// Somebody has seen to the account: the next try is now.
async fn try_again(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let mut tx = shop.db.begin().await?;
    staff::record(&mut tx, shop.now(), &staff.email, "upstream_tried_again", &json!({})).await?;
    tx.commit().await?;
    // Whatever comes of it, the page tells.
    let _shown = shop.upstream.try_again().await;
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/upstream")).into_response())
}

fn standing(health: Health, configured: bool, now: OffsetDateTime) -> Standing {
    if !configured {
        return Standing::NotConfigured;
    }
    if let Some(refused) = &health.refused {
        return Standing::Refused(RefusedView::of(refused.clone()));
    }
    if let BreakerState::Open { since, next_try_at } = health.breaker {
        return Standing::LeftAlone { since: Moment::of(since), next_try: Moment::of(next_try_at) };
    }
    match health.budget.quiet_until.filter(|until| *until > now) {
        Some(until) => Standing::Quiet { until: Moment::of(until) },
        None if health.operations.is_empty() => Standing::NotAsked,
        None => match newest_trouble(&health) {
            Some(fault) => Standing::Troubled(fault_view(fault, now)),
            None => Standing::Answering,
        },
    }
}

/// The last trouble, unless a usable answer came after it.
fn newest_trouble(health: &Health) -> Option<Fault> {
    let faults = health.operations.iter().filter_map(|operation| operation.last_fault.as_ref());
    let newest = faults.max_by_key(|fault| fault.at)?;
    health.answered_at.is_none_or(|answered| newest.at > answered).then(|| newest.clone())
}

fn operation_view(operation: &OperationHealth, now: OffsetDateTime) -> OperationView {
    let duration = |took: Option<Duration>| took.map_or_else(|| "—".to_owned(), span);
    OperationView {
        name: operation.name,
        figures: [operation.done, operation.refused, operation.later, operation.doubt, operation.repeated],
        mean: duration(operation.mean),
        worst: duration(operation.worst),
        last_fault: operation.last_fault.clone().map(|fault| fault_view(fault, now)),
    }
}

fn fault_view(fault: Fault, now: OffsetDateTime) -> FaultView {
    FaultView {
        at: Moment::ago(fault.at, now),
        reason: sentence(&fault.reason),
        http_status: fault.http_status,
    }
}

fn oddity_view(oddity: Kept, now: OffsetDateTime) -> OddityView {
    let tone = if oddity.kind == "unreadable_row" { "bad" } else { "idle" };
    OddityView {
        kind: Badge::new(&sentence(&oddity.kind), tone),
        place: oddity.place,
        field: oddity.field,
        count: oddity.count,
        example: oddity.example,
        first: Moment::of(oddity.first_seen),
        last: Moment::ago(oddity.last_seen, now),
    }
}
