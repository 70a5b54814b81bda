//! Going back to a former version: its rules are published once more.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::{Frame, Part};
use super::super::rehearsal::View;
use super::words::{rule_text, scope_text};
use super::{Unpublished, read_seen, rehearsal, saved, seen, shop_wide, write};
use crate::pricing::{self, Edit};
use crate::shop::Shop;
use crate::staff::Staff;
use crate::web::{Cache, Problem, page};

/// Only `step=publish` publishes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    step: String,
    seen: String,
}

#[derive(Template)]
#[template(path = "backoffice/version.html")]
struct VersionPage {
    frame: Frame,
    id: i64,
    seen: String,
    /// Whom each rule is for, and what it says.
    rules: Vec<(String, String)>,
    rehearsed: Option<View>,
}

pub(super) async fn restore(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let set = pricing::rules(&mut conn).await?;
    let rules = pricing::rules_of(&mut conn, id).await?;
    drop(conn);
    if rules.is_empty() {
        return Err(Problem::NotFound);
    }
    if read_seen(&form.seen).is_some_and(|seen| seen != set.revision) {
        return shop_wide::overtaken(&shop, &staff).await;
    }
    let edit = Edit::Restore(id, rules.clone());
    let Ok(then) = set.after(&edit) else { return Err(Problem::NotFound) };
    if form.step == "publish" {
        return match write(&shop, &staff, &edit, Some(set.revision), json!({})).await? {
            Ok(()) => Ok(saved()),
            Err(Unpublished::Overtaken | Unpublished::Impossible(_)) => {
                shop_wide::overtaken(&shop, &staff).await
            }
        };
    }
    let view = VersionPage {
        frame: Frame::new(&shop, &staff, Part::Markup),
        id,
        seen: seen(set.revision),
        rules: rules.iter().rev().map(|rule| (scope_text(rule), rule_text(rule))).collect(),
        rehearsed: Some(rehearsal::rehearse(&shop, &set, &then).await?),
    };
    page(StatusCode::OK, Cache::Private, &view)
}
