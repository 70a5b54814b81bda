//! What a sync would change, and whether that is too much. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};

use super::package::{Data, Package};
use super::run::Counts;
use crate::ground::Cost;

/// What a sync may change without asking a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    /// More of what is sold must not vanish, in percent.
    pub max_vanish_percent: u32,
    /// More of what is sold must not leap in cost, in percent.
    pub max_leap_percent: u32,
    /// A cost that grew or shrank by more than this factor leaps: the point slipped, or the unit changed. So does one that
    /// is in another currency. Honest lists move by percents.
    pub leap_factor: u32,
}

/// A package as it is stored, as far as a sync must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Of everything about it.
    pub fingerprint: Vec<u8>,
    /// To tell a new price from another change.
    pub cost: Cost,
    /// Whether it is sold now.
    pub on_sale: bool,
}

/// What a sync would change: ids, each in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Not known before.
    pub added: Vec<i64>,
    /// Changed in anything but the cost.
    pub changed: Vec<i64>,
    /// With another cost.
    pub repriced: Vec<i64>,
    /// Sold until now and no longer.
    pub withdrawn: Vec<i64>,
    /// Sold again.
    pub returned: Vec<i64>,
}

/// Why a plan is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hold {
    /// An empty or unusable list is a failure of the upstream, never a reason to sell nothing.
    #[error("eSIMDual listed no package that can be used; nothing was changed")]
    NothingUsable,
    /// More would vanish than the reseller allows.
    #[error(
        "{withdrawn} of {on_sale} packages would be withdrawn, more than SYNC_MAX_VANISH_PERCENT \
         ({percent}) allows; nothing was changed"
    )]
    TooMuch {
        /// How many would be withdrawn.
        withdrawn: usize,
        /// How many are sold now.
        on_sale: usize,
        /// The limit.
        percent: u32,
    },
    /// More costs would leap than an honest list ever moves: most likely the point slipped upstream.
    #[error(
        "{leaping} of {known} packages would cost more than {factor} times as much as before, or less than that part, \
         or come in another currency, more than SYNC_MAX_LEAP_PERCENT ({percent}) allows; nothing was changed"
    )]
    WildCosts {
        /// How many would leap.
        leaping: usize,
        /// From which factor on a cost leaps.
        factor: u32,
        /// How many are sold now, or would be sold again.
        known: usize,
        /// The limit.
        percent: u32,
    },
}

impl Plan {
    /// Compares what is stored with what the upstream sells now.
    pub fn new(stored: &BTreeMap<i64, Stored>, offered: &BTreeMap<i64, Package>) -> Self {
        let mut plan = Self::default();
        for (id, package) in offered {
            match stored.get(id) {
                None => plan.added.push(*id),
                Some(known) if !known.on_sale => plan.returned.push(*id),
                Some(known) if known.cost != package.cost => plan.repriced.push(*id),
                Some(known) if known.fingerprint != fingerprint(package) => plan.changed.push(*id),
                Some(_) => {}
            }
        }
        let gone = |(id, known): (&i64, &Stored)| (known.on_sale && !offered.contains_key(id)).then_some(*id);
        plan.withdrawn = stored.iter().filter_map(gone).collect();
        plan
    }

    /// Why it must not be carried out, if it must not.
    pub fn hold(
        &self,
        stored: &BTreeMap<i64, Stored>,
        offered: &BTreeMap<i64, Package>,
        brake: Brake,
    ) -> Option<Hold> {
        if offered.is_empty() {
            return Some(Hold::NothingUsable);
        }
        let on_sale = stored.values().filter(|known| known.on_sale).count();
        let too_many = |number: usize, of: usize, percent: u32| {
            let allowed = of.saturating_mul(usize::try_from(percent).unwrap_or(usize::MAX));
            number.saturating_mul(100) > allowed
        };
        let (withdrawn, percent) = (self.withdrawn.len(), brake.max_vanish_percent);
        if too_many(withdrawn, on_sale, percent) {
            return Some(Hold::TooMuch { withdrawn, on_sale, percent });
        }
        let (factor, percent) = (brake.leap_factor, brake.max_leap_percent);
        let known = on_sale + self.returned.len();
        let leaping = self.leaping(stored, offered, factor);
        too_many(leaping, known, percent).then_some(Hold::WildCosts { leaping, factor, known, percent })
    }

    /// Of those that are sold or would be sold again: how many costs would leap from what was known last.
    fn leaping(
        &self,
        stored: &BTreeMap<i64, Stored>,
        offered: &BTreeMap<i64, Package>,
        factor: u32,
    ) -> usize {
        let known = self.repriced.iter().chain(&self.returned);
        let both = known.filter_map(|id| stored.get(id).zip(offered.get(id)));
        both.filter(|(known, package)| leaps(&known.cost, &package.cost, factor)).count()
    }

    /// The packages to write.
    pub fn written(&self) -> impl Iterator<Item = i64> {
        [&self.added, &self.changed, &self.repriced, &self.returned].into_iter().flatten().copied()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.withdrawn.is_empty() && self.written().next().is_none()
    }

