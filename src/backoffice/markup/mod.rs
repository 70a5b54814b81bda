//! `/admin/markup`: the rules that turn cost into price. Every change is rehearsed, then published as a new version.

mod former;
mod rehearsal;
mod rule;
mod shop_wide;
mod versions;
mod words;

use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::Value;

use super::gate::Gated;
use crate::ground::Currency;
use crate::plumbing::bell::Ring;
use crate::pricing::{self, Edit, NoEdit, NotPublished};
use crate::settings;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::supply;
use crate::web::Problem;

pub(super) fn routes() -> Gated {
    Gated::new()
        .get("/admin/markup", Act::Look, shop_wide::show)
        .post("/admin/markup", Act::ChangeMarkup, shop_wide::publish)
        .get("/admin/markup/rules/{id}", Act::Look, rule::show)
        .post("/admin/markup/rules/{id}", Act::ChangeMarkup, rule::publish)
        .post("/admin/markup/versions/{id}", Act::ChangeMarkup, versions::restore)
}

/// Why a change is not in force.
pub(super) enum Unpublished {
    /// Other rules are in force than those that the form was made from (RELIABILITY F105).
    Overtaken,
    Impossible(NoEdit),
}

/// Publishes a change, and writes it in the audit log in the same transaction. `seen`: the revision that the form was
/// made from; `None` where a script posts.
pub(super) async fn write(
    shop: &Shop,
    staff: &Staff,
    edit: &Edit,
    seen: Option<i64>,
    mut detail: Value,
) -> Result<Result<(), Unpublished>, Problem> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let before = pricing::rules(&mut tx).await?;
    let done = match pricing::edit_rules(&mut tx, edit, seen, &staff.email, now).await {
        Ok(done) => done,
        Err(NotPublished::Overtaken) => return Ok(Err(Unpublished::Overtaken)),
        Err(NotPublished::Edit(why)) => return Ok(Err(Unpublished::Impossible(why))),
        Err(NotPublished::Database(error)) => return Err(error.into()),
    };
    if let Value::Object(facts) = &mut detail {
        facts.insert("what".to_owned(), edit.sentence(&before).into());
        facts.insert("version".to_owned(), done.version.into());
        facts.insert("rule".to_owned(), done.edited.into());
        if let Some(former) = edit.former(&before) {
            facts.insert("rule_before".to_owned(), former.id.into());
            facts.insert("text_before".to_owned(), words::rule_text(former).into());
        }
    }
    staff::record(&mut tx, now, &staff.email, "markup_published", &detail).await?;
    tx.commit().await?;
    shop.bell.ring(Ring::Window);
    // It is published all the same; the next sync notes what this could not.
    if let Err(error) = supply::note_prices(shop).await {
        tracing::warn!(%error, "the new prices were not noted");
    }
    Ok(Ok(()))
}

/// The revision as a form carries it; a shop without rules says so, since an empty value means a script.
fn seen(revision: i64) -> String {
    if revision == 0 { "none".to_owned() } else { revision.to_string() }
}

/// Reads what [`seen`] wrote; what is no revision was never in force.
fn read_seen(typed: &str) -> Option<i64> {
    match typed.trim() {
        "" => None,
        "none" => Some(0),
        typed => Some(typed.parse().unwrap_or(-1)),
    }
}

async fn currency(shop: &Shop) -> Result<Option<Currency>, Problem> {
    Ok(settings::installation(&mut *shop.db.acquire().await?).await?.currency)
}

fn saved() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/markup?saved=1")).into_response()
}
