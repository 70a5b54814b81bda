//! The packages on sale, and how the control page changes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amounts;
use super::countries::Country;
use super::generator;
use super::ledger::PackageSnapshot;
use super::places::Area;

/// One package as the upstream sells it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Package {
    pub id: u64,
    pub provider_plan_id: String,
    pub name: String,
    pub slug: String,
    /// `DATA`, `VOICE`, `SMS` or `DATA_VOICE_SMS`.
    pub package_type: &'static str,
    /// In `data_unit`s; −1 for unlimited, 0 for none.
    pub data_quantity: i64,
    pub data_unit: &'static str,
    /// Bytes, 1 GB being 1024³ of them; −1 for unlimited.
    pub data_volume: i64,
    /// Minutes.
    pub voice_quantity: u32,
    pub sms_quantity: u32,
    pub days: u32,
    pub network_speed: Option<&'static str>,
    pub reloadable: bool,
    /// Where it works.
    #[serde(flatten)]
    pub area: Area,
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
            data_volume: Some(self.data_volume),
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
    /// Every price moves, of packages on sale and withdrawn.
    RepriceAll {
        /// By how many percent, up or down; no price falls under a cent.
        #[serde(with = "amounts::text")]
        percent: Decimal,
        /// With a seed each package moves by its own share of it, from nothing to all.
        #[serde(default)]
        seed: Option<u64>,
    },
    /// A share of the packages is no longer sold.
    WithdrawPercent {
        /// How many percent of all, from 0 to 100.
        percent: u32,
        /// Which ones (1): the same seed picks the same packages.
        #[serde(default)]
        seed: Option<u64>,
    },
    /// Everything that was withdrawn is sold again.
    RestoreAll,
    /// The packages that the generator would have made next.
    AddMany {
        /// How many.
        number: usize,
        /// From which of the generator's on; where it stopped if absent.
        #[serde(default)]
        from: Option<usize>,
        /// The first one's id, the next ones following; the next free one if absent.
        #[serde(default)]
        first_id: Option<u64>,
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
    /// Nothing can be reduced by all of itself.
    #[error("a percentage must be above -100")]
    TooFar,
    /// A share of the catalog ends at all of it.
    #[error("a share lies between 0 and 100 percent")]
    NoShare,
    /// The sandbox holds no more.
    #[error("a catalog holds at most {MOST_PACKAGES} packages")]
    TooMany,
    /// A package is charged for.
    #[error("a price must be above zero")]
    NoPrice,
    /// Amounts are decimals with an end: far beyond this, sums of them have no room.
    #[error("a price must be at most {DEAREST}")]
    TooDear,
    /// The catalog has no such country.
    #[error("no country has the code {0:?}")]
    UnknownCountry(String),
}

/// The highest price of a package.
pub const DEAREST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// How many packages a catalog may hold.
pub const MOST_PACKAGES: usize = 200_000;

/// All packages, sold and withdrawn, by id. Each is shared with the answers that are being sent, so that a list of
/// any length is of one moment and needs no copy.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    packages: BTreeMap<u64, (Arc<Package>, OnSale)>,
    /// The seed that it was made from.
    seed: u64,
    /// How many of the seed's packages were made.
    made: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnSale {
    Yes,
    Withdrawn,
}

impl Catalog {
    /// The catalog of a seed: `number` packages.
    pub(super) fn generated(seed: u64, number: usize) -> Self {
        let packages = generator::packages(seed, number);
        let made = packages.len();
        let entry = |package: Package| (package.id, (Arc::new(package), OnSale::Yes));
        Self { packages: packages.into_iter().map(entry).collect(), seed, made }
    }

    /// A package that is on sale.
    pub(super) fn get(&self, id: u64) -> Option<&Package> {
        self.packages.get(&id).filter(|(_, sale)| *sale == OnSale::Yes).map(|(package, _)| package.as_ref())
    }

    /// Everything on sale, by id.
    pub(super) fn on_sale(&self) -> impl Iterator<Item = &Arc<Package>> {
        self.packages.values().filter(|(_, sale)| *sale == OnSale::Yes).map(|(package, _)| package)
    }

