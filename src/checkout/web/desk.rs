//! Where forms come in: what they are counted by, and whether one was here before.

use crate::checkout::Counter;
use crate::checkout::draft::{self, Typed};
use crate::orders;
use crate::plumbing::buckets::Network;
use crate::shop::Shop;
use crate::web::{Limits, Problem, VisitorAddress};

/// What a form is sent to. A request extension.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Where it becomes an order.
    pub counter: Counter,
    /// How many forms may come from one network.
    pub limits: Limits,
}

/// A form that made its order may be sent again, however many others came.
pub(super) async fn has_order(shop: &Shop, typed: &Typed) -> Result<bool, Problem> {
    let key = typed.of("form_key");
    let mut conn = shop.db.acquire().await?;
    Ok(draft::is_form_key(key) && orders::by_form_key(&mut conn, key).await?.is_some())
}

/// A keyed hash of the network that asks, where limits need it and it is known.
pub(super) fn client(shop: &Shop, from: VisitorAddress) -> Option<String> {
    let known = shop.settings.rate_limits && !from.0.is_unspecified();
    let text = || Network::of(from.0).text().into();
    known.then(|| shop.settings.sealing_key.mark("the network of an order", &text()))
}
