//! One moment of the catalog, priced: immutable, and swapped as a whole.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use super::names::Names;
use super::plan::Plan;
use super::search::Index;
use crate::catalog::{Contents, Coverage};
use crate::ground::Price;
use crate::pricing::{PriceList, Revision, Subject};

/// A country or a region, with the plans that work there; without any it was known once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A country's ISO 3166-1 code, lower case; a region has none.
    pub code: Option<String>,
    /// For addresses.
    pub slug: String,
    /// What it is called.
    pub names: Names,
    /// Its plans, in the order of lists: places in [`Snapshot`]'s list of plans.
    plans: Vec<usize>,
    /// The least that a plan costs here.
    pub from: Option<Price>,
}

/// Everything that the window shows.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    plans: Vec<Plan>,
    by_id: HashMap<i64, usize>,
    countries: Vec<Place>,
    country_by_slug: HashMap<String, usize>,
    country_by_code: HashMap<String, usize>,
    regions: Vec<Place>,
    region_by_slug: HashMap<String, usize>,
    global: Vec<usize>,
    withdrawn: HashSet<i64>,
    pub(super) index: Index,
    /// The catalog's version and the prices' revision: what [`super::keep_fresh`] compares.
    pub(super) made_from: (i64, Revision),
    /// When a rule or a rate begins or ends to hold: prices may be others from then on.
    pub(super) next_change: Option<OffsetDateTime>,
    /// When the catalog was last read from the upstream.
    pub synced_at: Option<OffsetDateTime>,
    pub(super) beside: super::beside::Beside,
}

impl Snapshot {
    /// Prices and sorts a catalog by the rules of a moment. Without a rule nothing has a price, and a plan whose cost is
    /// in another currency than its rule's has none either, unless a rate exchanges it: they are shown, and cannot be bought.
    pub fn build(contents: Contents, prices: &PriceList) -> Self {
        let mut countries: Vec<Place> = contents
            .countries
            .into_iter()
            .map(|country| {
                Place::new(Names::of_country(&country.code, &country.name), country.slug, Some(country.code))
            })
            .collect();
        let mut regions: Vec<Place> = contents
            .regions
            .into_iter()
            .map(|region| Place::new(Names::of_region(&region.slug, &region.name), region.slug, None))
            .collect();
        let code_of = |place: &Place| place.code.clone().unwrap_or_default();
        let country_by_code = positions(&countries, code_of);
        let region_by_slug = positions(&regions, |place| place.slug.clone());
        let mut plans: Vec<Plan> = contents
            .packages
            .into_iter()
            .map(|package| {
                let covered = package
                    .countries
                    .iter()
                    .filter_map(|code| country_by_code.get(code.as_str()).copied())
                    .collect();
                let featured = contents.featured.contains(&package.id);
                let named = contents.named.contains(&package.id);
                let (price, rule) = prices
                    .price(&Subject::from(&package))
                    .map_or((None, None), |priced| (Some(priced.price), Some(priced.rule.id)));
                Plan { rule, named, ..Plan::new(package, covered, featured, price) }
            })
            .collect();
        plans.sort_by_key(Plan::rank);
        let mut global = Vec::new();
        for (position, plan) in plans.iter().enumerate() {
            for country in &plan.countries {
                add(&mut countries, *country, position, plan);
            }
            match (plan.coverage, plan.region.as_ref().and_then(|slug| region_by_slug.get(slug))) {
                (Coverage::Global, _) => global.push(position),
                (Coverage::Regional, Some(region)) => add(&mut regions, *region, position, plan),
                _ => {}
            }
        }
        Self {
            index: Index::build(&countries, &regions, &plans),
            by_id: plans.iter().enumerate().map(|(position, plan)| (plan.id, position)).collect(),
            country_by_slug: positions(&countries, |place| place.slug.clone()),
            country_by_code,
            region_by_slug,
            withdrawn: contents.withdrawn.into_iter().collect(),
            made_from: (contents.version, prices.revision()),
            next_change: prices.next_change(),
            synced_at: contents.synced_at,
            plans,
            countries,
            regions,
            global,
            beside: super::beside::Beside::default(),
        }
    }

    /// Whether a synced catalog was read into it; a node's first one is still without.
    pub fn has_catalog(&self) -> bool {
        self.made_from.0 > 0
    }

    /// Whether there is nothing to show yet.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// How many plans are shown.
    pub fn plans_count(&self) -> usize {
        self.plans.len()
    }

    /// The plan with this package id, if it is shown now.
    pub fn plan(&self, id: i64) -> Option<&Plan> {
        self.by_id.get(&id).and_then(|position| self.plans.get(*position))
    }

    /// Whether this package was there once and is not now.
    pub fn was_withdrawn(&self, id: i64) -> bool {
        self.withdrawn.contains(&id)
    }