    /// Everything, sold or withdrawn, by id.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Package, OnSale)> {
        self.packages.values().map(|(package, sale)| (package.as_ref(), *sale))
    }

    /// How many there are, sold or withdrawn.
    pub(super) fn len(&self) -> usize {
        self.packages.len()
    }

    /// Completes a change (a new package gets its id) or says why it cannot be made; changes nothing.
    pub(super) fn check(&self, change: CatalogChange) -> Result<CatalogChange, CatalogRefusal> {
        let next_id = self.packages.keys().next_back().map_or(1, |last| last + 1);
        match change {
            CatalogChange::Add { mut package } => {
                let id = *package.id.get_or_insert(next_id);
                self.fits(&package, id)?;
                Ok(CatalogChange::Add { package })
            }
            CatalogChange::AddMany { number, .. } if number + self.len() > MOST_PACKAGES => {
                Err(CatalogRefusal::TooMany)
            }
            CatalogChange::AddMany { number, .. } => {
                Ok(CatalogChange::AddMany { number, from: Some(self.made), first_id: Some(next_id) })
            }
            CatalogChange::RepriceAll { percent, .. } if percent <= -Decimal::ONE_HUNDRED => {
                Err(CatalogRefusal::TooFar)
            }
            CatalogChange::WithdrawPercent { percent, .. } if percent > 100 => Err(CatalogRefusal::NoShare),
            CatalogChange::Reprice { id, reseller_price, price_for_reseller }
                if self.packages.contains_key(&id) =>
            {
                [Some(reseller_price), price_for_reseller].into_iter().flatten().try_for_each(payable)?;
                Ok(CatalogChange::Reprice { id, reseller_price, price_for_reseller })
            }
            CatalogChange::Reprice { id, .. }
            | CatalogChange::Withdraw { id }
            | CatalogChange::Restore { id }
                if !self.packages.contains_key(&id) =>
            {
                Err(CatalogRefusal::UnknownPackage(id))
            }
            change => Ok(change),
        }
    }

    fn fits(&self, package: &NewPackage, id: u64) -> Result<(), CatalogRefusal> {
        if self.packages.contains_key(&id) {
            return Err(CatalogRefusal::IdTaken(id));
        }
        if self.len() >= MOST_PACKAGES {
            return Err(CatalogRefusal::TooMany);
        }
        if package.gigabytes == 0 || package.days == 0 {
            return Err(CatalogRefusal::Empty);
        }
        payable(package.reseller_price)?;
        match Country::by_code(&package.country_code) {
            Some(_) => Ok(()),
            None => Err(CatalogRefusal::UnknownCountry(package.country_code.clone())),
        }
    }

    /// Makes a checked change. One that no longer fits (a smaller catalog after a restart) does nothing.
    pub(super) fn apply(&mut self, change: &CatalogChange) {
        match change {
            CatalogChange::Reprice { id, reseller_price, price_for_reseller } => {
                if let Some((package, _)) = self.packages.get_mut(id) {
                    let package = Arc::make_mut(package);
                    package.reseller_price = *reseller_price;
                    package.price_for_reseller = *price_for_reseller;
                }
            }
            CatalogChange::Withdraw { id } => self.put(*id, OnSale::Withdrawn),
            CatalogChange::Restore { id } => self.put(*id, OnSale::Yes),
            CatalogChange::Add { package } => {
                if let Some(package) = generator::added(package) {
                    self.insert(package);
                }
            }
            CatalogChange::RepriceAll { percent, seed } => self.reprice_all(*percent, *seed),
            CatalogChange::WithdrawPercent { percent, seed } => {
                for (id, (_, sale)) in &mut self.packages {
                    if generator::picks(seed.unwrap_or(1), *id, *percent) {
                        *sale = OnSale::Withdrawn;
                    }
                }
            }
            CatalogChange::RestoreAll => self.packages.values_mut().for_each(|(_, sale)| *sale = OnSale::Yes),
            CatalogChange::AddMany { number, from, first_id } => {
                let (from, first_id) = (from.unwrap_or(self.made), first_id.unwrap_or(1));
                for (package, id) in generator::further(self.seed, from.max(1), *number).zip(first_id..) {
                    self.insert(Package { id, ..package });
                }
                self.made = self.made.max(from + number);
            }
        }
    }

    fn reprice_all(&mut self, percent: Decimal, seed: Option<u64>) {
        for (id, (package, _)) in &mut self.packages {
            let share = seed.map_or(Decimal::ONE, |seed| generator::share(seed, *id));
            let factor = Decimal::ONE + percent * share / Decimal::ONE_HUNDRED;
            let package = Arc::make_mut(package);
            package.reseller_price = moved(package.reseller_price, factor);
            package.price_for_reseller = package.price_for_reseller.map(|price| moved(price, factor));
        }
    }

    fn insert(&mut self, package: Package) {
        self.packages.insert(package.id, (Arc::new(package), OnSale::Yes));
    }

    fn put(&mut self, id: u64, on_sale: OnSale) {
        if let Some((_, sale)) = self.packages.get_mut(&id) {
            *sale = on_sale;
        }
    }
}

/// A price that moved, in whole cents, never under one and never above the dearest.
fn moved(price: Decimal, factor: Decimal) -> Decimal {
    let moved = price.checked_mul(factor).unwrap_or(DEAREST).min(DEAREST);
    moved.round_dp(2).max(Decimal::new(1, 2))
}

/// Whether a package may be sold at a price: a debit that is none would fill the wallet.
fn payable(price: Decimal) -> Result<(), CatalogRefusal> {
    match price {
        price if price <= Decimal::ZERO => Err(CatalogRefusal::NoPrice),
        price if price > DEAREST => Err(CatalogRefusal::TooDear),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
