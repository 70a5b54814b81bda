//! `/admin`: how the shop stands, each figure a link to what it is made of.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use time::{OffsetDateTime, Time, UtcOffset};

use super::frame::{Frame, Part};
use super::freshness::{Freshness, Warning};
use super::gate::Gated;
use super::store;
use super::upstream::RefusedView;
use super::wallet::FundsView;
use super::words::{Moment, margin, minor, sentence};
use crate::catalog::plans::{self, Dropped};
use crate::ledgers::Standing;
use crate::pricing::{self, RateStanding};
use crate::settings;
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin", Act::Look, show)
}

/// The start of the day in UTC, which is what "today" means in the back office.
pub(super) fn start_of_day(now: OffsetDateTime) -> OffsetDateTime {
    now.to_offset(UtcOffset::UTC).replace_time(Time::MIDNIGHT)
}

struct SalesView {
    orders: i64,
    total: String,
    margin: Option<(String, String)>,
}

struct DeadJobView {
    what: String,
    key: String,
    error: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "backoffice/overview.html")]
struct OverviewPage {
    frame: Frame,
    standing: store::Standing,
    catalog: Option<Moment>,
    /// The warning about an old catalog.
    stale: Option<Warning>,
    /// The run whose plan waits for a person.
    waiting: Option<i64>,
    /// A plan that was dropped, and that eSIMDual stands by.
    dropped: Option<Dropped>,
    sales: Vec<SalesView>,
    funds: Option<FundsView>,
    dead_jobs: Vec<DeadJobView>,
    refused: Option<RefusedView>,
    rates: RateStanding,
    /// What customers pay in, where `CURRENCY` names another one.
    currency_instead: Option<&'static str>,
}

async fn show(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let now = shop.now();
    let standing = store::standing(&shop.db, start_of_day(now).date()).await?;
    let times = &shop.settings.times;
    let read_at = standing.catalog_read_at;
    let freshness = Freshness::of(read_at, now, times.sync_interval, times.catalog_max_age);
    let installation = settings::installation(&mut *shop.db.acquire().await?).await?;
    let view = OverviewPage {
        frame: Frame::new(&shop, &staff, Part::Overview),
        catalog: standing.catalog_read_at.map(|at| Moment::ago(at, now)),
        stale: freshness.warning(now, times.catalog_max_age),
        waiting: plans::waiting(&mut *shop.db.acquire().await?).await?,
        dropped: plans::dropped(&mut *shop.db.acquire().await?).await?,
        sales: sales(store::sales_since(&shop.db, start_of_day(now)).await?),
        funds: FundsView::now(&shop).await?,
        dead_jobs: dead_jobs(store::dead_jobs(&shop.db).await?),
        refused: shop.upstream.health().await.refused.map(RefusedView::of),
        rates: pricing::exchange(&mut *shop.db.acquire().await?, now).await?.standing(now),
        currency_instead: installation
            .currency_instead_of(shop.settings.currency)
            .map(|currency| currency.code()),
        standing,
    };
    page(StatusCode::OK, Cache::Private, &view)
}

fn sales(rows: Vec<store::Sales>) -> Vec<SalesView> {
    let view = |sale: store::Sales| SalesView {
        orders: sale.orders,
        total: minor(sale.total_minor, &sale.currency),
        margin: sale.comparable.then(|| margin(sale.kept_minor, sale.cost, &sale.currency)).flatten(),
    };
    rows.into_iter().map(view).collect()
}

fn dead_jobs(rows: Vec<store::DeadJob>) -> Vec<DeadJobView> {
    let view = |job: store::DeadJob| DeadJobView {
        what: sentence(&job.kind),
        key: job.key,
        error: job.last_error.unwrap_or_default(),
        at: Moment::of(job.dead_at),
    };
    rows.into_iter().map(view).collect()
}
