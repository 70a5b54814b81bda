//! Which debits of the wallet paid for which upstream orders. Pure.
//!
//! Movements carry no order: a debit pays for an order of the same amount and currency, made at about the same time by
//! the upstream's own clock. Of equal debits nobody can say which one is too many, so that the surplus is a number and a
//! sum, with those named that found no partner and the orders that may explain them. As many as can be are paired, so
//! that nothing is called a surplus that has any explanation.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::{Duration, OffsetDateTime};

/// How far the times of an order and its debit may lie apart.
pub const TOLERANCE: Duration = Duration::minutes(15);
/// So many orders that may explain a surplus are named.
const CANDIDATES: usize = 5;

/// Money that left the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debit {
    /// Names the movement.
    pub key: String,
    /// Exact, never negative.
    pub amount: Decimal,
    /// In capitals.
    pub currency: String,
    /// By the upstream's clock.
    pub at: Option<OffsetDateTime>,
    /// When it was seen first, by ours.
    pub seen: OffsetDateTime,
}

/// An upstream order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The upstream's id.
    pub id: i64,
    /// The name that it was given.
    pub name: Option<String>,
    /// What it says that it cost, exact.
    pub price: Option<Decimal>,
    /// Its currency, in capitals.
    pub currency: Option<String>,
    /// Whether it failed: then its debit may be there, taken back, or never have been.
    pub failed: bool,
    /// By the upstream's clock.
    pub at: Option<OffsetDateTime>,
    /// When it was seen first, by ours.
    pub seen: OffsetDateTime,
}

/// What may be judged: what both lists cover, and what had time to appear in both.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The wallet's currency.
    pub currency: String,
    /// Both lists are without a gap since then, by the upstream's clock; `None`: since the account began.
    pub from: Option<OffsetDateTime>,
    /// Only what is younger was read, by the upstream's clock; `None`: everything. Of an older partner nothing is known.
    pub read_from: Option<OffsetDateTime>,
    /// Debits that were seen until then have their order in the list of orders, if there is one. `None`: it was never
    /// read.
    pub orders_known_for: Option<OffsetDateTime>,
    /// Orders that were seen until then have their debit among the movements, if there is one. `None`: those could not
    /// all be read.
    pub debits_known_for: Option<OffsetDateTime>,
}

impl Scope {
    /// Near the beginning of what is known, the partner may lie before it.
    fn covers(&self, at: Option<OffsetDateTime>) -> bool {
        let read = self.read_from.zip(at).is_none_or(|(from, at)| at >= from + TOLERANCE);
        read && match (self.from, at) {
            (None, _) => true,
            (Some(from), Some(at)) => at >= from + TOLERANCE,
            (Some(_), None) => false,
        }
    }
}

/// Debits without a purchase, of one amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surplus<'a> {
    /// Each of them.
    pub amount: Decimal,
    /// Its currency.
    pub currency: &'a str,
    /// Those that found no partner.
    pub debits: Vec<&'a Debit>,
    /// Orders that they may belong to: of the same amount where there are any, the nearest in time first.
    pub candidates: Vec<&'a Purchase>,
}

impl Surplus<'_> {
    /// Their sum; `None` where it is too large to be written.
    pub fn sum(&self) -> Option<Decimal> {
        self.amount.checked_mul(Decimal::from(self.debits.len()))
    }
}

type Group<'a> = (Vec<&'a Debit>, Vec<&'a Purchase>);

/// Debits that no purchase explains. Failed orders explain a debit too, and so does an order whose price is unknown or
/// in another currency than the wallet's, by its time alone.
pub fn surplus<'a>(debits: &'a [Debit], purchases: &'a [Purchase], scope: &Scope) -> Vec<Surplus<'a>> {
    let mut alone: Vec<&Debit> = Vec::new();
    for (debits, purchases) in groups(debits, purchases).into_values() {
        alone.extend(pair(&debits, &purchases).0);
    }
    let by_time_alone: Vec<&Purchase> =
        purchases.iter().filter(|purchase| !is_priced(purchase, &scope.currency)).collect();
    let mut left: BTreeMap<(&str, Decimal), Vec<&Debit>> = BTreeMap::new();
    for debit in pair(&alone, &by_time_alone).0 {
        let had_time = scope.orders_known_for.is_some_and(|known| debit.seen <= known);
        if had_time && scope.covers(debit.at) {
            left.entry((&debit.currency, debit.amount)).or_default().push(debit);
        }
    }
    let told = left.into_iter().map(|((currency, amount), debits)| {
        let candidates = candidates(&debits, purchases);
        Surplus { amount, currency, debits, candidates }
    });
    told.collect()
}

/// Whether a debit that is not explained yet waits for the list of orders to be read again: until when it must be asked
/// for, by our clock, plus the time that the list may lag.
pub fn waits_for_orders(debits: &[Debit], purchases: &[Purchase], scope: &Scope) -> Option<OffsetDateTime> {
    let everything = Scope {
        orders_known_for: Some(OffsetDateTime::UNIX_EPOCH + Duration::days(365_000)),
        ..scope.clone()
    };
    let open = surplus(debits, purchases, &everything);
    let unjudged = open.iter().flat_map(|surplus| &surplus.debits).map(|debit| debit.seen);
    unjudged.filter(|seen| scope.orders_known_for.is_none_or(|known| *seen > known)).min()
}

