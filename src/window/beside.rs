//! What the window knows beside the catalog and its prices: what changed when, what was sold once, and what sells.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use super::plan::Plan;
use super::snapshot::{Place, Snapshot};
use crate::catalog::popular::Chosen;
use crate::catalog::{Coverage, Data, Past, Withdrawn};
use crate::web::ready::Ready;

/// How many comparable plans a withdrawn one's page names.
const COMPARABLE: usize = 6;

/// All of it, with the pages that were made of this snapshot.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    changed: HashMap<i64, OffsetDateTime>,
    withdrawn: HashMap<i64, Withdrawn>,
    /// Countries whose own plans were bought of late, the most bought first: places in the snapshot's list.
    sellers: Vec<String>,
    /// The countries that staff put behind them.
    pub(super) chosen: Chosen,
    /// When all this was read; `None` for a snapshot that was never given any.
    pub(super) read_at: Option<OffsetDateTime>,
    pub(super) ready: Ready,
}

impl Snapshot {
    /// With what the catalog remembers and what was sold of late (packages with their units), read at this time.
    pub fn beside(mut self, past: Past, sold: &[(i64, i64)], read_at: OffsetDateTime) -> Self {
        let mut units: BTreeMap<String, i64> = BTreeMap::new();
        for (id, number) in sold {
            let local = self.plan(*id).filter(|plan| plan.coverage == Coverage::Local);
            let country =
                local.and_then(|plan| self.countries_of(plan).next()).and_then(|place| place.code.clone());
            if let Some(code) = country {
                *units.entry(code).or_default() += number;
            }
        }
        let mut sellers: Vec<(i64, String)> =
            units.into_iter().map(|(code, number)| (number, code)).collect();
        sellers.sort_by(|one, other| (Reverse(one.0), &one.1).cmp(&(Reverse(other.0), &other.1)));
        self.beside = Beside {
            changed: past.changed.into_iter().collect(),
            withdrawn: past.withdrawn.into_iter().map(|package| (package.id, package)).collect(),
            sellers: sellers.into_iter().map(|(_, code)| code).collect(),
            chosen: self.beside.chosen,
            read_at: Some(read_at),
            ready: Ready::default(),
        };
        self
    }

    /// The countries whose own plans were bought of late, the most bought first.
    pub fn best_sellers(&self) -> impl Iterator<Item = &Place> {
        self.beside.sellers.iter().filter_map(|code| self.country_by_code(code))
    }

    /// When a plan last changed, as far as it is known.
    pub fn changed_at(&self, plan: &Plan) -> Option<OffsetDateTime> {
        self.beside.changed.get(&plan.id).copied()
    }

    /// Every plan, by its id: an order that prices do not change.
    pub fn by_id(&self) -> Vec<&Plan> {
        let mut plans: Vec<&Plan> = (0..self.plans_count()).filter_map(|at| self.plan_at(at)).collect();
        plans.sort_unstable_by_key(|plan| plan.id);
        plans
    }

    /// The countries where any of these plans works, in the upstream's order.
    pub fn covered_by(&self, plans: &[&Plan]) -> Vec<&Place> {
        let mut covered: Vec<usize> = plans.iter().flat_map(|plan| &plan.countries).copied().collect();
        covered.sort_unstable();
        covered.dedup();
        covered.into_iter().filter_map(|at| self.country_at(at)).collect()
    }

    /// What is left of a package that is not sold any more: the place where it worked, if that is still sold, and plans
    /// there that come near it and can be bought, the nearest first.
    pub fn instead_of(&self, id: i64) -> (Option<&Place>, Vec<&Plan>) {
        let Some(gone) = self.beside.withdrawn.get(&id) else { return (None, Vec::new()) };
        let place = match gone.coverage {
            Coverage::Local => gone.country.as_deref().and_then(|code| self.country_by_code(code)),
            Coverage::Regional => gone.region.as_deref().and_then(|slug| self.region(slug)),
            Coverage::Global => None,
        };
        let place = place.filter(|place| place.has_plans());
        let mut plans: Vec<&Plan> = match (gone.coverage, place) {
            (Coverage::Global, _) => self.global().collect(),
            (_, Some(place)) => self.plans_of(place).collect(),
            (_, None) => Vec::new(),
        };
        plans.retain(|plan| plan.price.is_some());
        plans.sort_by_key(|plan| distance(gone, plan));
        plans.truncate(COMPARABLE);
        (place, plans)
    }
}

/// How far a plan is from one that is gone: another coverage is farther than other data, and that than other days.
fn distance(gone: &Withdrawn, plan: &Plan) -> (bool, u64, u32, i64) {
    let bytes = |data: Data| match data {
        Data::Bytes(bytes) => bytes,
        Data::Unlimited => u64::MAX,
        Data::NotStated => 0,
    };
    let days = |days: Option<u32>| days.unwrap_or(0);
    (
        plan.coverage != gone.coverage,
        bytes(plan.data).abs_diff(bytes(gone.data)),
        days(plan.validity_days).abs_diff(days(gone.validity_days)),
        plan.id,
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;
    use time::macros::datetime;

    const AT: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    pub fn withdrawn(id: i64, coverage: Coverage, place: &str) -> Withdrawn {
        let of = |wanted| (coverage == wanted).then(|| place.to_owned());
        let (country, region) = (of(Coverage::Local), of(Coverage::Regional));
        Withdrawn { id, data: Data::Bytes(5 << 30), validity_days: Some(30), coverage, country, region }
    }

    #[test]
    fn a_withdrawn_plan_names_its_place_and_what_comes_near_it() {
        let past = Past {
            withdrawn: vec![
                withdrawn(90, Coverage::Local, "fr"),
                withdrawn(91, Coverage::Regional, "europe"),
                withdrawn(92, Coverage::Global, ""),
                withdrawn(93, Coverage::Local, "zz"),
                withdrawn(94, Coverage::Regional, "atlantis"),
            ],
            ..Past::default()
        };
        let snapshot = snapshot().beside(past, &[], AT);
        let near = |id| {
            let (place, plans) = snapshot.instead_of(id);
            (place.map(|place| place.slug.as_str()), plans.iter().map(|plan| plan.id).collect::<Vec<_>>())
        };
        assert_eq!(near(90), (Some("france"), vec![1, 2, 3, 4]));
        assert_eq!(near(91), (Some("europe"), vec![3]));
        assert_eq!(near(92), (None, vec![4]));
        assert_eq!(near(93), (None, vec![]), "a country without plans is no suggestion");
        assert_eq!((near(94), near(99)), ((None, vec![]), (None, vec![])));
    }

    #[test]
    fn countries_sell_by_their_own_plans() {
        let sold = [(5, 2), (1, 1), (2, 1), (3, 90), (77, 5)];
        let snapshot = snapshot().beside(Past::default(), &sold, AT);
        let codes: Vec<_> = snapshot.best_sellers().filter_map(|place| place.code.as_deref()).collect();
        assert_eq!(codes, ["fr", "gb"], "two units each; a region's plan says nothing of a country");
    }

    #[test]
    fn a_region_covers_what_its_plans_cover() {
        let snapshot = snapshot();
        let plans = [snapshot.plan(3).unwrap(), snapshot.plan(4).unwrap()];
        let codes: Vec<_> =
            snapshot.covered_by(&plans).iter().filter_map(|place| place.code.as_deref()).collect();
        assert_eq!(codes, ["ae", "fr", "gb", "it", "tr", "us"]);
    }
}
