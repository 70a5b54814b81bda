//! What stands around every page of the back office.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

/// A part of the back office, as the rail names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Overview,
    Orders,
    Transfers,
    Catalog,
    Markup,
    Tax,
    Sync,
    Wallet,
    Webhooks,
    Upstream,
    Team,
    Audit,
    Account,
}

impl Part {
    /// The order of the rail.
    const ALL: [Self; 13] = [
        Self::Overview,
        Self::Orders,
        Self::Transfers,
        Self::Catalog,
        Self::Markup,
        Self::Tax,
        Self::Sync,
        Self::Wallet,
        Self::Webhooks,
        Self::Upstream,
        Self::Team,
        Self::Audit,
        Self::Account,
    ];

    /// The part that an address belongs to.
    pub(crate) fn of(path: &str) -> Self {
        // Rates are a page of the markup.
        let path = path.strip_prefix("/admin/rates").map_or(path, |_| Self::Markup.path());
        let belongs = |part: &Self| path == part.path() || path.starts_with(&format!("{}/", part.path()));
        Self::ALL.into_iter().skip(1).find(belongs).unwrap_or(Self::Overview)
    }

    pub(crate) fn path(self) -> &'static str {
        self.entry().0
    }

    /// What the role must allow for the part to stand in the rail.
    fn act(self) -> Act {
        match self {
            Self::Team => Act::ManageTeam,
            Self::Audit => Act::ReadAudit,
            Self::Account => Act::OwnAccount,
            Self::Overview
            | Self::Orders
            | Self::Transfers
            | Self::Catalog
            | Self::Markup
            | Self::Tax
            | Self::Sync
            | Self::Wallet
            | Self::Webhooks
            | Self::Upstream => Act::Look,
        }
    }

    fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("/admin", "Overview"),
            Self::Orders => ("/admin/orders", "Orders"),
            Self::Transfers => ("/admin/transfers", "Transfers"),
            Self::Catalog => ("/admin/catalog", "Catalog"),
            Self::Markup => ("/admin/markup", "Markup"),
            Self::Tax => ("/admin/tax", "Tax"),
            Self::Sync => ("/admin/sync", "Catalog sync"),
            Self::Wallet => ("/admin/wallet", "Wallet"),
            Self::Webhooks => ("/admin/webhooks", "Webhooks"),
            Self::Upstream => ("/admin/upstream", "eSIMDual"),
            Self::Team => ("/admin/team", "Team"),
            Self::Audit => ("/admin/audit", "Audit log"),
            Self::Account => ("/admin/account", "Your account"),
        }
    }
}

/// One line of the rail.
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) here: bool,
}

/// Who works here, and where they are: the field `frame` of every page.
pub(crate) struct Frame {
    pub(crate) email: String,
    pub(crate) role: &'static str,
    pub(crate) rail: Vec<Entry>,
    pub(crate) sandbox: Option<String>,
}

impl Frame {
    pub(crate) fn new(shop: &Shop, staff: &Staff, here: Part) -> Self {
        let parts = Part::ALL.into_iter().filter(|part| staff.may(part.act()));
        let entry = |part: Part| {
            let (path, name) = part.entry();
            Entry { path, name, here: part == here }
        };
        Self {
            email: staff.email.clone(),
            role: staff.role.word(),
            rail: parts.map(entry).collect(),
            sandbox: shop.settings.sandbox_page.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "backoffice/forbidden.html")]
struct ForbiddenPage {
    frame: Frame,
}

/// The page for somebody whose role may not do that: 403.
pub(crate) fn forbidden(shop: &Shop, staff: &Staff, here: Part) -> Result<Response, Problem> {
    page(StatusCode::FORBIDDEN, Cache::Private, &ForbiddenPage { frame: Frame::new(shop, staff, here) })
}