/// Purchases that no debit paid. A failed order may have none.
pub fn unpaid<'a>(debits: &'a [Debit], purchases: &'a [Purchase], scope: &Scope) -> Vec<&'a Purchase> {
    let owing = purchases.iter().filter(|purchase| !purchase.failed && is_priced(purchase, &scope.currency));
    let owing: Vec<Purchase> = owing.cloned().collect();
    let mut alone: Vec<i64> = Vec::new();
    for (debits, purchases) in groups(debits, &owing).into_values() {
        alone.extend(pair(&debits, &purchases).1.iter().map(|purchase| purchase.id));
    }
    let judged = |purchase: &&Purchase| {
        let had_time = scope.debits_known_for.is_some_and(|known| purchase.seen <= known);
        had_time && scope.covers(purchase.at) && alone.contains(&purchase.id)
    };
    purchases.iter().filter(judged).collect()
}

/// Whether a purchase says what it took from a wallet in this currency.
fn is_priced(purchase: &Purchase, wallet: &str) -> bool {
    purchase.price.is_some() && purchase.currency.as_deref() == Some(wallet)
}

/// Debits and purchases of one amount in one currency.
fn groups<'a>(debits: &'a [Debit], purchases: &'a [Purchase]) -> BTreeMap<(&'a str, Decimal), Group<'a>> {
    let mut groups: BTreeMap<(&str, Decimal), Group<'a>> = BTreeMap::new();
    for debit in debits {
        groups.entry((&debit.currency, debit.amount)).or_default().0.push(debit);
    }
    for purchase in purchases {
        if let (Some(price), Some(currency)) = (purchase.price, &purchase.currency) {
            groups.entry((currency, price)).or_default().1.push(purchase);
        }
    }
    groups
}

/// Pairs as many as can be whose times lie no further apart than the tolerance, and gives what is left of both. Both in
/// the order of their times, the earlier of the two goes with the earliest that it can: on a line, and with the same
/// tolerance for all, no other way pairs more. What has no time goes with whatever is left.
fn pair<'a>(debits: &[&'a Debit], purchases: &[&'a Purchase]) -> (Vec<&'a Debit>, Vec<&'a Purchase>) {
    let mut timed_debits: Vec<_> = debits.iter().filter_map(|debit| Some((debit.at?, *debit))).collect();
    timed_debits.sort_by(|a, b| (a.0, a.1.seen, &a.1.key).cmp(&(b.0, b.1.seen, &b.1.key)));
    let mut timed_purchases: Vec<_> =
        purchases.iter().filter_map(|purchase| Some((purchase.at?, *purchase))).collect();
    timed_purchases.sort_by_key(|(at, purchase)| (*at, purchase.id));
    let (mut left, mut owed) = (Vec::new(), Vec::new());
    let mut waiting = timed_purchases.into_iter().peekable();
    for (at, debit) in timed_debits {
        while let Some((_, purchase)) = waiting.next_if(|(made, _)| *made + TOLERANCE < at) {
            owed.push(purchase);
        }
        if waiting.next_if(|(made, _)| *made <= at + TOLERANCE).is_none() {
            left.push(debit);
        }
    }
    owed.extend(waiting.map(|(_, purchase)| purchase));
    let timeless_debits = debits.iter().filter(|debit| debit.at.is_none()).count();
    let timeless_purchases = purchases.iter().filter(|purchase| purchase.at.is_none()).count();
    // Debits without a time take the purchases that are left, and purchases without one the debits.
    let (paid, explained) = (timeless_debits.min(owed.len()), timeless_purchases.min(left.len()));
    owed.drain(..paid);
    left.drain(..explained);
    let others = (timeless_debits - paid).min(timeless_purchases - explained);
    left.extend(debits.iter().filter(|debit| debit.at.is_none()).skip(paid + others));
    owed.extend(purchases.iter().filter(|purchase| purchase.at.is_none()).skip(explained + others));
    (left, owed)
}

/// Orders that may explain these debits: of their amount where there are any, else whatever was bought at their time.
fn candidates<'a>(debits: &[&Debit], purchases: &'a [Purchase]) -> Vec<&'a Purchase> {
    let Some(first) = debits.first() else { return Vec::new() };
    let equal = |purchase: &&Purchase| {
        purchase.price == Some(first.amount) && purchase.currency.as_deref() == Some(&first.currency)
    };
    let distance = |purchase: &Purchase| {
        let distances = debits.iter().filter_map(|debit| Some((debit.at? - purchase.at?).abs()));
        distances.min().unwrap_or(Duration::MAX)
    };
    let mut near: Vec<&Purchase> = purchases.iter().filter(equal).collect();
    if near.is_empty() {
        near = purchases.iter().filter(|purchase| distance(purchase) <= TOLERANCE).collect();
    }
    near.sort_by_key(|purchase| (distance(purchase), purchase.id));
    near.truncate(CANDIDATES);
    near
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
