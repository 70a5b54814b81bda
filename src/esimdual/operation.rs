//! The sixteen operations, and everything that differs between them.

use std::time::Duration;

use reqwest::Method;

use super::pace::Urgency;
use super::settings::Settings;

/// One thing that eSIMDual can be asked. All but the last are in its OpenAPI description 1.0.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `GET /`
    Root,
    /// `GET /ping`
    Ping,
    /// `POST /login`
    LogIn,
    /// `POST /logout`
    LogOut,
    /// `GET /me`
    Me,
    /// `GET /pricing`
    Pricing,
    /// `GET /packages`
    Packages,
    /// `GET /packages/{id}`
    Package,
    /// `POST /orders`
    CreateOrder,
    /// `GET /orders`
    Orders,
    /// `GET /orders/{id}`
    Order,
    /// `GET /esims`
    Esims,
    /// `GET /esims/{id}`
    Esim,
    /// `GET /esims/{id}/usage`
    Usage,
    /// `GET /wallet`
    Wallet,
    /// `GET /vpn/plans`: named in the quick start alone.
    VpnPlans,
}

/// Which of the three configured limits of time a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// `ESIMDUAL_TIMEOUT_SECONDS`
    Request,
    /// `ESIMDUAL_LIST_TIMEOUT_SECONDS`, for the whole list.
    List,
    /// `ESIMDUAL_CATALOG_TIMEOUT_SECONDS`, for the whole catalog.
    Catalog,
}

/// One order, one package, one error page.
pub const SMALL: usize = 1024 * 1024;
/// A list of orders or eSIMs, all its pages together, or of prices.
const LIST: usize = 64 * 1024 * 1024;
/// One page of the catalog.
const CATALOG: usize = 512 * 1024 * 1024;

impl Operation {
    /// All of them, in the order of the description.
    pub const ALL: [Self; 16] = [
        Self::Root,
        Self::Ping,
        Self::LogIn,
        Self::LogOut,
        Self::Me,
        Self::Pricing,
        Self::Packages,
        Self::Package,
        Self::CreateOrder,
        Self::Orders,
        Self::Order,
        Self::Esims,
        Self::Esim,
        Self::Usage,
        Self::Wallet,
        Self::VpnPlans,
    ];

    /// The name in metrics, spans and for staff; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Ping => "ping",
            Self::LogIn => "login",
            Self::LogOut => "logout",
            Self::Me => "get_me",
            Self::Pricing => "list_pricing",
            Self::Packages => "list_packages",
            Self::Package => "get_package",
            Self::CreateOrder => "create_order",
            Self::Orders => "list_orders",
            Self::Order => "get_order",
            Self::Esims => "list_esims",
            Self::Esim => "get_esim",
            Self::Usage => "get_usage",
            Self::Wallet => "get_wallet",
            Self::VpnPlans => "list_vpn_plans",
        }
    }

    /// GET or POST.
    pub fn method(self) -> Method {
        match self {
            Self::LogIn | Self::LogOut | Self::CreateOrder => Method::POST,
            _ => Method::GET,
        }
    }

    /// Who goes first when the budget is short.
    pub fn urgency(self) -> Urgency {
        match self {
            Self::CreateOrder | Self::LogIn => Urgency::Purchase,
            Self::Orders | Self::Order | Self::Wallet | Self::Package => Urgency::LookUp,
            Self::Root | Self::Ping | Self::LogOut => Urgency::LookUp,
            Self::Packages | Self::Pricing | Self::Me | Self::VpnPlans => Urgency::Sync,
            Self::Usage | Self::Esims | Self::Esim => Urgency::Usage,
        }
    }

    /// Bytes of one answer at most, counted after decompression; of a list of orders or eSIMs, of all its pages.
    pub fn limit(self) -> usize {
        match self {
            // The wallet brings every movement that it ever had.
            Self::Orders | Self::Esims | Self::Pricing | Self::Wallet => LIST,
            Self::Packages => CATALOG,
            _ => SMALL,
        }
    }

    /// Which limit of time counts for the whole call.
    pub fn patience(self) -> Patience {
        match self {
            Self::Orders | Self::Esims | Self::Wallet => Patience::List,
            Self::Packages | Self::Pricing => Patience::Catalog,
            _ => Patience::Request,
        }
    }

    /// That limit.
    pub fn deadline(self, settings: &Settings) -> Duration {
        match self.patience() {
            Patience::Request => settings.timeout,
            Patience::List => settings.list_timeout,
            Patience::Catalog => settings.catalog_timeout,
        }
    }

    /// Whether the desk itself may ask a second time after a fault. Never a purchase: the first one may have bought,
    /// and only who knows the unit's attempts may decide to send its key again. Never a login: it may lock the account,
    /// and all nodes share its pauses. A logout is left alone because its token may be gone by then.
    pub fn may_be_repeated(self) -> bool {
        !matches!(self, Self::CreateOrder | Self::LogIn | Self::LogOut)
    }

    /// Whether a 401 or 403 speaks about token and account. That of an address that no description names does not: the
    /// VPN plans may be closed to us, and everything else goes on.
    pub fn speaks_for_the_account(self) -> bool {
        self != Self::VpnPlans
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_no_purchase_or_login_is_repeated() {
        let names: BTreeSet<_> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        assert_eq!(names.len(), 16);
        let never: Vec<_> = Operation::ALL.into_iter().filter(|one| !one.may_be_repeated()).collect();
        assert_eq!(never, [Operation::LogIn, Operation::LogOut, Operation::CreateOrder]);
        for operation in Operation::ALL {
            assert_eq!(operation.method() == Method::POST, never.contains(&operation), "{operation:?}");
        }
    }
}
