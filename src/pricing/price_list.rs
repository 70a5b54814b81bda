//! Which rule prices what at one moment. Pure.

use std::cmp::Reverse;
use std::collections::HashMap;

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::exchange::{Counter, Exchange, Exchanged, InForceRate};
use super::markup::NoPrice;
use super::rule::{Made, Rule};
use super::scope::{Scope, Subject};
use crate::ground::{Cost, Currency, Price};

/// The rules that hold at one moment, each found at once however many there are.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    /// The winner of each scope.
    best: HashMap<Scope, Rule>,
    counter: Counter,
    next_change: Option<OffsetDateTime>,
    revision: Revision,
}

/// What prices are made of: two lists of one revision and one moment are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// Of the rules; 0 where they are in force nowhere.
    pub rules: i64,
    /// Of rates and their terms; 0 where there are none.
    pub rates: i64,
}

/// A price with the rule that made it.
#[derive(Clone, Copy, Debug)]
pub struct Priced<'a> {
    /// What the customer pays.
    pub price: Price,
    /// The rule's formula lay under the cost plus the minimum margin, and the price was lifted to it.
    pub lifted: bool,
    /// The rule.
    pub rule: &'a Rule,
    /// The cost in the price's currency, by the rate alone: price less this is the margin.
    pub cost: Cost,
    /// The rate by which the cost was exchanged; `None` where both are in one currency.
    pub rate: Option<InForceRate>,
}

/// The order in which rules of one scope win: the higher priority, then the newer. No two rules of a set are equal in
/// it, so that the order of a list does not matter; one that is not published yet is newer than all.
fn strength(rule: &Rule) -> (i32, OffsetDateTime, bool, i64) {
    (rule.priority, rule.published_at, rule.id == 0, rule.id)
}

impl PriceList {
    /// The list of a moment.
    pub fn at(rules: &[Rule], now: OffsetDateTime) -> Self {
        let mut best: HashMap<Scope, &Rule> = HashMap::new();
        for rule in rules.iter().filter(|rule| rule.holds_at(now)) {
            let held = best.entry(rule.scope.clone()).or_insert(rule);
            if strength(rule) > strength(held) {
                *held = rule;
            }
        }
        let dates = rules.iter().flat_map(|rule| [rule.starts_at, rule.ends_at]).flatten();
        Self {
            best: best.into_iter().map(|(scope, rule)| (scope, rule.clone())).collect(),
            counter: Counter::Same,
            next_change: dates.filter(|at| *at > now).min(),
            revision: Revision::default(),
        }
    }

    /// The list as made of the rules of a revision.
    pub(super) fn of_revision(self, rules: i64) -> Self {
        Self { revision: Revision { rules, ..self.revision }, ..self }
    }

    /// The same rules over costs that are exchanged as they are at this moment, which is the list's.
    pub fn exchanged(self, exchange: &Exchange, now: OffsetDateTime) -> Self {
        let changes = [self.next_change, exchange.next_change(now)];
        Self {
            counter: Counter::at(exchange, now),
            next_change: changes.into_iter().flatten().min(),
            revision: Revision { rates: exchange.revision, ..self.revision },
            ..self
        }
    }

    /// The next moment at which a rule or a rate begins or ends to hold; prices may change then.
    pub fn next_change(&self) -> Option<OffsetDateTime> {
        self.next_change
    }

    /// What it was made of.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The scopes that this list and another one leave to other rules, with the rules.
    pub(super) fn differences(&self, other: &Self) -> HashMap<Scope, [Option<Rule>; 2]> {
        let scopes = self.best.keys().chain(other.best.keys());
        let pairs = scopes.map(|scope| (scope, [self.best.get(scope), other.best.get(scope)]));
        let differ = pairs.filter(|(_, [here, there])| here != there);
        differ.map(|(scope, rules)| (scope.clone(), rules.map(Option::<&Rule>::cloned))).collect()
    }

    /// What the prices are in; `None` without any rule.
    pub fn currency(&self) -> Option<Currency> {
        self.best.get(&Scope::Shop).map(|rule| rule.markup.currency)
    }

    /// The rule for a package: the most specific; of a package that is local to several countries the strongest of
    /// theirs.
    pub fn rule(&self, subject: &Subject<'_>) -> Option<&Rule> {
        let of = |scope: Scope| self.best.get(&scope);
        // Most shops have no narrow rule; then nothing is looked for.
        if self.best.len() == 1 {
            return of(Scope::Shop);
        }
        let country = || {
            let rules = subject.local_to.iter().filter_map(|code| of(Scope::Country(code.to_string())));
            rules.min_by_key(|rule| Reverse(strength(rule)))
        };
        of(Scope::Package(subject.id))
            .or_else(country)
            .or_else(|| subject.region.and_then(|slug| of(Scope::Region(slug.to_owned()))))
            .or_else(|| of(Scope::PackageType(subject.package_type.to_owned())))
            .or_else(|| of(Scope::Shop))
    }

    /// The price of a package.
    ///
    /// # Errors
    /// [`NoPrice`] where there is no rule, its currency is another one than the cost's and no rate leads from one to the
    /// other, or the amount does not fit.
    pub fn price<'a>(&'a self, subject: &Subject<'_>) -> Result<Priced<'a>, NoPrice> {
        let rule = self.rule(subject).ok_or(NoPrice::NoRule)?;
        let Exchanged { sold_at, cost, rate } = self.counter.exchange(subject.cost)?;
        let Made { price, lifted } = rule.price(sold_at)?;
        Ok(Priced { price, lifted, rule, cost, rate })
    }

    /// What a package must bring at least: its cost, exchanged as for a price, plus the minimum margin of its rule; exact,
    /// in the currency beside it.
    ///
    /// # Errors
    /// As [`PriceList::price`].
    pub fn floor(&self, subject: &Subject<'_>) -> Result<(Decimal, Currency), NoPrice> {
        let rule = self.rule(subject).ok_or(NoPrice::NoRule)?;
        let floor = rule.floor(self.counter.exchange(subject.cost)?.sold_at)?;
        Ok((floor, rule.markup.currency))
    }
}

#[cfg(test)]
mod tests;
