//! What a change of rules or rates would do to every price, before it is published: one comparison for both.

use time::OffsetDateTime;

use super::words::{Moment, exact, in_full, left};
use crate::catalog::{self, Listing};
use crate::ground::Price;
use crate::pricing::{self, Change, Margins, PriceList, Rehearsal, Subject};
use crate::shop::Shop;
use crate::web::Problem;

/// One plan that changes.
pub(super) struct ChangeView {
    pub id: i64,
    pub name: String,
    pub cost: String,
    pub now: String,
    pub then: String,
    pub left: String,
}

/// What the page says of a rehearsal.
pub(super) struct View {
    pub plans: usize,
    pub changed: usize,
    pub dearer: usize,
    pub cheaper: usize,
    pub gained: usize,
    pub lost: usize,
    pub lifted: usize,
    /// Worst and mean margin now and then.
    pub margins: [[String; 2]; 2],
    pub changes: Vec<ChangeView>,
    pub under_floor: Vec<ChangeView>,
    /// When the change begins, where that is later: the prices shown are those of that moment.
    pub from: Option<Moment>,
    /// What it changes otherwise at moments after that one.
    pub later: Vec<LaterView>,
}

/// How many prices differ from those without the change, at a later moment.
pub(super) struct LaterView {
    pub from: Moment,
    pub changed: usize,
    pub dearer: usize,
    pub cheaper: usize,
}

/// The prices of one moment, before and after a change.
pub(super) struct Compared {
    pub before: PriceList,
    pub then: PriceList,
    /// The moment, where it is later than now.
    pub from: Option<OffsetDateTime>,
}

/// Compares over everything on sale, and tells the first moment whose prices differ; how many differ otherwise at later
/// ones it counts.
pub(super) async fn compare(shop: &Shop, moments: Vec<Compared>) -> Result<View, Problem> {
    let listings = catalog::listings(&mut *shop.db.acquire().await?).await?;
    // A hundred thousand plans are priced twice: not on a thread that answers others.
    let compared = tokio::task::spawn_blocking(move || {
        let rehearse = |one: &Compared| {
            let plans = listings.iter().enumerate().map(|(place, listing)| (place, Subject::from(listing)));
            (pricing::rehearse(plans, &one.before, &one.then), one.from)
        };
        let said: Vec<_> = moments.iter().map(rehearse).collect();
        (said, listings)
    });
    let (mut said, listings) = compared.await.map_err(anyhow::Error::from)?;
    let first = said.iter().position(|(said, _)| said.changed() > 0).unwrap_or(0);
    let later = said.split_off((first + 1).min(said.len()));
    let Some((told, from)) = said.pop() else { return Err(anyhow::anyhow!("no moment was compared").into()) };
    Ok(View { later: later.iter().filter_map(changes_later).collect(), ..view(told, &listings, from) })
}

fn changes_later((said, from): &(Rehearsal<usize>, Option<OffsetDateTime>)) -> Option<LaterView> {
    let from = Moment::of((*from)?);
    (said.changed() > 0).then(|| LaterView {
        from,
        changed: said.changed(),
        dearer: said.dearer,
        cheaper: said.cheaper,
    })
}

fn view(said: Rehearsal<usize>, listings: &[Listing], from: Option<OffsetDateTime>) -> View {
    let all = |changes: &[Change<usize>]| {
        changes.iter().filter_map(|change| Some(row(listings.get(change.plan)?, change))).collect()
    };
    let percents = |margins: Margins| {
        [margins.worst, margins.mean]
            .map(|percent| percent.map_or_else(|| "—".to_owned(), |percent| format!("{percent} %")))
    };
    View {
        plans: said.plans,
        changed: said.changed(),
        dearer: said.dearer,
        cheaper: said.cheaper,
        gained: said.gained,
        lost: said.lost,
        lifted: said.lifted,
        margins: [percents(said.now), percents(said.then)],
        changes: all(&said.changes),
        under_floor: all(&said.under_floor),
        from: from.map(Moment::of),
        later: Vec::new(),
    }
}

fn row(listing: &Listing, change: &Change<usize>) -> ChangeView {
    let price = |price: Option<Price>| price.map_or_else(|| "none".to_owned(), in_full);
    ChangeView {
        id: listing.id,
        name: listing.name.clone(),
        cost: exact(change.cost.amount, change.cost.currency.code()),
        now: price(change.now),
        then: price(change.then),
        left: change.then.map_or_else(String::new, |then| left(then, change.cost_then)),
    }
}
