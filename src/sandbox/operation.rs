//! The operations of the API, by the names that the ledger counts and the faults aim at.

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// Where the API lies on the sandbox's address.
pub(super) const API: &str = "/api/reseller/v1";

/// One operation of the published description, and the quick start's VPN plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `GET /`
    Root,
    /// `GET /ping`
    Ping,
    /// `POST /login`
    Login,
    /// `POST /logout`
    Logout,
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
    /// `GET /vpn/plans`
    VpnPlans,
}

impl Operation {
    /// Which operation a matched route is; `None` for addresses that the API does not have.
    pub(super) fn of(method: &Method, matched: &str) -> Option<Self> {
        let path = matched.strip_prefix(API)?;
        // A HEAD is a GET without its body, and needs the same token.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let operation = match (method.as_str(), path) {
            ("GET", "" | "/") => Self::Root,
            ("GET", "/ping") => Self::Ping,
            ("POST", "/login") => Self::Login,
            ("POST", "/logout") => Self::Logout,
            ("GET", "/me") => Self::Me,
            ("GET", "/pricing") => Self::Pricing,
            ("GET", "/packages") => Self::Packages,
            ("GET", "/packages/{id}") => Self::Package,
            ("POST", "/orders") => Self::CreateOrder,
            ("GET", "/orders") => Self::Orders,
            ("GET", "/orders/{id}") => Self::Order,
            ("GET", "/esims") => Self::Esims,
            ("GET", "/esims/{id}") => Self::Esim,
            ("GET", "/esims/{id}/usage") => Self::Usage,
            ("GET", "/wallet") => Self::Wallet,
            ("GET", "/vpn/plans") => Self::VpnPlans,
            _ => return None,
        };
        Some(operation)
    }

    /// Whether it answers without a token.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Root | Self::Ping | Self::Login)
    }
}
