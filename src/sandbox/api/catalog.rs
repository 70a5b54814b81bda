//! Packages, prices by country, and the quick start's VPN plans.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sandbox::amounts::Number;
use crate::sandbox::answers::{FieldErrors, invalid, success};
use crate::sandbox::catalog::Package;
use crate::sandbox::desk::Desk;
use crate::sandbox::places::{COUNTRIES, Country};
use crate::sandbox::wire::{PackageView, PricedPackageView};

const TYPES: [&str; 4] = ["DATA", "VOICE", "SMS", "DATA_VOICE_SMS"];

/// The documented filters; an empty one filters nothing.
#[derive(Deserialize)]
pub(super) struct Filters {
    #[serde(default)]
    package_type: String,
    #[serde(default)]
    country_code: String,
    #[serde(default)]
    country_slug: String,
    #[serde(default)]
    region_slug: String,
    #[serde(default)]
    search: String,
}

impl Filters {
    fn admit(&self, package: &Package) -> bool {
        let in_country = |wanted: &dyn Fn(&Country) -> bool| {
            package.countries.iter().filter_map(|code| Country::by_code(code)).any(wanted)
        };
        let or_any = |filter: &str, holds: &dyn Fn() -> bool| filter.is_empty() || holds();
        or_any(&self.package_type, &|| package.package_type.eq_ignore_ascii_case(&self.package_type))
            && or_any(&self.country_code, &|| {
                in_country(&|c| c.code.eq_ignore_ascii_case(&self.country_code))
            })
            && or_any(&self.country_slug, &|| in_country(&|c| c.slug == self.country_slug))
            && or_any(&self.region_slug, &|| package.region.as_deref() == Some(&self.region_slug))
            && or_any(&self.search, &|| package.name.to_lowercase().contains(&self.search.to_lowercase()))
    }

    /// Only `/pricing` documents a closed list of types.
    fn refusal(&self) -> Option<Response> {
        let known = self.package_type.is_empty() || TYPES.contains(&self.package_type.as_str());
        let sentence = "The selected package type is invalid.".to_owned();
        (!known).then(|| invalid(&FieldErrors::from([("package_type", vec![sentence])])))
    }
}

pub(super) async fn index(State(desk): State<Arc<Desk>>, Query(filters): Query<Filters>) -> Response {
    let book = desk.book();
    let world = book.world();
    let packages = world.catalog.on_sale().filter(|package| filters.admit(package));
    success(&packages.map(|package| PackageView::of(package, &world.currency)).collect::<Vec<_>>())
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let book = desk.book();
    let world = book.world();
    match super::id(&id).and_then(|id| world.catalog.get(id)) {
        Some(package) => success(&PackageView::of(package, &world.currency)),
        None => super::not_found("Package"),
    }
}

#[derive(Serialize)]
struct PricingCountry<'a> {
    name: &'a str,
    code: &'a str,
    packages: Vec<PricedPackageView<'a>>,
}

#[derive(Serialize)]
struct Pricing<'a> {
    countries: Vec<PricingCountry<'a>>,
}

pub(super) async fn pricing(State(desk): State<Arc<Desk>>, Query(filters): Query<Filters>) -> Response {
    if let Some(refusal) = filters.refusal() {
        return refusal;
    }
    let book = desk.book();
    let world = book.world();
    let packages: Vec<&Package> = world.catalog.on_sale().filter(|package| filters.admit(package)).collect();
    let wanted = |country: &&Country| {
        (filters.country_code.is_empty() || country.code.eq_ignore_ascii_case(&filters.country_code))
            && (filters.country_slug.is_empty() || country.slug == filters.country_slug)
    };
    let countries = COUNTRIES
        .iter()
        .filter(wanted)
        .map(|country| PricingCountry {
            name: country.name,
            code: country.code,
            packages: packages
                .iter()
                .filter(|package| package.countries.iter().any(|code| code == country.code))
                .map(|package| PricedPackageView::of(package, &world.currency))
                .collect(),
        })
        .filter(|country| !country.packages.is_empty())
        .collect();
    success(&Pricing { countries })
}

#[derive(Serialize)]
struct VpnPlan<'a> {
    id: u64,
    name: &'static str,
    duration: u32,
    duration_unit: &'static str,
    device_limit: u32,
    price_for_reseller: Number,
    currency: &'a str,
}

/// The quick start names the address and `price_for_reseller`; the rest of the shape is a guess.
pub(super) async fn vpn_plans(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    let currency = &book.world().currency;
    let plan = |id, name, duration, cents| VpnPlan {
        id,
        name,
        duration,
        duration_unit: "Month",
        device_limit: 5,
        price_for_reseller: Number(Decimal::new(cents, 2)),
        currency,
    };
    success(&[
        plan(1, "Secure VPN - 1 Month", 1, 290),
        plan(2, "Secure VPN - 6 Months", 6, 1450),
        plan(3, "Secure VPN - 12 Months", 12, 2390),
    ])
}
