//! A plan: a package as a customer sees it, priced, and without its cost.

use crate::catalog::{Coverage, Data, Package};
use crate::ground::Price;

/// What plans are compared by: without a price, the price in minor units, bytes, id.
type ByPrice = (bool, i64, std::cmp::Reverse<u64>, i64);

/// One plan of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The upstream's package id.
    pub id: i64,
    /// The upstream's name for it, or the shop's own.
    pub name: String,
    /// Whether it is the shop's own.
    pub(super) named: bool,
    /// How much data.
    pub data: Data,
    /// Voice minutes; `Some(0)` for none, `None` where the upstream does not say.
    pub voice_minutes: Option<u32>,
    /// Text messages, in the same way.
    pub sms_count: Option<u32>,
    /// How many days; `None` where the upstream does not say.
    pub validity_days: Option<u32>,
    /// `5G`, `4G/LTE` …
    pub network_speed: Option<String>,
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
    /// The rule that made the price.
    pub rule: Option<i64>,
    /// [`Package::mark`] of what is shown.
    pub mark: [u8; 16],
}

impl Plan {
    /// The cost stays behind here.
    pub(super) fn new(package: Package, countries: Vec<usize>, featured: bool, price: Option<Price>) -> Self {
        let without = |part: &str| package.leaves_out(part).then_some(0);
        let (voice, sms) = (without("voice"), without("sms"));
        Self {
            mark: package.mark(),
            rule: None,
            id: package.id,
            name: package.name,
            named: false,
            data: package.data,
            voice_minutes: package.voice_minutes.or(voice),
            sms_count: package.sms_count.or(sms),
            validity_days: package.validity_days,
            network_speed: package.network_speed,
            coverage: package.coverage,
            region: package.region,
            countries,
            featured,
            price,
        }
    }

    /// The name that the shop gave it.
    pub fn own_name(&self) -> Option<&str> {
        self.named.then_some(self.name.as_str())
    }

    /// Voice minutes, where there are any.
    pub fn minutes(&self) -> Option<u32> {
        self.voice_minutes.filter(|minutes| *minutes > 0)
    }

    /// Text messages, where there are any.
    pub fn texts(&self) -> Option<u32> {
        self.sms_count.filter(|count| *count > 0)
    }

    /// Whether it carries data: one for calls or texts may carry none.
    pub fn carries_data(&self) -> bool {
        !matches!(self.data, Data::NotStated | Data::Bytes(0))
    }

    /// The usual order of lists: what can be bought first, then what is featured, then by price.
    pub(super) fn rank(&self) -> (bool, bool, ByPrice) {
        (self.price.is_none(), !self.featured, self.by_price())
    }

    /// The cheapest first, of equals the one with more; what cannot be bought last.
    pub(super) fn by_price(&self) -> ByPrice {
        let bytes = match self.data {
            Data::Bytes(bytes) => bytes,
            Data::Unlimited => u64::MAX,
            Data::NotStated => 0,
        };
        let minor = self.price.map_or(0, |price| price.minor);
        (self.price.is_none(), minor, std::cmp::Reverse(bytes), self.id)
    }
}
