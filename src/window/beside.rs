//! What the window knows beside the catalog and its prices: what changed when, what was sold once, and what sells.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use super::plan::Plan;
use super::snapshot::{Place, Snapshot};
use crate::catalog::popular::Chosen;
use crate::catalog::{Coverage, Data, Left, Past, Withdrawn};
use crate::web::ready::Ready;

/// How many comparable plans a withdrawn one's page names.
const COMPARABLE: usize = 6;

/// All of it, with the pages that were made of this snapshot.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    changed: HashMap<i64, OffsetDateTime>,
    withdrawn: HashMap<i64, Withdrawn>,
    /// Whether one of them was global.
    had_global: bool,
    left: Left,
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
        let mut changed: HashMap<i64, OffsetDateTime> = HashMap::with_capacity(self.plans_count());
        for (id, at) in past.changed {
            changed.entry(id).and_modify(|last| *last = at.max(*last)).or_insert(at);
        }
        self.beside = Beside {
            changed,
            left: past.left,
            had_global: past.withdrawn.iter().any(|package| package.coverage == Coverage::Global),
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

    /// Whether a plan for the whole world was sold once that is not sold now.
    pub fn had_global(&self) -> bool {
        self.beside.had_global
    }

    /// When a plan last changed, as far as it is known.
    pub fn changed_at(&self, plan: &Plan) -> Option<OffsetDateTime> {
        self.beside.changed.get(&plan.id).copied()
    }

    /// When what a place offers last changed: one of its plans, or that one went.
    pub fn place_changed_at(&self, place: &Place) -> Option<OffsetDateTime> {
        let left = match &place.code {
            Some(code) => self.beside.left.countries.get(code),
            None => self.beside.left.regions.get(&place.slug),
        };
        self.latest(self.plans_of(place)).max(left.copied())
    }

    /// The same of the plans for the whole world.
    pub fn world_changed_at(&self) -> Option<OffsetDateTime> {
        self.latest(self.global()).max(self.beside.left.world)
    }

    /// When one of these plans last changed, or any plan last went: the day of a list of them.
    pub fn changed_among<'a>(&self, plans: impl Iterator<Item = &'a Plan>) -> Option<OffsetDateTime> {
        let left = &self.beside.left;
        let places = left.countries.values().chain(left.regions.values()).chain(&left.world);
        self.latest(plans).max(places.max().copied())
    }

    fn latest<'a>(&self, plans: impl Iterator<Item = &'a Plan>) -> Option<OffsetDateTime> {
        plans.filter_map(|plan| self.changed_at(plan)).max()
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

/// Another coverage, then how many bytes, days, minutes and messages apart, then the price in minor units.
type Distance = (bool, u64, u32, u32, u32, i64, i64);

/// How far a plan is from one that is gone: another coverage is farther than other data, that than other days, and that
/// than other minutes and messages. Of those that are as near the cheapest comes first.
fn distance(gone: &Withdrawn, plan: &Plan) -> Distance {
    let bytes = |data: Data| match data {
        Data::Bytes(bytes) => bytes,
        Data::Unlimited => u64::MAX,
        Data::NotStated => 0,
    };
    let apart = |one: Option<u32>, other: Option<u32>| one.unwrap_or(0).abs_diff(other.unwrap_or(0));
    (
        plan.coverage != gone.coverage,
        bytes(plan.data).abs_diff(bytes(gone.data)),
        apart(plan.validity_days, gone.validity_days),
        apart(plan.voice_minutes, gone.voice_minutes),
        apart(plan.sms_count, gone.sms_count),
        plan.price.map_or(i64::MAX, |price| price.minor),
        plan.id,
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::snapshot::tests::{contents, package, rules, snapshot};
    use super::*;
    use crate::catalog::Package;
    use time::macros::datetime;

    const AT: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    pub fn withdrawn(id: i64, coverage: Coverage, place: &str) -> Withdrawn {
        let of = |wanted| (coverage == wanted).then(|| place.to_owned());
        let (country, region) = (of(Coverage::Local), of(Coverage::Regional));
        let (data, voice_minutes, sms_count) = (Data::Bytes(5 << 30), None, None);
        Withdrawn { id, data, voice_minutes, sms_count, validity_days: Some(30), coverage, country, region }
    }

    #[test]
    fn of_plans_with_as_much_data_those_without_calls_come_first_and_then_the_cheapest() {
        let twin = |id, cost: &str, minutes| Package {
            voice_minutes: Some(minutes),
            package_type: "data_voice".to_owned(),
            ..package(id, "France 5 GB", cost, Coverage::Local, &["fr"])
        };
        let mut contents = contents();
        contents.packages =
            vec![twin(6, "9", 60), twin(7, "5", 0), twin(8, "4.50", 0), twin(9, "4", 200), twin(10, "3", 60)];
        let near = |minutes| {
            let gone = Withdrawn { voice_minutes: Some(minutes), ..withdrawn(90, Coverage::Local, "fr") };
            let past = Past { withdrawn: vec![gone], ..Past::default() };
            let snapshot = Snapshot::build(contents.clone(), &rules("USD")).beside(past, &[], AT);
            snapshot.instead_of(90).1.iter().map(|plan| plan.id).collect::<Vec<_>>()
        };
        assert_eq!(near(0), [8, 7, 10, 6, 9]);
        assert_eq!(near(60), [10, 6, 8, 7, 9]);
    }

    #[test]
    fn days_are_the_newest_of_what_is_told_and_a_place_remembers_what_left_it() {
        let day = |days| AT + time::Duration::days(days);
        let left = Left {
            countries: HashMap::from([("fr".to_owned(), day(9)), ("gb".to_owned(), day(1))]),
            regions: HashMap::from([("europe".to_owned(), day(7))]),
            world: Some(day(8)),
        };
        let changed = vec![(1, day(2)), (1, day(5)), (1, day(3)), (3, day(4)), (4, day(0)), (5, day(6))];
        let snapshot = snapshot().beside(Past { changed, left, ..Past::default() }, &[], AT);
        assert_eq!(snapshot.changed_at(snapshot.plan(1).unwrap()), Some(day(5)));
        assert_eq!(snapshot.changed_at(snapshot.plan(2).unwrap()), None);
        let of = |slug: &str| snapshot.place_changed_at(snapshot.country(slug).unwrap());
        assert_eq!(
            (of("france"), of("united-kingdom"), of("italy")),
            (Some(day(9)), Some(day(6)), Some(day(4)))
        );
        assert_eq!(snapshot.place_changed_at(snapshot.region("europe").unwrap()), Some(day(7)));
        assert_eq!(snapshot.world_changed_at(), Some(day(8)));
        assert_eq!(snapshot.changed_among(snapshot.by_id().into_iter()), Some(day(9)));
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
        assert_eq!(near(90), (Some("france"), vec![2, 1, 3, 4]));
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
