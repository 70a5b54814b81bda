//! Before a plan is sold from a catalog that may be out of date, the upstream is asked about it.

use std::time::Duration;

use crate::catalog::{self, Data, Package};
use crate::esimdual::{Answer, PackageRow, Refusal};
use crate::settings;
use crate::shop::Shop;

/// After which a customer may try again, where the upstream says nothing else.
const SOON: Duration = Duration::from_secs(60);

/// What is known of a plan.
#[derive(Debug)]
pub(super) enum Known {
    /// It is sold at the cost that we know, as far as anybody can tell; or we know no such plan.
    Good,
    /// The upstream charges something else than we know: a sync must bring it first.
    Repriced,
    /// The upstream does not sell it.
    Gone,
    /// The upstream cannot be asked.
    Unknown(Duration),
}

/// Asks the upstream. The caller holds no connection meanwhile.
pub(super) async fn ask(shop: &Shop, package_id: i64) -> anyhow::Result<Known> {
    let mut conn = shop.db.acquire().await?;
    let Some(known) = catalog::package_for_sale(&mut conn, package_id).await? else { return Ok(Known::Good) };
    let account = settings::installation(&mut conn).await?.upstream_currency;
    drop(conn);
    Ok(match shop.upstream.package(package_id).await {
        Answer::Done(row) => compare(&known, row, account),
        Answer::Refused(Refusal { http_status: 404, .. }) => Known::Gone,
        Answer::Refused(_) | Answer::Doubt(_) => Known::Unknown(SOON),
        Answer::Later(later) => Known::Unknown(later.after.unwrap_or(SOON)),
    })
}

/// A row that cannot be used proves nothing about the plan.
fn compare(known: &Package, row: PackageRow, account: Option<crate::ground::Currency>) -> Known {
    let accepted = catalog::accept(&[row], account, Default::default());
    match accepted.packages.get(&known.id) {
        Some(now) if became_another(known, now) => Known::Gone,
        Some(now) if now.cost == known.cost => Known::Good,
        Some(_) => Known::Repriced,
        None => Known::Unknown(SOON),
    }
}

/// Whether the upstream sells something else under the id by now; what it does not say proves nothing.
fn became_another(known: &Package, now: &Package) -> bool {
    let days = known.validity_days.zip(now.validity_days).is_some_and(|(was, is)| was != is);
    let unstated = [known.data, now.data].contains(&Data::NotStated);
    let places = !now.countries.is_empty() && now.countries != known.countries;
    days || places || (!unstated && known.data != now.data)
}
