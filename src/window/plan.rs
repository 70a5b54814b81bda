//! A plan: a package as a customer sees it, priced, and without its cost.

use crate::catalog::{Coverage, Data, Package};
use crate::ground::Price;

/// One plan of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The upstream's package id.
    pub id: i64,
    /// The upstream's name for it.
    pub name: String,
    /// How much data.
    pub data: Data,
    /// Voice minutes, where there are any.
    pub voice_minutes: Option<u32>,
    /// Text messages, where there are any.
    pub sms_count: Option<u32>,
    /// How many days; `None` where the upstream does not say.
    pub validity_days: Option<u32>,
    /// `5G`, `4G/LTE` …
    pub network_speed: Option<String>,
    /// Whether it can be topped up; `None` where the upstream does not say.
    pub reloadable: Option<bool>,
    /// Where it works.
    pub coverage: Coverage,
    /// The slug of its region.
    pub region: Option<String>,
    /// Where it works: places in [`super::Snapshot`]'s list of countries.
    pub(super) countries: Vec<usize>,
    /// The reseller puts it first.
    pub featured: bool,
    /// What a customer pays; `None` while it cannot be sold (no rule yet, or a cost in another currency).
    pub price: Option<Price>,
}

impl Plan {
    /// The cost stays behind here.
    pub(super) fn new(package: Package, countries: Vec<usize>, featured: bool, price: Option<Price>) -> Self {
        Self {
            id: package.id,
            name: package.name,
            data: package.data,
            voice_minutes: package.voice_minutes.filter(|minutes| *minutes > 0),
            sms_count: package.sms_count.filter(|count| *count > 0),
            validity_days: package.validity_days,
            network_speed: package.network_speed,
            reloadable: package.reloadable,
            coverage: package.coverage,
            region: package.region,
            countries,
            featured,
            price,
        }
    }

    /// The order in every list: what can be bought first, then what is featured, the cheapest before the dearer, then the
    /// one with more.
    pub(super) fn rank(&self) -> (bool, bool, i64, std::cmp::Reverse<u64>, i64) {
        let bytes = match self.data {
            Data::Bytes(bytes) => bytes,
            Data::Unlimited => u64::MAX,
            Data::NotStated => 0,
        };
        let minor = self.price.map_or(0, |price| price.minor);
        (self.price.is_none(), !self.featured, minor, std::cmp::Reverse(bytes), self.id)
    }
}
