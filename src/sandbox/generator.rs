//! Makes the catalog: the same seed gives the same packages, to the byte, on every machine and with every version of
//! every library. A bigger catalog begins with the smaller one.

use rust_decimal::{Decimal, RoundingStrategy};

use super::catalog::{NewPackage, Package};
use super::countries::{COUNTRIES, Country, UNSOLD};
use super::places::{Area, REGIONS};
use super::tiers::{MB, TIERS, Tier, UNLIMITED, all_tiers, data};

/// The package of the documents: "France 5 GB - 30 Days" for 4.2 USD.
const DOCUMENTED_ID: u64 = 1120;
/// Cents per GB that fit its price, so that 3 GB of France do not cost more than 5.
const DOCUMENTED_LEVEL: u64 = 68;
const FIRST_ID: u64 = 1001;
/// One regional or global package after so many local ones.
const LOCALS_PER_REGIONAL: usize = 9;
/// Where most travellers go; the first is the documented package's country.
const POPULAR: &[&str] = &["fr", "it", "es", "de", "gb", "us", "jp", "th", "tr", "gr", "pt", "ch"];
/// How many sizes of each come first.
const POPULAR_SIZES: usize = 5;
/// Where data is cheap, besides Europe.
const CHEAP: &str = "au ca cn hk id il in jp kr mo my nz ph sg th tr tw us vn za";

/// Draws that depend on the seed and on what is drawn, not on what was drawn before.
#[derive(Clone, Copy)]
struct Dice {
    seed: u64,
}

/// What is drawn.
#[derive(Clone, Copy)]
enum Draw {
    CountryLevel,
    RegionLevel,
    Cents,
    Rebate,
    Pick,
}