    /// The country at this address.
    pub fn country(&self, slug: &str) -> Option<&Place> {
        self.country_by_slug.get(slug).and_then(|position| self.countries.get(*position))
    }

    /// The country with this code.
    pub fn country_by_code(&self, code: &str) -> Option<&Place> {
        self.country_by_code.get(code).and_then(|position| self.countries.get(*position))
    }

    /// The region at this address.
    pub fn region(&self, slug: &str) -> Option<&Place> {
        self.region_by_slug.get(slug).and_then(|position| self.regions.get(*position))
    }

    /// Every country with a plan, in the upstream's order.
    pub fn countries(&self) -> impl Iterator<Item = &Place> {
        self.countries.iter().filter(|place| !place.plans.is_empty())
    }

    /// Every region with a plan of its own; the global plans are [`Snapshot::global`].
    pub fn regions(&self) -> impl Iterator<Item = &Place> {
        self.regions.iter().filter(|place| !place.plans.is_empty())
    }

    /// The plans of a place, in the order of lists.
    pub fn plans_of<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Plan> {
        place.plans.iter().filter_map(|position| self.plans.get(*position))
    }

    /// The global plans, in the order of lists.
    pub fn global(&self) -> impl Iterator<Item = &Plan> {
        self.global.iter().filter_map(|position| self.plans.get(*position))
    }

    /// The least that a global plan costs.
    pub fn global_from(&self) -> Option<Price> {
        self.global().filter_map(|plan| plan.price).min_by_key(|price| price.minor)
    }

    /// The countries where a plan works.
    pub fn countries_of<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a Place> {
        plan.countries.iter().filter_map(|position| self.countries.get(*position))
    }

    /// What answers a search: places in the lists of countries, regions and plans.
    pub fn find(&self, query: &str) -> super::search::Found {
        self.index.find(query)
    }

    pub(super) fn country_at(&self, position: usize) -> Option<&Place> {
        self.countries.get(position)
    }

    pub(super) fn region_at(&self, position: usize) -> Option<&Place> {
        self.regions.get(position)
    }

    pub(super) fn plan_at(&self, position: usize) -> Option<&Plan> {
        self.plans.get(position)
    }
}

impl Place {
    fn new(names: Names, slug: String, code: Option<String>) -> Self {
        Self { code, slug, names, plans: Vec::new(), from: None }
    }

    /// The least price of all; featured plans come before cheaper ones.
    fn add(&mut self, position: usize, plan: &Plan) {
        self.plans.push(position);
        let prices = [self.from, plan.price].into_iter().flatten();
        self.from = prices.min_by_key(|price| price.minor);
    }

    /// Whether anything is shown here now: lists, search and sitemap leave it out else.
    pub(super) fn has_plans(&self) -> bool {
        !self.plans.is_empty()
    }
}

fn add(places: &mut [Place], place: usize, position: usize, plan: &Plan) {
    if let Some(place) = places.get_mut(place) {
        place.add(position, plan);
    }
}

