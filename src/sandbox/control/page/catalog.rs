//! The catalog as the page shows it: how much there is, what was looked for, and the countries of a new package.

use crate::sandbox::catalog::{Catalog, OnSale, Package};
use crate::sandbox::countries::COUNTRIES;

/// How many packages a search shows.
const SHOWN: usize = 20;

pub(super) struct CatalogPart {
    pub on_sale: usize,
    pub withdrawn: usize,
    pub found: Vec<PackageRow>,
    pub found_in_all: usize,
    /// Code and name, by name.
    pub countries: Vec<(&'static str, &'static str)>,
}

pub(super) struct PackageRow {
    pub id: u64,
    pub name: String,
    pub kind: &'static str,
    pub coverage: &'static str,
    pub price: String,
    pub cost: String,
    pub sold: bool,
}

impl PackageRow {
    fn of(package: &Package, on_sale: OnSale) -> Self {
        Self {
            id: package.id,
            name: package.name.clone(),
            kind: package.package_type,
            coverage: package.area.coverage(),
            price: package.charge().to_string(),
            cost: package.base_cost.to_string(),
            sold: on_sale == OnSale::Yes,
        }
    }
}

impl CatalogPart {
    pub(super) fn of(catalog: &Catalog, wanted: &str) -> Self {
        let on_sale = catalog.on_sale().count();
        let small = wanted.to_lowercase();
        let holds = |package: &Package| {
            package.id.to_string() == wanted || package.name.to_lowercase().contains(&small)
        };
        let found: Vec<_> = match wanted {
            "" => Vec::new(),
            _ => catalog.all().filter(|(package, _)| holds(package)).collect(),
        };
        let mut countries: Vec<_> = COUNTRIES.iter().map(|country| (country.code, country.name)).collect();
        countries.sort_by_key(|(_, name)| *name);
        Self {
            on_sale,
            withdrawn: catalog.len() - on_sale,
            found_in_all: found.len(),
            found: found
                .into_iter()
                .take(SHOWN)
                .map(|(package, sale)| PackageRow::of(package, sale))
                .collect(),
            countries,
        }
    }
}
