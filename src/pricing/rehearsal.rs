//! What another set of rules would change, before anybody sees it. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::price_list::{PriceList, Priced};
use super::rule::Rule;
use super::scope::{Scope, Subject};
use crate::ground::{Cost, Price};

/// How many plans a rehearsal names; the rest it counts.
pub const NAMED: usize = 50;

/// At how many moments a change of rules is told at most.
pub const MOMENTS: usize = 8;

/// The moments at which a change of rules begins to tell, or tells otherwise than before: now, and wherever a rule of
/// either set begins or ends. None where it never does.
pub fn moments(before: &[Rule], then: &[Rule], now: OffsetDateTime) -> Vec<OffsetDateTime> {
    let only = |of: &[Rule], other: &[Rule]| -> Vec<Rule> {
        of.iter().filter(|rule| !other.contains(rule)).cloned().collect()
    };
    let changed = [only(before, then), only(then, before)].concat();
    let scopes: HashSet<&Scope> = changed.iter().map(|rule| &rule.scope).collect();
    // Rules for something else make the same prices before and then.
    let concerned = |of: &[Rule]| -> Vec<Rule> {
        of.iter().filter(|rule| scopes.contains(&rule.scope)).cloned().collect()
    };
    let (before, then) = (concerned(before), concerned(then));
    let dates = before.iter().chain(&then).flat_map(|rule| [rule.starts_at, rule.ends_at]).flatten();
    let dates: BTreeSet<_> = dates.filter(|at| *at > now).chain([now]).collect();
    let (mut told, mut last) = (Vec::new(), HashMap::new());
    for at in dates {
        let differ = PriceList::at(&before, at).differences(&PriceList::at(&then, at));
        if !differ.is_empty() && differ != last {
            told.push(at);
        }
        if told.len() == MOMENTS {
            break;
        }
        last = differ;
    }
    told
}

/// One plan whose price would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<P> {
    /// Whatever stands for the plan.
    pub plan: P,
    /// What it costs the shop, as the upstream says it.
    pub cost: Cost,
    /// The same in the currency of the price then, of which its margin is told; else as `cost`.
    pub cost_then: Cost,
    /// The price now; `None` where it has none.
    pub now: Option<Price>,
    /// The price then.
    pub then: Option<Price>,
    /// The rule's formula lies under the floor then, so that the price is lifted to it.
    pub lifted: bool,
}

/// Margins of all priced plans, as parts of their price in percent; `None` without a priced plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// The smallest.
    pub worst: Option<Decimal>,
    /// The mean of all, each plan counted once.
    pub mean: Option<Decimal>,
}

/// What would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal<P> {
    /// Plans on sale.
    pub plans: usize,
    /// With a higher price.
    pub dearer: usize,
    /// With a lower one.
    pub cheaper: usize,
    /// With a price at last.
    pub gained: usize,
    /// Without one from then on.
    pub lost: usize,
    /// Plans whose rule lies under the floor then, changed or not: they are sold at the floor.
    pub lifted: usize,
    /// Margins now.
    pub now: Margins,
    /// Margins then.
    pub then: Margins,
    /// The first plans that change: those that lose their price, then the largest moves.
    pub changes: Vec<Change<P>>,
    /// The first plans that would be lifted to the floor, by the list's order.
    pub under_floor: Vec<Change<P>>,
}

impl<P> Rehearsal<P> {
    /// How many prices change.
    pub fn changed(&self) -> usize {
        self.dearer + self.cheaper + self.gained + self.lost
    }
}

#[derive(Default)]
struct Sum {
    worst: Option<Decimal>,
    total: Decimal,
    number: u32,
}

impl Sum {
    fn add(&mut self, priced: Option<Priced<'_>>) {
        let Some(margin) = priced.and_then(|priced| margin(priced.price, priced.cost)) else { return };
        self.worst = Some(self.worst.map_or(margin, |worst| worst.min(margin)));
        self.total = self.total.saturating_add(margin);
        self.number += 1;
    }

    fn end(&self) -> Margins {
        let rounded = |percent: Decimal| percent.round_dp(1);
        Margins {
            worst: self.worst.map(rounded),
            mean: self.total.checked_div(Decimal::from(self.number)).map(rounded),
        }
    }
}

