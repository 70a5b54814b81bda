//! All rules that are in force together, and how one change makes another set of them. Pure.

use time::OffsetDateTime;

use super::price_list::PriceList;
use super::rule::Rule;

/// More rules than this no person oversees, and every publication writes them all.
pub const MOST_RULES: usize = 2_000;

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// Grows with each publication; a form carries it, and another one is a conflict.
    pub revision: i64,
    /// The shop-wide rule, which always holds, is the last.
    pub rules: Vec<Rule>,
}

/// One change of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The shop-wide rule becomes this one.
    ShopWide(Rule),
    /// One more.
    Add(Rule),
    /// The rule with this id becomes that one, which counts as newer.
    Replace(i64, Rule),
    /// The rule with this id is no more.
    Remove(i64),
    /// All rules become those of the former version with this number.
    Restore(i64, Vec<Rule>),
}

/// Why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEdit {
    /// The rule is not in force any more.
    #[error("That rule is not in force any more.")]
    NoSuchRule,
    /// There is one rule for everything, and it is changed by its own form.
    #[error(
        "A rule for the whole shop needs a date from or until; the rule that always holds is changed on its own."
    )]
    SecondShopWide,
    /// The rule that always holds cannot be taken away.
    #[error("The shop-wide rule cannot be removed: without it nothing has a price.")]
    NoShopWide,
    /// Enough.
    #[error("There are {MOST_RULES} rules already; remove one first.")]
    TooMany,
}

impl RuleSet {
    /// The rule behind all others.
    pub fn shop_wide(&self) -> Option<&Rule> {
        self.rules.iter().rev().find(|rule| rule.is_shop_wide())
    }

    /// The rule with this id.
    pub fn rule(&self, id: i64) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The prices of a moment.
    pub fn prices(&self, now: OffsetDateTime) -> PriceList {
        PriceList::at(&self.rules, now).of_revision(self.revision)
    }

    /// Whether a rule begins or ends to hold after the one moment and not after the other.
    pub fn changes_between(&self, from: OffsetDateTime, to: OffsetDateTime) -> bool {
        let dates = self.rules.iter().flat_map(|rule| [rule.starts_at, rule.ends_at]).flatten();
        dates.into_iter().any(|at| from < at && at <= to)
    }

    /// The rules after a change, the shop-wide one last.
    ///
    /// # Errors
    /// [`NoEdit`].
    pub fn after(&self, edit: &Edit) -> Result<Vec<Rule>, NoEdit> {
        let narrow = || self.rules.iter().filter(|rule| !rule.is_shop_wide()).cloned();
        let shop_wide = || self.shop_wide().cloned().ok_or(NoEdit::NoShopWide);
        let known = |id: &i64| self.rule(*id).filter(|rule| !rule.is_shop_wide()).ok_or(NoEdit::NoSuchRule);
        let mut rules: Vec<Rule> = match edit {
            Edit::ShopWide(rule) if rule.is_shop_wide() => narrow().chain([rule.clone()]).collect(),
            Edit::ShopWide(_) => return Err(NoEdit::NoShopWide),
            Edit::Add(rule) | Edit::Replace(_, rule) if rule.is_shop_wide() => {
                return Err(NoEdit::SecondShopWide);
            }
            Edit::Add(rule) => narrow().chain([rule.clone(), shop_wide()?]).collect(),
            Edit::Replace(id, rule) => {
                known(id)?;
                let kept = narrow().filter(|other| other.id != *id);
                kept.chain([rule.clone(), shop_wide()?]).collect()
            }
            Edit::Remove(id) => {
                known(id)?;
                narrow().filter(|other| other.id != *id).chain([shop_wide()?]).collect()
            }
            Edit::Restore(_, rules) => rules.clone(),
        };
        rules.sort_by_key(Rule::is_shop_wide);
        let shop_wide = rules.iter().filter(|rule| rule.is_shop_wide()).count();
        match shop_wide {
            1 if rules.len() <= MOST_RULES => Ok(rules),
            1 => Err(NoEdit::TooMany),
            _ => Err(NoEdit::NoShopWide),
        }
    }
}

