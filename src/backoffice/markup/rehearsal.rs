//! What a change would do to every price, before it is published.

use time::OffsetDateTime;

use super::super::words::{Moment, exact};
use super::words::{in_full, left};
use crate::catalog::{self, Listing};
use crate::ground::Price;
use crate::pricing::{self, Change, Edit, Margins, PriceList, Rehearsal, Rule, RuleSet, Subject};
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
    /// When the rule begins, where that is later: the prices shown are those of that moment.
    pub from: Option<Moment>,
}

/// Rehearses over everything on sale.
pub(super) async fn rehearse(
    shop: &Shop,
    set: &RuleSet,
    edit: &Edit,
    then: Vec<Rule>,
) -> Result<View, Problem> {
    let (at, later) = moment(edit, shop.now());
    let mut conn = shop.db.acquire().await?;
    let listings = catalog::listings(&mut conn).await?;
    let exchange = pricing::exchange(&mut conn, shop.now()).await?;
    drop(conn);
    // A rule that begins later is compared at today's rate: nobody knows the one of then.
    let exchanged = |list: PriceList| list.exchanged(&exchange, shop.now());
    let (before, after) = (exchanged(set.prices(at)), exchanged(PriceList::at(&then, at)));
    // A hundred thousand plans are priced twice: not on a thread that answers others.
    let compared = tokio::task::spawn_blocking(move || {
        let plans = listings.iter().enumerate().map(|(place, listing)| (place, Subject::from(listing)));
        let said = pricing::rehearse(plans, &before, &after);
        (said, listings)
    });
    let (said, listings) = compared.await.map_err(anyhow::Error::from)?;
    Ok(view(said, &listings, later.then_some(at)))
}

/// The moment whose prices are compared: now, or the new rule's beginning where that is later.
fn moment(edit: &Edit, now: OffsetDateTime) -> (OffsetDateTime, bool) {
    let begins = match edit {
        Edit::ShopWide(rule) | Edit::Add(rule) | Edit::Replace(_, rule) => rule.starts_at,
        Edit::Remove(_) | Edit::Restore(..) => None,
    };
    match begins.filter(|at| *at > now) {
        Some(at) => (at, true),
        None => (now, false),
    }
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
