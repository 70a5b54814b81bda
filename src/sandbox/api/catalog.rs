//! Packages, prices by country, and the quick start's VPN plans.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rust_decimal::Decimal;
use serde::Serialize;

use super::Id;
use super::input::Input;
use super::lists::{self, Listing};
use super::streamed;
use crate::sandbox::amounts::Number;
use crate::sandbox::answers::{Broken, FieldErrors, invalid, success, write_php_json};
use crate::sandbox::catalog::Package;
use crate::sandbox::countries::COUNTRIES;
use crate::sandbox::desk::Desk;
use crate::sandbox::wire::{PackageView, PricedPackageView};

const TYPES: [&str; 4] = ["DATA", "VOICE", "SMS", "DATA_VOICE_SMS"];

/// The documented filters; an empty one filters nothing.
struct Filters {
    package_type: String,
    /// The only countries that may be covered, as places in the table; `None` for any.
    countries: Option<Vec<usize>>,
    region_slug: String,
    /// In lower case.
    search: String,
}

impl Filters {
    fn of(input: &Input) -> Self {
        let (code, slug) = (input.filter("country_code"), input.filter("country_slug"));
        let wanted = |at: &usize| {
            let country = &COUNTRIES[*at];
            (code.is_empty() || country.code.eq_ignore_ascii_case(code))
                && (slug.is_empty() || country.slug == slug)
        };
        let any = code.is_empty() && slug.is_empty();
        Self {
            package_type: input.filter("package_type").to_owned(),
            countries: (!any).then(|| (0..COUNTRIES.len()).filter(wanted).collect()),
            region_slug: input.filter("region_slug").to_owned(),
            search: input.filter("search").to_lowercase(),
        }
    }

    fn admit(&self, package: &Package) -> bool {
        let (kind, region) = (&self.package_type, package.area.region().map(|region| region.slug));
        let in_country = |countries: &Vec<usize>| countries.iter().any(|at| package.area.covers(*at));
        (kind.is_empty() || package.package_type.eq_ignore_ascii_case(kind))
            && self.countries.as_ref().is_none_or(in_country)
            && (self.region_slug.is_empty() || region == Some(self.region_slug.as_str()))
            && (self.search.is_empty() || package.name.to_lowercase().contains(&self.search))
    }

    /// Only `/pricing` documents a closed list of types.
    fn refusal(&self) -> Option<Response> {
        let known = self.package_type.is_empty() || TYPES.contains(&self.package_type.as_str());
        let sentence = "The selected package type is invalid.".to_owned();
        (!known).then(|| invalid(&FieldErrors::from([("package_type", vec![sentence])])))
    }

    /// What is on sale and admitted, as of this moment, and the currency of its prices.
    fn found(&self, desk: &Desk) -> (Vec<Arc<Package>>, String) {
        let book = desk.book();
        let world = book.world();
        let packages = world.catalog.on_sale().filter(|package| self.admit(package)).cloned().collect();
        (packages, world.currency.clone())
    }
}

pub(super) async fn index(State(desk): State<Arc<Desk>>, listing: Listing) -> Result<Response, Broken> {
    let (packages, currency) = Filters::of(&listing.input).found(&desk);
    lists::answer(&desk.settings, &listing, packages, move |text, package| {
        write_php_json(text, &PackageView::of(&package, &currency))
    })
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, Id(id): Id) -> Response {
    let book = desk.book();
    let world = book.world();
    match id.and_then(|id| world.catalog.get(id)) {
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

/// One country after the other, each written when the one before was sent.
pub(super) async fn pricing(State(desk): State<Arc<Desk>>, listing: Listing) -> Response {
    let filters = Filters::of(&listing.input);
    if let Some(refusal) = filters.refusal() {
        return refusal;
    }
    let (packages, currency) = filters.found(&desk);
    let mut by_country = vec![Vec::new(); COUNTRIES.len()];
    for package in &packages {
        for at in package.area.countries() {
            by_country[at].push(Arc::clone(package));
        }
    }
    let wanted = move |at: &usize| filters.countries.as_ref().is_none_or(|wanted| wanted.contains(at));
    let filled = by_country.into_iter().enumerate().filter(move |(at, all)| wanted(at) && !all.is_empty());
    let write = move |text: &mut Vec<u8>, (at, packages): (usize, Vec<Arc<Package>>)| {
        let packages = packages.iter().map(|package| PricedPackageView::of(package, &currency)).collect();
        let (name, code) = (COUNTRIES[at].name, COUNTRIES[at].code);
        write_php_json(text, &PricingCountry { name, code, packages })
    };
    let head = r#"{"status":true,"message":"Success","data":{"countries":["#;
    streamed::list(head.to_owned(), filled, write, "]}}".to_owned())
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
