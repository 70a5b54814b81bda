//! The packages on sale, and how the control page changes them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amounts;
use super::ledger::PackageSnapshot;

/// One package as the upstream sells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Package {
    pub id: u64,
    pub provider_plan_id: String,
    pub name: String,
    pub slug: String,
    /// `DATA`, `VOICE`, `SMS` or `DATA_VOICE_SMS`.
    pub package_type: String,
    /// In `data_unit`s; −1 for unlimited, 0 for none.
    pub data_quantity: i64,
    pub data_unit: String,
    /// Bytes, 1 GB being 1024³ of them; −1 for unlimited.
    pub data_volume: i64,
    /// Minutes.
    pub voice_quantity: u32,
    pub sms_quantity: u32,
    pub days: u32,
    pub network_speed: Option<String>,
    pub reloadable: bool,
    /// `Local`, `Regional` or `Global`.
    pub area_coverage: String,
    /// The region's slug, for regional and global packages.
    pub region: Option<String>,
    /// Country codes.
    pub countries: Vec<String>,
    /// What eSIMDual pays.
    #[serde(with = "amounts::text")]
    pub base_cost: Decimal,
    #[serde(with = "amounts::text")]
    pub markup_percent: Decimal,
    #[serde(with = "amounts::text")]
    pub reseller_price: Decimal,
    /// The amount charged, where the upstream states it apart.
    #[serde(with = "amounts::maybe_text", default)]
    pub price_for_reseller: Option<Decimal>,
}

impl Package {
    /// What an order of it debits: the quick start calls `price_for_reseller` the amount charged.
    pub(super) fn charge(&self) -> Decimal {
        self.price_for_reseller.unwrap_or(self.reseller_price)
    }

    pub(super) fn snapshot(&self) -> PackageSnapshot {
        PackageSnapshot {
            id: self.id,
            provider_plan_id: self.provider_plan_id.clone(),
            name: self.name.clone(),
            slug: self.slug.clone(),
            days: self.days,
            data: (self.data_quantity > 0).then(|| format!("{} {}", self.data_quantity, self.data_unit)),
            has_voice: self.voice_quantity > 0,
        }
    }
}

/// A change of the catalog, as `POST /_sandbox/catalog` takes it and the journal keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum CatalogChange {
    /// Another price from now on.
    Reprice {
        /// The package.
        id: u64,
        /// What its pricing then says.
        #[serde(with = "amounts::text")]
        reseller_price: Decimal,
        /// What is then charged, if it is to be stated apart.
        #[serde(with = "amounts::maybe_text", default)]
        price_for_reseller: Option<Decimal>,
    },
    /// No longer listed nor sold.
    Withdraw {
        /// The package.
        id: u64,
    },
    /// Listed and sold again.
    Restore {
        /// The package.
        id: u64,
    },
    /// A new data package for one country.
    Add {
        /// The package.
        package: NewPackage,
    },
}

/// A new data package for one country.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewPackage {
    /// Its id; the next free one if absent.
    pub id: Option<u64>,
    /// Its name; made of country, size and validity if absent.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2, in either case.
    pub country_code: String,
    /// How many GB; −1 for unlimited.
    pub gigabytes: i64,
    /// How many days it is valid.
    pub days: u32,
    /// What is charged for it.
    #[serde(with = "amounts::text")]
    pub reseller_price: Decimal,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CatalogRefusal {
    /// No package has that id.
    #[error("no package has the id {0}")]
    UnknownPackage(u64),
    /// Another package has that id already.
    #[error("the id {0} is taken")]
    IdTaken(u64),
    /// A data package needs data and days.
    #[error("a package needs gigabytes (-1 for unlimited) and days")]
    Empty,
    /// The catalog has no such country.
    #[error("no country has the code {0:?}")]
    UnknownCountry(String),
}

/// All packages, sold and withdrawn, by id.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    packages: BTreeMap<u64, (Package, OnSale)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnSale {
    Yes,
    Withdrawn,
}

impl Catalog {
    pub(super) fn of(packages: Vec<Package>) -> Self {
        Self { packages: packages.into_iter().map(|package| (package.id, (package, OnSale::Yes))).collect() }
    }

    /// A package that is on sale.
    pub(super) fn get(&self, id: u64) -> Option<&Package> {
        self.packages.get(&id).filter(|(_, sale)| *sale == OnSale::Yes).map(|(package, _)| package)
    }

    /// Everything on sale, by id.
    pub(super) fn on_sale(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|(_, sale)| *sale == OnSale::Yes).map(|(package, _)| package)
    }

    /// Completes a change (a new package gets its id) or says why it cannot be made; changes nothing.
    pub(super) fn check(&self, change: CatalogChange) -> Result<CatalogChange, CatalogRefusal> {
        match change {
            CatalogChange::Add { mut package } => {
                let next = self.packages.keys().next_back().map_or(1, |last| last + 1);
                let id = *package.id.get_or_insert(next);
                if self.packages.contains_key(&id) {
                    return Err(CatalogRefusal::IdTaken(id));
                }
                if package.gigabytes == 0 || package.days == 0 {
                    return Err(CatalogRefusal::Empty);
                }
                if super::places::Country::by_code(&package.country_code).is_none() {
                    return Err(CatalogRefusal::UnknownCountry(package.country_code));
                }
                Ok(CatalogChange::Add { package })
            }
            CatalogChange::Reprice { id, .. }
            | CatalogChange::Withdraw { id }
            | CatalogChange::Restore { id } => match self.packages.contains_key(&id) {
                true => Ok(change),
                false => Err(CatalogRefusal::UnknownPackage(id)),
            },
        }
    }

    /// Makes a checked change. One that no longer fits (a smaller catalog after a restart) does nothing.
    pub(super) fn apply(&mut self, change: &CatalogChange) {
        match change {
            CatalogChange::Reprice { id, reseller_price, price_for_reseller } => {
                if let Some((package, _)) = self.packages.get_mut(id) {
                    package.reseller_price = *reseller_price;
                    package.price_for_reseller = *price_for_reseller;
                }
            }
            CatalogChange::Withdraw { id } => self.put(*id, OnSale::Withdrawn),
            CatalogChange::Restore { id } => self.put(*id, OnSale::Yes),
            CatalogChange::Add { package } => {
                if let Some(package) = super::generator::added(package) {
                    self.packages.insert(package.id, (package, OnSale::Yes));
                }
            }
        }
    }

    fn put(&mut self, id: u64, on_sale: OnSale) {
        if let Some((_, sale)) = self.packages.get_mut(&id) {
            *sale = on_sale;
        }
    }
}