    /// In numbers, with those that are not the plan's own.
    pub fn counts(&self, packages: usize, set_aside: usize, places: usize) -> Counts {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Counts {
            packages: number(packages),
            added: number(self.added.len()),
            changed: number(self.changed.len()),
            repriced: number(self.repriced.len()),
            withdrawn: number(self.withdrawn.len()),
            returned: number(self.returned.len()),
            set_aside: number(set_aside),
            places: number(places),
        }
    }
}

/// Whether a cost leapt. The same figure in another currency is another price, and a catalog of them would close the shop.
fn leaps(before: &Cost, now: &Cost, factor: u32) -> bool {
    let times = |cost: &Cost| cost.amount.checked_mul(Decimal::from(factor)).unwrap_or(Decimal::MAX);
    before.currency != now.currency || now.amount > times(before) || before.amount > times(now)
}

/// A hash of everything that is stored of a package. `4.2` and `4.20` are one cost.
pub fn fingerprint(package: &Package) -> Vec<u8> {
    let Package {
        id,
        name,
        slug,
        package_type,
        data,
        voice_minutes,
        sms_count,
        validity_days,
        network_speed,
        reloadable,
        coverage,
        region,
        countries,
        cost,
    } = package;
    let data = match data {
        Data::Bytes(bytes) => bytes.to_string(),
        Data::Unlimited => "unlimited".to_owned(),
        Data::NotStated => "not stated".to_owned(),
    };
    // Debug quotes every text, so that no two packages are written alike.
    let text = format!(
        "1 {id} {name:?} {slug:?} {package_type:?} {data} {voice_minutes:?} {sms_count:?} {validity_days:?} \
         {network_speed:?} {reloadable:?} {} {region:?} {countries:?} {} {}",
        coverage.word(),
        cost.amount.normalize(),
        cost.currency
    );
    Sha256::digest(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{CountryCode, Coverage};
    use crate::ground::Currency;

    fn package(id: i64, cost: &str) -> Package {
        Package {
            id,
            name: "France 5 GB".to_owned(),
            slug: None,
            package_type: "data".to_owned(),
            data: Data::Bytes(5_368_709_120),
            voice_minutes: None,
            sms_count: None,
            validity_days: Some(30),
            network_speed: None,
            reloadable: None,
            coverage: Coverage::Local,
            region: None,
            countries: CountryCode::split("fr").unwrap(),
            cost: Cost { amount: cost.parse().unwrap(), currency: Currency::parse("USD").unwrap() },
        }
    }

    fn offered(packages: impl IntoIterator<Item = Package>) -> BTreeMap<i64, Package> {
        packages.into_iter().map(|package| (package.id, package)).collect()
    }

    fn stored(packages: &BTreeMap<i64, Package>) -> BTreeMap<i64, Stored> {
        let known = |package: &Package| Stored {
            fingerprint: fingerprint(package),
            cost: package.cost,
            on_sale: true,
        };
        packages.iter().map(|(id, package)| (*id, known(package))).collect()
    }

    fn brake(percent: u32) -> Brake {
        Brake { max_vanish_percent: percent, max_leap_percent: percent, leap_factor: 3 }
    }

    #[test]
    fn every_change_is_named_once() {
        let before = offered([1, 2, 3, 4, 5].map(|id| package(id, "4.2")));
        let mut known = stored(&before);
        known.get_mut(&4).unwrap().on_sale = false;
        let renamed = Package { name: "France 5 GB plus".to_owned(), ..package(2, "4.2") };
        let dearer = Package { name: "renamed too".to_owned(), ..package(3, "4.3") };
        let now = offered([package(1, "4.20"), renamed, dearer, package(4, "4.2"), package(6, "1")]);
        let plan = Plan::new(&known, &now);
        let wanted = Plan {
            added: vec![6],
            changed: vec![2],
            repriced: vec![3],
            withdrawn: vec![5],
            returned: vec![4],
        };
        assert_eq!(plan, wanted);
        assert_eq!(plan.written().collect::<Vec<_>>(), [6, 2, 3, 4]);
    }

    #[test]
    fn the_same_catalog_changes_nothing_and_a_withdrawn_package_stays_withdrawn() {
        let before = offered([1, 2].map(|id| package(id, "4.2")));
        let mut known = stored(&before);
        assert!(Plan::new(&known, &before).is_empty());
        known.get_mut(&2).unwrap().on_sale = false;
        assert!(Plan::new(&known, &offered([package(1, "4.2")])).is_empty());
    }

    #[test]
    fn too_much_vanishing_is_held() {
        let known = stored(&offered((1..=10).map(|id| package(id, "4.2"))));
        let hold = |ids: std::ops::RangeInclusive<i64>, percent| {
            let now = offered(ids.map(|id| package(id, "4.2")));
            Plan::new(&known, &now).hold(&known, &now, brake(percent))
        };
        assert_eq!(hold(1..=10, 30), None);
        assert_eq!(hold(1..=7, 30), None);
        assert_eq!(hold(1..=6, 30), Some(Hold::TooMuch { withdrawn: 4, on_sale: 10, percent: 30 }));
        assert_eq!(hold(1..=1, 100), None);
        assert_eq!(Plan::default().hold(&known, &BTreeMap::new(), brake(100)), Some(Hold::NothingUsable));
        assert_eq!(
            Plan::default().hold(&BTreeMap::new(), &BTreeMap::new(), brake(100)),
            Some(Hold::NothingUsable)
        );
    }

    #[test]
    fn costs_that_leap_are_held_and_honest_moves_are_not() {
        let known = stored(&offered((1..=10).map(|id| package(id, "4.2"))));
        let hold = |leaping: i64, cost: &str| {
            let now = offered((1..=10).map(|id| package(id, if id <= leaping { cost } else { "4.2" })));
            Plan::new(&known, &now).hold(&known, &now, brake(30))
        };
        let held = |leaping| Some(Hold::WildCosts { leaping, factor: 3, known: 10, percent: 30 });
        assert_eq!(hold(10, "420"), held(10), "the point slipped to the right");
        assert_eq!(hold(10, "0.042"), held(10), "the point slipped to the left");
        assert_eq!(hold(4, "12.61"), held(4));
        assert_eq!(hold(4, "12.6"), None, "three times is not yet a leap");
        assert_eq!(hold(3, "420"), None, "a few are repriced as the upstream says");
        assert_eq!(hold(10, "4.62"), None);
        assert_eq!(hold(10, "79228162514264337593543950335"), held(10), "no overflow");
        let now = offered((1..=10).map(|id| package(id, "420")));
        let plan = Plan::new(&known, &now);
        assert_eq!(
            plan.hold(&known, &now, Brake { leap_factor: 100, ..brake(30) }),
            None,
            "as the shop says"
        );
        assert_eq!(plan.hold(&known, &now, Brake { max_leap_percent: 100, ..brake(30) }), None);
    }

    #[test]
    fn what_returns_at_a_cost_that_leapt_is_held_too() {
        let mut known = stored(&offered((1..=10).map(|id| package(id, "4.2"))));
        known.values_mut().take(5).for_each(|known| known.on_sale = false);
        let hold = |cost: &str| {
            let now = offered((1..=10).map(|id| package(id, if id <= 5 { cost } else { "4.2" })));
            Plan::new(&known, &now).hold(&known, &now, brake(30))
        };
        assert_eq!(hold("0.042"), Some(Hold::WildCosts { leaping: 5, factor: 3, known: 10, percent: 30 }));
        assert_eq!(hold("4.62"), None, "as it was, or nearly");
        known.values_mut().for_each(|known| known.on_sale = false);
        let now = offered((1..=10).map(|id| package(id, "420")));
        let held = Plan::new(&known, &now).hold(&known, &now, brake(30));
        assert_eq!(held, Some(Hold::WildCosts { leaping: 10, factor: 3, known: 10, percent: 30 }));
    }

    #[test]
    fn a_currency_that_flips_on_many_is_held_and_on_few_is_not() {
        let known = stored(&offered((1..=10).map(|id| package(id, "4.2"))));
        let hold = |flipped: i64| {
            let now = offered((1..=10).map(|id| {
                let code = if id <= flipped { "EUR" } else { "USD" };
                let cost = Cost { currency: Currency::parse(code).unwrap(), ..package(id, "4.2").cost };
                Package { cost, ..package(id, "4.2") }
            }));
            Plan::new(&known, &now).hold(&known, &now, brake(30))
        };
        assert_eq!(hold(3), None);
        assert_eq!(hold(4), Some(Hold::WildCosts { leaping: 4, factor: 3, known: 10, percent: 30 }));
        assert!(hold(10).unwrap().to_string().contains("in another currency"));
    }

    #[test]
    fn a_fingerprint_sees_every_field() {
        let base = package(1, "4.2");
        let variants = [
            Package { name: "x".into(), ..base.clone() },
            Package { slug: Some("x".into()), ..base.clone() },
            Package { data: Data::NotStated, ..base.clone() },
            Package { voice_minutes: Some(30), ..base.clone() },
            Package { sms_count: Some(30), ..base.clone() },
            Package { validity_days: None, ..base.clone() },
            Package { network_speed: Some("5G".into()), ..base.clone() },
            Package { reloadable: Some(false), ..base.clone() },
            Package { coverage: Coverage::Global, ..base.clone() },
            Package { region: Some("eu".into()), ..base.clone() },
            Package { countries: CountryCode::split("fr it").unwrap(), ..base.clone() },
            package(1, "4.21"),
            package(2, "4.2"),
        ];
        let mut prints: Vec<_> = variants.iter().chain([&base]).map(fingerprint).collect();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), variants.len() + 1);
    }
}
