//! What a change of the rules would do to every price.

use super::super::rehearsal::{Compared, View, compare};
use crate::pricing::{self, PriceList, Rule, RuleSet};
use crate::shop::Shop;
use crate::web::Problem;

/// Rehearses over everything on sale, at each moment at which the change tells: a rule that is to begin later also leaves
/// everything to others until then.
pub(super) async fn rehearse(shop: &Shop, set: &RuleSet, then: &[Rule]) -> Result<View, Problem> {
    let now = shop.now();
    let exchange = pricing::exchange(&mut *shop.db.acquire().await?, now).await?;
    // What begins later is compared at today's rate: nobody knows the one of then.
    let exchanged = |list: PriceList| list.exchanged(&exchange, now);
    let mut moments = pricing::moments(&set.rules, then, now);
    if moments.is_empty() {
        moments.push(now);
    }
    let compared = moments.into_iter().map(|at| Compared {
        before: exchanged(set.prices(at)),
        then: exchanged(PriceList::at(then, at)),
        from: (at > now).then_some(at),
    });
    compare(shop, compared.collect()).await
}
