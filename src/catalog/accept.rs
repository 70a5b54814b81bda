//! From the upstream's rows to packages, or to a reason why not. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::amount::{self, NoCost};
use super::country_code::CountryCode;
use super::package::{Country, Coverage, Package, Region};
use super::slug::{Addresses, is_of_another, slug};
use super::wording;
use crate::esimdual::{CountryRow, PackageRow, RegionRow, Unread};
use crate::ground::{Currency, countries};

/// From so many countries on, a package that does not say where it works is a global one.
const GLOBAL_FROM: usize = 100;

/// What of a catalog can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// By id, each id once.
    pub packages: BTreeMap<i64, Package>,
    /// Every country that one of them names.
    pub countries: Vec<Country>,
    /// Every region that one of them names.
    pub regions: Vec<Region>,
    /// The rows that cannot be used, in their order.
    pub set_aside: Vec<SetAside>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it stands in the list, from 1; `None` for what was kept before anybody counted.
    pub position: Option<i32>,
    /// The id as written, which may be no number at all.
    pub package_id: Option<String>,
    /// Its name, made harmless.
    pub name: Option<String>,
    /// Why, as a sentence for staff.
    pub reason: String,
}

/// Why a row cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Unread(#[from] Unread),
    #[error("it has no id that is a positive whole number")]
    NoId,
    #[error("its id came before in the same list; the first one counts")]
    Duplicate,
    #[error("it has no name")]
    NoName,
    #[error("its name cannot be read")]
    NameUnreadable,
    #[error(transparent)]
    NoCost(#[from] NoCost),
    #[error("it names no country and no region")]
    Nowhere,
    #[error("no country that it names has a code that we know")]
    NoCountry,
    #[error("it carries nothing: no data, no minutes and no messages")]
    Nothing,
}

/// Judges every row. `account` is the currency of rows that name none; `addresses` are the countries' slugs so far.
pub fn accept(rows: &[PackageRow], account: Option<Currency>, addresses: Addresses) -> Accepted {
    let mut list = List { addresses, ..List::default() };
    let mut packages = BTreeMap::new();
    let mut set_aside = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        match list.package(row, account) {
            Ok(package) => {
                packages.insert(package.id, package);
            }
            Err(reason) => set_aside.push(SetAside {
                position: i32::try_from(place + 1).ok(),
                package_id: written_id(row),
                name: row.name.as_deref().and_then(wording::name),
                reason: reason.to_string(),
            }),
        }
    }
    Accepted {
        packages,
        countries: list.countries.into_values().collect(),
        regions: list.regions.into_values().collect(),
        set_aside,
    }
}

fn written_id(row: &PackageRow) -> Option<String> {
    match &row.id_text {
        Some(text) => wording::name(text),
        None => row.id.map(|id| id.to_string()),
    }
}

/// What was read so far.
#[derive(Default)]
struct List {
    ids: BTreeSet<i64>,
    countries: BTreeMap<CountryCode, Country>,
    regions: BTreeMap<String, Region>,
    addresses: Addresses,
}

