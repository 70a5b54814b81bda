//! Makes the catalog: the same seed and number give the same packages, to the cent.

use rust_decimal::{Decimal, RoundingStrategy};

use super::catalog::{NewPackage, Package};
use super::places::{COUNTRIES, Country, REGIONS, Region};
use crate::ground::Entropy;

/// The package of the documents: "France 5 GB - 30 Days" for 4.2 USD.
const DOCUMENTED_ID: u64 = 1120;
/// Cents per GB that fit its price, so that 3 GB of France do not cost more than 5.
const DOCUMENTED_LEVEL: u64 = 68;
const FIRST_ID: u64 = 1001;
/// One regional or global package after so many local ones, while there are any.
const LOCALS_PER_REGIONAL: usize = 9;
/// Where most travellers go; the first is the documented package's country.
const POPULAR: &[&str] = &["fr", "it", "es", "de", "gb", "us", "jp", "th", "tr", "gr", "pt", "ch"];
/// How many sizes of each come first.
const POPULAR_SIZES: usize = 5;
const MB: i64 = 1024 * 1024;
const UNLIMITED: i64 = -1;

/// A size that is sold everywhere.
#[derive(Clone, Copy)]
struct Tier {
    kind: &'static str,
    /// Megabytes; −1 for unlimited.
    megabytes: i64,
    minutes: u32,
    texts: u32,
    days: u32,
}

const fn data(megabytes: i64, days: u32) -> Tier {
    Tier { kind: "DATA", megabytes, minutes: 0, texts: 0, days }
}

/// What most shops sell, the best-known first.
const TIERS: &[Tier] = &[
    data(5 * 1024, 30),
    data(1024, 7),
    data(10 * 1024, 30),
    data(3 * 1024, 30),
    data(20 * 1024, 30),
    data(UNLIMITED, 7),
    data(2 * 1024, 15),
    Tier { kind: "DATA_VOICE_SMS", megabytes: 5 * 1024, minutes: 60, texts: 50, days: 30 },
    data(500, 3),
    data(UNLIMITED, 15),
    data(50 * 1024, 90),
    Tier { kind: "VOICE", megabytes: 0, minutes: 100, texts: 0, days: 30 },
    data(1024, 1),
    Tier { kind: "SMS", megabytes: 0, minutes: 0, texts: 200, days: 30 },
    data(UNLIMITED, 30),
    data(3 * 1024, 15),
];

/// The n-th size: the well-known ones, then every other combination, without end.
fn tier(n: usize) -> Tier {
    match TIERS.get(n) {
        Some(tier) => *tier,
        None => {
            let beyond = n - TIERS.len();
            let days = [10, 21, 45, 60, 180][beyond % 5];
            data(i64::try_from(beyond / 5 + 1).unwrap_or(1) * 1024, days)
        }
    }
}

/// Where a package works.
#[derive(Clone, Copy)]
enum Area {
    Local(&'static Country),
    Regional(&'static Region),
}

impl Area {
    fn name(self) -> &'static str {
        match self {
            Self::Local(country) => country.name,
            Self::Regional(region) => region.name,
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Local(country) => country.slug,
            Self::Regional(region) => region.slug,
        }
    }

    fn code(self) -> String {
        match self {
            Self::Local(country) => country.code.to_uppercase(),
            Self::Regional(region) => region.slug.to_uppercase(),
        }
    }

    fn coverage(self) -> &'static str {
        match self {
            Self::Local(_) => "Local",
            Self::Regional(region) if region.slug == "global" => "Global",
            Self::Regional(_) => "Regional",
        }
    }

    fn countries(self) -> Vec<String> {
        match self {
            Self::Local(country) => vec![country.code.to_owned()],
            Self::Regional(region) => region.countries().map(|country| country.code.to_owned()).collect(),
        }
    }
}