impl Dice {
    /// A number from 0 up to, and without, `end`.
    fn below(self, draw: Draw, of: usize, end: u64) -> u64 {
        let of = u64::try_from(of).unwrap_or(0);
        let place = of.wrapping_mul(8).wrapping_add(draw as u64);
        mixed(mixed(self.seed).wrapping_add(place)).checked_rem(end).unwrap_or(0)
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood 2014): whole numbers only, so it is the same everywhere. Nothing
/// here is a secret.
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whether a change in bulk picks this package: `percent` of them, the same for the same seed.
pub(super) fn picks(seed: u64, id: u64, percent: u32) -> bool {
    Dice { seed }.below(Draw::Pick, usize::try_from(id).unwrap_or(0), 100) < u64::from(percent)
}

/// How far a price moves in bulk with a seed: from nothing up to the whole of `percent`, in hundredths of it.
pub(super) fn share(seed: u64, id: u64) -> Decimal {
    Decimal::new(
        i64::try_from(Dice { seed }.below(Draw::Pick, usize::try_from(id).unwrap_or(0), 101)).unwrap_or(0),
        2,
    )
}

/// The catalog of a seed: `number` packages, at least the documented one.
pub(super) fn packages(seed: u64, number: usize) -> Vec<Package> {
    let mut packages = Vec::with_capacity(number);
    packages.push(documented());
    packages.extend(further(seed, 1, number.saturating_sub(1)));
    packages
}

/// The packages of a seed from a place on, `from` being at least 1.
pub(super) fn further(seed: u64, from: usize, number: usize) -> impl Iterator<Item = Package> {
    let dice = Dice { seed };
    let tiers = all_tiers();
    let ids = (FIRST_ID..).filter(|id| *id != DOCUMENTED_ID);
    areas(tiers.len()).zip(ids).enumerate().skip(from - 1).take(number).filter_map(
        move |(n, ((area, size), id))| {
            let made = package(id, area, *tiers.get(size)?);
            Some(priced(made, level(dice, area), n, dice))
        },
    )
}

/// Cents per GB: one level per place, so that a country is cheap or dear as a whole.
fn level(dice: Dice, area: Area) -> u64 {
    match area {
        Area::Regional(at) => 180 + dice.below(Draw::RegionLevel, at, 220),
        Area::Local(at) if COUNTRIES[at].code == "fr" => DOCUMENTED_LEVEL,
        Area::Local(at) => {
            let europe = REGIONS.iter().position(|region| region.slug == "europe");
            let cheap = CHEAP.split(' ').any(|code| code == COUNTRIES[at].code)
                || europe.is_some_and(|europe| Area::Regional(europe).covers(at));
            let (least, span) = if cheap { (40, 70) } else { (110, 240) };
            least + dice.below(Draw::CountryLevel, at, span)
        }
    }
}

/// Every pair of a place and a size: the best-known destinations in their first sizes, so that a small catalog is a
/// useful one too, then all countries round by round, with the regions strewn in between. The documented package
/// is left out, for it stands first already.
fn areas(sizes: usize) -> impl Iterator<Item = (Area, usize)> {
    let popular: Vec<usize> = POPULAR.iter().filter_map(|code| Country::by_code(code)).collect();
    let sold: Vec<usize> = (0..COUNTRIES.len()).filter(|at| !UNSOLD.contains(&COUNTRIES[*at].code)).collect();
    let first: Vec<_> = popular.iter().flat_map(|c| (0..POPULAR_SIZES).map(|size| (*c, size))).collect();
    let rounds = (0..sizes).flat_map(move |size| sold.clone().into_iter().map(move |c| (c, size)));
    let rest = rounds.filter(move |(c, size)| *size >= POPULAR_SIZES || !popular.contains(c));
    let mut locals = first.into_iter().skip(1).chain(rest).map(|(c, size)| (Area::Local(c), size));
    let mut regionals =
        (0..sizes).flat_map(|size| (0..REGIONS.len()).map(move |r| (Area::Regional(r), size)));
    (1_usize..).map_while(move |n| {
        let regional = if n % (LOCALS_PER_REGIONAL + 1) == 0 { regionals.next() } else { None };
        regional.or_else(|| locals.next())
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
    Package {
        id,
        provider_plan_id: format!("{}-{}-{}D", area.code(), short.to_uppercase(), tier.days),
        name: format!("{} {size} - {} {day_word}", area.name(), tier.days),
        slug: format!("{}-{short}-{}-{}", area.slug(), tier.days, day_word.to_lowercase()),
        package_type: tier.kind,
        data_quantity: quantity,
        data_unit: unit,
        data_volume: volume,
        voice_quantity: tier.minutes,
        sms_quantity: tier.texts,
        days: tier.days,
        network_speed: Some("5G"),
        reloadable: tier.megabytes != UNLIMITED,
        area,
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
fn priced(mut package: Package, cents_per_gb: u64, n: usize, dice: Dice) -> Package {
    let cents = base_cents(&package, cents_per_gb) + dice.below(Draw::Cents, n, 40);
    let base = Decimal::from(cents) / Decimal::ONE_HUNDRED;
    let markup = Decimal::from([20, 20, 20, 15, 25][n % 5]);
    // A few costs have four decimals, for the documents promise none in particular.
    let decimals = if n % 23 == 11 { 4 } else { 2 };
    let up = |amount: Decimal, dp| amount.round_dp_with_strategy(dp, RoundingStrategy::MidpointAwayFromZero);
    package.base_cost = base;
    package.markup_percent = markup;
    package.reseller_price = up(base + base * markup / Decimal::ONE_HUNDRED, decimals);
    let rebate = package.reseller_price * Decimal::new(97, 2);
    package.price_for_reseller = match dice.below(Draw::Rebate, n, 10) {
        0 | 1 => None,
        2 | 3 => Some(up(rebate, 2).max(base)),
        _ => Some(package.reseller_price),
    };
    package.network_speed = ["5G", "4G", "4G/LTE"].get(n % 4).copied();
    package
}

/// Larger sizes cost less per GB; a day of unlimited data costs as much as 600 MB.
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
    // A longer validity costs a little, too.
    60 + data
        + u64::from(package.days / 10)
        + u64::from(package.voice_quantity) * 4
        + u64::from(package.sms_quantity) * 2
}

/// "France 5 GB - 30 Days", exactly as the documents show it.
fn documented() -> Package {
    let france = Area::Local(Country::by_code("fr").unwrap_or(0));
    Package {
        network_speed: Some("5G"),
        base_cost: Decimal::new(35, 1),
        markup_percent: Decimal::from(20),
        reseller_price: Decimal::new(42, 1),
        price_for_reseller: Some(Decimal::new(42, 1)),
        ..package(DOCUMENTED_ID, france, TIERS[0])
    }
}

/// The package that a control request describes; `None` without its id or for an unknown country.
pub(super) fn added(new: &NewPackage) -> Option<Package> {
    let area = Area::Local(Country::by_code(&new.country_code)?);
    let megabytes = if new.gigabytes < 0 { UNLIMITED } else { new.gigabytes.saturating_mul(1024) };
    let made = package(new.id?, area, data(megabytes.min(1 << 40), new.days));
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
    use std::collections::BTreeSet;

    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::sandbox::answers::php_json;
    use crate::sandbox::wire::PackageView;

    fn fingerprint(packages: &[Package]) -> String {
        let mut hash = Sha256::new();
        for package in packages {
            hash.update(php_json(&PackageView::of(package, "USD")).unwrap());
        }
        hex::encode(hash.finalize())
    }

    /// Written down once: whoever changes it changes every recorded run that names a seed.
    #[test]
    fn a_seed_gives_the_same_bytes_today_as_ever() {
        assert_eq!(
            fingerprint(&packages(1, 3000)),
            "e70a58023f8a99e773f955b52570879129f15ebaa593fb5e35ac59f365d44d57"
        );
        assert_ne!(fingerprint(&packages(2, 3000)), fingerprint(&packages(1, 3000)));
    }

    #[test]
    fn two_hundred_thousand_packages_are_whole() {
        let packages = packages(7, 200_000);
        assert_eq!(packages.len(), 200_000);
        let distinct = |text: fn(&Package) -> &str| packages.iter().map(text).collect::<BTreeSet<_>>().len();
        assert_eq!(packages.iter().map(|package| package.id).collect::<BTreeSet<_>>().len(), 200_000);
        assert_eq!(distinct(|package| &package.slug), 200_000);
        assert_eq!(distinct(|package| &package.name), 200_000);
        assert_eq!(distinct(|package| &package.provider_plan_id), 200_000);
        for package in &packages {
            let charged = package.charge() >= package.base_cost && package.base_cost > Decimal::ZERO;
            assert!(charged && package.charge() < Decimal::from(10_000), "{}", package.name);
        }
    }

    #[test]
    fn a_bigger_catalog_begins_with_the_smaller() {
        let (small, big) = (packages(3, 500), packages(3, 5000));
        assert_eq!(fingerprint(&small), fingerprint(&big[..500]));
        assert_eq!(
            fingerprint(&further(3, 500, 20).collect::<Vec<_>>()),
            fingerprint(&big[500..520]),
            "what comes next is known without what came before"
        );
    }

    #[test]
    fn every_sort_of_package_is_in_a_small_catalog() {
        let packages = packages(1, 2400);
        for kind in ["DATA", "VOICE", "SMS", "DATA_VOICE_SMS"] {
            assert!(packages.iter().any(|package| package.package_type == kind), "{kind}");
        }
        for coverage in ["Local", "Regional", "Global"] {
            assert!(packages.iter().any(|package| package.area.coverage() == coverage), "{coverage}");
        }
        assert!(packages.iter().any(|package| package.data_volume == UNLIMITED));
        assert!(packages.iter().any(|package| package.data_unit == "MB"));
        assert!(packages.iter().any(|package| package.price_for_reseller.is_none()));
        assert!(packages.iter().any(|package| package.area.countries().len() > 20));
        let served: BTreeSet<usize> = packages.iter().flat_map(|package| package.area.countries()).collect();
        assert_eq!(served.len(), COUNTRIES.len() - UNSOLD.len());
    }

    #[test]
    fn the_documented_package_is_as_documented() {
        let france = &packages(1, 1)[0];
        assert_eq!((france.id, france.name.as_str()), (1120, "France 5 GB - 30 Days"));
        assert_eq!(france.slug, "france-5gb-30-days");
        assert_eq!(france.provider_plan_id, "FR-5GB-30D");
        assert_eq!(france.data_volume, 5_368_709_120);
    }
}