impl List {
    fn package(&mut self, row: &PackageRow, account: Option<Currency>) -> Result<Package, Unusable> {
        if let Some(why) = row.unread {
            return Err(why.into());
        }
        let id = row.id.filter(|id| *id > 0).ok_or(Unusable::NoId)?;
        if !self.ids.insert(id) {
            return Err(Unusable::Duplicate);
        }
        let name = row.name.as_deref().and_then(wording::name).ok_or(match row.name_unreadable {
            true => Unusable::NameUnreadable,
            false => Unusable::NoName,
        })?;
        let cost = amount::cost(row, account)?;
        let codes: BTreeSet<CountryCode> = row.countries.iter().filter_map(|row| country_code(row)).collect();
        let coverage = coverage(row.area_coverage.as_deref(), codes.len());
        let region = row.region.as_deref().filter(|_| coverage != Coverage::Local).and_then(self::region);
        match (codes.is_empty(), row.countries.is_empty()) {
            (true, false) => return Err(Unusable::NoCountry),
            (true, true) if region.is_none() => return Err(Unusable::Nowhere),
            _ => {}
        }
        let package = Package {
            id,
            slug: slug(row.slug.as_deref(), Some(&name)),
            name,
            package_type: row
                .package_type
                .as_deref()
                .and_then(wording::kind)
                .unwrap_or_else(|| "data".to_owned()),
            data: amount::data(row),
            voice_minutes: amount::counted(row.voice_quantity),
            sms_count: amount::counted(row.sms_quantity),
            validity_days: amount::days(row),
            network_speed: row.network_speed.as_deref().and_then(wording::name),
            reloadable: row.reloadable,
            coverage,
            region: region.as_ref().map(|region| region.slug.clone()),
            countries: codes.into_iter().collect(),
            cost,
        };
        if package.carries_nothing() {
            return Err(Unusable::Nothing);
        }
        self.note_places(&row.countries, region.as_ref());
        Ok(package)
    }

    /// Remembers the places that an accepted package names. What a country is called is ours to say: one row must not rename
    /// France for everyone. Where its page stands is the upstream's, but never at another country's address. Of a region
    /// the first description counts.
    fn note_places(&mut self, rows: &[Arc<CountryRow>], region: Option<&Region>) {
        for row in rows {
            let unseen = country_code(row).filter(|code| !self.countries.contains_key(code));
            let Some(code) = unseen else { continue };
            let Some(known) = countries::find(code.as_str()) else { continue };
            let given = slug(row.slug.as_deref(), None).filter(|slug| !is_of_another(slug, known.code));
            let slug = self.addresses.of(known.code, given.or_else(|| slug(None, Some(known.english))));
            let name = known.english.to_owned();
            let country = Country { code: code.to_string(), slug, name, upstream_id: row.id };
            self.countries.insert(code, country);
        }
        if let Some(region) = region
            && !self.regions.contains_key(&region.slug)
        {
            self.regions.insert(region.slug.clone(), region.clone());
        }
    }
}

/// The country that a row names, if there is one of that code.
fn country_code(row: &CountryRow) -> Option<CountryCode> {
    let [one, other] = row.code.as_deref()?.trim().as_bytes() else { return None };
    let letters = [one.to_ascii_lowercase(), other.to_ascii_lowercase()];
    CountryCode::parse(str::from_utf8(&letters).ok()?).filter(|code| code.is_country())
}

fn region(row: &RegionRow) -> Option<Region> {
    let name = row.name.as_deref().and_then(wording::name);
    let slug = slug(row.slug.as_deref(), name.as_deref())?;
    Some(Region { name: name.unwrap_or_else(|| slug.clone()), slug, upstream_id: row.id })
}