/// The catalog of a seed: `number` packages, at least the documented one.
pub(super) fn packages(seed: u64, number: usize) -> Vec<Package> {
    let entropy = Entropy::seeded(seed);
    // One price level per place, so that a country is cheap or dear as a whole.
    let drawn = COUNTRIES.iter().map(|country| (country, 40 + entropy.below(260)));
    let levels: Vec<u64> =
        drawn.map(|(country, level)| if country.code == "fr" { DOCUMENTED_LEVEL } else { level }).collect();
    let region_levels: Vec<u64> = REGIONS.iter().map(|_| 180 + entropy.below(220)).collect();
    let mut ids = (FIRST_ID..).filter(|id| *id != DOCUMENTED_ID);
    let mut packages = vec![documented()];
    for (n, (place, size)) in areas().take(number.saturating_sub(1)).enumerate() {
        let (area, level) = match place {
            Place::Country(c) => (Area::Local(&COUNTRIES[c]), levels[c]),
            Place::Region(r) => (Area::Regional(&REGIONS[r]), region_levels[r]),
        };
        let Some(id) = ids.next() else { break };
        packages.push(priced(package(id, area, tier(size)), level, n, &entropy));
    }
    packages
}

#[derive(Clone, Copy)]
enum Place {
    Country(usize),
    Region(usize),
}

/// Every pair of a place and a size: the best-known destinations in their first sizes, so that a small catalog is a
/// useful one too, then all countries round by round, with the regions strewn in between. The documented package
/// is left out, for it stands first already.
fn areas() -> impl Iterator<Item = (Place, usize)> {
    let place = |code: &&str| COUNTRIES.iter().position(|country| country.code == *code);
    let popular: Vec<usize> = POPULAR.iter().filter_map(place).collect();
    let first: Vec<_> = popular.iter().flat_map(|c| (0..POPULAR_SIZES).map(|size| (*c, size))).collect();
    let rounds = (0..).flat_map(|size| (0..COUNTRIES.len()).map(move |c| (c, size)));
    let rest = rounds.filter(move |(c, size)| *size >= POPULAR_SIZES || !popular.contains(c));
    let mut locals = first.into_iter().skip(1).chain(rest);
    let mut regionals =
        (0..TIERS.len()).flat_map(|size| (0..REGIONS.len()).map(move |r| (Place::Region(r), size)));
    (1_usize..).filter_map(move |n| {
        let regional = if n % (LOCALS_PER_REGIONAL + 1) == 0 { regionals.next() } else { None };
        regional.or_else(|| locals.next().map(|(c, size)| (Place::Country(c), size)))
    })
}

/// The package without its prices.
fn package(id: u64, area: Area, tier: Tier) -> Package {
    let (quantity, unit, volume) = match tier.megabytes {
        UNLIMITED => (UNLIMITED, "GB", UNLIMITED),
        mb if mb % 1024 == 0 => (mb / 1024, "GB", mb * MB),
        mb => (mb, "MB", mb * MB),
    };
    let size = size_words(tier, quantity, unit);
    let short = size.to_lowercase().replace(" + ", "-").replace(' ', "");
    let day_word = if tier.days == 1 { "Day" } else { "Days" };
    let region = match area {
        Area::Local(_) => None,
        Area::Regional(region) => Some(region.slug.to_owned()),
    };
    Package {
        id,
        provider_plan_id: format!("{}-{}-{}D", area.code(), short.to_uppercase(), tier.days),
        name: format!("{} {size} - {} {day_word}", area.name(), tier.days),
        slug: format!("{}-{short}-{}-{}", area.slug(), tier.days, day_word.to_lowercase()),
        package_type: tier.kind.to_owned(),
        data_quantity: quantity,
        data_unit: unit.to_owned(),
        data_volume: volume,
        voice_quantity: tier.minutes,
        sms_quantity: tier.texts,
        days: tier.days,
        network_speed: Some("5G".to_owned()),
        reloadable: tier.megabytes != UNLIMITED,
        area_coverage: area.coverage().to_owned(),
        region,
        countries: area.countries(),
        base_cost: Decimal::ZERO,
        markup_percent: Decimal::ZERO,
        reseller_price: Decimal::ZERO,
        price_for_reseller: None,
    }
}

fn size_words(tier: Tier, quantity: i64, unit: &str) -> String {
    let mut words = Vec::new();
    match tier.megabytes {
        0 => {}
        UNLIMITED => words.push("Unlimited".to_owned()),
        _ => words.push(format!("{quantity} {unit}")),
    }
    if tier.minutes > 0 {
        words.push(format!("{} min", tier.minutes));
    }
    if tier.texts > 0 {
        words.push(format!("{} SMS", tier.texts));
    }
    words.join(" + ")
}

