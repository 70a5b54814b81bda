//! What a change of the rules would do to every price.

use time::OffsetDateTime;

use super::super::rehearsal::{View, compare};
use crate::pricing::{self, Edit, PriceList, Rule, RuleSet};
use crate::shop::Shop;
use crate::web::Problem;

/// Rehearses over everything on sale.
pub(super) async fn rehearse(
    shop: &Shop,
    set: &RuleSet,
    edit: &Edit,
    then: Vec<Rule>,
) -> Result<View, Problem> {
    let (at, later) = moment(edit, shop.now());
    let exchange = pricing::exchange(&mut *shop.db.acquire().await?, shop.now()).await?;
    // A rule that begins later is compared at today's rate: nobody knows the one of then.
    let exchanged = |list: PriceList| list.exchanged(&exchange, shop.now());
    let (before, then) = (exchanged(set.prices(at)), exchanged(PriceList::at(&then, at)));
    compare(shop, before, then, later.then_some(at)).await
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