impl Edit {
    /// What it does, as the list of versions and the audit log say it.
    pub fn sentence(&self, set: &RuleSet) -> String {
        let of = |id: &i64| set.rule(*id).map_or_else(String::new, |rule| format!(" for {}", rule.scope));
        match self {
            Self::ShopWide(_) => "The shop-wide rule was changed.".to_owned(),
            Self::Add(rule) => format!("A rule for {} was added.", rule.scope),
            Self::Replace(id, _) => format!("The rule{} was changed.", of(id)),
            Self::Remove(id) => format!("The rule{} was removed.", of(id)),
            Self::Restore(version, _) => format!("Version {version} was restored."),
        }
    }

    /// The rule in force that it changes or takes away.
    pub fn former<'a>(&self, set: &'a RuleSet) -> Option<&'a Rule> {
        match self {
            Self::ShopWide(_) => set.shop_wide(),
            Self::Replace(id, _) | Self::Remove(id) => set.rule(*id),
            Self::Add(_) | Self::Restore(..) => None,
        }
    }

    /// The version that it goes back to.
    pub(super) fn restored(&self) -> Option<i64> {
        if let Self::Restore(version, _) = self { Some(*version) } else { None }
    }

    /// The new or changed rule, marked as made now and by whom.
    pub fn stamped(mut self, by: &str, now: OffsetDateTime) -> Self {
        if let Self::ShopWide(rule) | Self::Add(rule) | Self::Replace(_, rule) = &mut self {
            rule.id = 0;
            by.clone_into(&mut rule.published_by);
            rule.published_at = now;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;
    use crate::pricing::{Markup, Rounding, Scope};
    use rust_decimal::Decimal;
    use time::macros::datetime;

    fn rule(id: i64, scope: Scope) -> Rule {
        let currency = Currency::parse("USD").unwrap();
        let markup =
            Markup { percent: Decimal::TEN, fixed: Decimal::ZERO, currency, rounding: Rounding::None };
        Rule { id, scope, ..Rule::shop_wide(markup, "x", datetime!(2026-11-22 12:00 UTC)) }
    }

    fn ids(rules: Result<Vec<Rule>, NoEdit>) -> Result<Vec<i64>, NoEdit> {
        rules.map(|rules| rules.iter().map(|rule| rule.id).collect())
    }

    #[test]
    fn each_change_makes_a_set_with_the_shop_wide_rule_last() {
        let set =
            RuleSet { revision: 3, rules: vec![rule(2, Scope::Country("fr".into())), rule(3, Scope::Shop)] };
        let new = |scope| rule(0, scope);
        let dated = Rule { starts_at: Some(datetime!(2026-12-01 0:00 UTC)), ..new(Scope::Shop) };
        let after = |edit| ids(set.after(&edit));
        assert_eq!(after(Edit::ShopWide(new(Scope::Shop))), Ok(vec![2, 0]));
        assert_eq!(after(Edit::Add(new(Scope::Package(7)))), Ok(vec![2, 0, 3]));
        assert_eq!(after(Edit::Add(dated.clone())), Ok(vec![2, 0, 3]));
        assert_eq!(after(Edit::Replace(2, new(Scope::Package(7)))), Ok(vec![0, 3]));
        assert_eq!(after(Edit::Remove(2)), Ok(vec![3]));
        assert_eq!(after(Edit::Restore(4, vec![rule(1, Scope::Shop)])), Ok(vec![1]));
        assert_eq!(after(Edit::Add(new(Scope::Shop))), Err(NoEdit::SecondShopWide));
        assert_eq!(after(Edit::Replace(2, new(Scope::Shop))), Err(NoEdit::SecondShopWide));
        assert_eq!(after(Edit::ShopWide(dated)), Err(NoEdit::NoShopWide));
        assert_eq!(after(Edit::Remove(3)), Err(NoEdit::NoSuchRule));
        assert_eq!(after(Edit::Remove(9)), Err(NoEdit::NoSuchRule));
        assert_eq!(after(Edit::Restore(4, Vec::new())), Err(NoEdit::NoShopWide));
        let full = RuleSet { revision: 1, rules: vec![rule(1, Scope::Shop); MOST_RULES] };
        assert_eq!(ids(full.after(&Edit::Add(new(Scope::Package(7))))), Ok(vec![0, 1]));
        let mut many: Vec<_> = (1..2_000).map(|id| rule(id, Scope::Package(id))).collect();
        many.push(rule(2_000, Scope::Shop));
        let full = RuleSet { revision: 1, rules: many };
        assert_eq!(full.after(&Edit::Add(new(Scope::Package(7)))), Err(NoEdit::TooMany));
    }
}