fn coverage(word: Option<&str>, countries: usize) -> Coverage {
    match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "local" | "country" => Coverage::Local,
        "regional" | "region" | "continental" => Coverage::Regional,
        "global" | "world" | "worldwide" => Coverage::Global,
        _ if countries == 1 => Coverage::Local,
        _ if countries >= GLOBAL_FROM => Coverage::Global,
        _ => Coverage::Regional,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::Amount;

    fn country(code: &str, name: &str) -> Arc<CountryRow> {
        let (code, name) = (Some(code.to_owned()), Some(name.to_owned()));
        Arc::new(CountryRow { id: Some(75), code, name, slug: None })
    }

    fn row(id: i64) -> PackageRow {
        PackageRow {
            id: Some(id),
            name: Some("France 5 GB".into()),
            area_coverage: Some("LOCAL".into()),
            countries: [country("FR", "France")].into(),
            pricing_reseller_price: Amount::Exact("4.2".parse().unwrap()),
            pricing_currency: Some("USD".into()),
            ..PackageRow::default()
        }
    }

    fn reason(row: PackageRow) -> Option<String> {
        let accepted = accept(&[row], None, Addresses::default());
        accepted.set_aside.first().map(|aside| aside.reason.clone())
    }

    #[test]
    fn an_honest_row_becomes_a_package() {
        let accepted = accept(&[row(1120)], None, Addresses::default());
        let package = &accepted.packages[&1120];
        assert_eq!(package.slug.as_deref(), Some("france-5-gb"));
        assert_eq!((package.coverage, package.package_type.as_str()), (Coverage::Local, "data"));
        assert_eq!(CountryCode::joined(&package.countries), "fr");
        let france = Country {
            code: "fr".into(),
            slug: "france".into(),
            name: "France".into(),
            upstream_id: Some(75),
        };
        assert_eq!(accepted.countries, [france]);
        assert!(accepted.regions.is_empty() && accepted.set_aside.is_empty());
    }

    #[test]
    fn rows_are_set_aside_for_a_reason() {
        assert_eq!(reason(row(1)), None);
        assert_eq!(reason(PackageRow { id: None, ..row(1) }).unwrap(), Unusable::NoId.to_string());
        assert_eq!(reason(row(0)).unwrap(), Unusable::NoId.to_string());
        assert_eq!(
            reason(PackageRow { name: Some("\u{202e}".into()), ..row(1) }).unwrap(),
            Unusable::NoName.to_string()
        );
        assert_eq!(
            reason(PackageRow { name: None, name_unreadable: true, ..row(1) }).unwrap(),
            "its name cannot be read"
        );
        assert_eq!(
            reason(PackageRow { price_for_reseller: Amount::Unreadable, ..row(1) }).unwrap(),
            NoCost::Unreadable.to_string()
        );
        let nowhere =
            PackageRow { countries: [country("fra", "France"), country("f1", "x")].into(), ..row(1) };
        assert_eq!(reason(nowhere).unwrap(), Unusable::NoCountry.to_string());
        let unsaid = PackageRow { countries: [].into(), ..row(1) };
        assert_eq!(reason(unsaid).unwrap(), Unusable::Nowhere.to_string());
        assert_eq!(reason(PackageRow::default()).unwrap(), Unusable::NoId.to_string());
        let unread = PackageRow { unread: Some(Unread::NotJson), ..PackageRow::default() };
        assert_eq!(reason(unread.clone()).unwrap(), "it is not JSON");
        let accepted = accept(&[row(1), unread], None, Addresses::default());
        assert_eq!((accepted.packages.len(), accepted.set_aside[0].position), (1, Some(2)));
    }

    #[test]
    fn a_row_renames_no_country_and_takes_no_address_of_another() {
        let poisoned = Arc::new(CountryRow {
            name: Some("BUY AT evil.example".to_owned()),
            slug: Some("italy".to_owned()),
            ..(*country("fr", "")).clone()
        });
        let taken = Arc::new(CountryRow { slug: Some("italy".to_owned()), ..(*country("gf", "")).clone() });
        let first = PackageRow { countries: [poisoned, taken].into(), ..row(1) };
        let turkey = CountryRow { slug: Some("turkey".to_owned()), ..(*country("tr", "Turkey")).clone() };
        let second = PackageRow { countries: [country("IT", "Italia"), turkey.into()].into(), ..row(2) };
        let accepted = accept(&[first, second], None, Addresses::default());
        let places: Vec<_> = accepted.countries.iter().map(|c| (c.name.as_str(), c.slug.as_str())).collect();
        let own = [("France", "france"), ("French Guiana", "french-guiana"), ("Italy", "italy")];
        assert_eq!(places, [&own[..], &[("Türkiye", "turkey")]].concat());
    }

    #[test]
    fn made_up_codes_are_no_destinations() {
        let letters = || b'a'..=b'z';
        let codes = letters().flat_map(|one| letters().map(move |other| [one, other]));
        let made_up: Vec<_> =
            codes.map(|code| country(str::from_utf8(&code).unwrap(), "x")).cycle().take(20_000).collect();
        let all = PackageRow { countries: made_up.clone().into(), ..row(1) };
        let accepted = accept(&[all], None, Addresses::default());
        assert_eq!((accepted.countries.len(), accepted.packages[&1].countries.len()), (250, 250));
        let europe = Arc::new(RegionRow { name: Some("Europe".into()), ..RegionRow::default() });
        let regional = PackageRow {
            countries: [country("zz", "x"), country("qq", "y")].into(),
            region: Some(europe),
            area_coverage: Some("regional".into()),
            ..row(2)
        };
        let none = PackageRow { countries: [].into(), ..regional.clone() };
        assert_eq!(reason(regional).unwrap(), Unusable::NoCountry.to_string());
        assert_eq!(reason(none), None, "it names its region alone");
    }

    #[test]
    fn what_states_that_it_carries_nothing_is_set_aside_and_what_does_not_state_it_is_not() {
        let empty = || PackageRow { data_volume: Some(0), data_quantity: Some(0.into()), ..row(1) };
        let kind = |word: &str| Some(word.into());
        let nothing = Some(Unusable::Nothing.to_string());
        assert_eq!(reason(empty()), nothing, "data alone, and none of it");
        assert_eq!(
            reason(PackageRow { package_type: kind("DATA-SMS"), sms_quantity: Some(0), ..empty() }),
            nothing
        );
        assert_eq!(
            reason(PackageRow { package_type: kind("DATA-SMS"), ..empty() }),
            None,
            "messages are not stated"
        );
        assert_eq!(
            reason(PackageRow { package_type: kind("bundle"), ..empty() }),
            None,
            "nobody knows what it is"
        );
        assert_eq!(reason(PackageRow { voice_quantity: Some(60), ..empty() }), None);
        assert_eq!(reason(PackageRow { data_volume: None, data_quantity: None, ..empty() }), None);
        let zeros = PackageRow {
            data_volume: Some(5 << 30),
            voice_quantity: Some(0),
            sms_quantity: Some(0),
            ..row(1)
        };
        let accepted = accept(&[zeros], None, Addresses::default());
        let package = &accepted.packages[&1];
        assert_eq!(
            (package.voice_minutes, package.sms_count),
            (Some(0), Some(0)),
            "as the documents' example"
        );
    }

    #[test]
    fn the_first_of_two_with_one_id_counts_even_if_it_is_unusable() {
        let dearer = PackageRow { pricing_reseller_price: Amount::Exact(99.into()), ..row(7) };
        let accepted = accept(&[row(7), dearer.clone()], None, Addresses::default());
        assert_eq!(accepted.packages[&7].cost.amount.to_string(), "4.2");
        assert_eq!(accepted.set_aside[0].reason, Unusable::Duplicate.to_string());
        let broken = PackageRow { pricing_reseller_price: Amount::Unreadable, ..row(7) };
        let accepted = accept(&[broken, dearer], None, Addresses::default());
        assert!(accepted.packages.is_empty());
        assert_eq!(accepted.set_aside.len(), 2);
    }

    #[test]
    fn where_it_works() {
        assert_eq!(coverage(Some(" Continental"), 30), Coverage::Regional);
        assert_eq!(coverage(Some("GLOBAL"), 1), Coverage::Global);
        assert_eq!(coverage(None, 1), Coverage::Local);
        assert_eq!(coverage(Some("?"), 2), Coverage::Regional);
        assert_eq!(coverage(None, 100), Coverage::Global);
    }

    #[test]
    fn a_region_is_named_by_regional_packages_alone() {
        let europe =
            Arc::new(RegionRow { id: Some(4), name: Some("Europe".into()), slug: Some("Eu rope".into()) });
        let local = PackageRow { region: Some(europe.clone()), ..row(1) };
        let regional = PackageRow {
            region: Some(europe),
            area_coverage: Some("regional".into()),
            countries: [].into(),
            ..row(2)
        };
        let accepted = accept(&[local, regional], None, Addresses::default());
        assert_eq!(accepted.packages[&1].region, None);
        assert_eq!(accepted.packages[&2].region.as_deref(), Some("europe"));
        assert_eq!(accepted.regions.len(), 1);
    }
}
