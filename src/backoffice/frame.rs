//! What stands around every page of the back office.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::shop::Shop;
use crate::staff::Staff;
use crate::web::{Cache, Problem, page};

/// A part of the back office, as the rail names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Overview,
    Orders,
    Markup,
    Sync,
    Wallet,
    Webhooks,
    Upstream,
}

impl Part {
    fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("/admin", "Overview"),
            Self::Orders => ("/admin/orders", "Orders"),
            Self::Markup => ("/admin/markup", "Markup"),
            Self::Sync => ("/admin/sync", "Catalog sync"),
            Self::Wallet => ("/admin/wallet", "Wallet"),
            Self::Webhooks => ("/admin/webhooks", "Webhooks"),
            Self::Upstream => ("/admin/upstream", "eSIMDual"),
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
        let parts = [
            Part::Overview,
            Part::Orders,
            Part::Markup,
            Part::Sync,
            Part::Wallet,
            Part::Webhooks,
            Part::Upstream,
        ];
        let entry = |part: Part| {
            let (path, name) = part.entry();
            Entry { path, name, here: part == here }
        };
        Self {
            email: staff.email.clone(),
            role: staff.role.word(),
            rail: parts.map(entry).into(),
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