fn positions(places: &[Place], key: impl Fn(&Place) -> String) -> HashMap<String, usize> {
    places.iter().enumerate().map(|(position, place)| (key(place), position)).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::catalog::{Country, CountryCode, Data, Package, Region};
    use crate::ground::{Cost, Currency, Language};
    use crate::pricing::{Markup, Rounding, Rule, RuleSet};

    const GB: u64 = 1 << 30;

    pub fn package(id: i64, name: &str, cost: &str, coverage: Coverage, countries: &[&str]) -> Package {
        Package {
            id,
            name: name.to_owned(),
            slug: None,
            package_type: "data".to_owned(),
            data: Data::Bytes(5 * GB),
            voice_minutes: None,
            sms_count: Some(0),
            validity_days: Some(30),
            network_speed: Some("5G".to_owned()),
            reloadable: None,
            coverage,
            region: (coverage == Coverage::Regional).then(|| "europe".to_owned()),
            countries: countries.iter().filter_map(|code| CountryCode::parse(code)).collect(),
            cost: Cost { amount: cost.parse().unwrap(), currency: Currency::parse("USD").unwrap() },
        }
    }

    pub fn contents() -> Contents {
        let country = |code: &str, name: &str| Country {
            code: code.to_owned(),
            slug: name.to_lowercase().replace([' ', 'ü'], "-"),
            name: name.to_owned(),
            upstream_id: None,
        };
        Contents {
            packages: vec![
                package(1, "France 5 GB - 30 Days", "4.20", Coverage::Local, &["fr"]),
                package(2, "France 1 GB - 7 Days", "1.10", Coverage::Local, &["fr"]),
                package(3, "Europe 5 GB - 30 Days", "6", Coverage::Regional, &["fr", "gb", "it", "tr"]),
                package(
                    4,
                    "World 5 GB - 30 Days",
                    "20",
                    Coverage::Global,
                    &["fr", "gb", "it", "tr", "us", "ae"],
                ),
                package(5, "UK 5 GB - 30 Days", "3", Coverage::Local, &["gb"]),
            ],
            countries: vec![
                country("ae", "United Arab Emirates"),
                country("fr", "France"),
                country("gb", "United Kingdom"),
                country("it", "Italy"),
                country("tr", "Türkiye"),
                country("us", "United States"),
                country("zz", "Nowhere"),
            ],
            regions: vec![Region { slug: "europe".to_owned(), name: "Europe".to_owned(), upstream_id: None }],
            withdrawn: vec![99],
            named: HashSet::new(),
            featured: HashSet::new(),
            version: 7,
            synced_at: None,
        }
    }

    pub fn rules(code: &str) -> PriceList {
        let currency = Currency::parse(code).unwrap();
        let percent = "25".parse().unwrap();
        let fixed = "0".parse().unwrap();
        let markup = Markup { percent, fixed, currency, rounding: Rounding::None };
        let now = OffsetDateTime::UNIX_EPOCH;
        RuleSet { revision: 3, rules: vec![Rule::shop_wide(markup, "x", now)] }.prices(now)
    }

    pub fn snapshot() -> Snapshot {
        Snapshot::build(contents(), &rules("USD"))
    }

    fn ids<'a>(plans: impl Iterator<Item = &'a Plan>) -> Vec<i64> {
        plans.map(|plan| plan.id).collect()
    }

    #[test]
    fn a_country_has_its_plans_cheapest_first_and_a_from_price() {
        let snapshot = snapshot();
        let france = snapshot.country("france").unwrap();
        assert_eq!(ids(snapshot.plans_of(france)), [2, 1, 3, 4]);
        assert_eq!(france.from.unwrap().minor, 138); // 1.10 + 25 % = 1.375
        assert_eq!(france.names.of(Language::It), "Francia");
        assert_eq!(snapshot.country_by_code("gb").unwrap().names.of(Language::En), "United Kingdom");
    }

    #[test]
    fn what_is_featured_stands_first_and_the_from_price_stays_the_least() {
        let contents = Contents { featured: HashSet::from([3]), ..contents() };
        let snapshot = Snapshot::build(contents, &rules("USD"));
        let france = snapshot.country("france").unwrap();
        assert_eq!(ids(snapshot.plans_of(france)), [3, 2, 1, 4]);
        assert_eq!(france.from.unwrap().minor, 138);
    }

    #[test]
    fn the_world_begins_at_its_least_price_whatever_is_featured() {
        let mut contents = Contents { featured: HashSet::from([4]), ..contents() };
        contents.packages.push(package(6, "World 1 GB - 7 Days", "8", Coverage::Global, &["fr", "us"]));
        let snapshot = Snapshot::build(contents, &rules("USD"));
        assert_eq!(ids(snapshot.global()), [4, 6]);
        assert_eq!(snapshot.global_from().unwrap().minor, 1_000);
    }

    #[test]
    fn regions_hold_their_regional_plans_and_global_ones_stand_alone() {
        let snapshot = snapshot();
        assert_eq!(ids(snapshot.plans_of(snapshot.region("europe").unwrap())), [3]);
        assert_eq!(ids(snapshot.global()), [4]);
        assert_eq!(snapshot.countries_of(snapshot.plan(3).unwrap()).count(), 4);
    }

    #[test]
    fn what_is_gone_is_known_and_what_was_never_there_is_not() {
        let snapshot = snapshot();
        assert!(snapshot.plan(99).is_none() && snapshot.was_withdrawn(99));
        assert!(snapshot.plan(98).is_none() && !snapshot.was_withdrawn(98));
        assert_eq!(snapshot.countries().count(), 6, "a country without plans is not listed");
    }

    #[test]
    fn without_a_rule_or_in_another_currency_nothing_has_a_price() {
        for prices in [PriceList::default(), rules("EUR")] {
            let snapshot = Snapshot::build(contents(), &prices);
            assert!(snapshot.plan(1).unwrap().price.is_none());
            assert!(snapshot.country("france").unwrap().from.is_none());
            assert!(!snapshot.is_empty());
        }
        assert!(Snapshot::default().is_empty());
    }

    #[test]
    fn an_unpriced_plan_stands_after_those_that_can_be_bought() {
        let mut contents = contents();
        contents.packages[1].cost.currency = Currency::parse("EUR").unwrap();
        let snapshot = Snapshot::build(contents, &rules("USD"));
        let france = snapshot.country("france").unwrap();
        assert_eq!(ids(snapshot.plans_of(france)), [1, 3, 4, 2]);
        assert_eq!(france.from.unwrap().minor, 525);
    }
}