/// Draws the prices: what eSIMDual pays, its markup, and what it charges.
fn priced(mut package: Package, cents_per_gb: u64, n: usize, entropy: &Entropy) -> Package {
    let base = Decimal::from(base_cents(&package, cents_per_gb) + entropy.below(40)) / Decimal::ONE_HUNDRED;
    let markup = Decimal::from([20, 20, 20, 15, 25][n % 5]);
    // A few costs have four decimals, for the documents promise none in particular.
    let decimals = if n % 23 == 11 { 4 } else { 2 };
    let up = |amount: Decimal, dp| amount.round_dp_with_strategy(dp, RoundingStrategy::MidpointAwayFromZero);
    package.base_cost = base;
    package.markup_percent = markup;
    package.reseller_price = up(base + base * markup / Decimal::ONE_HUNDRED, decimals);
    let rebate = package.reseller_price * Decimal::new(97, 2);
    package.price_for_reseller = match entropy.below(10) {
        0 | 1 => None,
        2 | 3 => Some(up(rebate, 2).max(base)),
        _ => Some(package.reseller_price),
    };
    package.network_speed = ["5G", "4G", "4G/LTE"].get(n % 4).map(|speed| (*speed).to_owned());
    package
}

/// Larger sizes cost less per GB; a day of unlimited data costs as much as one GB.
fn base_cents(package: &Package, cents_per_gb: u64) -> u64 {
    let gigabyte = 1024 * MB;
    let data = match package.data_volume {
        UNLIMITED => cents_per_gb * u64::from(package.days) * 6 / 10,
        volume => {
            let tenths = u64::try_from(volume / (gigabyte / 10)).unwrap_or(0);
            let percent = match tenths {
                0..=10 => 100,
                11..=50 => 80,
                51..=100 => 65,
                _ => 50,
            };
            cents_per_gb * tenths * percent / 1000
        }
    };
    60 + data + u64::from(package.voice_quantity) * 4 + u64::from(package.sms_quantity) * 2
}

/// "France 5 GB - 30 Days", exactly as the documents show it.
fn documented() -> Package {
    let france = Country::by_code("fr").unwrap_or(&COUNTRIES[0]);
    Package {
        network_speed: Some("5G".to_owned()),
        base_cost: Decimal::new(35, 1),
        markup_percent: Decimal::from(20),
        reseller_price: Decimal::new(42, 1),
        price_for_reseller: Some(Decimal::new(42, 1)),
        ..package(DOCUMENTED_ID, Area::Local(france), TIERS[0])
    }
}

/// The package that a control request describes; `None` without its id or for an unknown country.
pub(super) fn added(new: &NewPackage) -> Option<Package> {
    let country = Country::by_code(&new.country_code)?;
    let megabytes = if new.gigabytes < 0 { UNLIMITED } else { new.gigabytes.saturating_mul(1024) };
    let made = package(new.id?, Area::Local(country), data(megabytes.min(1 << 40), new.days));
    Some(Package {
        name: new.name.clone().unwrap_or_else(|| made.name.clone()),
        base_cost: new.reseller_price,
        reseller_price: new.reseller_price,
        price_for_reseller: Some(new.reseller_price),
        ..made
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_is_charged_under_what_it_cost_and_ids_are_unique() {
        let packages = packages(7, 3000);
        let ids: std::collections::BTreeSet<_> = packages.iter().map(|package| package.id).collect();
        assert_eq!(ids.len(), 3000);
        let names: std::collections::BTreeSet<_> = packages.iter().map(|package| &package.slug).collect();
        assert_eq!(names.len(), 3000);
        for package in &packages {
            assert!(
                package.charge() >= package.base_cost && package.base_cost > Decimal::ZERO,
                "{}",
                package.name
            );
        }
    }

    #[test]
    fn the_documented_package_is_as_documented() {
        let france = &packages(1, 1)[0];
        assert_eq!((france.id, france.name.as_str()), (1120, "France 5 GB - 30 Days"));
        assert_eq!(france.slug, "france-5gb-30-days");
        assert_eq!(france.provider_plan_id, "FR-5GB-30D");
        assert_eq!(france.data_volume, 5_368_709_120);
        assert_eq!(Country::by_code("FR").unwrap().id(), 75);
    }
}