/// What is left of a price after its cost, in percent of the price.
fn margin(price: Price, cost: Cost) -> Option<Decimal> {
    let (amount, same) = (price.amount(), price.currency == cost.currency);
    let left = same.then(|| amount.checked_sub(cost.amount)).flatten()?;
    left.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(amount)
}

/// How far a price moves, in thousandths of the price now; the loss of a price is the largest move.
fn move_of<P>(change: &Change<P>) -> u128 {
    match (change.now, change.then) {
        (Some(now), Some(then)) => {
            u128::from(now.minor.abs_diff(then.minor)) * 1_000 / u128::from(now.minor.unsigned_abs().max(1))
        }
        (Some(_), None) => u128::MAX,
        (None, _) => u128::MAX - 1,
    }
}

/// Compares two lists of one moment over the plans on sale.
pub fn rehearse<'a, P>(
    plans: impl Iterator<Item = (P, Subject<'a>)>,
    now: &PriceList,
    then: &PriceList,
) -> Rehearsal<P>
where
    P: Clone,
{
    let mut said = Rehearsal {
        plans: 0,
        dearer: 0,
        cheaper: 0,
        gained: 0,
        lost: 0,
        lifted: 0,
        now: Margins::default(),
        then: Margins::default(),
        changes: Vec::new(),
        under_floor: Vec::new(),
    };
    let (mut margins_now, mut margins_then) = (Sum::default(), Sum::default());
    for (plan, subject) in plans {
        let (before, after) = (now.price(&subject).ok(), then.price(&subject).ok());
        let change = Change {
            plan,
            cost: subject.cost,
            cost_then: after.map_or(subject.cost, |priced| priced.cost),
            now: before.map(|priced| priced.price),
            then: after.map(|priced| priced.price),
            lifted: after.is_some_and(|priced| priced.lifted),
        };
        margins_now.add(before);
        margins_then.add(after);
        said.note(change);
    }
    said.changes.sort_by_key(|change| std::cmp::Reverse(move_of(change)));
    said.changes.truncate(NAMED);
    said.now = margins_now.end();
    said.then = margins_then.end();
    said
}

