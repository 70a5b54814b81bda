//! `/admin/audit`: who did what, the newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::store::{self, AUDIT_PAGE, AuditRow};
use super::words::{Moment, facts, sentence};
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/audit", Act::ReadAudit, show)
}

/// What the address asks for; empty is no filter.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    actor: String,
    action: String,
    before: String,
}

impl Asked {
    /// A filter's text without what PostgreSQL's cannot hold.
    fn filter(text: &str) -> Option<String> {
        let clean: String = text.trim().chars().filter(|c| !c.is_control()).take(254).collect();
        (!clean.is_empty()).then_some(clean)
    }

    fn next(&self, before: i64) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [("actor", &self.actor), ("action", &self.action)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/admin/audit?{}", query.append_pair("before", &before.to_string()).finish())
    }
}

struct EntryView {
    at: Moment,
    actor: String,
    action: String,
    facts: String,
}

#[derive(Template)]
#[template(path = "backoffice/audit.html")]
struct AuditPage {
    frame: Frame,
    asked: Asked,
    entries: Vec<EntryView>,
    next: Option<String>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (actor, action) = (Asked::filter(&asked.actor), Asked::filter(&asked.action));
    let action = action.map(|action| action.to_lowercase().replace(' ', "_"));
    let before = asked.before.parse().ok();
    let mut rows = store::audit(&shop.db, actor.as_deref(), action.as_deref(), before).await?;
    let shown = usize::try_from(AUDIT_PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| more).map(|last| asked.next(last.id));
    let view = AuditPage {
        frame: Frame::new(&shop, &staff, Part::Audit),
        asked,
        entries: rows.into_iter().map(entry).collect(),
        next,
    };
    page(StatusCode::OK, Cache::Private, &view)
}

fn entry(row: AuditRow) -> EntryView {
    EntryView {
        at: Moment::of(row.at),
        actor: row.actor,
        action: sentence(&row.action),
        facts: facts(&row.detail),
    }
}