impl<P: Clone> Rehearsal<P> {
    fn note(&mut self, change: Change<P>) {
        self.plans += 1;
        if change.lifted {
            self.lifted += 1;
            if self.under_floor.len() < NAMED {
                self.under_floor.push(change.clone());
            }
        }
        match (change.now, change.then) {
            (None, None) => return,
            (None, Some(_)) => self.gained += 1,
            (Some(_), None) => self.lost += 1,
            (Some(now), Some(then)) if now.currency != then.currency => self.gained += 1,
            (Some(now), Some(then)) if now.minor < then.minor => self.dearer += 1,
            (Some(now), Some(then)) if now.minor > then.minor => self.cheaper += 1,
            (Some(_), Some(_)) => return,
        }
        self.changes.push(change);
        // Now and then, so that a hundred thousand changes are never held at once.
        if self.changes.len() >= NAMED * 20 {
            self.changes.sort_by_key(|change| std::cmp::Reverse(move_of(change)));
            self.changes.truncate(NAMED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;
    use crate::pricing::{Markup, Rounding};
    use time::macros::datetime;

    const NOW: time::OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn rule(percent: i64, min_margin: &str) -> Rule {
        let currency = Currency::parse("USD").unwrap();
        let (percent, fixed) = (Decimal::from(percent), Decimal::ZERO);
        let markup = Markup { percent, fixed, currency, rounding: Rounding::None };
        Rule { min_margin: min_margin.parse().unwrap(), ..Rule::shop_wide(markup, "x", NOW) }
    }

    fn subject(id: i64, cost: &str) -> (i64, Subject<'static>) {
        let cost = Cost { amount: cost.parse().unwrap(), currency: Currency::parse("USD").unwrap() };
        (id, Subject { id, package_type: "data", region: None, local_to: &[], cost })
    }

    fn list(rules: &[Rule]) -> PriceList {
        PriceList::at(rules, NOW)
    }

    #[test]
    fn a_rehearsal_counts_names_and_weighs() {
        let cheap = Rule { scope: Scope::Package(2), ..rule(0, "0") };
        let plans = [subject(1, "10"), subject(2, "10"), subject(3, "1")];
        let said = rehearse(plans.into_iter(), &list(&[rule(25, "0")]), &list(&[rule(30, "0.5"), cheap]));
        assert_eq!((said.plans, said.changed()), (3, 3));
        assert_eq!((said.dearer, said.cheaper, said.gained, said.lost), (2, 1, 0, 0));
        assert_eq!(said.lifted, 1, "1.00 with 30 % is under 1.50");
        assert_eq!(said.under_floor[0].plan, 3);
        assert_eq!(said.under_floor[0].then.unwrap().minor, 150);
        assert_eq!((said.now.worst, said.now.mean), (Some(Decimal::from(20)), Some(Decimal::from(20))));
        assert_eq!(said.then.worst, Some(Decimal::ZERO));
        assert_eq!(said.then.mean.unwrap().to_string(), "18.8", "0, 23.1 and 33.3 percent");
        let moved: Vec<_> = said.changes.iter().map(|change| change.plan).collect();
        assert_eq!(moved, [2, 3, 1], "by a fifth each, and by less");
    }

    #[test]
    fn losing_every_price_is_told_and_the_same_rules_change_nothing() {
        let plans = || [subject(1, "10"), subject(2, "10")].into_iter();
        let some = list(&[rule(25, "0")]);
        let said = rehearse(plans(), &some, &list(&[]));
        assert_eq!((said.lost, said.then), (2, Margins::default()));
        let said = rehearse(plans(), &some, &some.clone());
        assert_eq!((said.changed(), said.changes.len(), said.lifted), (0, 0, 0));
    }

    #[test]
    fn of_many_changes_the_largest_are_named() {
        let plans = (1..=5_000).map(|id| subject(id, if id == 4_321 { "1" } else { "100" }));
        let then = list(&[rule(25, "1.25")]);
        let said = rehearse(plans, &list(&[rule(24, "0")]), &then);
        assert_eq!((said.dearer, said.changes.len()), (5_000, NAMED));
        assert_eq!(said.changes[0].plan, 4_321);
    }

    #[test]
    fn a_change_is_told_at_each_moment_at_which_it_tells_something_else() {
        let (first, last) = (datetime!(2026-12-01 0:00 UTC), datetime!(2026-12-09 0:00 UTC));
        let all = rule(25, "0");
        let france = |percent, starts_at, ends_at| Rule {
            id: percent,
            scope: Scope::Country("fr".to_owned()),
            starts_at,
            ends_at,
            ..rule(percent, "0")
        };
        let (always, later) = (france(100, None, None), france(100, Some(first), None));
        let until = france(100, None, Some(last));
        let with = |rule: &Rule| vec![rule.clone(), all.clone()];
        let without = vec![all.clone()];
        let at = |before: &[Rule], then: &[Rule]| moments(before, then, NOW);
        assert_eq!(at(&without, &with(&always)), [NOW]);
        assert_eq!(at(&without, &with(&later)), [first]);
        assert_eq!(at(&with(&always), &with(&later)), [NOW, first], "until then nothing stands in its place");
        assert_eq!(at(&with(&later), &without), [first]);
        assert_eq!(at(&with(&until), &without), [NOW]);
        assert_eq!(at(&with(&always), &with(&until)), [NOW, last]);
        assert!(at(&with(&always), &with(&always)).is_empty());
        let elsewhere = Rule { scope: Scope::Region("europe".to_owned()), ..later };
        let both = [with(&always), vec![elsewhere.clone()]].concat();
        assert_eq!(at(&both, &[without, vec![elsewhere]].concat()), [NOW], "what stays tells nothing");
        let many: Vec<_> =
            (1..40).map(|day| france(day, Some(NOW + time::Duration::days(day)), None)).collect();
        assert_eq!(at(&with(&always), &[many, vec![all.clone()]].concat()).len(), MOMENTS);
    }
}
